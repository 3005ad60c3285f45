//! What the workload promises, read from records alone.

mod resumes;

use super::config::Config;
use super::shared::Shared;
use super::tables::{Events, Incarnation};
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, Oracle, Place, invariants};
use resumes::Resumes;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::RunEnd;
use squall_core::{NameId, NodeId, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

invariants! {
    OneOwner "one-owner": "no node works for two jobs at once",
    WholeGang "whole-gang": "a step counts only when every rank of the job has finished it",
    CompleteCheckpoint "complete-checkpoint":
        "a job goes on from its last checkpoint, and every rank had written its part of that",
    StepOnce "step-once": "no step of a job counts twice, and none is left out",
    LostBound "lost-bound":
        "a failure costs at most the steps between two checkpoints and those of one write, or until a \
         write that failed is noticed",
    QuarantineKept "quarantine-kept": "a node in quarantine is not used",
    Resumes "resumes": "while nothing is wrong and nodes suffice, every job goes on in time",
}

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    oracle::promise(install, Seer::new(shared.events, &shared.config));
}

/// Ranks that did something, by the packed incarnation and the steps that the job has after it.
type Ranks = BTreeMap<(u64, u64), usize>;

/// Sees all, and knows how far each job is.
#[derive(Debug)]
struct Seer {
    events: Events,
    ranks: usize,
    /// Steps of an order, and steps that a failure costs, at most.
    order_most: u64,
    lost_most: u64,
    owners: BTreeMap<NodeId, Incarnation>,
    /// Ranks that finished an order, and that wrote their part of a checkpoint.
    stepped: Ranks,
    saved: Ranks,
    /// Steps in the last complete checkpoint, and steps that count, by job.
    checkpoints: BTreeMap<u32, u64>,
    counted: BTreeMap<u32, u64>,
    quarantined: BTreeSet<u64>,
    resumes: Resumes,
    findings: Findings,
}

impl Seer {
    fn new(events: Events, config: &Config) -> Self {
        Self {
            events,
            ranks: config.ranks,
            order_most: config.order_steps,
            lost_most: config.lost_most(),
            owners: BTreeMap::new(),
            stepped: Ranks::new(),
            saved: Ranks::new(),
            checkpoints: BTreeMap::new(),
            counted: BTreeMap::new(),
            quarantined: BTreeSet::new(),
            resumes: Resumes::new(config),
            findings: Findings::default(),
        }
    }
    fn event(&mut self, (at, node): (VirtualTime, NodeId), name: NameId, (a, b): (u64, u64)) {
        let (events, place) = (self.events, (at, Some(node)));
        let job = Incarnation::unpack(a).job;
        match name {
            _ if name == events.claimed => self.claimed(place, node, Incarnation::unpack(a)),
            _ if name == events.released => _ = self.owners.remove(&node),
            _ if name == events.stepped => *self.stepped.entry((a, b)).or_default() += 1,
            _ if name == events.saved => *self.saved.entry((a, b)).or_default() += 1,
            _ if name == events.counted => {
                self.whole_gang(place, job, (a, b));
                self.step_once(place, job, b);
            }
            _ if name == events.checkpoint => self.checkpoint(place, job, (a, b)),
            _ if name == events.resumed => {
                self.goes_on_from(place, job, b);
                self.lost_bound(place, job, b);
            }
            _ if name == events.quarantined => _ = self.quarantined.insert(a),
            _ => {}
        }
        if [events.counted, events.resumed, events.checkpoint].contains(&name) {
            self.findings.checked(Slug::Resumes);
            self.resumes.goes_on(job, at);
        } else if name == events.finished {
            self.resumes.finished(job);
        } else if name == events.quarantined {
            self.resumes.keep_out(at, a);
        }
    }
    fn claimed(&mut self, place: Place, node: NodeId, new: Incarnation) {
        let old = self.owners.insert(node, new).unwrap_or(new);
        self.findings
            .test(Slug::OneOwner, old.job == new.job, place, || {
                format!("job {} begins while job {} has the node", new.job, old.job)
            });
        let free = !self.quarantined.contains(&u64::from(node.0));
        self.findings.test(Slug::QuarantineKept, free, place, || {
            "a node in quarantine works for a job".to_owned()
        });
    }
    fn whole_gang(&mut self, place: Place, job: u32, (a, b): (u64, u64)) {
        let have = count(&mut self.stepped, (a, b));
        let ranks = self.ranks;
        self.findings
            .test(Slug::WholeGang, have == ranks, place, || {
                format!("step {b} of job {job} counts after {have} of {ranks} ranks finished it")
            });
    }
    fn step_once(&mut self, place: Place, job: u32, steps: u64) {
        let before = self.counted.insert(job, steps).unwrap_or(0);
        let most = self.order_most;
        let next = (before..=before.saturating_add(most)).contains(&steps);
        self.findings.test(Slug::StepOnce, next, place, || {
            format!("job {job} has {steps} steps after {before}, and an order is of {most} at most")
        });
    }
    fn checkpoint(&mut self, place: Place, job: u32, (a, b): (u64, u64)) {
        let have = count(&mut self.saved, (a, b));
        self.checkpoints.insert(job, b);
        let ranks = self.ranks;
        self.findings
            .test(Slug::CompleteCheckpoint, have == ranks, place, || {
                format!(
                    "a checkpoint at step {b} of job {job} has parts of {have} of {ranks} ranks"
                )
            });
    }
    fn goes_on_from(&mut self, place: Place, job: u32, steps: u64) {
        let last = self.checkpoints.get(&job).copied().unwrap_or(0);
        self.findings
            .test(Slug::CompleteCheckpoint, steps == last, place, || {
                format!(
                    "job {job} goes on from step {steps}; its last checkpoint is of step {last}"
                )
            });
    }
    fn lost_bound(&mut self, place: Place, job: u32, steps: u64) {
        let before = self.counted.insert(job, steps).unwrap_or(0);
        let (lost, most) = (before.saturating_sub(steps), self.lost_most);
        self.findings
            .margin(Slug::LostBound, most as f64 - lost as f64, lost as f64);
        self.findings
            .test(Slug::LostBound, lost <= most, place, || {
                format!(
                    "job {job} lost {lost} steps; {most} are between two checkpoints and in a write"
                )
            });
    }
}

/// How many ranks did it. What earlier incarnations of the job began is over.
fn count(ranks: &mut Ranks, (a, b): (u64, u64)) -> usize {
    let have = ranks.remove(&(a, b)).unwrap_or(0);
    let job = |word| Incarnation::unpack(word).job;
    ranks.retain(|(other, _), _| *other >= a || job(*other) != job(a));
    have
}

impl Oracle for Seer {
    type Slug = Slug;

    fn observe(&mut self, record: &Record) {
        self.resumes.look(record.at, &mut self.findings);
        match record.what {
            What::Event { name, node, a, b } => self.event((record.at, node), name, (a, b)),
            What::Node { node, change } => {
                if matches!(change, NodeChange::Down | NodeChange::OutOfMemory) {
                    self.owners.remove(&node);
                }
                self.resumes.node_changed(record.at, node, change);
            }
            What::Fault { change, .. } => self.resumes.fault_changed(record.at, change),
            _ => {}
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>) {
        self.resumes.look(run.at, &mut self.findings);
    }
    fn findings(&self) -> &Findings {
        &self.findings
    }
}
