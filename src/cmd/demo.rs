//! `squall demo`: the founding example. A gateway's latency explodes minutes after a deploy; the host
//! swaps. The run fails, the report shows what an operator would have seen, and the same seeds without
//! the storm and without the deploy prove which of the two it was.

use super::run::{CONTEXT, human, run_one};
use super::{TOOL, exit, out};
use clap::Args;
use squall::Place;
use squall::campaign;
use squall::core::Seed;
use squall::core::outcome::ENGINE_EPOCH;
use squall::core::property::Verdict;
use squall::scenarios::{Ready, Settings, parse};
use std::ops::Range;
use std::path::Path;

/// Find a failure, show what an operator would have seen, and prove its cause; in seconds
#[derive(Args, Debug)]
pub(crate) struct Demo {}

const PATH: &str = "scenarios/library/cross/swap-blamed-on-deploy.toml";
/// The file travels with the program: the demo needs nothing but it.
const TEXT: &str = include_str!("../../scenarios/library/cross/swap-blamed-on-deploy.toml");
const SEEDS: Range<u64> = 0..4;
/// What-ifs on the same seeds: variant of the file and what it takes away.
const WHAT_IFS: [(&str, &str); 2] = [("no-storm", "the swap storm"), ("no-deploy", "the deploy")];

impl Demo {
    #[expect(clippy::unused_self, reason = "every command has this form")]
    pub(crate) fn main(&self, colour: bool) -> u8 {
        out::result(&format!(
            "{TOOL}   engine epoch {ENGINE_EPOCH}   native host\n"
        ));
        let base = match scenario(None, colour) {
            Ok(ready) => ready,
            Err(code) => return code,
        };
        out::result(&format!(
            "scenario   {}   seeds {}..{}\n\n",
            base.scenario.name, SEEDS.start, SEEDS.end
        ));
        let jobs = campaign::jobs_default();
        let finished = match run_one(&base, (Path::new(PATH), &[]), SEEDS, jobs) {
            Ok(finished) => finished,
            Err(report) => {
                out::note(report.render(colour).trim_end());
                return exit::BUG;
            }
        };
        out::result(&human(&finished, CONTEXT));
        let failing = finished.ran.campaign.failing().count();
        out::result(&format!(
            "what if    the same {} seeds, {failing} of which fail\n",
            SEEDS.end - SEEDS.start
        ));
        for (variant, without) in WHAT_IFS {
            let ready = match scenario(Some(variant), colour) {
                Ok(ready) => ready,
                Err(code) => return code,
            };
            let ran = campaign::run(&ready, SEEDS, jobs, &|_| ());
            let Ok(ran) = ran else {
                return exit::BUG;
            };
            let fail = ran
                .campaign
                .seeds
                .iter()
                .filter(|seed| seed.verdict == Verdict::Fail)
                .count();
            let verdict = if fail == 0 { "necessary" } else { "irrelevant" };
            out::result(&format!(
                "  without {without:<16} {fail} of {} fail: {verdict}\n",
                ran.campaign.seeds.len()
            ));
        }
        let first = finished
            .ran
            .campaign
            .failing()
            .next()
            .map_or(Seed(0), |seed| seed.seed);
        out::result(&format!(
            "\nnext       squall plan {PATH} --seed {first}\n           squall run scenarios/library   every shipped scenario\n           docs/authoring.md   write your own\n"
        ));
        finished.outcome().exit_code()
    }
}

fn scenario(variant: Option<&str>, colour: bool) -> Result<Ready, u8> {
    let settings = Settings {
        with: variant.into_iter().map(str::to_owned).collect(),
        set: Vec::new(),
    };
    let ready = parse(PATH, TEXT, &settings).and_then(|s| s.ready(&Place::of(Path::new(PATH))));
    ready.map_err(|report| {
        out::note(report.render(colour).trim_end());
        exit::BUG
    })
}
