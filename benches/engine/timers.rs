//! W4: 100,000 tasks alive at once, 20 sleeps each; spawning counts.

use crate::generator::Rng;
use crate::workload::Workload;
use squall::core::world::{Bounds, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use std::hint::black_box;

const TASKS: u64 = 100_000;
const SLEEPS: u64 = 20;

fn run() -> (u64, u64) {
    let mut world = World::new(Seed(0), false);
    let node = world.add_node(&NodeSpec::new("a"));
    world.process(node, "spawner", |cx| async move {
        for i in 0..TASKS {
            let task = cx.clone();
            cx.spawn(async move {
                let mut rng = Rng::new(i);
                for _ in 0..SLEEPS {
                    let us = 1_000 + rng.below(99_001);
                    task.sleep(VirtualDuration::from_micros(us)).await;
                }
            });
        }
    });
    world.run(Bounds::until(VirtualTime::MAX));
    (world.events(), world.now().as_nanos())
}

pub(crate) fn workloads() -> Vec<Workload> {
    let make = || {
        assert_eq!(run(), (TASKS * SLEEPS, 1_558_676_000));
        || {
            black_box(run());
        }
    };
    let workload = Workload::new("W4 timers, a wake-up", TASKS * SLEEPS, make);
    vec![workload.target(160.0, ("ns-3 (callbacks)", 321.0))]
}
