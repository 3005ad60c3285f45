//! What the workload promises, read from the records alone.

use super::client::CLIENT_SHIFT;
use super::shared::{Events, Shared};
use crate::workloads::Install;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let (config, events) = (&shared.config, shared.events);
    install.promise(
        "conservation",
        Conservation {
            events,
            clients: config.clients.clone(),
            patience_ns: config.backoff_max,
            open: BTreeMap::new(),
            paused: BTreeSet::new(),
            resumed: BTreeMap::new(),
        },
    );
    let limit = match config.budget {
        Some((share, burst)) => Limit::Budget {
            share,
            saved: burst * config.clients.len() as f64,
        },
        None => Limit::Attempts(config.attempts),
    };
    install.promise("amplification", Amplification::new(events, limit));
    let (queue, capacity) = (events.queue, config.queue_capacity as f64);
    install.promise("queue-bound", QueueBound { queue, capacity });
    install.promise(
        "no-late-success",
        NoLateSuccess {
            events,
            open: BTreeMap::new(),
        },
    );
}

/// A request under way: since when its latest attempt, and for how long that may take.
#[derive(Clone, Copy, Debug)]
struct Open {
    node: NodeId,
    since: VirtualTime,
    timeout: VirtualDuration,
}

/// Every request ends, once, and in the time that its attempts may take. Requests of a client that
/// crashes end with it.
#[derive(Debug)]
struct Conservation {
    events: Events,
    clients: Vec<NodeId>,
    /// Longest time between two attempts, in nanoseconds.
    patience_ns: f64,
    open: BTreeMap<u64, Open>,
    paused: BTreeSet<NodeId>,
    resumed: BTreeMap<NodeId, VirtualTime>,
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
enum Limit {
    /// So many a request.
    Attempts(u32),
    /// So many retries a success, and so many saved up.
    Budget { share: f64, saved: f64 },
}

/// Attempts over requests.
#[derive(Debug)]
struct Amplification {
    events: Events,
    limit: Limit,
    requests: u64,
    retries: u64,
    oks: u64,
    /// Retries of the requests under way, where each has a limit of its own.
    tries: BTreeMap<u64, u32>,
}

impl Amplification {
    const fn new(events: Events, limit: Limit) -> Self {
        Self {
            events,
            limit,
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
            Limit::Budget { share, saved } => saved + share * self.oks as f64,
        }
    }
}

impl Invariant for Amplification {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
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
struct QueueBound {
    queue: NameId,
    capacity: f64,
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
struct NoLateSuccess {
    events: Events,
    /// Latest time of success.
    open: BTreeMap<u64, VirtualTime>,
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

#[cfg(test)]
mod tests;
