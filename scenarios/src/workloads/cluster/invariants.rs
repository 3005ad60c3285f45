//! What the workload promises, read from the records alone.

mod service;
mod users;

use super::client::CLIENT_SHIFT;
use super::shared::{Events, Shared};
use crate::workloads::Install;
use service::{
    Allowed, Below, BreakerLegal, EjectionShare, HopAmplification, ServiceConservation,
    SingleFlight,
};
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};
use users::{BlastRadius, GoodputRecovers};

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
        Some((share, _)) => {
            let burst = config.saving.most(share);
            Limit::Budget {
                share,
                saved: burst * config.clients.len() as f64,
                burst,
                of_requests: config.saving.of_requests,
            }
        }
        None => Limit::Attempts(config.attempts),
    };
    let clients = config.clients.clone();
    install.promise("amplification", Amplification::new(events, limit, clients));
    let (queue, capacity) = (events.queue, config.queue_capacity as f64);
    install.promise("queue-bound", QueueBound { queue, capacity });
    install.promise(
        "no-late-success",
        NoLateSuccess {
            events,
            open: BTreeMap::new(),
        },
    );
    promise_of_services(install, shared);
    promise_of_users(install, shared);
}

/// Of services and the guards of their callers.
fn promise_of_services(install: &mut Install<'_>, shared: &Shared) {
    let (config, events, names) = (&shared.config, shared.events, shared.guards);
    let mut room = BTreeMap::new();
    for replica in &config.replicas {
        let service = &config.services[replica.service as usize];
        let here = room
            .entry((u64::from(replica.service), replica.node))
            .or_insert(0);
        *here += u64::from(service.concurrency) + config.queue_capacity as u64;
    }
    install.promise(
        "service-conservation",
        ServiceConservation {
            names: names.visits,
            room,
            open: BTreeMap::new(),
            all: 0,
            ended: 0,
        },
    );
    let mut callers: BTreeMap<u64, BTreeSet<NodeId>> = BTreeMap::new();
    for node in config.nodes() {
        for service in config.called_from(node) {
            callers.entry(u64::from(service)).or_default().insert(node);
        }
    }
    let share = config.ejection.map_or(0.0, |ejection| ejection.share_max);
    let mut allowed: BTreeMap<(u64, NodeId), f64> = BTreeMap::new();
    let clients = config.entries.iter().flat_map(|entry| {
        let entry = u64::from(*entry);
        config.clients.iter().map(move |node| (entry, *node))
    });
    let servers = callers.iter();
    let servers = servers.flat_map(|(service, nodes)| nodes.iter().map(|node| (*service, *node)));
    for (service, node) in clients.chain(servers) {
        let index = usize::try_from(service).expect("a service's number");
        let all = config.services[index].replicas.len();
        let known = config.subset.map_or(all, |size| size.min(all));
        // A client and a server on one node are two callers.
        *allowed.entry((service, node)).or_default() += (share * known as f64).floor();
    }
    install.promise(
        "ejection-share",
        EjectionShare {
            ejected: events.ejected,
            length: config
                .ejection
                .map_or(VirtualDuration::ZERO, |ejection| ejection.length),
            allowed: Allowed(allowed),
            avoided: BTreeMap::new(),
        },
    );
    install.promise(
        "hop-amplification",
        HopAmplification {
            call: names.hop_call,
            retried: events.hop_retried,
            budget: config
                .hop_budget
                .map_or((0.0, 0.0), |budget| (budget.share, budget.burst)),
            callers,
            counts: BTreeMap::new(),
        },
    );
    install.promise(
        "breaker-legal",
        BreakerLegal {
            names,
            rules: config.breaker,
            known: BTreeMap::new(),
        },
    );
    let size = config.pool.as_ref().map_or(0, |pool| pool.size);
    let bounds = names.pool.map(|pool| (pool, f64::from(size)));
    install.promise(
        "pool-bound",
        Below {
            bounds: bounds.into_iter().collect(),
            what: "the number of connections",
        },
    );
    let single = |service: &super::config::Service| {
        service
            .cache
            .as_ref()
            .is_some_and(|cache| cache.single_flight)
    };
    let replicas = config.services.iter().filter(|service| single(service));
    let replicas = replicas.flat_map(|service| service.replicas.iter().copied().map(u64::from));
    install.promise(
        "single-flight",
        SingleFlight {
            fill: names.fill,
            filled: names.filled,
            replicas: replicas.collect(),
            filling: BTreeSet::new(),
        },
    );
}

/// Of what users get.
fn promise_of_users(install: &mut Install<'_>, shared: &Shared) {
    let (config, events, names) = (&shared.config, shared.events, shared.guards);
    let objective = config.objective.as_ref();
    let burn = objective.zip(names.burn).map(|(objective, [fast, slow])| {
        vec![(fast, objective.fast_burn), (slow, objective.slow_burn)]
    });
    install.promise(
        "slo-burn",
        Below {
            bounds: burn.unwrap_or_default(),
            what: "the burn rate",
        },
    );
    install.promise(
        "blast-radius",
        BlastRadius {
            breached: names.breaches.map(|[breached, _]| breached),
            services: config
                .services
                .iter()
                .map(|service| service.name.clone())
                .collect(),
            radius: objective.map_or(1.0, |objective| objective.radius),
            reach: config.reach.clone(),
            hit: BTreeSet::new(),
        },
    );
    install.promise(
        "goodput-recovers",
        GoodputRecovers {
            events,
            rule: objective.map(|objective| (objective.goodput, objective.recovery)),
            open: BTreeMap::new(),
            seconds: Vec::new(),
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
struct Amplification {
    events: Events,
    limit: Limit,
    clients: Vec<NodeId>,
    requests: u64,
    retries: u64,
    oks: u64,
    /// Retries of the requests under way, where each has a limit of its own.
    tries: BTreeMap<u64, u32>,
}

impl Amplification {
    const fn new(events: Events, limit: Limit, clients: Vec<NodeId>) -> Self {
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
        if let Some(node) = service::gone(record) {
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
mod guard_tests;
#[cfg(test)]
mod tests;
