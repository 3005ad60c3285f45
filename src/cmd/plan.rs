//! `squall plan`: what would happen to whom and when, and what that can reach.

use super::selection::{Set, load_all};
use super::{exit, out, stored};
use clap::Args;
use squall::core::Seed;
use squall::faults::plan_text;
use squall::faults::shrink::acting;
use squall::reports::blast;
use std::path::{Path, PathBuf};

/// Show what would happen to whom and when, without running
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    /// Scenario file
    file: PathBuf,
    /// The seed; the own one of a regression file, else the first of the file, if not given
    #[arg(long)]
    seed: Option<Seed>,
    /// Compare the dependency map with what the spans of this recording of the scenario show
    #[arg(long, value_name = "RECORDING")]
    recording: Option<PathBuf>,
    #[command(flatten)]
    set: Set,
}

impl PlanArgs {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        let loaded = match load_all(std::slice::from_ref(&self.file), &self.set, colour) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let mut text = String::new();
        for (path, ready) in loaded {
            let scenario = &ready.scenario;
            let own = scenario.regression.as_ref().map(|r| r.seed);
            let seed = self.seed.or(own);
            let seed = seed.unwrap_or(Seed(scenario.seeds.start));
            let plan = match scenario.plan(seed) {
                Ok(plan) => plan,
                Err(report) => {
                    out::note(report.render(colour).trim_end());
                    return exit::INVALID;
                }
            };
            text.push_str(&format!(
                "plan   {}   seed {seed}   {} of {} faults act, {} primitives, stops at {}\n",
                path.display(),
                acting(&plan).len(),
                plan.faults.len(),
                plan.entries().len(),
                scenario.stop
            ));
            text.push_str(&plan_text(&plan, &scenario.topology));
            text.push_str(&blast::predicted(&ready.dependencies(), &plan));
            if let Some(chaos) = &scenario.chaos {
                let drawn = chaos.draw(seed, &scenario.topology);
                text.push_str(
                    "drawn by [chaos]; as a part of the file instead of [chaos] it would be:\n\n",
                );
                text.push_str(&squall::faults::chaos::text(&drawn));
            }
        }
        if let Some(path) = &self.recording {
            match observed(path, colour) {
                Ok(seen) => text.push_str(&seen),
                Err(code) => return code,
            }
        }
        out::result(&text);
        exit::PASS
    }
}

/// What the spans of a recording show, against the dependency map of its own scenario.
fn observed(path: &Path, colour: bool) -> Result<String, u8> {
    let bytes = stored::read(path, colour)?;
    let (recording, ready) = stored::recording(path, &bytes, colour)?;
    Ok(blast::observed(&ready.dependencies(), &recording))
}
