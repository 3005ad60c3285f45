//! One loop: what its parts share, and what it records.

use super::drive::Drive;
use super::guard::Guard;
use super::jobs::Jobs;
use super::plant::Physics;
use super::sensing::Measurement;
use super::standby::Takeover;
use squall_core::world::Body;
use squall_core::{ChannelId, Cx, KnobId, NameId, NodeId, VirtualDuration, VirtualTime};
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
    /// It runs beside its predecessor, and may be done before that.
    Continue,
}

impl Overrun {
    /// The values of the knob, in order.
    pub(super) const WORDS: &'static [&'static str] = &["skip", "kill", "queue", "continue"];
    /// The value of the knob.
    pub(super) fn of(knob: f64) -> Self {
        let all = [Self::Skip, Self::Kill, Self::Queue, Self::Continue];
        let found = all.into_iter().zip(0u8..);
        let found = found.filter(|(_, i)| f64::from(*i) <= knob).last();
        found.map_or(Self::Skip, |(overrun, _)| overrun)
    }
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

/// Names in records of loops that check what they get: they stand in no other name table.
#[derive(Clone, Copy, Debug)]
pub(super) struct Extra {
    pub(super) rejected: NameId,
    pub(super) gave_up: NameId,
    pub(super) took_over: NameId,
    pub(super) superseded: NameId,
}

/// Parameters that faults set.
#[derive(Clone, Copy, Debug)]
pub(super) struct Knobs {
    pub(super) delay: KnobId,
    pub(super) gain: KnobId,
    pub(super) loss: KnobId,
    pub(super) load: KnobId,
    pub(super) lost: KnobId,
    pub(super) burst_begin: KnobId,
    pub(super) burst_end: KnobId,
    pub(super) overrun: KnobId,
    pub(super) miss_output: KnobId,
    pub(super) miss_state: KnobId,
    pub(super) sensor_scale: KnobId,
    pub(super) sensor_step: KnobId,
    pub(super) dead_zone: KnobId,
    pub(super) lag: KnobId,
}

/// Where the parts of a loop are.
#[derive(Clone, Copy, Debug)]
pub(super) struct Roles {
    pub(super) sensor: NodeId,
    pub(super) controller: NodeId,
    pub(super) actuator: NodeId,
    /// The controller that takes over.
    pub(super) backup: Option<NodeId>,
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
    pub(super) extra: Extra,
    pub(super) knobs: Knobs,
    pub(super) jobs: Jobs,
    pub(super) sensors: Vec<ChannelId>,
    pub(super) actuator: ChannelId,
    pub(super) measurement: Measurement,
    pub(super) guard: Guard,
    pub(super) takeover: Takeover,
    /// Whether the actuator refuses a controller that another one has replaced.
    pub(super) fence: bool,
    pub(super) drive: Drive,
    pub(super) memory: Memory,
    pub(super) bound: f64,
    /// Services of samples, of commands and of signs of life.
    pub(super) services: [String; 3],
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
    /// When it was taken by the sensor's wall clock; zero where nobody asks.
    pub(super) wall: i64,
    /// Of a command: how often another controller has taken over before this one.
    pub(super) epoch: u64,
    /// Of a command: that it is no result of a job, but what is safe without one.
    pub(super) safe: bool,
}

impl Signal {
    pub(super) const fn body(self) -> Body {
        let (stamp, deadline) = (self.stamp.as_nanos(), self.deadline.as_nanos());
        let (value, wall) = (self.value.to_bits(), self.wall.cast_unsigned());
        let safe = self.safe as u64;
        Body::Words([self.k, stamp, deadline, value, wall, self.epoch, safe, 0])
    }
    pub(super) fn of(body: &Body) -> Self {
        let [k, stamp, deadline, bits, wall, epoch, safe, _] = body.words();
        Self {
            k,
            stamp: VirtualTime::from_nanos(stamp),
            deadline: VirtualTime::from_nanos(deadline),
            value: f64::from_bits(bits),
            wall: wall.cast_signed(),
            epoch,
            safe: safe != 0,
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
        self.apply(cx, command.value);
        cx.sample(self.names.response, response.as_secs_f64());
        cx.sample(self.names.lateness, lateness.as_secs_f64());
        cx.event(self.names.actuated, command.k, response.as_nanos());
        if now <= deadline {
            self.hits.borrow_mut().push(command.k);
        } else {
            cx.event(self.names.late, command.k, lateness.as_nanos());
        }
    }

    /// The plant gets another input.
    pub(super) fn apply(&self, cx: &Cx, u: f64) {
        self.physics.borrow_mut().apply(cx.now(), u);
        cx.sample(self.names.u, u);
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
