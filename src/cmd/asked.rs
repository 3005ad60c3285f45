//! What a command about one run is about: a seed of a scenario, a regression file, or a recording.

use super::run::CONTEXT;
use super::selection::{Set, load_all};
use super::{exit, out, stored};
use squall::LoadError;
use squall::campaign;
use squall::core::Seed;
use squall::core::history::Digest;
use squall::reports::{command, divergence};
use squall::scenarios::{Ready, Settings};
use std::path::{Path, PathBuf};

/// What is asked about.
pub(crate) struct Asked {
    pub(crate) ready: Ready,
    /// The scenario's file, from where the files are found that it names.
    pub(crate) path: PathBuf,
    pub(crate) seed: Seed,
    pub(crate) settings: Settings,
    /// The recording that stands for the run in commands, where no file on disk does.
    pub(crate) recording: Option<PathBuf>,
}

impl Asked {
    /// A seed of a file, or the run of a recording.
    pub(crate) fn of(file: &Path, seed: Option<Seed>, set: &Set, colour: bool) -> Result<Self, u8> {
        if file.is_file() {
            let bytes = stored::read(file, colour)?;
            if stored::is_recording(&bytes) {
                return Self::recorded((file, &bytes), seed, set, colour);
            }
        }
        let mut loaded = load_all(&[file.to_path_buf()], set, colour)?;
        let Some((path, ready)) = loaded.pop().filter(|_| loaded.is_empty()) else {
            out::note("error: one scenario file, regression file or recording at a time");
            return Err(exit::USAGE);
        };
        Ok(Self {
            seed: seed_of(&ready, seed)?,
            settings: set.settings()?,
            recording: None,
            ready,
            path,
        })
    }

    /// The run of a recording, which must end as it did: what is asked is run under other plans, and says
    /// nothing about a run that this build does not repeat.
    fn recorded(
        (file, bytes): (&Path, &[u8]),
        seed: Option<Seed>,
        set: &Set,
        colour: bool,
    ) -> Result<Self, u8> {
        stored::has_its_own(seed, set)?;
        let (recording, ready) = stored::recording(file, bytes, colour)?;
        let seed = recording.header.seed;
        let again = campaign::record(&ready, seed);
        let again = again.map_err(|report| out::invalid(&[LoadError::Invalid(report)], colour))?;
        if again.result.digest != recording.header.digest {
            let again = again.recording.expect("records were kept");
            out::result(&divergence::text(&recording, &again, CONTEXT));
            out::note(
                "help: this build does not repeat the recorded run: ask the build that made it, or run the \
                 seed again",
            );
            return Err(exit::NONDETERMINISM);
        }
        let found = stored::file_of(file, &recording);
        Ok(Self {
            ready,
            path: found
                .clone()
                .unwrap_or_else(|| recording.header.path.clone().into()),
            seed,
            settings: Settings::default(),
            recording: found.is_none().then(|| file.to_path_buf()),
        })
    }

    /// The command that replays it.
    pub(crate) fn replay(&self) -> String {
        if let Some(recording) = &self.recording {
            let recording = recording.display().to_string();
            return command(["squall", "replay", &recording].into_iter());
        }
        let (path, seed) = (self.path.display().to_string(), self.seed.to_string());
        let settings = self.settings.arguments();
        let words = ["squall", "replay", &path, "--seed", &seed].into_iter();
        command(words.chain(settings.iter().map(String::as_str)))
    }
}

/// The seed that a command about one seed is about: the one that was asked for, else the own seed of a
/// regression file, else the only one of the file.
pub(crate) fn seed_of(ready: &Ready, asked: Option<Seed>) -> Result<Seed, u8> {
    let scenario = &ready.scenario;
    let own = scenario.regression.as_ref().map(|r| r.seed);
    let seeds = &scenario.seeds;
    let only = || (seeds.end - seeds.start == 1).then_some(Seed(seeds.start));
    asked.or(own).or_else(only).ok_or_else(|| {
        out::note("error: which seed? a failing run prints the whole command, with --seed");
        exit::USAGE
    })
}

/// The digest in which a regression file says that this seed ends, as long as nothing is set otherwise.
pub(crate) fn recorded_digest(ready: &Ready, seed: Seed, settings: &Settings) -> Option<Digest> {
    let regression = ready.scenario.regression.as_ref();
    let own = regression.filter(|r| settings.is_empty() && r.seed == seed);
    own.map(|r| r.digest)
}

/// What to do when a regression file ends in another digest than it records.
pub(crate) fn bless_help(path: &str) -> String {
    let bless = command(["squall", "shrink", path, "--bless"].into_iter());
    format!("help: if the plan was edited, or squall changed, `{bless}` records the digest anew")
}

/// Says so if a seed of a regression file ended in another digest than it records.
pub(crate) fn note_stale(ready: &Ready, seed: Seed, settings: &Settings, found: Digest) {
    if let Some(wanted) = recorded_digest(ready, seed, settings).filter(|wanted| *wanted != found) {
        let path = &ready.scenario.path;
        out::note(&format!(
            "warning: {path} records digest {wanted}, and seed {seed} ends in {found} now\n{}",
            bless_help(path)
        ));
    }
}
