//! `squall plan`: what would happen to whom and when, and what that can reach.

use super::selection::{Set, load_all};
use super::{exit, out, stored};
use clap::Args;
use squall::core::Seed;
use squall::core::words::span;
use squall::faults::shrink::acting;
use squall::faults::{plan_summary, plan_text};
use squall::reports::blast;
use squall::scenarios::Ready;
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
    /// Show every overlay by itself, as plan.txt beside a recording does
    #[arg(long)]
    full: bool,
    #[command(flatten)]
    set: Set,
}

impl PlanArgs {
    pub(crate) fn main(&self, colour: bool) -> u8 {
        let loaded = match load_all(std::slice::from_ref(&self.file), &self.set, colour) {
            Ok(loaded) => loaded,
            Err(code) => return code,
        };
        let of = |(path, ready): &(PathBuf, Ready)| Planned {
            path: path.display().to_string(),
            name: ready.scenario.name.clone(),
            text: ready.scenario.text.clone(),
        };
        let planned: Vec<Planned> = loaded.iter().map(of).collect();
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
                span(scenario.stop)
            ));
            let lines = match self.full {
                true => plan_text(&plan, &scenario.topology),
                false => plan_summary(&plan, &scenario.topology),
            };
            text.push_str(&lines);
            text.push_str(&blast::predicted(&ready.dependencies(), &plan));
            if let Some(chaos) = &scenario.chaos {
                let drawn = chaos.draw(seed, &scenario.topology);
                text.push_str(
                    "drawn by [chaos]; without [chaos], and behind every other [[fault]] of the file as their \
                     order counts, this gives the same run:\n\n",
                );
                text.push_str(&squall::faults::chaos::text(&drawn));
            }
        }
        if let Some(path) = &self.recording {
            match observed(path, &planned, colour) {
                Ok(seen) => text.push_str(&seen),
                Err(code) => return code,
            }
        }
        out::result(&text);
        exit::PASS
    }
}

/// A scenario whose plan is shown.
struct Planned {
    path: String,
    name: String,
    /// Its effective text.
    text: String,
}

/// What the spans of a recording show, against the dependency map of its own scenario, which must be one
/// of those that are planned.
fn observed(path: &Path, planned: &[Planned], colour: bool) -> Result<String, u8> {
    let bytes = stored::read(path, colour)?;
    let (recording, ready) = stored::recording(path, &bytes, colour)?;
    let header = &recording.header;
    let Some(own) = planned.iter().find(|own| own.name == header.scenario) else {
        let names: Vec<String> = planned
            .iter()
            .map(|own| format!("`{}` ({})", own.name, own.path))
            .collect();
        out::note(&format!(
            "error: {}: this is a recording of `{}` ({}), not of {}: give the recording of a run of that \
             scenario, or plan the one that was recorded",
            path.display(),
            header.scenario,
            header.path,
            names.join(", ")
        ));
        return Err(exit::INVALID);
    };
    if own.text != header.text {
        out::note(
            "note: the scenario or its settings are not those of the recording, whose map is shown",
        );
    }
    Ok(blast::observed(&ready.dependencies(), &recording))
}
