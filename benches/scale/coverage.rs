//! What coverage costs a campaign: `Collector::add` against the runs whose seeds it adds.
//!
//! For instructions run it under `valgrind --tool=callgrind`; `collect` and `simulate` are functions of
//! their own for that.

use crate::{median, timed};
use squall::core::Seed;
use squall::core::outcome::coverage::{Collector, Roles};
use squall::core::world::World;
use squall::load;
use squall::scenarios::{Ready, SeedRun, Settings};
use std::path::Path;

/// Short runs with partitions of many links, and a climate that draws all there is.
const FILES: [&str; 2] = ["agents/jepsen-net.toml", "cluster/drawn-weather.toml"];
const SEEDS: u64 = 4;
const ROUNDS: u32 = 5;
/// Share of the runs that collecting may cost.
const BAR: f64 = 0.05;

#[inline(never)]
fn simulate(ready: &Ready, seed: u64, world: &mut World) -> SeedRun {
    let run = ready.run(Seed(seed), false, world);
    run.unwrap_or_else(|e| panic!("{e}"))
}

#[inline(never)]
fn collect(collector: &mut Collector, runs: &[SeedRun], roles: &Roles) {
    for (seed, run) in (0..).zip(runs) {
        let ran = run.ran.as_ref().unwrap_or(&run.plan);
        collector.add(Seed(seed), ran, &run.landings, roles);
    }
}

pub(crate) fn run() {
    for file in FILES {
        let path = Path::new(env!("CARGO_MANIFEST_DIR"))
            .join("scenarios/library")
            .join(file);
        let ready = load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
        let roles = ready.scenario.roles();
        let mut world = World::new(Seed(0), false);
        let (mut shares, mut each) = (Vec::new(), Vec::new());
        for round in 0..=ROUNDS {
            let (simulated, runs) = timed(|| {
                let runs = (0..SEEDS).map(|seed| simulate(&ready, seed, &mut world));
                runs.collect::<Vec<SeedRun>>()
            });
            let mut collector = Collector::default();
            let (collected, ()) = timed(|| collect(&mut collector, &runs, &roles));
            let cells = collector.finish(&roles).cells;
            assert!(!cells.is_empty(), "{file}: something was collected");
            // The first round warms the arena up.
            if round > 0 {
                shares.push(collected / simulated);
                each.push(collected / SEEDS as f64 * 1e6);
            }
        }
        let (share, each) = (median(shares), median(each));
        println!(
            "coverage     {file:<30} {each:>8.1} us CPU a seed, {:.2} % of its run (bar {:.0} %)",
            share * 100.0,
            BAR * 100.0
        );
    }
}
