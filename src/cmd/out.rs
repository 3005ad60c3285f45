//! What is written: results to stdout, everything else to stderr, files below the output directory.

use super::exit;
use squall::LoadError;
use std::io::Write;
use std::path::{Component, Path};
use std::sync::atomic::{AtomicBool, Ordering};

static LOST: AtomicBool = AtomicBool::new(false);

/// Writes the result of a command to stdout. A closed pipe is the reader's choice; anything else
/// loses the result, which [`lost`] tells.
pub(crate) fn result(text: &str) {
    let mut stdout = std::io::stdout().lock();
    let written = stdout
        .write_all(text.as_bytes())
        .and_then(|()| stdout.flush());
    if let Err(error) = written
        && error.kind() != std::io::ErrorKind::BrokenPipe
        && !LOST.swap(true, Ordering::Relaxed)
    {
        note(&format!("error: the result cannot be written: {error}"));
    }
}

/// Whether a result could not be written.
pub(crate) fn lost() -> bool {
    LOST.load(Ordering::Relaxed)
}

/// Writes a line for people to stderr.
pub(crate) fn note(text: &str) {
    let _ = writeln!(std::io::stderr(), "{text}");
}

/// Shows why scenarios cannot be run, and gives the exit code.
pub(crate) fn invalid(errors: &[LoadError], colour: bool) -> u8 {
    for error in errors {
        match error {
            LoadError::Invalid(report) => note(report.render(colour).trim_end()),
            other => note(&format!("error: {other}")),
        }
    }
    exit::INVALID
}

/// Names of the output directories of scenarios: the file's name without its ending, and before it
/// as many folders as it takes to tell files of one name apart.
pub(crate) fn names<'a>(paths: impl Iterator<Item = &'a Path>) -> Vec<String> {
    let parts = |path: &Path| -> Vec<String> {
        let path = path.with_extension("");
        let normal = path.components().filter_map(|part| match part {
            Component::Normal(name) => Some(name.to_string_lossy().into_owned()),
            _ => None,
        });
        normal.collect()
    };
    let all: Vec<Vec<String>> = paths.map(parts).collect();
    let name =
        |parts: &[String], count: usize| parts[parts.len().saturating_sub(count)..].join("-");
    let unique = |index: usize, count: usize| {
        let own = name(&all[index], count);
        let others = all.iter().enumerate().filter(|(other, _)| *other != index);
        others
            .map(|(_, parts)| name(parts, count))
            .all(|other| other != own)
    };
    let shortest = |index: usize| {
        let longest = all[index].len().max(1);
        let count = (1..longest)
            .find(|count| unique(index, *count))
            .unwrap_or(longest);
        name(&all[index], count)
    };
    (0..all.len()).map(shortest).collect()
}

/// Writes a file, and makes its directory.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, bytes)
}

/// Says that a file of the result could not be written, which [`lost`] tells.
pub(crate) fn could_not_write(path: &Path, error: &std::io::Error) {
    LOST.store(true, Ordering::Relaxed);
    note(&format!("error: cannot write {}: {error}", path.display()));
}

/// Panics of model code end a seed and are told with its result: the hook of the standard library
/// would tell them a second time, in the middle of the progress bar.
pub(crate) fn silence_model_panics() {
    let usual = std::panic::take_hook();
    std::panic::set_hook(Box::new(move |panic| {
        if !squall::campaign::runs_model_code() {
            usual(panic);
        }
    }));
}

/// Makes `<out>/latest` point to `<out>/<name>`; a text file where links fail.
pub(crate) fn latest(out: &Path, name: &Path) {
    let link = out.join("latest");
    let _ = std::fs::remove_file(&link);
    #[cfg(unix)]
    let made = std::os::unix::fs::symlink(name, &link);
    #[cfg(not(unix))]
    let made: std::io::Result<()> = Err(std::io::ErrorKind::Unsupported.into());
    if made.is_err()
        && let Err(error) = file(&link, name.to_string_lossy().as_bytes())
    {
        could_not_write(&link, &error);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_one_name_have_directories_of_their_own() {
        let paths = ["a/d1/x.toml", "./a/d2/x.toml", "y.toml", "b/d1/x.toml"];
        let names = names(paths.iter().map(Path::new));
        assert_eq!(names, ["a-d1-x", "d2-x", "y", "b-d1-x"]);
    }
}
