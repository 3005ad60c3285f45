//! Scenario files on disk.

use squall_scenarios::{Files, Ready, Report, Settings, parse};
use std::io;
use std::path::{Path, PathBuf};

/// Where the files are that a scenario names: beside the scenario, or else below the current
/// directory, as a path on the command line would be.
#[derive(Clone, Debug, Default)]
pub struct Place {
    beside: PathBuf,
}

impl Place {
    /// The place of the scenario at `path`.
    pub fn of(path: &Path) -> Self {
        let beside = path.parent().map(Path::to_path_buf).unwrap_or_default();
        Self { beside }
    }
}

impl Files for Place {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        let beside = self.beside.join(path);
        match std::fs::read(&beside) {
            Err(error) if error.kind() == io::ErrorKind::NotFound && beside != Path::new(path) => {
                std::fs::read(path).map_err(|error| match error.kind() {
                    io::ErrorKind::NotFound => format!(
                        "no such file, neither beside the scenario ({}) nor from the current directory",
                        beside.display()
                    ),
                    _ => error.to_string(),
                })
            }
            other => other.map_err(|error| error.to_string()),
        }
    }
}

/// Every gzip file begins so, recordings among them, and no scenario and no event log does.
pub const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Why a scenario cannot be run.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The file cannot be read, or is no text.
    #[error("cannot read {} as a scenario: {error}", path.display())]
    Unreadable {
        /// Its path.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is a recording.
    #[error(
        "{} is a recording, not a scenario: `squall replay`, `squall explain` and `squall judge` take it; the \
         scenario that ran is `effective.toml` beside it",
        path.display()
    )]
    Recording {
        /// Its path.
        path: PathBuf,
    },
    /// Something in it is wrong.
    #[error(transparent)]
    Invalid(#[from] Report),
}

/// Reads and checks a scenario, with settings applied and the files read that it names.
///
/// # Errors
/// Everything that is wrong with the file, at once.
pub fn load(path: &Path, settings: &Settings) -> Result<Ready, LoadError> {
    let unreadable = |error| {
        let path = path.to_path_buf();
        LoadError::Unreadable { path, error }
    };
    let bytes = std::fs::read(path).map_err(unreadable)?;
    if bytes.starts_with(&GZIP) {
        let path = path.to_path_buf();
        return Err(LoadError::Recording { path });
    }
    let text = String::from_utf8(bytes);
    let text =
        text.map_err(|error| unreadable(io::Error::new(io::ErrorKind::InvalidData, error)))?;
    let scenario = parse(&path.display().to_string(), &text, settings)?;
    Ok(scenario.ready(&Place::of(path))?)
}

/// The scenario files at `path`: itself, or all `.toml` files below it, sorted. Hidden folders, `target`,
/// links to folders and the manifests of Rust packages are passed over.
///
/// # Errors
/// If a directory cannot be read.
pub fn scenario_files(path: &Path) -> io::Result<Vec<PathBuf>> {
    if !path.is_dir() {
        return Ok(vec![path.to_path_buf()]);
    }
    let mut entries: Vec<PathBuf> = std::fs::read_dir(path)?
        .map(|entry| entry.map(|e| e.path()))
        .collect::<Result<_, _>>()?;
    entries.sort();
    let mut files = Vec::new();
    for entry in entries {
        let name = entry
            .file_name()
            .unwrap_or_default()
            .to_string_lossy()
            .into_owned();
        if entry.is_dir() {
            if !name.starts_with('.') && name != "target" && !entry.is_symlink() {
                files.extend(scenario_files(&entry)?);
            }
        } else if entry
            .extension()
            .is_some_and(|extension| extension == "toml")
            && name != "Cargo.toml"
        {
            files.push(entry);
        }
    }
    Ok(files)
}
