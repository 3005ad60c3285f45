//! What a command is about: files, settings, seeds.

use super::{exit, out};
use clap::Args;
use squall::core::Seed;
use squall::scenarios::{Ready, Settings};
use squall::{LoadError, load, scenario_files};
use std::io;
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Settings of scenario files.
#[derive(Args, Debug, Default)]
pub(crate) struct Set {
    /// Set a key of the file, for instance `stop.at=5m`; may be given several times
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Apply a variant of the file; may be given several times
    #[arg(long = "with", value_name = "VARIANT")]
    pub(crate) with: Vec<String>,
}

impl Set {
    /// As the parser of scenarios takes them.
    pub(crate) fn settings(&self) -> Result<Settings, u8> {
        let mut settings = Settings {
            with: self.with.clone(),
            set: Vec::new(),
        };
        for argument in &self.set {
            if let Err(error) = settings.push_set(argument) {
                out::note(&format!("error: {error}"));
                return Err(exit::USAGE);
            }
        }
        Ok(settings)
    }
}

/// `0..64`, `17` or `0x11`.
pub(crate) fn parse_seeds(text: &str) -> Result<Range<u64>, String> {
    let one = |text: &str| text.trim().parse::<Seed>().map(|seed| seed.0);
    let range = match text.split_once("..") {
        Some((low, high)) => one(low)?..one(high)?,
        None => {
            let seed = one(text)?;
            let end = seed.checked_add(1);
            seed..end.ok_or("seeds end at 0xfffffffffffffffe")?
        }
    };
    if range.is_empty() {
        return Err(format!("`{text}` holds no seed: write 0..64 or 17"));
    }
    Ok(range)
}

/// A number of threads.
pub(crate) fn parse_jobs(text: &str) -> Result<NonZero<usize>, String> {
    text.parse()
        .map_err(|_| format!("`{text}` is no number of threads: write 1 or more"))
}

/// Loads every scenario at `paths`, or shows all that is wrong with any of them.
pub(crate) fn load_all(
    paths: &[PathBuf],
    set: &Set,
    colour: bool,
) -> Result<Vec<(PathBuf, Ready)>, u8> {
    let settings = set.settings()?;
    let mut files = Vec::new();
    let mut errors = Vec::new();
    for path in paths {
        match scenario_files(path) {
            Ok(found) if found.is_empty() && paths.len() > 1 => {
                out::note(&format!(
                    "warning: no scenario files below {}",
                    path.display()
                ));
            }
            Ok(found) => files.extend(found),
            Err(error) => errors.push(LoadError::Unreadable {
                path: path.clone(),
                error,
            }),
        }
    }
    if files.is_empty() && errors.is_empty() {
        out::note("error: no scenario files there (files that end in .toml)");
        return Err(exit::NOTHING);
    }
    let mut loaded = Vec::new();
    for path in files {
        match load(&path, &settings) {
            Ok(ready) => loaded.push((path, ready)),
            Err(error) => errors.push(error),
        }
    }
    if errors.is_empty() {
        return Ok(loaded);
    }
    let code = out::invalid(&errors, colour);
    for error in &errors {
        if let Some(file) = meant(error) {
            out::note(&format!("help: did you mean {}?", file.display()));
        }
    }
    Err(code)
}

/// The file below `scenarios` whose name somebody gave, as `squall list scenarios` shows it, where there is no
/// such path.
fn meant(error: &LoadError) -> Option<PathBuf> {
    let LoadError::Unreadable { path, error } = error else {
        return None;
    };
    let name = path
        .file_name()
        .filter(|_| error.kind() == io::ErrorKind::NotFound)?;
    let files = scenario_files(Path::new("scenarios")).ok()?;
    let called = |file: &PathBuf| file.file_name() == Some(name) || file.file_stem() == Some(name);
    files.into_iter().find(called)
}

/// Plans that are drawn at the most before a campaign, so that an endless one begins at all.
const PLANS_MAX: usize = 10_000;

/// Draws the plans of seeds, to find what only a seed shows; gives the exit code.
pub(crate) fn check_plans(ready: &Ready, seeds: Range<u64>, colour: bool) -> u8 {
    let mut plans = seeds.take(PLANS_MAX);
    match plans.find_map(|seed| Some((seed, ready.scenario.plan(Seed(seed)).err()?))) {
        None => exit::PASS,
        Some((seed, report)) => {
            out::note(report.render(colour).trim_end());
            out::note(&format!("found in the plan of seed {}", Seed(seed)));
            exit::INVALID
        }
    }
}
