//! W2 PHOLD: N processes that send M messages each to random others.

use crate::generator::{Rng, ns};
use crate::workload::Workload;
use squall::core::world::{Bounds, Handler, HandlerCx, HandlerId, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use std::hint::black_box;

const RECEIPTS: u64 = 1_000_000;

struct Process {
    rng: Rng,
    n: u64,
    m: u64,
}

impl Handler for Process {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        for _ in 0..self.m {
            let delay = ns(0.1 + self.rng.exp(0.9));
            cx.after(VirtualDuration::from_nanos(delay), 0);
        }
    }
    #[inline]
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        #[expect(clippy::cast_possible_truncation, reason = "there are fewer processes")]
        let dst = HandlerId(self.rng.below(self.n) as u32);
        let delay = ns(0.1 + self.rng.exp(0.9));
        cx.schedule(dst, VirtualDuration::from_nanos(delay), 0);
    }
}

fn world(n: u64, m: u64) -> World {
    let mut world = World::new(Seed(0), false);
    let node = world.add_node(&NodeSpec::new("all"));
    for i in 0..n {
        let rng = Rng::new(i + 7);
        world.handler(node, move || Process {
            rng: rng.clone(),
            n,
            m,
        });
    }
    world
}

/// Runs until another `RECEIPTS` events have been handled.
fn receipts(world: &mut World, total: u64) {
    let bounds = Bounds {
        until: VirtualTime::MAX,
        events_max: total,
    };
    black_box(world.run(bounds));
}

pub(crate) fn workloads() -> Vec<Workload> {
    [
        (1_000, 1, 1_001_534_312_809, (62.0, ("simcore", 125.0))),
        (1_000, 10, 99_976_819_721, (80.0, ("ns-3", 161.0))),
        (100_000, 1, 10_078_700_731, (178.0, ("ns-3", 356.0))),
        (100_000, 10, 0, (312.0, ("ns-3", 624.0))),
    ]
    .into_iter()
    .map(|(n, m, golden, (target, peer))| {
        let make = move || {
            let mut world = world(n, m);
            let mut total = RECEIPTS;
            receipts(&mut world, total);
            let end = world.now().as_nanos();
            assert!(
                golden == 0 || end == golden,
                "W2 {n} {m} ends at {end} instead of {golden}"
            );
            move || {
                total += RECEIPTS;
                receipts(&mut world, total);
            }
        };
        Workload::new(format!("W2 phold {n} x {m}"), RECEIPTS, make).target(target, peer)
    })
    .collect()
}
