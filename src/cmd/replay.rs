//! `squall replay`: one seed again. The digest must match.

use super::asked::{bless_help, recorded_digest, seed_of};
use super::run::{CONTEXT, Finished, one_seed_code};
use super::selection::Set;
use super::{exit, out, stored};
use clap::Args;
use squall::campaign::{self, Mismatch, Ran};
use squall::core::Seed;
use squall::core::history::Digest;
use squall::core::recording::Recording;
use squall::reports::{divergence, terminal};
use squall::scenarios::Ready;
use squall::{LoadError, load};
use std::path::PathBuf;

/// Run one seed again and show everything about it; the digest must match
#[derive(Args, Debug)]
pub(crate) struct Replay {
    /// Scenario file, or a recording
    file: PathBuf,
    /// The seed. If not given, the own one of a regression file or a recording, or the only one of the file
    #[arg(long)]
    seed: Option<Seed>,
    /// The digest it ended in, as it was printed
    #[arg(long)]
    digest: Option<Digest>,
    /// Show every host signal, not only those that tell most
    #[arg(long)]
    all: bool,
    #[command(flatten)]
    set: Set,
    /// Records to show before the one in which two runs differ
    #[arg(long, value_name = "N", default_value_t = CONTEXT)]
    context: usize,
}

impl Replay {
    pub(crate) fn main(mut self, colour: bool) -> u8 {
        self.file = match stored::file_at(&self.file) {
            Ok(file) => file,
            Err(code) => return code,
        };
        let bytes = match stored::read(&self.file, colour) {
            Ok(bytes) => bytes,
            Err(code) => return code,
        };
        if stored::is_recording(&bytes) {
            self.recording(&bytes, colour)
        } else {
            self.scenario(colour)
        }
    }

    fn scenario(&self, colour: bool) -> u8 {
        let settings = match self.set.settings() {
            Ok(settings) => settings,
            Err(code) => return code,
        };
        let ready = match load(&self.file, &settings) {
            Ok(ready) => ready,
            Err(error) => return out::invalid(&[error], colour),
        };
        let seed = match seed_of(&ready, self.seed) {
            Ok(seed) => seed,
            Err(code) => return code,
        };
        let recorded = recorded_digest(&ready, seed, &settings);
        self.again(
            &ready,
            (seed, &settings.arguments()),
            self.digest.or(recorded),
            None,
            colour,
        )
    }

    fn recording(&self, bytes: &[u8], colour: bool) -> u8 {
        if let Err(code) = stored::has_its_own(self.seed, &self.set) {
            return code;
        }
        let (recording, ready) = match stored::recording(&self.file, bytes, colour) {
            Ok(stored) => stored,
            Err(code) => return code,
        };
        let header = &recording.header;
        let (seed, digest) = (header.seed, self.digest.unwrap_or(header.digest));
        self.again(&ready, (seed, &[]), Some(digest), Some(&recording), colour)
    }

    /// Runs the seed and compares digest and, where there are any, records.
    fn again(
        &self,
        ready: &Ready,
        (seed, settings): (Seed, &[String]),
        wanted: Option<Digest>,
        stored: Option<&Recording>,
        colour: bool,
    ) -> u8 {
        out::note(&format!("replaying seed {seed} of {}", ready.scenario.path));
        let run = match campaign::record(ready, seed) {
            Ok(run) => run,
            Err(report) => return out::invalid(&[LoadError::Invalid(report)], colour),
        };
        let recording = run.recording.expect("records were kept");
        let found = run.result.digest;
        if let Some(stored) = stored
            && found != stored.header.digest
        {
            out::result(&divergence::text(stored, &recording, self.context));
            return exit::NONDETERMINISM;
        }
        if let Some(wanted) = wanted.filter(|wanted| *wanted != found) {
            let path = &ready.scenario.path;
            out::result(&format!(
                "DIFFERENT   {path}   seed {seed}   digest {found}, not {wanted}\n"
            ));
            out::result(&match Mismatch::of(ready, seed) {
                Ok(Some(mismatch)) => mismatch.text(self.context),
                Ok(None) => {
                    "the seed repeats now: the file, its settings or squall changed since\n"
                        .to_owned()
                }
                Err(report) => return out::invalid(&[LoadError::Invalid(report)], colour),
            });
            if self.digest.is_none() {
                out::note(&bless_help(path));
            }
            return exit::NONDETERMINISM;
        }
        let verdict = run.result.verdict;
        // A recording has no file to name, unless one holds the same scenario.
        let file = stored.map(|stored| stored::file_of(&self.file, stored));
        let recorded = matches!(file, Some(None));
        let path = match file {
            Some(file) => file
                .unwrap_or_else(|| self.file.clone())
                .display()
                .to_string(),
            None => ready.scenario.path.clone(),
        };
        let finished = Finished {
            path,
            recorded,
            name: ready.scenario.name.clone(),
            expectation: None,
            settings: settings.to_vec(),
            planned: ready.scenario.stop,
            ran: Ran {
                campaign: campaign::summarise(ready, vec![run.result]),
                wall_s: Vec::new(),
                total_s: 0.0,
            },
            failure: None,
            recording: None,
            differs: None,
        };
        let outcome = finished.outcome();
        let same = if wanted.is_some() { ", as it was" } else { "" };
        out::result(&format!(
            "{}   {}   seed {seed}   digest {found}{same}\n",
            verdict.to_string().to_uppercase(),
            ready.scenario.path
        ));
        out::result(&terminal::properties(&outcome));
        out::result(&terminal::seed(
            &outcome,
            &outcome.campaign.seeds[0],
            &recording,
            self.all,
        ));
        one_seed_code(verdict)
    }
}
