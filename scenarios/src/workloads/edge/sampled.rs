//! One loop: what its parts share, and what it records.

use super::jobs::Jobs;
use super::plant::Physics;
use squall_core::world::Body;
use squall_core::{Cx, KnobId, NameId, NodeId, VirtualDuration, VirtualTime};
use std::cell::{Cell, RefCell};

/// What happens to a job whose predecessor still runs when its sample comes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Overrun {
    /// It is skipped.
    Skip,
    /// It takes the place of its predecessor.
    Kill,
    /// It waits; one job at most does, the latest.
    Queue,
}

/// Names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Names {
    pub(super) y: NameId,
    pub(super) u: NameId,
    pub(super) cost: NameId,
    pub(super) response: NameId,
    pub(super) lateness: NameId,
    pub(super) actuated: NameId,
    pub(super) missed: NameId,
    pub(super) late: NameId,
    pub(super) diverged: NameId,
    pub(super) recovered: NameId,
}

/// Parameters that faults set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) delay: KnobId,
    pub(super) gain: KnobId,
    pub(super) loss: KnobId,
    pub(super) load: KnobId,
}

/// Where the parts of a loop are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) sensor: NodeId,
    pub(super) controller: NodeId,
    pub(super) actuator: NodeId,
}

/// The working set of the controller.
#[derive(Clone, Copy, Debug)]
pub(super) struct Memory {
    pub(super) bytes: u64,
    pub(super) pages: u32,
    pub(super) zipf: f64,
    pub(super) writes: f64,
    /// Pages one after the other, instead of by their popularity.
    pub(super) in_order: bool,
}

/// One loop: what its parts share, and what goes on whoever crashes.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) period: VirtualDuration,
    pub(super) roles: Roles,
    pub(super) names: Names,
    pub(super) knobs: Knobs,
    pub(super) jobs: Jobs,
    pub(super) overrun: Overrun,
    pub(super) memory: Memory,
    pub(super) bound: f64,
    /// Services of samples and of commands.
    pub(super) services: [String; 2],
    pub(super) physics: RefCell<Physics>,
    /// Jobs that met their deadline and are not judged yet.
    pub(super) hits: RefCell<Vec<u64>>,
    /// The first job that is not judged yet.
    pub(super) judged: Cell<u64>,
    pub(super) out: Cell<bool>,
}

/// A sample or a command: its job, when the sample was taken and when the next one is, the value.
#[derive(Clone, Copy, Debug)]
pub(super) struct Signal {
    pub(super) k: u64,
    pub(super) stamp: VirtualTime,
    pub(super) deadline: VirtualTime,
    pub(super) value: f64,
}

impl Signal {
    pub(super) const fn body(self) -> Body {
        let (stamp, deadline) = (self.stamp.as_nanos(), self.deadline.as_nanos());
        Body::Words([self.k, stamp, deadline, self.value.to_bits(), 0, 0, 0, 0])
    }
    pub(super) fn of(body: &Body) -> Self {
        let [k, stamp, deadline, bits, ..] = body.words();
        Self {
            k,
            stamp: VirtualTime::from_nanos(stamp),
            deadline: VirtualTime::from_nanos(deadline),
            value: f64::from_bits(bits),
        }
    }
}

impl Loop {
    /// When period `k` begins, by the monotonic clock of the sensor.
    pub(super) fn start_of(&self, k: u64) -> VirtualDuration {
        self.period * k
    }
    pub(super) const fn period_at(&self, now: VirtualDuration) -> u64 {
        now.as_nanos() / self.period.as_nanos()
    }

    /// A command reaches the plant.
    pub(super) fn actuate(&self, cx: &Cx, command: Signal) {
        let now = cx.now();
        let response = now.since(command.stamp);
        let deadline = command.deadline;
        let lateness = now.since(deadline);
        self.physics.borrow_mut().apply(now, command.value);
        cx.sample(self.names.u, command.value);
        cx.sample(self.names.response, response.as_secs_f64());
        cx.sample(self.names.lateness, lateness.as_secs_f64());
        cx.event(self.names.actuated, command.k, response.as_nanos());
        if now <= deadline {
            self.hits.borrow_mut().push(command.k);
        } else {
            cx.event(self.names.late, command.k, lateness.as_nanos());
        }
    }

    /// Records what the plant did up to now and which jobs missed their deadline.
    /// The sensor's monotonic clock reads `reading`.
    pub(super) fn observe(&self, cx: &Cx, now: VirtualTime, reading: VirtualDuration) {
        let mut physics = self.physics.borrow_mut();
        physics.advance(now);
        for crossing in physics.crossed.drain(..) {
            if let Some(cost) = crossing.cost {
                cx.sample(self.names.cost, cost);
            }
            cx.sample(self.names.y, crossing.y);
            // A NaN is outside too.
            let inside = |bound: f64| crossing.y.abs() <= bound;
            if !self.out.get() && !inside(self.bound) {
                self.out.set(true);
                cx.event(self.names.diverged, crossing.k, crossing.y.to_bits());
            } else if self.out.get() && inside(self.bound / 2.0) {
                self.out.set(false);
                cx.event(self.names.recovered, crossing.k, crossing.y.to_bits());
            }
        }
        let over = self.period_at(reading);
        let mut hits = self.hits.borrow_mut();
        for k in self.judged.get()..over {
            if !hits.contains(&k) {
                let noticed = reading.saturating_sub(self.start_of(k + 1));
                cx.event(self.names.missed, k, noticed.as_nanos());
            }
        }
        hits.retain(|k| *k >= over);
        self.judged.set(self.judged.get().max(over));
    }
}
