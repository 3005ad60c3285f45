//! What an event costs with more and more of them pending: the hold model through the engine.

use crate::generator::{Rng, ns};
use crate::{median, timed};
use squall::core::world::{Bounds, Handler, HandlerCx, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};

/// Few handlers, so that the queue and not the handlers' state decides.
const HANDLERS: u64 = 1_000;
const HOLDS: u64 = 1_000_000;
const ROUNDS: usize = 5;
/// The dearest may cost so many times the cheapest.
const BAR: f64 = 4.0;

struct Holder {
    rng: Rng,
    pending: u64,
}

impl Handler for Holder {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        for _ in 0..self.pending {
            self.event(cx, 0);
        }
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, _: u64) {
        let delay = ns(self.rng.exp(1.0)) + 1;
        cx.after(VirtualDuration::from_nanos(delay), 0);
    }
}

/// CPU nanoseconds an event with `pending` of them, after a warm-up.
fn cost(pending: u64) -> f64 {
    let mut world = World::new(Seed(0), false);
    let node = world.add_node(&NodeSpec::new("all"));
    for i in 0..HANDLERS {
        let rng = Rng::new(i);
        world.handler(node, move || Holder {
            rng: rng.clone(),
            pending: pending / HANDLERS,
        });
    }
    let mut total = (2 * pending).max(100_000);
    let mut go = |events| {
        total += events;
        let bounds = Bounds {
            until: VirtualTime::MAX,
            events_max: total,
        };
        timed(|| world.run(bounds)).0 / HOLDS as f64 * 1e9
    };
    go(0);
    median((0..ROUNDS).map(|_| go(HOLDS)).collect())
}

pub(crate) fn run() {
    let sizes = [1_000, 10_000, 100_000, 1_000_000];
    let costs = sizes.map(cost);
    for (size, cost) in sizes.into_iter().zip(costs) {
        let bar = "#".repeat((1..).take_while(|n| f64::from(*n) * 5.0 <= cost).count());
        println!("curve        {size:>9} pending {cost:>6.0} ns an event {bar}");
    }
    let ratio = costs[costs.len() - 1] / costs[0];
    println!("curve        end to end x {ratio:.2} (bar {BAR})");
}
