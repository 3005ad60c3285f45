//! What the scheduler promises, read from the records alone.
//!
//! One oracle rebuilds from the records who is where, by the rules of [`Scan`], which has no index and shares no
//! code with the placement that is under test. Safety is checked at every record; whether those who wait wait
//! rightly, whenever the scheduler says that it has tried all (`settled`).

mod checks;
mod nodes;
mod pods;
mod work;

use super::config::{Config, Source};
use super::events::{Cause, Events, of_halves};
use super::placement::{Rules, Scan, Shape};
use super::shared::Shared;
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, Oracle, Place, invariants};
use nodes::Nodes;
use pods::Pods;
use squall_core::history::{Record, What};
use squall_core::property::RunEnd;
use squall_core::{NodeId, VirtualTime};
use std::rc::Rc;
use std::sync::Arc;
use work::Work;

invariants! {
    Capacity "capacity":
        "no node has more pods placed or running than its cores, its memory and each of its GPUs hold",
    Constraints "constraints":
        "pods are on nodes that take them, with their labels and GPU models, whose taints they tolerate, and as \
         affinity wants it when they come",
    Quota "quota": "no tenant has more placed than its quota",
    Priority "priority":
        "no pod of a lower priority keeps a place that one of a higher waits for and could be given",
    PlacedOrReason "placed-or-reason": "who waits has a reason, and would not fit anywhere as it is",
    Budget "budget": "no drain and no preemption leaves a service with fewer pods in service than its budget",
    Gang "gang": "of a gang all members that have not ended have a place, or none",
    NoLostPod "no-lost-pod":
        "every pod waits, has a place on a node that is not known to be down, or has ended after it ran",
    ScaleBounds "scale-bounds": "replicas stay within their bounds",
    NoReversal "no-reversal": "no service is scaled one way and then the other within `reversal_min`",
    PlannedWork "planned-work":
        "a node is taken for planned work once, when it is empty, never more than `at_once` are away, and the work is \
         over when all are renewed",
    WorkChecks "work-checks":
        "a node is emptied for planned work only while what `upgrade.checks` asks for is so",
    InService "in-service":
        "a service never has fewer pods running than it `needs`, once it had, planned work and failures together",
}

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let mut seer = Seer::new(shared.events, Arc::clone(&shared.config));
    seer.work = Work::new((shared.work, shared.checks), &shared.config);
    oracle::promise(install, seer);
}

/// Sees all, and knows who is where.
#[derive(Debug)]
struct Seer {
    events: Events,
    config: Arc<Config>,
    shapes: Vec<Rc<Shape>>,
    /// Who has a place, as the control plane says.
    placed: Scan,
    /// Who runs, as nodes say; numbered by pod and worker.
    running: Scan,
    pods: Pods,
    nodes: Nodes,
    work: Work,
    /// By kind, the last change of replicas: when, and whether they grew.
    scaled: Vec<Option<(VirtualTime, bool)>>,
    findings: Findings,
}

impl Seer {
    fn new(events: Events, config: Arc<Config>) -> Self {
        let rules = Rules {
            slip: None,
            ..config.rules.clone()
        };
        let scan = |open| Scan::new(rules.clone(), &config.machines, open);
        Self {
            placed: scan(false),
            running: scan(true),
            shapes: config
                .kinds
                .iter()
                .map(|kind| Rc::new(kind.shape.clone()))
                .collect(),
            pods: Pods::new(config.kinds.len()),
            nodes: Nodes::new(&config),
            work: Work::new((None, None), &config),
            scaled: vec![None; config.kinds.len()],
            findings: Findings::default(),
            events,
            config,
        }
    }
    fn name(&self, pod: u32) -> String {
        let kind = self
            .pods
            .kind(pod)
            .map(|kind| &self.config.kinds[kind as usize].name);
        format!("pod {pod} ({})", kind.map_or("unknown", String::as_str))
    }
    fn worker(&self, worker: u32) -> Option<NodeId> {
        self.config.workers.get(worker as usize).copied()
    }
    fn scaled(&mut self, (at, node): Place, kind: u32, word: u64) {
        let (to, from) = of_halves(word);
        let Some(of) = self.config.kinds.get(kind as usize) else {
            return;
        };
        let (min, max) = of
            .scaling
            .as_ref()
            .map_or((0, u32::MAX), |rules| rules.replicas);
        let name = &of.name;
        self.findings.test(
            Slug::ScaleBounds,
            (min..=max).contains(&to),
            (at, node),
            || format!("`{name}` shall have {to} replicas; {min} to {max} are allowed"),
        );
        let grows = to > from;
        let last = self.scaled[kind as usize].replace((at, grows));
        if let (Some(least), Some((before, grew))) = (self.config.reversal_min, last) {
            let calm = grew == grows || at.since(before) >= least;
            self.findings.test(Slug::NoReversal, calm, (at, node), || {
                let way = |grows| if grows { "up" } else { "down" };
                format!(
                    "`{name}` is scaled {} from {from} to {to}, {} after it was scaled {}; {least} must lie between",
                    way(grows),
                    at.since(before),
                    way(grew)
                )
            });
        }
    }
}

impl Oracle for Seer {
    type Slug = Slug;

    fn observe(&mut self, record: &Record) {
        self.expect(record.at);
        match record.what {
            What::Event { name, node, a, b } => {
                let place = (record.at, Some(node));
                let (a, _) = of_halves(a);
                let events = self.events;
                match name {
                    _ if name == events.submitted => self.submitted(place, a, b),
                    _ if name == events.bound => self.bound(place, a, b),
                    _ if name == events.unbound => self.unbound(place, a, b),
                    _ if name == events.serves => self.serves(a, b == 1),
                    _ if name == events.refused => self.pods.refused(a),
                    _ if name == events.settled => self.settled(place, a),
                    _ if name == events.completed => self.completed(place, a),
                    _ if name == events.deleted => self.deleted(a),
                    _ if name == events.started => self.started(place, a, b),
                    _ if name == events.ended => self.stopped(a, b, true),
                    _ if name == events.stopped => self.stopped(a, b, false),
                    _ if name == events.scaled => self.scaled(place, a, b),
                    _ if self.worked(place, (name, a)) => {}
                    _ => self.node_event(name, a, b),
                }
                if [events.started, events.ended, events.stopped].contains(&name) {
                    self.in_service(place);
                }
            }
            What::Node { node, change } => {
                self.node_changed(record.at, node, change);
                self.in_service((record.at, Some(node)));
            }
            _ => {}
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>) {
        self.expect(run.at);
        self.waited_in_vain(run.at);
    }
    fn findings(&self) -> &Findings {
        &self.findings
    }
}
