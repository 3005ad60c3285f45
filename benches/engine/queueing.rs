//! W6: an M/M/1 queue at 90 % load.

use crate::generator::{Rng, ns};
use crate::workload::Workload;
use squall::core::world::{Bounds, Handler, HandlerCx, NodeSpec, World};
use squall::core::{Seed, VirtualDuration, VirtualTime};
use std::cell::Cell;
use std::collections::VecDeque;
use std::hint::black_box;
use std::rc::Rc;

const CUSTOMERS: u64 = 1_000_000;
const ARRIVAL: u64 = 0;

/// With the logarithm of `std`, which the peers ran, or with that of `libm`.
struct Server<const STD: bool> {
    rng: Rng,
    waiting: VecDeque<u64>,
    busy: bool,
    /// Customers whose service has not begun.
    left: u64,
    waited: Rc<Cell<u64>>,
}

impl<const STD: bool> Server<STD> {
    fn draw(&mut self, mean: f64) -> VirtualDuration {
        let x = if STD {
            self.rng.exp_std(mean)
        } else {
            self.rng.exp(mean)
        };
        VirtualDuration::from_nanos(ns(x))
    }
    fn serve(&mut self, cx: &mut HandlerCx<'_>, arrived: u64) {
        self.busy = true;
        self.left = self.left.saturating_sub(1);
        self.waited
            .set(self.waited.get() + cx.now().as_nanos() - arrived);
        cx.after(self.draw(1.0), 1);
    }
}

impl<const STD: bool> Handler for Server<STD> {
    fn start(&mut self, cx: &mut HandlerCx<'_>) {
        cx.after(VirtualDuration::from_millis(100), ARRIVAL);
    }
    fn event(&mut self, cx: &mut HandlerCx<'_>, word: u64) {
        if self.left == 0 {
            return;
        }
        let now = cx.now().as_nanos();
        if word == ARRIVAL {
            // Arrivals go on until the last customer that counts is served.
            cx.after(self.draw(1.0 / 0.9), ARRIVAL);
            if self.busy {
                self.waiting.push_back(now);
            } else {
                self.serve(cx, now);
            }
        } else if let Some(arrived) = self.waiting.pop_front() {
            self.serve(cx, arrived);
        } else {
            self.busy = false;
        }
    }
}

/// The mean wait in seconds.
fn run<const STD: bool>() -> f64 {
    let mut world = World::new(Seed(0), false);
    let node = world.add_node(&NodeSpec::new("server"));
    let waited = Rc::new(Cell::new(0));
    let sum = Rc::clone(&waited);
    world.handler(node, move || Server::<STD> {
        rng: Rng::new(1),
        waiting: VecDeque::new(),
        busy: false,
        left: CUSTOMERS,
        waited: Rc::clone(&sum),
    });
    world.run(Bounds::until(VirtualTime::MAX));
    waited.get() as f64 / CUSTOMERS as f64 / 1e9
}

fn workload(name: &str, run: fn() -> f64) -> Workload {
    let make = move || {
        let wait = run();
        assert!(
            (wait - 9.407_652).abs() < 1e-6,
            "W6 waits {wait} s on average"
        );
        move || {
            black_box(run());
        }
    };
    Workload::new(name, CUSTOMERS, make).target(65.0, ("simcore", 130.0))
}

pub(crate) fn workloads() -> Vec<Workload> {
    vec![
        workload("W6 M/M/1, a customer", run::<false>),
        workload("W6 M/M/1, with the peers' ln", run::<true>),
    ]
}
