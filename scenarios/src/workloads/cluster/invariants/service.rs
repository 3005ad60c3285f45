//! What is promised of every service: visits are conserved, breakers and ejection keep to their rules,
//! pools and fills to their bounds.

use super::super::guard::breaker;
use super::super::names::{GuardNames, VisitNames};
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// An event with its node and arguments, if the record is one.
pub(super) const fn event(record: &Record) -> Option<(NameId, NodeId, u64, u64)> {
    match record.what {
        What::Event { name, node, a, b } => Some((name, node, a, b)),
        _ => None,
    }
}

/// The node whose processes end with this record.
pub(super) const fn gone(record: &Record) -> Option<NodeId> {
    match record.what {
        What::Node {
            node,
            change: NodeChange::Down | NodeChange::OutOfMemory,
        } => Some(node),
        _ => None,
    }
}

/// Visits of every service begin once and end once, and no more are in flight than have room. Those of a
/// node that crashes end with it.
#[derive(Debug)]
pub(crate) struct ServiceConservation {
    pub(crate) names: Option<VisitNames>,
    /// Visits that have room in a service's replicas on a node.
    pub(crate) room: BTreeMap<(u64, NodeId), u64>,
    pub(crate) open: BTreeMap<(u64, NodeId), BTreeSet<u64>>,
    pub(crate) all: u64,
    pub(crate) ended: u64,
}

impl Invariant for ServiceConservation {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some(gone) = gone(record) {
            for ((_, node), open) in &mut self.open {
                if *node == gone {
                    self.ended += open.len() as u64;
                    open.clear();
                }
            }
        }
        let (Some(names), Some((name, node, service, visit))) = (self.names, event(record)) else {
            return;
        };
        let open = self.open.entry((service, node)).or_default();
        if name == names.arrived {
            self.all += 1;
            if !open.insert(visit) {
                let text = || format!("visit {visit} of service {service} arrived twice");
                ruling.violated(record.at, Some(node), text);
            }
        } else if [names.ok, names.failed, names.shed].contains(&name) {
            self.ended += 1;
            if !open.remove(&visit) {
                let text =
                    || format!("visit {visit} of service {service} ended, but was not in flight");
                ruling.violated(record.at, Some(node), text);
            }
            ruling.checked();
            let (flying, room) = (open.len() as u64, self.room.get(&(service, node)).copied());
            let room = room.unwrap_or(0);
            // One that was just let in and is refused counts for an instant.
            if flying > room {
                let text = || {
                    format!(
                        "{flying} visits of service {service} are in flight where {room} have room"
                    )
                };
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
    fn finish(&mut self, run: &squall_core::property::RunEnd<'_>, ruling: &mut Ruling) {
        let flying: usize = self.open.values().map(BTreeSet::len).sum();
        if self.all != self.ended + flying as u64 {
            let (all, ended) = (self.all, self.ended);
            let text =
                || format!("{all} visits arrived, but {ended} ended and {flying} are in flight");
            ruling.violated(run.at, None, text);
        }
    }
}

/// Transitions of breakers are legal, an open one stays so for its time, a half-open one lets its probes
/// through and no more.
#[derive(Debug)]
pub(crate) struct BreakerLegal {
    pub(crate) names: GuardNames,
    pub(crate) rules: Option<breaker::Rules>,
    /// By node, caller and service: where it is, since when, and probes so far.
    pub(crate) known: BTreeMap<(NodeId, u64, u64), (u64, VirtualTime, u32)>,
}

const CLOSED: u64 = 0;
const OPEN: u64 = 1;
const HALF_OPEN: u64 = 2;
/// Clocks of nodes are wrong by a tenth at most.
const CLOCK: f64 = 0.9;

impl Invariant for BreakerLegal {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some(gone) = gone(record) {
            self.known.retain(|(node, ..), _| *node != gone);
        }
        let (Some(rules), Some((name, node, service, b))) = (self.rules, event(record)) else {
            return;
        };
        let mut wrong = |text: String| ruling.violated(record.at, Some(node), || text);
        if Some(name) == self.names.breaker {
            let (caller, from, to) = (b >> 8, b >> 4 & 15, b & 15);
            let new = (CLOSED, VirtualTime::ZERO, 0);
            let known = self.known.entry((node, caller, service)).or_insert(new);
            if known.0 != from {
                wrong(format!(
                    "a breaker of service {service} left state {from}, but was in {}",
                    known.0
                ));
            }
            let open = record.at.since(known.1).as_secs_f64();
            match (from, to) {
                (CLOSED, OPEN) | (HALF_OPEN, OPEN) => {}
                (OPEN, HALF_OPEN) if open + 1e-9 < CLOCK * rules.open.as_secs_f64() => {
                    wrong(format!(
                        "a breaker of service {service} was open for {open:.3} s only"
                    ));
                }
                (OPEN, HALF_OPEN) => {}
                (HALF_OPEN, CLOSED) if known.2 < rules.probes => {
                    let probes = known.2;
                    wrong(format!(
                        "a breaker of service {service} closed after {probes} probes"
                    ));
                }
                (HALF_OPEN, CLOSED) => {}
                _ => wrong(format!(
                    "a breaker of service {service} went from {from} to {to}"
                )),
            }
            *known = (to, record.at, 0);
            ruling.checked();
        } else if Some(name) == self.names.probe {
            let new = (CLOSED, VirtualTime::ZERO, 0);
            let known = self.known.entry((node, b, service)).or_insert(new);
            known.2 += 1;
            if known.0 != HALF_OPEN || known.2 > rules.probes {
                let (state, probes) = (known.0, known.2);
                wrong(format!(
                    "probe {probes} of service {service} in state {state}"
                ));
            }
        }
    }
}

/// No caller avoids more replicas of a service than its share of them.
#[derive(Debug)]
pub(crate) struct EjectionShare {
    pub(crate) ejected: NameId,
    pub(crate) length: VirtualDuration,
    /// By service and node of the caller: how many may be avoided there.
    pub(crate) allowed: Allowed,
    pub(crate) avoided: BTreeMap<(u64, NodeId), Vec<VirtualTime>>,
}

/// Replicas that callers of a service on a node may avoid.
#[derive(Debug)]
pub(crate) struct Allowed(pub(crate) BTreeMap<(u64, NodeId), f64>);

impl Invariant for EjectionShare {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some(gone) = gone(record) {
            self.avoided.retain(|(_, node), _| *node != gone);
        }
        let Some((name, node, service, _)) = event(record) else {
            return;
        };
        if name != self.ejected {
            return;
        }
        let avoided = self.avoided.entry((service, node)).or_default();
        avoided.retain(|until| *until > record.at);
        avoided.push(record.at.saturating_add(self.length));
        let allowed = self.allowed.0.get(&(service, node)).copied().unwrap_or(0.0);
        let count = avoided.len() as f64;
        ruling.checked();
        ruling.margin(allowed - count, count);
        if count > allowed {
            ruling.violated(record.at, Some(node), || {
                format!("{count} replicas of service {service} are avoided where {allowed} may be")
            });
        }
    }
}

/// A metric that is never above a bound.
#[derive(Debug)]
pub(crate) struct Below {
    /// Metrics with their bounds.
    pub(crate) bounds: Vec<(NameId, f64)>,
    pub(crate) what: &'static str,
}

impl Invariant for Below {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let What::Sample { name, node, value } = record.what else {
            return;
        };
        for (_, bound) in self.bounds.iter().filter(|(metric, _)| *metric == name) {
            ruling.checked();
            ruling.margin(bound - value, value);
            if value > *bound {
                let what = self.what;
                let text = || format!("{what} {value:.3} is above {bound}");
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
}

/// An item is filled once at a time in a replica.
#[derive(Debug)]
pub(crate) struct SingleFlight {
    pub(crate) fill: Option<NameId>,
    pub(crate) filled: Option<NameId>,
    /// Replicas whose cache says so.
    pub(crate) replicas: BTreeSet<u64>,
    pub(crate) filling: BTreeSet<(NodeId, u64, u64)>,
}

impl Invariant for SingleFlight {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some(gone) = gone(record) {
            self.filling.retain(|(node, ..)| *node != gone);
        }
        let Some((name, node, replica, item)) = event(record) else {
            return;
        };
        if Some(name) == self.filled {
            self.filling.remove(&(node, replica, item));
        } else if Some(name) == self.fill && self.replicas.contains(&replica) {
            ruling.checked();
            if !self.filling.insert((node, replica, item)) {
                let text = || format!("item {item} is filled twice at a time in replica {replica}");
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
}

/// Tries again of calls between services stay within their budget.
#[derive(Debug)]
pub(crate) struct HopAmplification {
    pub(crate) call: Option<NameId>,
    pub(crate) retried: NameId,
    /// Earned by a call, and saved up at first by a process.
    pub(crate) budget: (f64, f64),
    /// By service, the nodes whose processes call it.
    pub(crate) callers: BTreeMap<u64, BTreeSet<NodeId>>,
    /// By service: calls, tries again, saved by processes that were restarted.
    pub(crate) counts: BTreeMap<u64, (u64, u64, f64)>,
}

impl Invariant for HopAmplification {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let (share, burst) = self.budget;
        if let Some(gone) = gone(record) {
            for (service, callers) in &self.callers {
                if callers.contains(&gone) {
                    self.counts.entry(*service).or_default().2 += burst;
                }
            }
        }
        let (Some(call), Some((name, node, service, _))) = (self.call, event(record)) else {
            return;
        };
        let counts = self.counts.entry(service).or_default();
        if name == call {
            counts.0 += 1;
            ruling.checked();
        } else if name == self.retried {
            counts.1 += 1;
            let processes = self.callers.get(&service).map_or(0, BTreeSet::len) as f64;
            let allowed = processes * burst + counts.2 + share * counts.0 as f64;
            let (calls, retries, _) = *counts;
            ruling.margin(allowed - retries as f64, retries as f64);
            if retries as f64 > allowed + 1e-6 {
                ruling.violated(record.at, Some(node), || {
                    format!("service {service} was tried again {retries} times in {calls} calls")
                });
            }
        }
    }
}
