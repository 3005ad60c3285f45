//! Recordings on disk, with the scenario that they hold.

use super::selection::Set;
use super::{exit, out};
use squall::core::recording::Recording;
use squall::core::{Seed, VirtualTime};
use squall::reports::storage;
use squall::scenarios::{Ready, Settings, parse};
use squall::{GZIP, LoadError, Place};
use std::path::{Path, PathBuf};

/// Whether bytes are those of a recording, whole or not.
pub(crate) fn is_recording(bytes: &[u8]) -> bool {
    bytes.starts_with(&GZIP)
}

/// The file that a path means: itself, or in the directory of a campaign, such as `latest`, the recording
/// of its first failing seed.
pub(crate) fn file_at(path: &Path) -> Result<PathBuf, u8> {
    if !path.is_dir() {
        return Ok(path.to_path_buf());
    }
    let here = |dir: &Path| Some(dir.join("recording.squall")).filter(|file| file.is_file());
    let mut found: Vec<PathBuf> = match std::fs::read_dir(path) {
        Ok(entries) => entries
            .flatten()
            .filter_map(|entry| here(&entry.path()))
            .collect(),
        Err(_) => Vec::new(),
    };
    found.extend(here(path));
    found.sort();
    match found.as_slice() {
        [one] => Ok(one.clone()),
        [] => {
            out::note(&format!(
                "error: {} holds no recording: `squall run` keeps one of the first failing seed",
                path.display()
            ));
            Err(exit::NOTHING)
        }
        many => {
            let names: Vec<String> = many.iter().map(|file| file.display().to_string()).collect();
            out::note(&format!(
                "error: {} holds several recordings: name one of {}",
                path.display(),
                names.join(", ")
            ));
            Err(exit::USAGE)
        }
    }
}

/// Reads a file, or says why it cannot be read.
pub(crate) fn read(path: &Path, colour: bool) -> Result<Vec<u8>, u8> {
    std::fs::read(path).map_err(|error| {
        let path = path.to_path_buf();
        out::invalid(&[LoadError::Unreadable { path, error }], colour)
    })
}

/// Reads a text file, or says why it cannot be read.
pub(crate) fn read_text(path: &Path, colour: bool) -> Result<String, u8> {
    std::fs::read_to_string(path).map_err(|error| {
        let path = path.to_path_buf();
        out::invalid(&[LoadError::Unreadable { path, error }], colour)
    })
}

/// A recording and its scenario. The effective text stands in the recording; files that it names are
/// where they were.
pub(crate) fn recording(path: &Path, bytes: &[u8], colour: bool) -> Result<(Recording, Ready), u8> {
    let recording = storage::decode(bytes).map_err(|error| {
        out::note(&format!("error: {}: {error}", path.display()));
        exit::INVALID
    })?;
    let header = &recording.header;
    let parsed = parse(&header.path, &header.text, &Settings::default());
    let ready = parsed.and_then(|s| s.ready(&Place::of(Path::new(&header.path))));
    let ready = ready.map_err(|report| {
        let code = out::invalid(&[LoadError::Invalid(report)], colour);
        out::note(&format!(
            "help: these are lines of the file that stands in {}: use the build that made the recording, \
             put the files that it names where they were, or run the seed again",
            path.display()
        ));
        code
    })?;
    // What nobody ran for must not be waited for either.
    let (end, stop) = (
        recording.header.end,
        VirtualTime::ZERO + ready.scenario.stop,
    );
    if end > stop {
        out::note(&format!(
            "error: {}: the run ended at {end}, and its scenario stops at {stop}: the recording was changed; \
             take the one that was written, or run the seed again",
            path.display()
        ));
        return Err(exit::INVALID);
    }
    Ok((recording, ready))
}

/// A file on disk with the scenario of a recording, for commands that are to be pasted: the one that
/// ran, if it is still the same, or the effective file beside the recording.
pub(crate) fn file_of(path: &Path, recording: &Recording) -> Option<PathBuf> {
    let header = &recording.header;
    let files = [
        PathBuf::from(&header.path),
        path.with_file_name("effective.toml"),
    ];
    let same = |path: &PathBuf| std::fs::read_to_string(path).is_ok_and(|t| t == header.text);
    files.into_iter().find(same)
}

/// Refuses a seed and settings beside a recording.
pub(crate) fn has_its_own(seed: Option<Seed>, set: &Set) -> Result<(), u8> {
    if seed.is_none() && set.set.is_empty() && set.with.is_empty() {
        return Ok(());
    }
    out::note(
        "error: a recording has its seed and its settings: --seed, --set and --with go with a scenario file",
    );
    Err(exit::USAGE)
}
