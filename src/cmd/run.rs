//! `squall run`: scenarios over their seeds.

use super::asked::note_stale;
use super::progress::Bar;
use super::selection::{Set, check_plans, load_all, parse_jobs, parse_seeds};
use super::{TOOL, exit, out};
use clap::{Args, ValueEnum};
use squall::campaign::{self, Mismatch, Ran};
use squall::core::VirtualDuration;
use squall::core::property::Verdict;
use squall::core::recording::Recording;
use squall::reports::{Expectation, Outcome, coverage, json, junit, storage, terminal};
use squall::scenarios::Ready;
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

/// Run scenarios over their seeds and judge what they promise
#[derive(Args, Debug)]
pub(crate) struct Run {
    /// Scenario files or directories
    #[arg(required = true)]
    files: Vec<PathBuf>,
    /// Seeds instead of those of the file: `0..64`, `17` or `0x11`
    #[arg(long, value_parser = parse_seeds, env = "SQUALL_SEEDS")]
    seeds: Option<Range<u64>>,
    /// Threads; never changes a result. All cores if not given
    #[arg(long, env = "SQUALL_JOBS", value_parser = parse_jobs)]
    jobs: Option<NonZero<usize>>,
    #[command(flatten)]
    set: Set,
    /// Directory for recordings and summaries
    #[arg(long, env = "SQUALL_OUT", default_value = "target/squall")]
    out: PathBuf,
    /// What to print on stdout
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
    /// Show which faults had an effect on what, which of them met, and what was never exercised. The
    /// JSON document has it always
    #[arg(long)]
    coverage: bool,
    /// Records to show before the one in which two runs of a seed differ
    #[arg(long, value_name = "N", default_value_t = CONTEXT)]
    context: usize,
}

/// Records shown before a difference if nobody says.
pub(crate) const CONTEXT: usize = 3;

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
    Junit,
}

/// A campaign that ran, with what reports need.
#[derive(Debug)]
pub(crate) struct Finished {
    pub(crate) path: String,
    /// Whether that is a recording.
    pub(crate) recorded: bool,
    pub(crate) name: String,
    pub(crate) expectation: Option<Expectation>,
    pub(crate) settings: Vec<String>,
    /// How long a seed is to run.
    pub(crate) planned: VirtualDuration,
    pub(crate) ran: Ran,
    /// Of the first failing seed.
    pub(crate) failure: Option<Recording>,
    /// Where that is kept.
    pub(crate) recording: Option<String>,
    /// A seed that did not repeat.
    pub(crate) differs: Option<Box<Mismatch>>,
}

impl Finished {
    pub(crate) fn outcome(&self) -> Outcome<'_> {
        Outcome {
            scenario: &self.name,
            path: &self.path,
            recorded: self.recorded,
            campaign: &self.ran.campaign,
            expectation: self.expectation.as_ref(),
            wall_s: &self.ran.wall_s,
            settings: &self.settings,
            differs: self.differs.as_ref().map(|mismatch| mismatch.seed),
            planned: self.planned,
            recording: self.recording.as_deref(),
        }
    }
    fn exit_code(&self) -> u8 {
        self.outcome().exit_code()
    }
}

impl Run {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        let loaded = match load_all(&self.files, &self.set, colour) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let settings = match self.set.settings() {
            Ok(settings) => settings.arguments(),
            Err(code) => return code,
        };
        let jobs = self.jobs.map_or_else(campaign::jobs_default, NonZero::get);
        let seeds_of = |ready: &Ready| {
            let own = || ready.scenario.seeds.clone();
            self.seeds.clone().unwrap_or_else(own)
        };
        // What a seed draws may be impossible: known before anything runs or is written.
        let mut code = exit::PASS;
        for (_, ready) in &loaded {
            code = code.max(check_plans(ready, seeds_of(ready), colour));
        }
        if code != exit::PASS {
            return code;
        }
        let names = out::names(loaded.iter().map(|(path, _)| path.as_path()));
        let mut all = Vec::new();
        for ((path, ready), name) in loaded.iter().zip(&names) {
            let seeds = seeds_of(ready);
            let what = (path.as_path(), settings.as_slice());
            match run_one(ready, what, seeds, jobs) {
                Ok(mut finished) => {
                    self.note_stale(ready, &finished);
                    let kept = finished
                        .failure
                        .as_ref()
                        .map(|r| recording_of(&self.out.join(name), r));
                    finished.recording = kept.map(|path| path.display().to_string());
                    if self.format == Format::Human {
                        let mut text = human(&finished, self.context);
                        if self.coverage {
                            text.push_str(&coverage::text(&finished.ran.campaign));
                        }
                        out::result(&text);
                    } else if let Some(mismatch) = &finished.differs {
                        out::note(mismatch.text(self.context).trim_end());
                    }
                    note_few(ready, &finished);
                    write_files((&self.out, name), ready, &finished);
                    all.push(finished);
                }
                Err(report) => {
                    out::note(report.render(colour).trim_end());
                    return exit::INVALID;
                }
            }
        }
        // The highest of 102, 100, 96, 3 wins.
        let code = all
            .iter()
            .map(Finished::exit_code)
            .max()
            .unwrap_or(exit::NOTHING);
        match self.format {
            Format::Human if all.len() > 1 => out::result(&total(&all, code)),
            Format::Human => {}
            Format::Json => out::result(&json_text(&all, code)),
            Format::Junit => {
                let outcomes: Vec<_> = all.iter().map(Finished::outcome).collect();
                match junit::report(&outcomes) {
                    Ok(text) => out::result(&text),
                    Err(error) => {
                        out::note(&format!("error: cannot write the report: {error}"));
                        return exit::BUG;
                    }
                }
            }
        }
        code
    }

    /// A regression file whose own seed ends otherwise than it records still fails as it should, and
    /// repeats nothing.
    fn note_stale(&self, ready: &Ready, finished: &Finished) {
        let Ok(settings) = self.set.settings() else {
            return;
        };
        for result in &finished.ran.campaign.seeds {
            note_stale(ready, result.seed, &settings, result.digest);
        }
    }
}

/// An `[expect]` is about the seeds of its file: some of them alone need not show the failure.
fn note_few(ready: &Ready, finished: &Finished) {
    let outcome = finished.outcome();
    let wanted = outcome.expectation.map(|expectation| expectation.verdict);
    let passed = (wanted, outcome.campaign.verdict) == (Some(Verdict::Fail), Verdict::Pass);
    let own = &ready.scenario.seeds;
    let ran = &outcome.campaign.seeds;
    let all = own.clone().count();
    let of_own = ran
        .iter()
        .filter(|result| own.contains(&result.seed.0))
        .count();
    if passed && of_own < all {
        out::note(&format!(
            "note: {}: its [expect] is about seeds {}..{} together, of which {of_own} of {all} were run",
            finished.path, own.start, own.end
        ));
    }
}

/// Runs a campaign, then its failing seeds and a sample of the rest once more: the digests must not
/// change.
pub(crate) fn run_one(
    ready: &Ready,
    (path, settings): (&Path, &[String]),
    seeds: Range<u64>,
    jobs: usize,
) -> Result<Finished, squall::scenarios::Report> {
    let total = seeds.end - seeds.start;
    let bar = Bar::new(path.display().to_string(), "seeds", Some(total));
    let ran = campaign::run(ready, seeds, jobs, &|p| bar.show(p.done, p.failing))?;
    bar.finish();
    // As long again where every seed fails, and nobody should wonder what it waits for.
    let again = OnceLock::new();
    let bar = |total| Bar::new(path.display().to_string(), "seeds again", Some(total));
    let verified = campaign::verify(ready, &ran.campaign, jobs, &|p| {
        again.get_or_init(|| bar(p.total)).show(p.done, 0);
    })?;
    if let Some(again) = again.get() {
        again.finish();
    }
    Ok(Finished {
        path: path.display().to_string(),
        recorded: false,
        name: ready.scenario.name.clone(),
        expectation: ready
            .scenario
            .expect
            .as_ref()
            .map(squall::testing::expectation),
        settings: settings.to_vec(),
        planned: ready.scenario.stop,
        ran,
        failure: verified.failure,
        recording: None,
        differs: verified.mismatch,
    })
}

/// The report for people, with `context` records before a difference.
pub(crate) fn human(finished: &Finished, context: usize) -> String {
    let mut text = terminal::campaign(
        &finished.outcome(),
        finished.failure.as_ref(),
        finished.ran.total_s,
    );
    if let Some(mismatch) = &finished.differs {
        text.push_str(&mismatch.text(context));
    }
    text.push('\n');
    text
}

fn total(all: &[Finished], code: u8) -> String {
    let good = all
        .iter()
        .filter(|finished| finished.exit_code() == 0)
        .count();
    let mut text = format!(
        "{good} of {} scenarios as they should be   exit code {code}\n",
        all.len()
    );
    for finished in all.iter().filter(|finished| finished.exit_code() != 0) {
        text.push_str(&format!(
            "  {:<13} {}\n",
            finished.outcome().campaign.verdict.to_string(),
            finished.path
        ));
    }
    text
}

fn json_text(all: &[Finished], code: u8) -> String {
    let documents = all
        .iter()
        .map(|finished| json::campaign(&finished.outcome(), TOOL));
    let document = match all {
        [one] => json::campaign(&one.outcome(), TOOL),
        _ => json::campaigns(documents.collect(), TOOL, code),
    };
    format!("{document:#}\n")
}

/// `<out>/<scenario>/campaign.json`; for the first failing seed its recording, plan and effective
/// file; `<out>/latest` points to the scenario's directory.
fn write_files((out, name): (&Path, &str), ready: &Ready, finished: &Finished) {
    let dir = out.join(name);
    // Recordings of earlier campaigns would pass for this one's.
    let _ = std::fs::remove_dir_all(&dir);
    let mut files = vec![(
        dir.join("campaign.json"),
        format!("{:#}\n", json::campaign(&finished.outcome(), TOOL)).into_bytes(),
    )];
    if let Some(recording) = &finished.failure {
        let seed = dir.join(recording.header.seed.to_string());
        let plan = squall::faults::plan_text(&recording.header.plan, &ready.scenario.topology);
        files.push((seed.join("plan.txt"), plan.into_bytes()));
        files.push((
            seed.join("effective.toml"),
            recording.header.text.clone().into_bytes(),
        ));
        match storage::encode(recording) {
            Ok(bytes) => files.push((recording_of(&dir, recording), bytes)),
            Err(error) => out::could_not_write(&recording_of(&dir, recording), &error),
        }
    }
    // Both recordings of a seed that did not repeat, for `squall report` and other tools.
    let runs = finished.differs.as_ref().and_then(|m| m.runs.as_ref());
    for (number, recording) in runs.into_iter().flatten().enumerate() {
        let name = format!("run-{}.squall", number + 1);
        let path = dir.join(recording.header.seed.to_string()).join(name);
        match storage::encode(recording) {
            Ok(bytes) => files.push((path, bytes)),
            Err(error) => out::could_not_write(&path, &error),
        }
    }
    for (path, bytes) in files {
        if let Err(error) = out::file(&path, &bytes) {
            out::could_not_write(&path, &error);
            return;
        }
    }
    out::latest(out, name.as_ref());
}

/// Where a recording is kept below the directory of its campaign.
fn recording_of(dir: &Path, recording: &Recording) -> PathBuf {
    dir.join(recording.header.seed.to_string())
        .join("recording.squall")
}

/// The worst verdict decides what a replay of one seed returns.
pub(crate) fn one_seed_code(verdict: Verdict) -> u8 {
    match verdict {
        Verdict::Pass => 0,
        Verdict::NotExercised | Verdict::Inconclusive => 3,
        Verdict::Fail => 100,
    }
}

#[cfg(test)]
mod tests;
