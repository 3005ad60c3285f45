//! W5: a fresh simulation a seed. Five nodes send 200 messages each; node 4 drops what reaches it
//! between 300 and 400 ms.

mod fabric;

use crate::generator::Rng;
use crate::workload::Workload;
use squall::core::world::{Bounds, Handler, HandlerCx, HandlerId, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::hint::black_box;
use std::rc::Rc;

const NODES: u64 = 5;
const STEPS: u32 = 200;
const STEP: u64 = 0;
const MESSAGE: u64 = 1;
const FLIP: u64 = 2;

struct Node {
    rng: Rng,
    me: u64,
    left: u32,
    deaf: bool,
    delivered: Rc<Cell<u64>>,
}

impl Handler for Node {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.after(VirtualDuration::from_millis(1), STEP);
        if self.me == 4 {
            cx.after(VirtualDuration::from_millis(300), FLIP);
            cx.after(VirtualDuration::from_millis(400), FLIP);
        }
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, word: u64) {
        match word {
            STEP => {
                let dst = (self.me + 1 + self.rng.below(4)) % NODES;
                let latency = 1_000 + self.rng.below(9_001);
                self.left -= 1;
                let next = (self.left > 0).then(|| 1_000 + self.rng.below(4_001));
                cx.schedule(
                    HandlerId(u32::try_from(dst).expect("five nodes")),
                    VirtualDuration::from_micros(latency),
                    MESSAGE,
                );
                if let Some(next) = next {
                    cx.after(VirtualDuration::from_micros(next), STEP);
                }
            }
            MESSAGE if self.deaf => {}
            MESSAGE => self.delivered.set(self.delivered.get() + 1),
            _ => self.deaf = !self.deaf,
        }
    }
}

/// Events and messages delivered of one seed.
fn run(world: &mut World, seed: u64) -> (u64, u64) {
    world.reset(Seed(seed), false);
    let delivered = Rc::new(Cell::new(0));
    for (i, name) in (0..NODES).zip(NAMES) {
        let node = world.add_node(&NodeSpec::new(name));
        let delivered = Rc::clone(&delivered);
        world.handler(node, move || Node {
            rng: Rng::new(5 * seed + i),
            me: i,
            left: STEPS,
            deaf: false,
            delivered: Rc::clone(&delivered),
        });
    }
    world.run(Bounds::until(VirtualTime::MAX));
    (world.events(), delivered.get())
}

const NAMES: [&str; 5] = ["0", "1", "2", "3", "4"];

/// Seeds in a round.
const SEEDS: u64 = 100;

fn program() -> impl FnMut() {
    let mut world = World::new(Seed(0), false);
    let totals = (0..1_000).map(|seed| run(&mut world, seed));
    let (events, delivered) = totals.fold((0, 0), |sum, one| (sum.0 + one.0, sum.1 + one.1));
    assert_eq!((events, delivered), (2_002_000, 966_723));
    let first: Vec<u64> = (0..3).map(|seed| run(&mut world, seed).1).collect();
    assert_eq!(first, [963, 970, 966]);
    move || {
        for seed in 0..SEEDS {
            black_box(run(&mut world, seed));
        }
    }
}

fn fabric() -> impl FnMut() {
    let mut world = World::new(Seed(0), false);
    let delivered: u64 = (0..100).map(|seed| fabric::run(&mut world, seed)).sum();
    assert!(
        (1_000..1_100).contains(&(delivered / 100)),
        "about 1050 are delivered of each seed, not {delivered} of 100"
    );
    move || {
        for seed in 0..SEEDS {
            black_box(fabric::run(&mut world, seed));
        }
    }
}

pub(crate) fn workloads() -> Vec<Workload> {
    vec![
        Workload::new("W5 seeds, a seed", SEEDS, program).target(80_000.0, ("simcore", 160_000.0)),
        Workload::new("W5 seeds, links and a crash of ours", SEEDS, fabric),
    ]
}
