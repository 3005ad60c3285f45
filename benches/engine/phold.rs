//! W2 PHOLD: N processes that send M messages each to random others.

use crate::clock::CpuTime;
use crate::generator::{Rng, ns};
use criterion::{Criterion, Throughput};
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

pub(crate) fn bench(criterion: &mut Criterion<CpuTime>) {
    for (n, m, golden) in [
        (1_000, 1, 1_001_534_312_809),
        (1_000, 10, 99_976_819_721),
        (100_000, 1, 10_078_700_731),
        (100_000, 10, 0),
    ] {
        let mut world = world(n, m);
        let mut total = RECEIPTS;
        receipts(&mut world, total);
        let end = world.now().as_nanos();
        assert!(
            golden == 0 || end == golden,
            "W2 {n} {m} ends at {end} instead of {golden}"
        );
        let mut group = criterion.benchmark_group("W2 phold");
        group.throughput(Throughput::Elements(RECEIPTS));
        group.bench_function(format!("{n} x {m}"), |bench| {
            bench.iter(|| {
                total += RECEIPTS;
                receipts(&mut world, total);
            });
        });
    }
}
