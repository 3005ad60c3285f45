//! `squall demo`: the founding example. A gateway's latency explodes minutes after a deploy; the host
//! swaps. The run fails, the report shows what an operator would have seen, and the same seeds without
//! the storm and without the deploy prove which of the two it was.

use super::run::{CONTEXT, human, run_one};
use super::{TOOL, exit, out};
use clap::Args;
use squall::Place;
use squall::campaign::{self, OnRun};
use squall::core::Seed;
use squall::core::outcome::ENGINE_EPOCH;
use squall::explain::{self, explain};
use squall::faults::shrink::{Options, acting};
use squall::scenarios::{Ready, Settings, parse};
use squall::shrink::{self, ShrinkError, shrink};
use std::ops::Range;
use std::path::{Path, PathBuf};

/// Find a failure, show what an operator would have seen, and prove its cause; in seconds
#[derive(Args, Debug)]
pub(crate) struct Demo {}

const PATH: &str = "scenarios/library/cross/swap-blamed-on-deploy.toml";
/// Where a copy of it is put where that is not.
const COPY: &str = "target/squall/demo/swap-blamed-on-deploy.toml";
/// The shipped scenarios.
const LIBRARY: &str = "scenarios/library";
/// The file travels with the program: the demo needs nothing but it.
const TEXT: &str = include_str!("../../scenarios/library/cross/swap-blamed-on-deploy.toml");
const SEEDS: Range<u64> = 0..4;
/// Failing seeds that are asked for the cause: a run takes a second or so.
const SEEDS_EXPLAINED: usize = 2;
/// Runs at the most for sets of its two faults.
const RUNS_MAX: u64 = 16;

impl Demo {
    #[expect(clippy::unused_self, reason = "every command has this form")]
    pub(crate) fn main(&self, colour: bool) -> u8 {
        out::result(&format!(
            "{TOOL}   engine epoch {ENGINE_EPOCH}   native host\n"
        ));
        let path = place();
        let base = match scenario(&path, colour) {
            Ok(ready) => ready,
            Err(code) => return code,
        };
        out::result(&format!(
            "scenario   {}   seeds {}..{}\n\n",
            base.scenario.name, SEEDS.start, SEEDS.end
        ));
        let jobs = campaign::jobs_default();
        let finished = match run_one(&base, (&path, &[]), SEEDS, jobs) {
            Ok(finished) => finished,
            Err(report) => {
                out::note(report.render(colour).trim_end());
                return exit::BUG;
            }
        };
        out::result(&human(&finished, CONTEXT));
        let first = finished.ran.campaign.failing().next();
        let seed = first.map_or(Seed(0), |seed| seed.seed);
        match conclusion(&base, &path, seed) {
            Ok(text) => out::result(&text),
            Err(error) => {
                out::note(&format!("error: {error}"));
                return exit::BUG;
            }
        }
        let file = path.display();
        out::result(&format!(
            "\nnext       squall explain {file} --seed {seed}   everything about it, thresholds too\n           \
             squall shrink {file} --seed {seed} --write   a regression file\n"
        ));
        out::result(&if Path::new(LIBRARY).is_dir() {
            format!(
                "           squall run {LIBRARY}   every shipped scenario\n           \
                 docs/authoring.md   write your own\n"
            )
        } else {
            "           squall list faults   what a scenario of your own can break\n".to_owned()
        });
        finished.outcome().exit_code()
    }
}

/// What is left of the plan when everything goes that does not matter, and who did it: the same seeds
/// with each fault alone and without each.
fn conclusion(base: &Ready, path: &Path, seed: Seed) -> Result<String, ShrinkError> {
    let shrunk = shrink(
        base,
        path,
        &shrink::Request {
            seed,
            property: None,
            options: Options {
                faults_only: true,
                ..Options::default()
            },
            agree: 1,
            of: &path.display().to_string(),
            dir: Path::new("scenarios/regressions"),
            progress: OnRun::default(),
        },
    )?;
    let asked = explain::Request {
        seeds: SEEDS_EXPLAINED,
        runs_max: RUNS_MAX,
        thresholds: false,
        ..explain::Request::of(seed)
    };
    let explanation = explain(base, path, &asked)?;
    let (before, after) = (acting(&shrunk.before).len(), shrunk.shrunk.labels());
    Ok(format!(
        "shrunk     {before} faults -> {}: {}   {} runs\n{}",
        after.len(),
        after.join(", "),
        shrunk.shrunk.spent.total(),
        explain::headline(&explanation)
    ))
}

/// Where the scenario is, so that the commands that are printed work: in the repository its own place,
/// elsewhere a copy below the output directory.
fn place() -> PathBuf {
    let there = |path: &Path| std::fs::read_to_string(path).is_ok_and(|text| text == TEXT);
    let (own, copy) = (PathBuf::from(PATH), PathBuf::from(COPY));
    if there(&own) {
        return own;
    }
    if !there(&copy)
        && let Err(error) = out::file(&copy, TEXT.as_bytes())
    {
        out::could_not_write(&copy, &error);
    }
    copy
}

fn scenario(path: &Path, colour: bool) -> Result<Ready, u8> {
    let name = path.display().to_string();
    let ready = parse(&name, TEXT, &Settings::default()).and_then(|s| s.ready(&Place::of(path)));
    ready.map_err(|report| {
        out::note(report.render(colour).trim_end());
        exit::BUG
    })
}
