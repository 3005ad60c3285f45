//! What is counted between two samples. It measures and influences nothing.

use super::objective::{Burn, Count};
use super::shared::Shared;
use core::cell::{Cell, RefCell};
use squall_core::world::Cx;
use std::rc::Rc;

/// What happened since the last sample.
#[derive(Debug)]
pub(super) struct Meter {
    pub(super) oks: Cell<u32>,
    pub(super) attempts: Cell<u32>,
    queue: Cell<usize>,
    pool: Cell<u32>,
    /// Requests that ended.
    requests: Cell<Count>,
    /// Calls that ended, by service called.
    calls: RefCell<Vec<Count>>,
}

impl Meter {
    pub(super) fn new(services: usize) -> Self {
        Self {
            oks: Cell::new(0),
            attempts: Cell::new(0),
            queue: Cell::new(0),
            pool: Cell::new(0),
            requests: Cell::default(),
            calls: RefCell::new(vec![Count::default(); services]),
        }
    }
    pub(super) fn queue(&self, length: usize) {
        self.queue.set(self.queue.get().max(length));
    }
    pub(super) fn pool(&self, open: u32) {
        self.pool.set(self.pool.get().max(open));
    }
    pub(super) fn request(&self, count: Count) {
        self.requests.set(self.requests.get().plus(count));
    }
    pub(super) fn call(&self, service: u32, count: Count) {
        let here = &mut self.calls.borrow_mut()[service as usize];
        *here = here.plus(count);
    }
}

/// Adds one.
pub(super) fn bump(cell: &Cell<u32>) {
    cell.set(cell.get() + 1);
}

/// Samples the meter, window by window.
pub(super) async fn sample(cx: Cx, shared: Rc<Shared>) {
    let (window, meter, events) = (shared.config.window, &shared.meter, &shared.events);
    let rate = |count: u32| f64::from(count) / window.as_secs_f64();
    let objective = shared.config.objective.as_ref();
    let mut burn = objective.map(|objective| Burn::new(objective, window));
    let mut missed = vec![false; shared.config.services.len()];
    loop {
        cx.sleep(window).await;
        cx.sample(events.goodput, rate(meter.oks.take()));
        cx.sample(events.attempts, rate(meter.attempts.take()));
        cx.sample(events.queue, meter.queue.take() as f64);
        if let Some(pool) = shared.guards.pool {
            cx.sample(pool, f64::from(meter.pool.take()));
        }
        if let Some(burn) = &mut burn {
            let rates = burn.push(meter.requests.take());
            for (name, rate) in shared.guards.burn.into_iter().flatten().zip(rates) {
                if let Some(rate) = rate {
                    cx.sample(name, rate);
                }
            }
        }
        breaches(&cx, &shared, &mut missed);
    }
}

/// Says which services miss the objective in this window and did not in the one before, or the reverse.
fn breaches(cx: &Cx, shared: &Shared, missed: &mut [bool]) {
    let (Some(objective), Some([breached, met])) =
        (&shared.config.objective, shared.guards.breaches)
    else {
        return;
    };
    let mut calls = shared.meter.calls.borrow_mut();
    for (service, (count, missed)) in calls.iter_mut().zip(missed).enumerate() {
        let count = core::mem::take(count);
        if let Some(now) = objective.missed(count)
            && now != core::mem::replace(missed, now)
        {
            let name = if now { breached } else { met };
            cx.event(name, service as u64, u64::from(count.all - count.good));
        }
    }
}
