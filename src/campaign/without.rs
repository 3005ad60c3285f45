//! The same seeds with and without one fault.

use super::{Progress, Tally, on_threads, summarise};
use squall_core::Seed;
use squall_core::depends::Exposure;
use squall_core::outcome::{Campaign, SeedResult};
use squall_core::world::World;
use squall_reports::blast::{self, Blast, Harm};
use squall_scenarios::{Ready, Report, SeedRun};
use std::ops::Range;

/// What a fault did.
#[derive(Debug)]
pub struct Without {
    /// The seeds with the fault.
    pub with: Campaign,
    /// The seeds without it.
    pub without: Campaign,
    /// What it reached, against what was predicted.
    pub blast: Blast,
}

struct Both {
    with: SeedResult,
    without: SeedResult,
    predicted: Vec<Exposure>,
    harms: Vec<Harm>,
}

/// A run as the measurement takes it.
fn run_of(run: &SeedRun) -> Option<blast::Run<'_>> {
    let recording = run.recording.as_ref()?;
    Some(blast::Run {
        result: &run.result,
        recording,
    })
}

/// Runs each seed with all faults and without the one at `fault`, and measures what that one did. Both
/// runs are judged by the times of the whole plan.
///
/// # Errors
/// If the plan of a seed cannot be drawn.
pub fn without(
    ready: &Ready,
    fault: usize,
    seeds: Range<u64>,
    jobs: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Without, Report> {
    let total = seeds.end.saturating_sub(seeds.start);
    let tally = Tally::new(total, progress);
    let map = ready.dependencies();
    let both = on_threads(total, jobs, &|world, index| {
        let seed = Seed(seeds.start + index);
        let plan = ready.scenario.plan(seed)?;
        let predicted = blast::exposed(&map, &plan, fault);
        let run = |plan, world: &mut World| -> SeedRun {
            super::MODEL_CODE.set(true);
            let run = ready.run_against(seed, plan, true, world);
            super::MODEL_CODE.set(false);
            run
        };
        let without = run((plan.without(fault), Some(&plan)), world);
        let with = run((plan.clone(), None), world);
        let harms = match (run_of(&with), run_of(&without)) {
            (Some(with), Some(without)) => blast::harm(&map, with, without),
            _ => Vec::new(),
        };
        tally.done(false);
        Ok(Both {
            with: with.result,
            without: without.result,
            predicted,
            harms,
        })
    })?;
    let label = &ready.scenario.faults[fault].label;
    let mut blast = Blast::new(label);
    for seed in &both {
        let landed = seed
            .with
            .faults
            .iter()
            .any(|f| f.label == *label && f.landed > 0);
        blast.add(&map, &seed.predicted, &seed.harms, landed);
    }
    let (with, without) = both
        .into_iter()
        .map(|both| (both.with, both.without))
        .unzip();
    Ok(Without {
        with: summarise(ready, with),
        without: summarise(ready, without),
        blast,
    })
}
