//! `squall explain`: what broke it, what did not, from where on, and where the time went.

use super::selection::{Set, load_all};
use super::shrink::refused;
use super::{TOOL, exit, out};
use clap::{Args, ValueEnum};
use squall::core::Seed;
use squall::explain::{self, Request, explain};
use std::num::NonZero;
use std::path::PathBuf;

/// Say which faults cause a failure and which do not, from which strength on, and where the time went
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Scenario file or regression file
    file: PathBuf,
    /// The failing seed; for a regression file its own
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
        let loaded = match load_all(std::slice::from_ref(&self.file), &self.set, colour) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let [(path, ready)] = loaded.as_slice() else {
            out::note("error: explain takes one scenario file");
            return exit::USAGE;
        };
        let own = ready.scenario.regression.as_ref().map(|r| r.seed);
        let Some(seed) = own.or(self.seed) else {
            out::note("error: which seed? a failing run prints the whole command, with --seed");
            return exit::USAGE;
        };
        let request = Request {
            seed,
            property: self.property.as_deref(),
            seeds: self.seeds.get(),
            runs_max: self.runs,
            thresholds: true,
        };
        match explain(ready, path, &request) {
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
}
