//! Promises about the requests of clients: each ends, once, in time, and after few attempts.

use super::super::client::CLIENT_SHIFT;
use super::super::shared::Events;
use super::service::gone;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// A request under way: since when its latest attempt, and for how long that may take.
#[derive(Clone, Copy, Debug)]
pub(super) struct Open {
    node: NodeId,
    since: VirtualTime,
    timeout: VirtualDuration,
}

/// Every request ends, once, and in the time that its attempts may take. Requests of a client that
/// crashes end with it.
#[derive(Debug)]
pub(super) struct Conservation {
    pub(super) events: Events,
    pub(super) clients: Vec<NodeId>,
    /// Longest time between two attempts, in nanoseconds.
    pub(super) patience_ns: f64,
    pub(super) open: BTreeMap<u64, Open>,
    pub(super) paused: BTreeSet<NodeId>,
    pub(super) resumed: BTreeMap<NodeId, VirtualTime>,
}

impl Conservation {
    fn node(&mut self, at: VirtualTime, node: NodeId, change: NodeChange) {
        match change {
            NodeChange::Paused => {
                self.paused.insert(node);
            }
            NodeChange::Resumed => {
                self.paused.remove(&node);
                self.resumed.insert(node, at);
            }
            NodeChange::Down | NodeChange::OutOfMemory => {
                self.paused.remove(&node);
                for (number, _) in self.clients.iter().enumerate().filter(|(_, n)| **n == node) {
                    let number = number as u64;
                    let range = number << CLIENT_SHIFT..(number + 1) << CLIENT_SHIFT;
                    let gone: Vec<u64> = self.open.range(range).map(|(id, _)| *id).collect();
                    for id in gone {
                        self.open.remove(&id);
                    }
                }
            }
            NodeChange::Up => {}
        }
    }
}

impl Invariant for Conservation {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let (name, node, a, b) = match record.what {
            What::Event { name, node, a, b } => (name, node, a, b),
            What::Node { node, change } => return self.node(record.at, node, change),
            _ => return,
        };
        let events = &self.events;
        let ends = [events.ok, events.failed, events.shed, events.timed_out];
        if name == events.request || name == events.retried {
            let open = Open {
                node,
                since: record.at,
                timeout: VirtualDuration::from_nanos(b),
            };
            let known = self.open.insert(a, open).is_some();
            if known != (name == events.retried) {
                let what = if known {
                    "began twice"
                } else {
                    "was tried again after its end"
                };
                ruling.violated(record.at, Some(node), || format!("request {a} {what}"));
            }
        } else if ends.contains(&name) {
            ruling.checked();
            if self.open.remove(&a).is_none() {
                let text = || format!("request {a} ended twice, or never began");
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let wait = VirtualDuration::from_nanos_f64(self.patience_ns);
        for (id, open) in &self.open {
            if self.paused.contains(&open.node) {
                continue;
            }
            let resumed = self.resumed.get(&open.node).copied();
            let since = resumed.map_or(open.since, |at| at.max(open.since));
            let limit = since.saturating_add(open.timeout).saturating_add(wait);
            if run.at > limit {
                ruling.violated(run.at, Some(open.node), || {
                    format!("request {id} is neither ended nor in flight: it should have ended by {limit}")
                });
            }
        }
    }
}

/// What bounds the attempts.
#[derive(Clone, Copy, Debug)]
pub(super) enum Limit {
    /// So many a request.
    Attempts(u32),
    /// So many retries a success or request, so many saved up so far, and by a client at first.
    Budget {
        share: f64,
        saved: f64,
        burst: f64,
        of_requests: bool,
    },
}

/// Attempts over requests.
#[derive(Debug)]
pub(super) struct Amplification {
    pub(super) events: Events,
    pub(super) limit: Limit,
    pub(super) clients: Vec<NodeId>,
    pub(super) requests: u64,
    pub(super) retries: u64,
    pub(super) oks: u64,
    /// Retries of the requests under way, where each has a limit of its own.
    pub(super) tries: BTreeMap<u64, u32>,
}

impl Amplification {
    pub(super) const fn new(events: Events, limit: Limit, clients: Vec<NodeId>) -> Self {
        Self {
            events,
            limit,
            clients,
            requests: 0,
            retries: 0,
            oks: 0,
            tries: BTreeMap::new(),
        }
    }
    /// The retries that there may have been by now.
    fn allowed(&self) -> f64 {
        match self.limit {
            Limit::Attempts(most) => self.requests as f64 * f64::from(most - 1),
            Limit::Budget {
                share,
                saved,
                of_requests,
                ..
            } => {
                let earning = if of_requests { self.requests } else { self.oks };
                saved + share * earning as f64
            }
        }
    }
    /// A client that is restarted has again what a new one has.
    fn restarted(&mut self, node: NodeId) {
        let here = self
            .clients
            .iter()
            .filter(|client| **client == node)
            .count();
        if let Limit::Budget { saved, burst, .. } = &mut self.limit {
            *saved += *burst * here as f64;
        }
    }
}

impl Invariant for Amplification {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some(node) = gone(record) {
            self.restarted(node);
        }
        let What::Event { name, node, a, .. } = record.what else {
            return;
        };
        let events = &self.events;
        if name == events.request {
            ruling.checked();
            self.requests += 1;
        } else if name == events.ok {
            self.oks += 1;
            self.tries.remove(&a);
        } else if name == events.failed || name == events.shed || name == events.timed_out {
            self.tries.remove(&a);
        } else if name == events.retried {
            self.retries += 1;
            let tries = self.tries.entry(a).or_insert(1);
            *tries += 1;
            let tries = *tries;
            let over = match self.limit {
                Limit::Attempts(most) => tries > most,
                Limit::Budget { .. } => self.retries as f64 > self.allowed() + 1e-6,
            };
            if over {
                let (retries, requests) = (self.retries, self.requests);
                ruling.violated(record.at, Some(node), || {
                    format!(
                        "attempt {tries} of request {a}: {retries} retries of {requests} requests"
                    )
                });
            }
        }
    }
    fn finish(&mut self, _: &RunEnd<'_>, ruling: &mut Ruling) {
        if self.requests > 0 {
            let ratio = |retries: f64| 1.0 + retries / self.requests as f64;
            let measured = ratio(self.retries as f64);
            ruling.margin(ratio(self.allowed()) - measured, measured);
        }
    }
}

/// No queue is longer than its capacity.
#[derive(Debug)]
pub(super) struct QueueBound {
    pub(super) queue: NameId,
    pub(super) capacity: f64,
}

impl Invariant for QueueBound {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Sample { name, node, value } = record.what else {
            return;
        };
        if name == self.queue {
            ruling.checked();
            ruling.margin(self.capacity - value, value);
            if value > self.capacity {
                let capacity = self.capacity;
                let text = || format!("{value} visits waited where {capacity} may");
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
}

/// No request succeeds after the time-out of its attempt.
#[derive(Debug)]
pub(super) struct NoLateSuccess {
    pub(super) events: Events,
    /// Latest time of success.
    pub(super) open: BTreeMap<u64, VirtualTime>,
}

impl Invariant for NoLateSuccess {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Event { name, node, a, b } = record.what else {
            return;
        };
        let events = &self.events;
        if name == events.request || name == events.retried {
            let latest = record.at.saturating_add(VirtualDuration::from_nanos(b));
            self.open.insert(a, latest);
        } else if name == events.ok {
            let Some(latest) = self.open.remove(&a) else {
                return;
            };
            ruling.checked();
            let slack = latest.as_secs_f64() - record.at.as_secs_f64();
            ruling.margin(slack, slack);
            if record.at > latest {
                ruling.violated(record.at, Some(node), || {
                    format!("request {a} succeeded {:.3} s after its time-out", -slack)
                });
            }
        } else if name == events.failed || name == events.shed || name == events.timed_out {
            self.open.remove(&a);
        }
    }
}
