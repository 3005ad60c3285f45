//! `squall compare`: two variants or two files on the same seeds, or one with and without a fault.

use super::progress::Bar;
use super::selection::{Set, check_plans, parse_jobs, parse_seeds};
use super::{TOOL, exit, out};
use clap::{Args, ValueEnum};
use squall::campaign::{self, Progress, Taken};
use squall::core::outcome::SeedResult;
use squall::reports::blast;
use squall::reports::compare::{self, Comparison, Finding, Side};
use squall::scenarios::{Ready, Settings};
use squall::{LoadError, load};
use std::num::NonZero;
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Compare two variants or two files on the same seeds, or one with and without a fault
#[derive(Args, Debug)]
pub(crate) struct Compare {
    /// Scenario file
    a: PathBuf,
    /// Another scenario file; the same one with the settings if not given
    b: Option<PathBuf>,
    /// Settings of the second side
    #[command(flatten)]
    set: Set,
    /// A variant of the first side; may be given several times
    #[arg(long, value_name = "VARIANT")]
    base_with: Vec<String>,
    /// A setting of the first side; may be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    base_set: Vec<String>,
    /// Compare with the same seeds without this fault, named by its label, and measure what it reached;
    /// the label of a group takes away all of it, `chaos` all that is drawn
    #[arg(long, value_name = "FAULT", conflicts_with_all = ["b", "base_with", "base_set"])]
    without: Option<String>,
    /// Seeds: `0..64`, `17` or `0x11`; those that both files have if not given
    #[arg(long, value_parser = parse_seeds, env = "SQUALL_SEEDS")]
    seeds: Option<Range<u64>>,
    /// Threads; never changes a result. All cores if not given
    #[arg(long, env = "SQUALL_JOBS", value_parser = parse_jobs)]
    jobs: Option<NonZero<usize>>,
    /// Show every metric, also those without a difference
    #[arg(long)]
    all: bool,
    /// What to print on stdout
    #[arg(long, value_enum, default_value = "human")]
    format: Format,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    Human,
    Json,
}

/// A side before it runs.
struct Loaded {
    name: String,
    ready: Ready,
}

impl Loaded {
    fn new(path: &Path, settings: &Settings) -> Result<Self, LoadError> {
        let arguments = settings.arguments();
        let words = std::iter::once(path.display().to_string()).chain(arguments);
        Ok(Self {
            name: words.collect::<Vec<_>>().join(" "),
            ready: load(path, settings)?,
        })
    }
    /// Names of the nodes whose signals are sampled.
    fn hosts(&self) -> Vec<String> {
        let scenario = &self.ready.scenario;
        let names = scenario
            .topology
            .nodes()
            .iter()
            .map(|node| node.name.clone());
        if scenario.signals.is_zero() {
            Vec::new()
        } else {
            names.collect()
        }
    }
}

fn compared(a: (&Loaded, &[SeedResult]), b: (&Loaded, &[SeedResult]), b_name: &str) -> Comparison {
    let hosts = [a.0.hosts(), b.0.hosts()];
    let side = |name, seeds, hosts| Side { name, seeds, hosts };
    compare::compare(
        &side(&a.0.name, a.1, &hosts[0]),
        &side(b_name, b.1, &hosts[1]),
    )
}

impl Compare {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        match self.run(colour) {
            Ok(code) | Err(code) => code,
        }
    }

    fn run(&self, colour: bool) -> Result<u8, u8> {
        let second = self.set.settings()?;
        if let Some(fault) = &self.without {
            return self.without(fault, &second, colour);
        }
        let first = Set {
            with: self.base_with.clone(),
            set: self.base_set.clone(),
        };
        let first = first.settings()?;
        let b = self.b.as_ref().unwrap_or(&self.a);
        let same = same_file(&self.a, b);
        if same && first == second {
            out::note(
                "error: both sides are the same: name a second file, or give --with, --set or --without",
            );
            return Err(exit::USAGE);
        }
        let sides = [(&self.a, &first), (b, &second)];
        let [a, b] = sides.map(|(path, settings)| Loaded::new(path, settings));
        let (a, b) = match (a, b) {
            (Ok(a), Ok(b)) => (a, b),
            (a, b) => {
                let errors: Vec<LoadError> = [a.err(), b.err()].into_iter().flatten().collect();
                return Err(out::invalid(&errors, colour));
            }
        };
        let seeds = self.common_seeds(&a, &b)?;
        let jobs = self.jobs.map_or_else(campaign::jobs_default, NonZero::get);
        for side in [&a, &b] {
            let code = check_plans(&side.ready, seeds.clone(), colour);
            if code != exit::PASS {
                return Err(code);
            }
        }
        let total = seeds.end - seeds.start;
        let run = |side: &Loaded| {
            out::note(&format!("running {}", side.name));
            let bar = Bar::new(side.name.clone(), "seeds", Some(total));
            let show = |p: Progress| bar.show(p.done, p.failing);
            let ran = campaign::run(&side.ready, seeds.clone(), jobs, &show);
            bar.finish();
            ran.map_err(|report| out::invalid(&[LoadError::Invalid(report)], colour))
        };
        let (ran_a, ran_b) = (run(&a)?, run(&b)?);
        let comparison = compared(
            (&a, &ran_a.campaign.seeds),
            (&b, &ran_b.campaign.seeds),
            &b.name,
        );
        out::result(&match self.format {
            Format::Human => compare::text(&comparison, self.all),
            Format::Json => format!("{:#}\n", compare::document(&comparison, TOOL)),
        });
        Ok(comparison.finding.exit_code())
    }

    /// The seeds that both sides run.
    fn common_seeds(&self, a: &Loaded, b: &Loaded) -> Result<Range<u64>, u8> {
        if let Some(seeds) = &self.seeds {
            return Ok(seeds.clone());
        }
        let (of_a, of_b) = (&a.ready.scenario.seeds, &b.ready.scenario.seeds);
        let common = of_a.start.max(of_b.start)..of_a.end.min(of_b.end);
        if common.is_empty() {
            out::note(&format!(
                "error: the files share no seed: {} has {}..{}, {} has {}..{}; give --seeds",
                a.name, of_a.start, of_a.end, b.name, of_b.start, of_b.end
            ));
            return Err(exit::NOTHING);
        }
        Ok(common)
    }

    /// The same seeds with and without a fault.
    fn without(&self, fault: &str, settings: &Settings, colour: bool) -> Result<u8, u8> {
        let loaded = Loaded::new(&self.a, settings);
        let loaded = loaded.map_err(|error| out::invalid(&[error], colour))?;
        let taken = Taken::called(&loaded.ready, fault).map_err(|advice| {
            let path = &loaded.ready.scenario.path;
            out::note(&format!("error: {path} has no fault called `{fault}`"));
            out::note(&format!("help: {advice}"));
            exit::INVALID
        })?;
        let own = || loaded.ready.scenario.seeds.clone();
        let seeds = self.seeds.clone().unwrap_or_else(own);
        let code = check_plans(&loaded.ready, seeds.clone(), colour);
        if code != exit::PASS {
            return Err(code);
        }
        let jobs = self.jobs.map_or_else(campaign::jobs_default, NonZero::get);
        let total = seeds.end - seeds.start;
        let bar = Bar::new(
            format!("{} without {fault}", loaded.name),
            "seeds",
            Some(total),
        );
        let show = |p: Progress| bar.show(p.done, p.failing);
        let without = campaign::without(&loaded.ready, &taken, seeds, jobs, &show);
        bar.finish();
        let without =
            without.map_err(|report| out::invalid(&[LoadError::Invalid(report)], colour))?;
        let name = format!("{} without {}", loaded.name, without.blast.fault);
        let comparison = compared(
            (&loaded, &without.with.seeds),
            (&loaded, &without.without.seeds),
            &name,
        );
        // What a fault does is no verdict on the scenario.
        let known = without.blast.landed > 0 && comparison.finding != Finding::Undecided;
        let code = if known {
            exit::PASS
        } else {
            exit::INCONCLUSIVE
        };
        match self.format {
            Format::Human => {
                out::result(&blast::text(&without.blast));
                let text = compare::text(&comparison, self.all);
                let lines = text.lines().filter(|line| !line.starts_with("  exit code"));
                out::result(&lines.map(|line| format!("{line}\n")).collect::<String>());
                out::result(&format!("  exit code {code}\n"));
            }
            Format::Json => {
                let mut document = compare::document(&comparison, TOOL);
                document["blast_radius"] = blast::document(&without.blast);
                document["exit_code"] = code.into();
                out::result(&format!("{document:#}\n"));
            }
        }
        Ok(code)
    }
}

/// Whether two paths lead to one file.
fn same_file(a: &Path, b: &Path) -> bool {
    let real = |path: &Path| std::fs::canonicalize(path).unwrap_or_else(|_| path.to_path_buf());
    real(a) == real(b)
}
