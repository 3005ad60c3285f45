//! Promises of a loop, each with its margin. They read records and nothing else.
//!
//! Every node has one loop at most in each role, so the node of a record tells the loop: outputs
//! and misses come from the sensor's node, commands from the actuator's.

use super::sampled::Names;
use squall_core::history::{Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, VecDeque};

/// What is promised.
#[derive(Clone, Debug)]
pub(super) struct Promise {
    pub(super) names: Names,
    pub(super) period: VirtualDuration,
    /// Sensor and actuator of each loop.
    pub(super) loops: Vec<(NodeId, NodeId)>,
    pub(super) hits: u64,
    pub(super) window: u64,
    pub(super) age: VirtualDuration,
    /// Largest change of the input, a second.
    pub(super) rate: f64,
    pub(super) bound: f64,
}

impl Promise {
    fn sensor_of(&self, actuator: NodeId) -> Option<NodeId> {
        let found = self.loops.iter().find(|(_, a)| *a == actuator);
        found.map(|(sensor, _)| *sensor)
    }
    fn actuator_of(&self, sensor: NodeId) -> Option<NodeId> {
        let found = self.loops.iter().find(|(s, _)| *s == sensor);
        found.map(|(_, actuator)| *actuator)
    }
}

/// The jobs of one loop, in order.
#[derive(Clone, Debug, Default)]
struct Jobs {
    next: u64,
    recent: VecDeque<bool>,
    hits: u64,
}

/// Every `window` consecutive jobs have at least `hits` hits. Margin: hits above that.
#[derive(Debug)]
pub(super) struct WeaklyHard {
    promise: Promise,
    jobs: BTreeMap<NodeId, Jobs>,
}

impl WeaklyHard {
    pub(super) fn new(promise: Promise) -> Self {
        let jobs = promise.loops.iter();
        let jobs = jobs.map(|(s, _)| (*s, Jobs::default())).collect();
        Self { promise, jobs }
    }
    fn judge(&mut self, sensor: NodeId, k: u64, hit: bool, at: VirtualTime, ruling: &mut Ruling) {
        let (window, least) = (self.promise.window, self.promise.hits);
        let Some(jobs) = self.jobs.get_mut(&sensor) else {
            return;
        };
        if k < jobs.next {
            return;
        }
        jobs.next = k + 1;
        jobs.recent.push_back(hit);
        jobs.hits += u64::from(hit);
        if jobs.recent.len() as u64 > window && jobs.recent.pop_front() == Some(true) {
            jobs.hits -= 1;
        }
        if (jobs.recent.len() as u64) < window {
            return;
        }
        let hits = jobs.hits;
        ruling.checked();
        ruling.margin(hits as f64 - least as f64, hits as f64);
        if hits < least {
            ruling.violated(at, Some(sensor), || {
                format!("{hits} of {window} jobs up to job {k} met their deadline, not {least}")
            });
        }
    }
}

impl Invariant for WeaklyHard {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, a, .. } = record.what else {
            return;
        };
        if name == self.promise.names.missed {
            self.judge(node, a, false, record.at, ruling);
        } else if name == self.promise.names.actuated {
            let deadline = VirtualTime::ZERO + self.promise.period * (a + 1);
            if let Some(sensor) = self.promise.sensor_of(node)
                && record.at <= deadline
            {
                self.judge(sensor, a, true, record.at, ruling);
            }
        }
    }
    /// Jobs of a node that is down at the end were missed too.
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let over = run.at.as_nanos() / self.promise.period.as_nanos();
        let open: Vec<(NodeId, u64)> = self.jobs.iter().map(|(n, j)| (*n, j.next)).collect();
        for (sensor, next) in open {
            // The last job may have met its deadline at the very end.
            for k in next..over.saturating_sub(1) {
                self.judge(sensor, k, false, run.at, ruling);
            }
        }
    }
}

/// The command in force is younger than a limit. Margin: the time to that limit.
#[derive(Debug)]
pub(super) struct Age {
    promise: Promise,
    /// When the sample of the command in force was taken, by actuator.
    stamps: BTreeMap<NodeId, VirtualTime>,
}

impl Age {
    pub(super) fn new(promise: Promise) -> Self {
        let stamps = promise.loops.iter();
        let stamps = stamps.map(|(_, a)| (*a, VirtualTime::ZERO)).collect();
        Self { promise, stamps }
    }
    fn check(&self, actuator: NodeId, now: VirtualTime, ruling: &mut Ruling) {
        let Some(stamp) = self.stamps.get(&actuator) else {
            return;
        };
        let (age, limit) = (now.since(*stamp), self.promise.age);
        ruling.checked();
        ruling.margin(limit.as_secs_f64() - age.as_secs_f64(), age.as_secs_f64());
        if age > limit {
            ruling.violated(now, Some(actuator), || {
                format!("the command in force was {age} old, more than {limit}")
            });
        }
    }
}

impl Invariant for Age {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, b, .. } = record.what else {
            return;
        };
        if name == self.promise.names.actuated {
            self.check(node, record.at, ruling);
            let response = VirtualDuration::from_nanos(b);
            let stamp = record.at.since(VirtualTime::ZERO).saturating_sub(response);
            self.stamps.insert(node, VirtualTime::ZERO + stamp);
        } else if name == self.promise.names.missed
            && let Some(actuator) = self.promise.actuator_of(node)
        {
            self.check(actuator, record.at, ruling);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        for (_, actuator) in &self.promise.loops {
            self.check(*actuator, run.at, ruling);
        }
    }
}

/// Commands are finite and do not change faster than a limit. Margin: the change left in a period.
#[derive(Debug)]
pub(super) struct RateFinite {
    promise: Promise,
    last: BTreeMap<NodeId, f64>,
}

impl RateFinite {
    pub(super) const fn new(promise: Promise) -> Self {
        Self {
            promise,
            last: BTreeMap::new(),
        }
    }
}

impl Invariant for RateFinite {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Sample { name, node, value } = record.what else {
            return;
        };
        if name != self.promise.names.u {
            return;
        }
        let last = self.last.insert(node, value).unwrap_or(0.0);
        ruling.checked();
        let limit = self.promise.rate * self.promise.period.as_secs_f64();
        let change = (value - last).abs();
        // A comparison on what is not finite is broken without measure.
        let margin = if value.is_finite() && last.is_finite() {
            limit - change
        } else {
            f64::NEG_INFINITY
        };
        // Without a limit there is no distance to it.
        if margin < f64::INFINITY {
            ruling.margin(margin, change);
        }
        if margin < 0.0 {
            ruling.violated(record.at, Some(node), || {
                format!("the command went from {last} to {value}, more than {limit} a period")
            });
        }
    }
}

/// The output stays inside a bound. Margin: the distance left.
#[derive(Debug)]
pub(super) struct Bounded {
    promise: Promise,
    /// When the output was last seen, by sensor.
    seen: BTreeMap<NodeId, VirtualTime>,
}

impl Bounded {
    pub(super) const fn new(promise: Promise) -> Self {
        Self {
            promise,
            seen: BTreeMap::new(),
        }
    }
}

impl Invariant for Bounded {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Sample { name, node, value } = record.what else {
            return;
        };
        if name != self.promise.names.y {
            return;
        }
        self.seen.insert(node, record.at);
        ruling.checked();
        let bound = self.promise.bound;
        let margin = if value.is_finite() {
            bound - value.abs()
        } else {
            f64::NEG_INFINITY
        };
        ruling.margin(margin, value.abs());
        if margin < 0.0 {
            ruling.violated(record.at, Some(node), || {
                format!("the output is {value}, outside of {bound}")
            });
        }
    }
    /// A plant that nobody watches at the end may be anywhere.
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        for (sensor, _) in &self.promise.loops {
            let seen = self.seen.get(sensor).copied().unwrap_or(VirtualTime::ZERO);
            if run.at.since(seen) > self.promise.period * 2 {
                ruling.undecided();
            }
        }
    }
}
