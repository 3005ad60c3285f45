//! `squall explain`: what broke it, what did not, from where on, and where the time went.

use super::run::CONTEXT;
use super::selection::{Set, load_all};
use super::shrink::refused;
use super::{TOOL, exit, out, stored};
use clap::{Args, ValueEnum};
use squall::LoadError;
use squall::campaign;
use squall::core::Seed;
use squall::explain::{self, Request, explain};
use squall::reports::divergence;
use squall::scenarios::Ready;
use std::num::NonZero;
use std::path::PathBuf;

/// Say which faults cause a failure and which do not, from which strength on, and where the time went
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Scenario file, regression file or recording
    file: PathBuf,
    /// The failing seed; for a regression file or a recording its own
    #[arg(long)]
    seed: Option<Seed>,
    /// Name of the property; the first that fails if not given
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// Failing seeds to ask, this one among them
    #[arg(long, value_name = "N", default_value = "3")]
    seeds: NonZero<usize>,
    /// Runs at the most for sets of faults, and again for thresholds
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    runs: u64,
    #[command(flatten)]
    set: Set,
    /// What to print on stdout
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

impl Explain {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        let asked = match self.asked(colour) {
            Ok(asked) => asked,
            Err(code) => return code,
        };
        let request = Request {
            seed: asked.seed,
            property: self.property.as_deref(),
            seeds: self.seeds.get(),
            runs_max: self.runs,
            thresholds: true,
        };
        match explain(&asked.ready, &asked.path, &request) {
            Ok(explanation) => {
                out::result(&match self.format {
                    Format::Human => explain::report(&explanation),
                    Format::Json => format!("{:#}\n", explain::document(&explanation, TOOL)),
                });
                exit::PASS
            }
            Err(error) => refused(error, colour),
        }
    }

    /// What is asked about: a seed of a file, or the run of a recording.
    fn asked(&self, colour: bool) -> Result<Asked, u8> {
        if self.file.is_file() {
            let bytes = stored::read(&self.file, colour)?;
            if stored::is_recording(&bytes) {
                return self.recorded(&bytes, colour);
            }
        }
        let mut loaded = load_all(std::slice::from_ref(&self.file), &self.set, colour)?;
        let Some((path, ready)) = loaded.pop().filter(|_| loaded.is_empty()) else {
            out::note("error: explain takes one scenario file, regression file or recording");
            return Err(exit::USAGE);
        };
        let own = ready.scenario.regression.as_ref().map(|r| r.seed);
        let Some(seed) = own.or(self.seed) else {
            out::note("error: which seed? a failing run prints the whole command, with --seed");
            return Err(exit::USAGE);
        };
        Ok(Asked { ready, path, seed })
    }

    /// The run of a recording, which must end as it did: what is asked is run under other plans, and says
    /// nothing about a run that this build does not repeat.
    fn recorded(&self, bytes: &[u8], colour: bool) -> Result<Asked, u8> {
        if self.seed.is_some() || !self.set.set.is_empty() || !self.set.with.is_empty() {
            out::note(
                "error: a recording has its seed and its settings: --seed, --set and --with go with a scenario file",
            );
            return Err(exit::USAGE);
        }
        let (recording, ready) = stored::recording(&self.file, bytes, colour)?;
        let seed = recording.header.seed;
        let again = campaign::record(&ready, seed);
        let again = again.map_err(|report| out::invalid(&[LoadError::Invalid(report)], colour))?;
        if again.result.digest != recording.header.digest {
            let again = again.recording.expect("records were kept");
            out::result(&divergence::text(&recording, &again, CONTEXT));
            out::note(
                "help: this build does not repeat the recorded run: explain it with the build that made it, \
                 or run the seed again",
            );
            return Err(exit::NONDETERMINISM);
        }
        let path = stored::file_of(&self.file, &recording);
        Ok(Asked { ready, path, seed })
    }
}

/// What is asked about.
struct Asked {
    ready: Ready,
    path: PathBuf,
    seed: Seed,
}
