//! `squall explain`: what broke it, what did not, from where on, and where the time went.

use super::asked::{Asked, note_stale};
use super::progress::Bar;
use super::selection::{Set, parse_seeds};
use super::shrink::refused;
use super::{TOOL, exit, out};
use clap::{Args, ValueEnum};
use squall::campaign::OnRun;
use squall::core::Seed;
use squall::explain::{self, Request, explain};
use squall::shrink::ShrinkError;
use std::num::NonZero;
use std::ops::Range;
use std::path::PathBuf;

/// Say which faults cause a failure and which do not, from which strength on, and where the time went
#[derive(Args, Debug)]
pub(crate) struct Explain {
    /// Scenario file, regression file or recording
    file: PathBuf,
    /// The failing seed: `0x1b`. Of several, as `0x1b,0x2f` or `0..64`, the first that fails; the others are
    /// asked before those of the file. If not given, the own one of a regression file or a recording, or the
    /// only one of the file
    #[arg(long, value_name = "SEED", value_delimiter = ',', value_parser = parse_seeds)]
    seed: Vec<Range<u64>>,
    /// Name of the property; the first that fails if not given
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// Failing seeds to ask, this one among them
    #[arg(long, value_name = "N", default_value = "3")]
    seeds: NonZero<usize>,
    /// Runs at the most to find failing seeds, again for sets of faults, and again for thresholds
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
        let mut seeds = self.seed.iter().cloned().flatten().map(Seed);
        let asked = match Asked::of(&self.file, seeds.next(), &self.set, colour) {
            Ok(asked) => asked,
            Err(code) => return code,
        };
        let settings = asked.settings.arguments();
        let bar = Bar::new(format!("explaining {}", self.file.display()), "runs", None);
        let mut request = Request {
            seed: asked.seed,
            others: &[],
            property: self.property.as_deref(),
            seeds: self.seeds.get(),
            runs_max: self.runs,
            thresholds: true,
            settings: &settings,
            recording: asked.recording.as_deref(),
            progress: OnRun(&|runs| bar.show(runs, 0)),
        };
        // More than can be tried are of no use.
        let others = seeds.take(usize::try_from(self.runs).unwrap_or(usize::MAX));
        let others: Vec<Seed> = others.collect();
        request.others = &others;
        let mut explained = explain(&asked.ready, &asked.path, &request);
        while let (Err(ShrinkError::Passes { .. }), Some((next, rest))) =
            (&explained, request.others.split_first())
        {
            (request.seed, request.others) = (*next, rest);
            explained = explain(&asked.ready, &asked.path, &request);
        }
        bar.finish();
        match explained {
            Ok(explanation) => {
                note_stale(
                    &asked.ready,
                    request.seed,
                    &asked.settings,
                    explanation.digest,
                );
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
