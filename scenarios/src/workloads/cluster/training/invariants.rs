//! What the workload promises, read from records alone.

use super::config::Config;
use super::shared::Shared;
use super::tables::{Events, Incarnation};
use crate::workloads::Install;
use squall_core::history::{FaultChange, NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let (config, events) = (&shared.config, shared.events);
    install.promise(
        "one-owner",
        OneOwner {
            events,
            owners: BTreeMap::new(),
        },
    );
    let (ranks, counts) = (config.ranks, BTreeMap::new);
    install.promise(
        "whole-gang",
        WholeGang {
            events,
            ranks,
            stepped: counts(),
        },
    );
    install.promise(
        "complete-checkpoint",
        CompleteCheckpoint {
            events,
            ranks,
            saved: counts(),
            last: BTreeMap::new(),
        },
    );
    let most = config.order_steps;
    install.promise(
        "step-once",
        StepOnce {
            events,
            most,
            frontier: BTreeMap::new(),
        },
    );
    let most = config.lost_most();
    install.promise(
        "lost-bound",
        LostBound {
            events,
            most,
            frontier: BTreeMap::new(),
        },
    );
    install.promise(
        "quarantine-kept",
        QuarantineKept {
            events,
            out: BTreeSet::new(),
        },
    );
    install.promise("resumes", Resumes::new(events, config));
}

/// A record of this workload, opened.
fn event(record: &Record) -> Option<(NameId, NodeId, u64, u64)> {
    match record.what {
        What::Event { name, node, a, b } => Some((name, node, a, b)),
        _ => None,
    }
}

#[derive(Debug)]
struct OneOwner {
    events: Events,
    owners: BTreeMap<NodeId, Incarnation>,
}

impl Invariant for OneOwner {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let What::Node {
            node,
            change: NodeChange::Down | NodeChange::OutOfMemory,
        } = record.what
        {
            self.owners.remove(&node);
        }
        let Some((name, node, a, _)) = event(record) else {
            return;
        };
        if name == self.events.released {
            self.owners.remove(&node);
        } else if name == self.events.claimed {
            ruling.checked();
            let new = Incarnation::unpack(a);
            let old = self.owners.insert(node, new);
            if let Some(old) = old.filter(|old| old.job != new.job) {
                ruling.violated(record.at, Some(node), || {
                    format!("job {} begins while job {} has the node", new.job, old.job)
                });
            }
        }
    }
}

#[derive(Debug)]
struct WholeGang {
    events: Events,
    ranks: usize,
    /// Ranks that finished an order, by incarnation and steps.
    stepped: BTreeMap<(u64, u64), usize>,
}

impl Invariant for WholeGang {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, a, b)) = event(record) else {
            return;
        };
        if name == self.events.stepped {
            *self.stepped.entry((a, b)).or_default() += 1;
        } else if name == self.events.counted {
            ruling.checked();
            let have = self.stepped.remove(&(a, b)).unwrap_or(0);
            let (ranks, job) = (self.ranks, Incarnation::unpack(a).job);
            // What was begun before and never counted is over.
            let rest = self.stepped.split_off(&(a, 0));
            self.stepped
                .retain(|(other, _), _| Incarnation::unpack(*other).job != job);
            self.stepped.extend(rest);
            if have != ranks {
                ruling.violated(record.at, Some(node), || {
                    format!(
                        "step {b} of job {job} counts after {have} of {ranks} ranks finished it"
                    )
                });
            }
        }
    }
}

#[derive(Debug)]
struct CompleteCheckpoint {
    events: Events,
    ranks: usize,
    saved: BTreeMap<(u64, u64), usize>,
    /// Steps in the last complete checkpoint, by job.
    last: BTreeMap<u32, u64>,
}

impl Invariant for CompleteCheckpoint {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, a, b)) = event(record) else {
            return;
        };
        let (events, job) = (&self.events, Incarnation::unpack(a).job);
        if name == events.saved {
            *self.saved.entry((a, b)).or_default() += 1;
        } else if name == events.checkpoint {
            ruling.checked();
            let have = self.saved.remove(&(a, b)).unwrap_or(0);
            let ranks = self.ranks;
            self.saved
                .retain(|(other, _), _| *other >= a || Incarnation::unpack(*other).job != job);
            self.last.insert(job, b);
            if have != ranks {
                ruling.violated(record.at, Some(node), || {
                    format!(
                        "a checkpoint at step {b} of job {job} has parts of {have} of {ranks} ranks"
                    )
                });
            }
        } else if name == events.resumed {
            ruling.checked();
            let last = self.last.get(&job).copied().unwrap_or(0);
            if b != last {
                ruling.violated(record.at, Some(node), || {
                    format!(
                        "job {job} goes on from step {b}; its last checkpoint is of step {last}"
                    )
                });
            }
        }
    }
}

#[derive(Debug)]
struct StepOnce {
    events: Events,
    /// Steps of an order, at most.
    most: u64,
    frontier: BTreeMap<u32, u64>,
}

impl Invariant for StepOnce {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, a, b)) = event(record) else {
            return;
        };
        let job = Incarnation::unpack(a).job;
        if name == self.events.resumed {
            self.frontier.insert(job, b);
        } else if name == self.events.counted {
            ruling.checked();
            let (before, most) = (self.frontier.insert(job, b).unwrap_or(0), self.most);
            if b < before || b - before > most {
                ruling.violated(record.at, Some(node), || {
                    format!(
                        "job {job} has {b} steps after {before}, and an order is of {most} at most"
                    )
                });
            }
        }
    }
}

#[derive(Debug)]
struct LostBound {
    events: Events,
    most: u64,
    frontier: BTreeMap<u32, u64>,
}

impl Invariant for LostBound {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, a, b)) = event(record) else {
            return;
        };
        let job = Incarnation::unpack(a).job;
        if name == self.events.counted {
            self.frontier.insert(job, b);
        } else if name == self.events.resumed {
            ruling.checked();
            let before = self.frontier.insert(job, b).unwrap_or(0);
            let (lost, most) = (before.saturating_sub(b), self.most);
            ruling.margin(most as f64 - lost as f64, lost as f64);
            if lost > most {
                ruling.violated(record.at, Some(node), || {
                    format!("job {job} lost {lost} steps; {most} are between two checkpoints and in a write")
                });
            }
        }
    }
}

#[derive(Debug)]
struct QuarantineKept {
    events: Events,
    out: BTreeSet<u64>,
}

impl Invariant for QuarantineKept {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((name, node, a, _)) = event(record) else {
            return;
        };
        if name == self.events.quarantined {
            self.out.insert(a);
        } else if name == self.events.claimed {
            ruling.checked();
            if self.out.contains(&u64::from(node.0)) {
                let text = || "a node in quarantine works for a job".to_owned();
                ruling.violated(record.at, Some(node), text);
            }
        }
    }
}

/// Quiet is a time in which no fault is in force, the controller runs, and nodes suffice.
#[derive(Debug)]
struct Resumes {
    events: Events,
    nodes: BTreeSet<NodeId>,
    controller: NodeId,
    needed: usize,
    settle: VirtualDuration,
    faults: u32,
    /// Nodes that do not run, and those that are kept out.
    down: BTreeSet<NodeId>,
    out: BTreeSet<NodeId>,
    quiet_since: Option<VirtualTime>,
    /// When a job last got on; `None` once it is finished.
    active: Vec<Option<VirtualTime>>,
}

impl Resumes {
    fn new(events: Events, config: &Config) -> Self {
        Self {
            events,
            nodes: config.nodes.iter().copied().collect(),
            controller: config.controller,
            needed: config.ranks * config.jobs as usize,
            settle: config.settle(),
            faults: 0,
            down: BTreeSet::new(),
            out: BTreeSet::new(),
            quiet_since: Some(VirtualTime::ZERO),
            active: vec![Some(VirtualTime::ZERO); config.jobs as usize],
        }
    }
    fn changed(&mut self, at: VirtualTime) {
        let gone = self
            .down
            .union(&self.out)
            .filter(|node| self.nodes.contains(node))
            .count();
        let suffice = self.nodes.len() - gone >= self.needed;
        let quiet = self.faults == 0 && suffice && !self.down.contains(&self.controller);
        self.quiet_since = quiet.then_some(at);
    }
    fn look(&mut self, now: VirtualTime, ruling: &mut Ruling) {
        let Some(quiet) = self.quiet_since else {
            return;
        };
        let settle = self.settle;
        for (job, active) in self.active.iter_mut().enumerate() {
            let Some(since) = active else { continue };
            let since = quiet.max(*since);
            if now > since.saturating_add(settle) {
                *active = Some(now);
                ruling.violated(now, None, || {
                    format!("job {job} has not got on for {settle}, though nodes suffice and nothing is wrong")
                });
            }
        }
    }
}

impl Invariant for Resumes {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        self.look(record.at, ruling);
        match record.what {
            What::Node { node, change } => {
                match change {
                    NodeChange::Up | NodeChange::Resumed => self.down.remove(&node),
                    NodeChange::Down | NodeChange::OutOfMemory | NodeChange::Paused => {
                        self.down.insert(node)
                    }
                };
                self.changed(record.at);
            }
            What::Fault {
                change: FaultChange::Active,
                ..
            } => {
                self.faults += 1;
                self.changed(record.at);
            }
            What::Fault {
                change: FaultChange::Healed,
                ..
            } => {
                self.faults = self.faults.saturating_sub(1);
                self.changed(record.at);
            }
            What::Event { name, a, .. } => {
                let events = &self.events;
                let job = Incarnation::unpack(a).job as usize;
                if name == events.quarantined {
                    let id = u32::try_from(a).unwrap_or(u32::MAX);
                    self.out.insert(NodeId(id));
                    self.changed(record.at);
                } else if name == events.finished {
                    self.active[job] = None;
                } else if [events.counted, events.resumed, events.checkpoint].contains(&name) {
                    ruling.checked();
                    self.active[job] = Some(record.at);
                }
            }
            _ => {}
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        self.look(run.at, ruling);
    }
}
