//! Campaigns: seeds on threads, results in seed order.
//!
//! A thread runs whole seeds in a world of its own, whose memory serves seed after seed. Which thread
//! runs which seed, and when, changes nothing but the wall time.
#![expect(
    clippy::disallowed_types,
    reason = "wall time is measured here, beside the results and never in them"
)]

use squall_core::outcome::{Campaign, SeedResult};
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_core::{Seed, plan::Land};
use squall_scenarios::{Ready, Report, SeedRun};
use std::cell::Cell;
use std::ops::Range;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Instant;

thread_local! {
    static MODEL_CODE: Cell<bool> = const { Cell::new(false) };
}

/// Whether model code runs on this thread: its panics end a seed and are told with the result, so
/// that a panic hook need not tell them.
pub fn runs_model_code() -> bool {
    MODEL_CODE.get()
}

/// Runs a seed, marked as model code.
fn run_seed(ready: &Ready, seed: Seed, keep: bool, world: &mut World) -> Result<SeedRun, Report> {
    MODEL_CODE.set(true);
    let run = ready.run(seed, keep, world);
    MODEL_CODE.set(false);
    run
}

/// A campaign with its wall times.
#[derive(Debug)]
pub struct Ran {
    /// The results.
    pub campaign: Campaign,
    /// Wall time of each seed, in seconds, in seed order.
    pub wall_s: Vec<f64>,
    /// Wall time of the whole, in seconds.
    pub total_s: f64,
}

/// How far a campaign is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Seeds done.
    pub done: u64,
    /// Seeds in all.
    pub total: u64,
    /// Seeds that failed so far.
    pub failing: u64,
}

/// Runs `seeds` on `jobs` threads. `progress` is called after each seed, from any thread.
///
/// # Errors
/// If the plan of a seed cannot be drawn.
pub fn run(
    ready: &Ready,
    seeds: Range<u64>,
    jobs: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Ran, Report> {
    let start = Instant::now();
    let total = seeds.end.saturating_sub(seeds.start);
    let (next, stop) = (AtomicU64::new(seeds.start), AtomicBool::new(false));
    let (done, failing) = (AtomicU64::new(0), AtomicU64::new(0));
    let results = Mutex::new(Vec::new());
    let worker = || {
        let mut world = World::new(Seed(0), false);
        let mut own = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                break;
            }
            let begun = Instant::now();
            let run = run_seed(ready, Seed(seed), false, &mut world);
            let failed = run
                .as_ref()
                .is_ok_and(|run| run.result.verdict == Verdict::Fail);
            stop.fetch_or(run.is_err(), Ordering::Relaxed);
            own.push((
                seed,
                run.map(|run| run.result),
                begun.elapsed().as_secs_f64(),
            ));
            progress(Progress {
                done: done.fetch_add(1, Ordering::Relaxed) + 1,
                total,
                failing: failing.fetch_add(u64::from(failed), Ordering::Relaxed)
                    + u64::from(failed),
            });
        }
        let mut results = results
            .lock()
            .expect("a worker does not panic outside a run");
        results.extend(own);
    };
    let seeds_most = usize::try_from(total.max(1)).unwrap_or(usize::MAX);
    let jobs = jobs.clamp(1, seeds_most).min(JOBS_MAX);
    std::thread::scope(|scope| {
        for _ in 1..jobs {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results
        .into_inner()
        .expect("a worker does not panic outside a run");
    results.sort_by_key(|(seed, ..)| *seed);
    let mut seeds = Vec::with_capacity(results.len());
    let mut wall_s = Vec::with_capacity(results.len());
    for (_, result, wall) in results {
        seeds.push(result?);
        wall_s.push(wall);
    }
    Ok(Ran {
        campaign: summarise(ready, seeds),
        wall_s,
        total_s: start.elapsed().as_secs_f64(),
    })
}

/// What results of seeds say together.
pub fn summarise(ready: &Ready, seeds: Vec<SeedResult>) -> Campaign {
    let faults = ready.scenario.faults.iter();
    let lands: Vec<(String, Land)> = faults.map(|f| (f.label.clone(), f.land)).collect();
    Campaign::new(seeds, &ready.scenario.properties, &lands)
}

/// Runs one seed again with its history kept: the same run.
///
/// # Errors
/// If the plan of the seed cannot be drawn.
pub fn record(ready: &Ready, seed: Seed) -> Result<SeedRun, Report> {
    run_seed(ready, seed, true, &mut World::new(seed, true))
}

/// More threads than this help no machine that this is meant for.
const JOBS_MAX: usize = 256;

/// Threads for a campaign if nobody says: all cores.
pub fn jobs_default() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}
