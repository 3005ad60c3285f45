//! Regression files on disk: written whole or not at all, and never over another.

use super::{Lab, Symptom};
use crate::{LoadError, Place};
use squall_core::history::Digest;
use squall_scenarios::regression::blessed;
use squall_scenarios::{Ready, Scenario, Settings, parse};
use std::io::{self, Write as _};
use std::path::{Component, Path, PathBuf};

/// Where a regression file of a scenario at `path` belongs: `<dir>/<name>-<seed>.toml`.
pub fn regression_path(dir: &Path, path: &Path, seed: squall_core::Seed) -> PathBuf {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let seed = format!("-{seed}");
    let stem = stem.strip_suffix(&seed).unwrap_or(&stem);
    dir.join(format!("{stem}{seed}.toml"))
}

/// Reads the text of a file that is to stand at `path`.
pub(super) fn read(text: &str, path: &Path) -> Result<Ready, LoadError> {
    let scenario = parse(&path.display().to_string(), text, &Settings::default())?;
    Ok(scenario.ready(&Place::of(path))?)
}

/// The text of a scenario, moved to another folder: the files that it names are where they were.
pub(super) fn relocated(scenario: &Scenario, from: &Path, to: &Path) -> String {
    let mut text = scenario.text.clone();
    let mut files = scenario.files();
    files.sort_by_key(|file| std::cmp::Reverse(file.place.span.start));
    files.dedup_by_key(|file| file.place.span.start);
    for file in files {
        // A path that is not found beside the scenario is one from the current directory.
        let beside = folder(from).join(&file.path);
        if beside.exists()
            && let Some(place) = text.get(file.place.span.clone())
        {
            let moved = place.replacen(&file.path, &relative(folder(to), &beside), 1);
            text.replace_range(file.place.span.clone(), &moved);
        }
    }
    text
}

/// The schema that the first line of a scenario names, from the folder of `to`.
pub(super) fn schema(text: &str, from: &Path, to: &Path) -> String {
    let line = text.lines().find_map(|line| line.strip_prefix("#:schema "));
    let Some(schema) = line.map(str::trim) else {
        return String::new();
    };
    if schema.contains("://") {
        return schema.to_owned();
    }
    relative(folder(to), &folder(from).join(schema))
}

fn folder(file: &Path) -> &Path {
    file.parent().unwrap_or(Path::new(""))
}

/// `file` as it is called from `folder`, with `/` between its parts.
fn relative(folder: &Path, file: &Path) -> String {
    let parts = |path: &Path| -> Vec<String> {
        let path = std::path::absolute(path).unwrap_or_else(|_| path.to_path_buf());
        let mut parts: Vec<String> = Vec::new();
        for part in path.components() {
            match part {
                Component::ParentDir => drop(parts.pop()),
                Component::CurDir => {}
                other => parts.push(other.as_os_str().to_string_lossy().into_owned()),
            }
        }
        parts
    };
    let (folder, file) = (parts(folder), parts(file));
    let common = folder.iter().zip(&file).take_while(|(a, b)| a == b).count();
    let up = folder[common..].iter().map(|_| "..".to_owned());
    let down = file[common..].iter().cloned();
    up.chain(down).collect::<Vec<_>>().join("/")
}

/// What became of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// It is new.
    New,
    /// It was there, byte for byte.
    Same,
}

/// Why a regression file was not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum WriteError {
    /// Another one has its name.
    #[error("{} is there and differs: it was not touched", path.display())]
    Exists {
        /// Its path.
        path: PathBuf,
    },
    /// The disk says no.
    #[error("cannot write {}: {error}", path.display())]
    Io {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
}

/// Writes a regression file, whole or not at all. One that is there and differs stays as it is.
///
/// # Errors
/// If another file has its name, or the disk refuses.
pub fn write(path: &Path, text: &str) -> Result<Written, WriteError> {
    match std::fs::read_to_string(path) {
        Ok(there) if there == text => return Ok(Written::Same),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {}
        _ => {
            return Err(WriteError::Exists {
                path: path.to_path_buf(),
            });
        }
    }
    replace(path, text)?;
    Ok(Written::New)
}

/// Puts a file in the place of another in one step.
fn replace(path: &Path, text: &str) -> Result<(), WriteError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let beside = path.with_file_name(format!(".{name}.{}", std::process::id()));
    let put = || -> io::Result<()> {
        std::fs::create_dir_all(folder(path))?;
        let mut file = std::fs::File::create_new(&beside)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()?;
        std::fs::rename(&beside, path)
    };
    put().map_err(|error| {
        let _ = std::fs::remove_file(&beside);
        WriteError::Io {
            path: path.to_path_buf(),
            error,
        }
    })
}

/// What a regression file ended in when it was run for a new digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Blessed {
    /// The digest that it had.
    pub before: Digest,
    /// The digest that it has now.
    pub now: Digest,
}

/// Why a regression file keeps its digest.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BlessError {
    /// It cannot be read.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// It is no regression file.
    #[error("{} is no regression file: it has no [regression]", path.display())]
    NoRegression {
        /// Its path.
        path: PathBuf,
    },
    /// It does not end as its `[expect]` says.
    #[error("{name} {does} in {}, against its [expect]: it was not touched", path.display())]
    Unexpected {
        /// Its path.
        path: PathBuf,
        /// What it was kept for.
        name: String,
        /// What that does.
        does: &'static str,
    },
    /// It cannot be written.
    #[error(transparent)]
    Write(#[from] WriteError),
}

/// Records the digest of a regression file anew, for this engine epoch, if it ends as its `[expect]` says.
///
/// # Errors
/// If the file cannot be read, or ends otherwise: then it stays as it is.
pub fn bless(path: &Path) -> Result<Blessed, BlessError> {
    let unreadable = |error| LoadError::Unreadable {
        path: path.to_path_buf(),
        error,
    };
    let text = std::fs::read_to_string(path).map_err(unreadable)?;
    let name = path.display().to_string();
    let scenario = parse(&name, &text, &Settings::default()).map_err(LoadError::from)?;
    let ready = scenario
        .ready_of_any_epoch(&Place::of(path))
        .map_err(LoadError::from)?;
    let Some(regression) = ready.scenario.regression.clone() else {
        return Err(BlessError::NoRegression {
            path: path.to_path_buf(),
        });
    };
    let symptom = Symptom::of(&ready, &regression);
    let result = Lab::new(&ready, path).run(&ready, regression.seed, regression.plan);
    if !symptom.as_expected(&ready, &result) {
        return Err(BlessError::Unexpected {
            path: path.to_path_buf(),
            name: symptom.name().to_owned(),
            does: match symptom.expected_to_fail(&ready) {
                true => "does not fail any more",
                false => "fails",
            },
        });
    }
    let after = blessed(&text, result.digest);
    if after != text {
        replace(path, &after)?;
    }
    Ok(Blessed {
        before: regression.digest,
        now: result.digest,
    })
}
