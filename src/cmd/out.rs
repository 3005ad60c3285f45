//! What is written: results to stdout, everything else to stderr, files below the output directory.

use super::exit;
use squall::LoadError;
use std::io::Write;
use std::path::Path;

/// Writes the result of a command to stdout. A closed pipe is no error.
pub(crate) fn result(text: &str) {
    let _ = std::io::stdout().write_all(text.as_bytes());
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

/// Writes a file, and makes its directory.
pub(crate) fn file(path: &Path, bytes: &[u8]) -> std::io::Result<()> {
    if let Some(parent) = path.parent() {
        std::fs::create_dir_all(parent)?;
    }
    std::fs::write(path, bytes)
}

/// Says that a file could not be written; the result itself is not lost by it.
pub(crate) fn could_not_write(path: &Path, error: &std::io::Error) {
    note(&format!(
        "warning: cannot write {}: {error}",
        path.display()
    ));
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
