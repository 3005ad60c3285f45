//! Campaigns: seeds on threads, results in seed order.
//!
//! A thread runs whole seeds in a world of its own, whose memory serves seed after seed. Which thread
//! runs which seed, and when, changes nothing but the wall time.
#![expect(
    clippy::disallowed_types,
    reason = "wall time is measured here, beside the results and never in them"
)]

mod told;
mod verify;
mod without;

pub use told::OnRun;
pub use verify::{Mismatch, VERIFY_ONE_IN, Verified, verify};
pub use without::{Taken, Without, without};

use squall_core::Seed;
use squall_core::outcome::coverage::Collector;
use squall_core::outcome::{Campaign, SeedResult};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_core::world::World;
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

/// Runs a seed under a plan of somebody's own, marked as model code.
pub fn run_plan(ready: &Ready, seed: Seed, plan: Plan, keep: bool, world: &mut World) -> SeedRun {
    MODEL_CODE.set(true);
    let run = ready.run_plan(seed, plan, keep, world);
    MODEL_CODE.set(false);
    run
}

/// Runs seeds under plans of somebody's own on `jobs` threads; results in their order. `done` is called
/// after each run, from any thread.
pub fn run_plans(
    ready: &Ready,
    runs: &[(Seed, Plan)],
    jobs: usize,
    done: &(dyn Fn() + Sync),
) -> Vec<SeedResult> {
    let results = on_threads(runs.len() as u64, jobs, &|world, index| {
        let (seed, plan) = &runs[usize::try_from(index).expect("an index of a list")];
        let result = run_plan(ready, *seed, plan.clone(), false, world).result;
        done();
        Ok(result)
    });
    results.expect("a plan that is given need not be drawn")
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
    let tally = Tally::new(total, progress);
    let roles = ready.scenario.roles();
    let covered = Mutex::new(Collector::default());
    let results = on_threads(total, jobs, &|world, index| {
        let begun = Instant::now();
        let seed = Seed(seeds.start + index);
        let run = run_seed(ready, seed, false, world)?;
        let mut collector = covered.lock().expect("nobody panics while collecting");
        let ran = run.ran.as_ref().unwrap_or(&run.plan);
        collector.add(seed, ran, &run.landings, &roles);
        drop(collector);
        tally.done(run.result.verdict == Verdict::Fail);
        Ok((run.result, begun.elapsed().as_secs_f64()))
    })?;
    let (seeds, wall_s) = results.into_iter().unzip();
    let covered = covered
        .into_inner()
        .expect("nobody panics while collecting");
    let mut campaign = summarise(ready, seeds);
    campaign.coverage = covered.finish(&roles);
    Ok(Ran {
        campaign,
        wall_s,
        total_s: start.elapsed().as_secs_f64(),
    })
}

/// Counts seeds and tells.
struct Tally<'a> {
    total: u64,
    done: AtomicU64,
    failing: AtomicU64,
    progress: &'a (dyn Fn(Progress) + Sync),
}

impl<'a> Tally<'a> {
    fn new(total: u64, progress: &'a (dyn Fn(Progress) + Sync)) -> Self {
        Self {
            total,
            done: AtomicU64::new(0),
            failing: AtomicU64::new(0),
            progress,
        }
    }
    fn done(&self, failed: bool) {
        let failed = u64::from(failed);
        (self.progress)(Progress {
            done: self.done.fetch_add(1, Ordering::Relaxed) + 1,
            total: self.total,
            failing: self.failing.fetch_add(failed, Ordering::Relaxed) + failed,
        });
    }
}

/// Runs `work` for 0..`total` on `jobs` threads, each with a world of its own; results in order. The
/// first error ends it.
fn on_threads<T: Send>(
    total: u64,
    jobs: usize,
    work: &(dyn Fn(&mut World, u64) -> Result<T, Report> + Sync),
) -> Result<Vec<T>, Report> {
    let (next, stop) = (AtomicU64::new(0), AtomicBool::new(false));
    let results = Mutex::new(Vec::new());
    let worker = || {
        let mut world = World::new(Seed(0), false);
        let mut own = Vec::new();
        while !stop.load(Ordering::Relaxed) {
            let index = next.fetch_add(1, Ordering::Relaxed);
            if index >= total {
                break;
            }
            let result = work(&mut world, index);
            stop.fetch_or(result.is_err(), Ordering::Relaxed);
            own.push((index, result));
        }
        let mut results = results
            .lock()
            .expect("a worker does not panic outside a run");
        results.extend(own);
    };
    let most = usize::try_from(total.max(1)).unwrap_or(usize::MAX);
    let jobs = jobs.clamp(1, most).min(JOBS_MAX);
    std::thread::scope(|scope| {
        for _ in 1..jobs {
            scope.spawn(worker);
        }
        worker();
    });
    let mut results = results
        .into_inner()
        .expect("a worker does not panic outside a run");
    results.sort_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

/// What results of seeds say together.
pub fn summarise(ready: &Ready, seeds: Vec<SeedResult>) -> Campaign {
    Campaign::new(seeds, &ready.scenario.properties, &ready.scenario.lands())
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
