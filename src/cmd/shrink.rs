//! `squall shrink`: the smallest plan, in the smallest world, that still fails; as a regression file.

use super::asked::Asked;
use super::progress::Bar;
use super::selection::Set;
use super::{exit, out};
use clap::Args;
use squall::campaign::OnRun;
use squall::core::Seed;
use squall::faults::plan_text;
use squall::faults::shrink::{Options, Phase};
use squall::shrink;
use squall::shrink::{BlessError, Outcome, Request, ShrinkError, WriteError, Written};
use std::fmt::Write as _;
use std::path::{Path, PathBuf};

/// Find the smallest plan that still fails, and keep it as a regression file
#[derive(Args, Debug)]
pub(crate) struct Shrink {
    /// Scenario file, regression file or recording
    file: PathBuf,
    /// The failing seed. If not given, the own one of a regression file or a recording, or the only one of
    /// the file
    #[arg(long)]
    seed: Option<Seed>,
    /// Name of the property that must go on failing; the first that fails if not given
    #[arg(long, value_name = "NAME")]
    property: Option<String>,
    /// Runs at the most; the best so far is the result when they are used up
    #[arg(long, value_name = "N", default_value_t = 500, value_parser = clap::value_parser!(u64).range(1..))]
    runs: u64,
    /// Seeds, from this one on, of which most must fail: for hosts that do not repeat, and for
    /// failures that must not hang on one seed
    #[arg(long, value_name = "K", default_value_t = 1, value_parser = clap::value_parser!(u32).range(1..=1000))]
    agree: u32,
    /// Write the regression file; one that is there and differs is never touched
    #[arg(long)]
    write: bool,
    /// Folder of the regression file
    #[arg(long, value_name = "DIR", default_value = "scenarios/regressions")]
    dir: PathBuf,
    /// Record the digest of a regression file anew, if its property still fails
    #[arg(long, conflicts_with_all = ["seed", "property", "write", "set", "with"])]
    bless: bool,
    #[command(flatten)]
    set: Set,
}

impl Shrink {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        if self.bless {
            return bless(&self.file, colour);
        }
        let asked = match Asked::of(&self.file, self.seed, &self.set, colour) {
            Ok(asked) => asked,
            Err(code) => return code,
        };
        let of = asked.replay();
        let bar = Bar::new(
            format!("shrinking {}", self.file.display()),
            "runs",
            Some(self.runs),
        );
        let request = Request {
            seed: asked.seed,
            property: self.property.as_deref(),
            options: Options {
                runs_max: self.runs,
                faults_only: false,
            },
            agree: self.agree,
            of: &of,
            dir: &self.dir,
            progress: OnRun(&|runs| bar.show(runs, 0)),
        };
        let shrunk = shrink::shrink(&asked.ready, &asked.path, &request);
        bar.finish();
        match shrunk {
            Ok(outcome) => {
                out::result(&text(&outcome));
                self.keep(&outcome)
            }
            Err(error) => refused(error, colour),
        }
    }

    /// Writes the file if that was asked for, and says how to go on.
    fn keep(&self, outcome: &Outcome) -> u8 {
        let path = &outcome.path;
        let replay =
            squall::reports::command(["squall", "replay", &path.display().to_string()].into_iter());
        if !self.write {
            out::result(&format!(
                "  file     {} is written with --write; then\n  replay   {replay}\n",
                path.display()
            ));
            return exit::PASS;
        }
        match shrink::write(path, &outcome.text) {
            Ok(written) => {
                let how = match written {
                    Written::New => "written",
                    Written::Same => "was there already",
                };
                out::result(&format!(
                    "  file     {} {how}\n  replay   {replay}\n",
                    path.display()
                ));
                exit::PASS
            }
            Err(error @ WriteError::Exists { .. }) => {
                out::note(&format!(
                    "error: {error}\nhelp: remove it, or choose another folder with --dir"
                ));
                exit::USAGE
            }
            Err(error) => {
                out::note(&format!("error: {error}"));
                exit::BUG
            }
        }
    }
}

pub(crate) fn refused(error: ShrinkError, colour: bool) -> u8 {
    match error {
        ShrinkError::Load(error) => out::invalid(&[error], colour),
        ShrinkError::Passes { .. } | ShrinkError::NoRole { .. } => {
            out::note(&format!("{error}"));
            exit::NOTHING
        }
        ShrinkError::NoProperty(_) => {
            out::note(&format!("error: {error}"));
            exit::USAGE
        }
        error => {
            out::note(&format!("error: {error}"));
            exit::BUG
        }
    }
}

fn bless(path: &Path, colour: bool) -> u8 {
    match shrink::bless(path) {
        Ok(blessed) => {
            let how = match blessed.before == blessed.now {
                true => "as it was".to_owned(),
                false => format!("was {}", blessed.before),
            };
            out::result(&format!(
                "blessed   {}   digest {}, {how}\n",
                path.display(),
                blessed.now
            ));
            exit::PASS
        }
        Err(BlessError::Load(error)) => out::invalid(&[error], colour),
        Err(error @ BlessError::Unexpected { .. }) => {
            out::note(&format!("{error}"));
            exit::VIOLATED
        }
        Err(error @ BlessError::NoRegression { .. }) => {
            out::note(&format!("error: {error}"));
            exit::INVALID
        }
        Err(error) => {
            out::note(&format!("error: {error}"));
            exit::BUG
        }
    }
}

/// What was found, for people: what is left, how much smaller it is, and what it took.
pub(crate) fn text(outcome: &Outcome) -> String {
    let (shrunk, scenario) = (&outcome.shrunk, &outcome.ready.scenario);
    let plan = &shrunk.candidate.plan;
    let before = &outcome.before;
    let mut text = format!(
        "shrunk     {}   seed {}   {} still fails\n",
        scenario.name,
        outcome.seed,
        outcome.symptom.name()
    );
    let faults = squall::faults::shrink::acting(before).len();
    let mut sizes = vec![
        format!("faults {faults} -> {}", plan.faults.len()),
        format!(
            "parts {} -> {}",
            before.entries().len(),
            plan.entries().len()
        ),
    ];
    for (name, full, now) in &outcome.axes {
        if full != now {
            sizes.push(format!(
                "{name} {} -> {}",
                amount(name, *full),
                amount(name, *now)
            ));
        }
    }
    let _ = writeln!(text, "  size     {}", sizes.join(", "));
    let lines = plan_text(
        &scenario
            .regression
            .as_ref()
            .map_or_else(|| plan.clone(), |r| r.plan.clone()),
        &scenario.topology,
    );
    for line in lines.lines() {
        let _ = writeln!(text, "  plan   {line}");
    }
    if let Some(at) = shrunk.at {
        let _ = writeln!(text, "  fails    at {at}");
    }
    let _ = writeln!(text, "  minimal  {}", minimal(outcome));
    let runs = Phase::ALL.map(|phase| (phase.word(), shrunk.spent.of(phase)));
    let runs = runs
        .iter()
        .filter(|(_, n)| *n > 0)
        .map(|(word, n)| format!("{word} {n}"));
    let runs = runs.collect::<Vec<_>>().join(", ");
    let _ = writeln!(text, "  runs     {}: {runs}", shrunk.spent.total());
    let _ = writeln!(text, "  digest   {}", outcome.result.digest);
    text
}

fn minimal(outcome: &Outcome) -> &'static str {
    let shrunk = &outcome.shrunk;
    match (shrunk.minimal, shrunk.candidate.plan.faults.len()) {
        (true, 0) => "it fails without any fault",
        (true, 1) => "without this fault it does not fail",
        (true, _) => "without any one of these faults it does not fail",
        (false, _) => "not shown: the runs were used up; more with --runs",
    }
}

/// The value of an axis, for people.
fn amount(name: &str, value: u64) -> String {
    match name {
        "run length" => squall::core::VirtualDuration::from_nanos(value).to_string(),
        name if name.starts_with("rate ") => format!("{}/s", value as f64 / 1e3),
        _ => value.to_string(),
    }
}
