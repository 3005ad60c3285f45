//! Pods: where each stands, and whether that is right.

use super::{Cause, Place, Seer, Slug, Source, of_halves};
use crate::workloads::cluster::scheduler::placement::{Placed, Shape};
use squall_core::VirtualTime;
use std::collections::{BTreeMap, BTreeSet};
use std::rc::Rc;

/// A pod as records tell of it.
#[derive(Clone, Copy, Debug)]
struct Known {
    kind: u32,
    gang: u32,
    /// Whether it ran for its length on some node.
    ended: bool,
    /// The worker that has its volume, if it has one.
    home: Option<u32>,
}

/// All pods.
#[derive(Debug)]
pub(super) struct Pods {
    known: BTreeMap<u32, Known>,
    /// Those that wait, by kind, with the time since which they do.
    waiting: Vec<BTreeMap<u32, VirtualTime>>,
    /// Whether those of a kind that wait were given a reason.
    reasons: Vec<bool>,
    /// Members of gangs that have not ended.
    gangs: BTreeMap<u32, BTreeSet<u32>>,
    /// Gangs whose members moved since the scheduler settled.
    moved: BTreeSet<u32>,
}

impl Pods {
    pub(super) fn new(kinds: usize) -> Self {
        Self {
            known: BTreeMap::new(),
            waiting: vec![BTreeMap::new(); kinds],
            reasons: vec![false; kinds],
            gangs: BTreeMap::new(),
            moved: BTreeSet::new(),
        }
    }
    pub(super) fn kind(&self, pod: u32) -> Option<u32> {
        self.known.get(&pod).map(|known| known.kind)
    }
    pub(super) fn refused(&mut self, kind: u32) {
        if let Some(reason) = self.reasons.get_mut(kind as usize) {
            *reason = true;
        }
    }
    fn waits(&mut self, pod: u32, since: VirtualTime) {
        if let Some(known) = self.known.get(&pod) {
            self.waiting[known.kind as usize].insert(pod, since);
        }
    }
    fn waits_no_more(&mut self, pod: u32) -> bool {
        let Some(known) = self.known.get(&pod) else {
            return false;
        };
        let kind = known.kind as usize;
        let waited = self.waiting[kind].remove(&pod).is_some();
        self.reasons[kind] &= !self.waiting[kind].is_empty();
        waited
    }
    /// A pod is not wanted any more.
    pub(super) fn gone(&mut self, pod: u32) {
        self.waits_no_more(pod);
    }
    fn moved(&mut self, pod: u32) {
        if let Some(known) = self.known.get(&pod).filter(|known| known.gang > 0) {
            self.moved.insert(known.gang);
        }
    }
}

impl Seer {
    pub(super) fn submitted(&mut self, (at, node): Place, pod: u32, b: u64) {
        let (kind, gang) = of_halves(b);
        let known = Known {
            kind,
            gang,
            ended: false,
            home: None,
        };
        let new = self.pods.known.insert(pod, known).is_none();
        self.findings.test(Slug::NoLostPod, new, (at, node), || {
            format!("pod {pod} was submitted twice")
        });
        if gang > 0 {
            self.pods.gangs.entry(gang).or_default().insert(pod);
        }
        self.pods.waits(pod, at);
    }
    pub(super) fn bound(&mut self, place: Place, pod: u32, b: u64) {
        let (worker, gpus) = of_halves(b);
        let waited = self.pods.waits_no_more(pod);
        let name = self.name(pod);
        self.findings.test(Slug::NoLostPod, waited, place, || {
            format!("{name} got a place, and did not wait for one")
        });
        let Some(kind) = self.pods.kind(pod).filter(|_| waited) else {
            return;
        };
        let shape = self.shape(pod, kind);
        let site = &self.placed.sites[worker as usize];
        let good = site.open
            && shape.may_live_on(worker)
            && site.machine.admits(&shape)
            && self.placed.affinity(&shape, worker, Some(pod));
        self.findings.test(Slug::Constraints, good, place, || {
            format!("{name} must not be on worker {worker}")
        });
        let placed = Placed {
            shape: Rc::clone(&shape),
            node: worker,
            gpus,
            serves: false,
        };
        self.placed.put(pod, placed);
        if self.config.kinds[kind as usize].local_volume
            && let Some(known) = self.pods.known.get_mut(&pod)
        {
            known.home.get_or_insert(worker);
        }
        let holds = self.placed.left(worker, &[]).is_some();
        self.findings.test(Slug::Capacity, holds, place, || {
            format!("worker {worker} has more pods placed than it holds, the last {name}")
        });
        if shape.tenant.is_some() {
            let holds = self.placed.quota(&shape, false);
            self.findings.test(Slug::Quota, holds, place, || {
                format!("the quota of its tenant is exceeded by {name}")
            });
        }
        self.pods.moved(pod);
    }
    /// What a pod asks for: what its kind does, and the node of its volume if it has one.
    fn shape(&self, pod: u32, kind: u32) -> Rc<Shape> {
        let like = &self.shapes[kind as usize];
        match self.pods.known.get(&pod).and_then(|known| known.home) {
            None => Rc::clone(like),
            home => Rc::new(Shape {
                home,
                ..Shape::clone(like)
            }),
        }
    }
    pub(super) fn unbound(&mut self, (at, node): Place, pod: u32, b: u64) {
        let name = self.name(pod);
        let was = self.placed.take(pod);
        self.findings
            .test(Slug::NoLostPod, was.is_some(), (at, node), || {
                format!("{name} lost a place that it did not have")
            });
        let Some(was) = was else {
            return;
        };
        let voluntary = [Cause::Preempted as u64, Cause::Drained as u64].contains(&b);
        if let (true, true, Some(group)) = (voluntary, was.serves, was.shape.group) {
            let least = self.config.rules.budgets[group as usize] as usize;
            let left = self.placed.serving(group);
            self.findings
                .test(Slug::Budget, left >= least, (at, node), || {
                    format!("{name} must go, and leaves {left} in service; {least} have to stay")
                });
        }
        if b == Cause::Drained as u64 {
            self.left_for_work(pod, was.node);
        }
        let known = self.pods.known[&pod];
        if [Cause::Done as u64, Cause::ScaledDown as u64].contains(&b) {
            if let Some(members) = self.pods.gangs.get_mut(&known.gang) {
                members.remove(&pod);
            }
        } else {
            self.pods.waits(pod, at);
        }
        self.pods.moved(pod);
    }
    pub(super) fn completed(&mut self, place: Place, pod: u32) {
        let ended = self.pods.known.get(&pod).is_some_and(|known| known.ended);
        let name = self.name(pod);
        self.findings.test(Slug::NoLostPod, ended, place, || {
            format!("{name} counts as done, and has not run for its length anywhere")
        });
    }
    /// A pod runs on a node, whoever wants that.
    pub(super) fn started(&mut self, (at, node): Place, pod: u32, b: u64) {
        let (worker, gpus) = of_halves(b);
        let Some(kind) = self.pods.kind(pod) else {
            return;
        };
        let placed = Placed {
            shape: Rc::clone(&self.shapes[kind as usize]),
            node: worker,
            gpus,
            serves: true,
        };
        self.running.take(self.instance(pod, worker));
        self.running.put(self.instance(pod, worker), placed);
        let holds = self.running.left(worker, &[]).is_some();
        let name = self.name(pod);
        self.findings.test(Slug::Capacity, holds, (at, node), || {
            format!("more pods run on worker {worker} than it holds, the last {name}")
        });
    }
    /// The number of a pod on a worker: it may run on two, while one of them is not heard.
    fn instance(&self, pod: u32, worker: u32) -> u32 {
        let workers = u32::try_from(self.config.workers.len()).unwrap_or(u32::MAX);
        pod.wrapping_mul(workers).wrapping_add(worker)
    }
    pub(super) fn stopped(&mut self, pod: u32, worker: u64, ended: bool) {
        let (worker, _) = of_halves(worker);
        self.running.take(self.instance(pod, worker));
        if let Some(known) = self.pods.known.get_mut(&pod) {
            known.ended |= ended;
        }
    }
    /// The scheduler has tried all who wait.
    pub(super) fn settled(&mut self, place: Place, count: u32) {
        let waiting: usize = self.pods.waiting.iter().map(BTreeMap::len).sum();
        self.findings
            .test(Slug::NoLostPod, waiting == count as usize, place, || {
                format!("{waiting} pods wait for a place, and the scheduler knows of {count}")
            });
        for gang in core::mem::take(&mut self.pods.moved) {
            let members = self.pods.gangs.get(&gang).into_iter().flatten();
            let (all, with) = members.fold((0, 0), |(all, with), pod| {
                (all + 1, with + u32::from(self.placed.pod(*pod).is_some()))
            });
            self.findings
                .test(Slug::Gang, with == 0 || with == all, place, || {
                    format!("{with} of the {all} members of gang {gang} have a place")
                });
            if all == 0 {
                self.pods.gangs.remove(&gang);
            }
        }
        for kind in 0..self.pods.waiting.len() {
            self.waits_rightly(place, kind);
        }
    }
    /// The first of a kind that wait has a reason, and finds no place by a scan of all nodes; of those with volumes,
    /// which are not alike, each.
    fn waits_rightly(&mut self, place: Place, kind: usize) {
        let Some(head) = self.pods.waiting[kind].keys().next().copied() else {
            return;
        };
        let name = self.name(head);
        self.findings
            .test(Slug::PlacedOrReason, self.pods.reasons[kind], place, || {
                format!("{name} waits without a reason")
            });
        let gang = match self.config.kinds[kind].source {
            Source::Jobs { gang: 2.., .. } => {
                let gang = self.pods.known[&head].gang;
                let waiting = self.pods.waiting[kind].keys().copied();
                waiting
                    .filter(|pod| self.pods.known[pod].gang == gang)
                    .collect()
            }
            _ => vec![head],
        };
        self.finds_no_place(place, (kind, &gang));
        if self.config.kinds[kind].local_volume {
            let others: Vec<u32> = self.pods.waiting[kind].keys().skip(1).copied().collect();
            for pod in others {
                self.finds_no_place(place, (kind, &[pod]));
            }
        }
    }
    fn finds_no_place(&mut self, place: Place, (kind, pods): (usize, &[u32])) {
        let name = self.name(pods[0]);
        let shape = self.shape(pods[0], u32::try_from(kind).unwrap_or(u32::MAX));
        let choice = self.placed.choose_all(&shape, pods);
        let fits = choice.as_ref().is_some_and(Vec::is_empty);
        self.findings.test(Slug::PlacedOrReason, !fits, place, || {
            format!("{name} waits, and would fit as it is")
        });
        if shape.level > 0 {
            let evicts = choice.as_ref().is_some_and(|victims| !victims.is_empty());
            self.findings.test(Slug::Priority, !evicts, place, || {
                let victims = choice.clone().unwrap_or_default();
                format!("{name} waits, and would fit if {victims:?} of lower priority went")
            });
        }
    }
    /// At the end everybody who has waited for long knows why.
    pub(super) fn waited_in_vain(&mut self, end: VirtualTime) {
        let settled = |since: VirtualTime| since.saturating_add(self.config.settle) <= end;
        if self.nodes.control_since.is_none_or(|since| !settled(since)) {
            return;
        }
        let known = |waiting: &BTreeMap<u32, VirtualTime>, reason: bool| {
            let all = waiting.iter();
            all.map(|(pod, since)| (*pod, *since, reason || !settled(*since)))
                .collect()
        };
        let kinds = self.pods.waiting.iter().zip(&self.pods.reasons);
        let waiting: Vec<Vec<(u32, VirtualTime, bool)>> = kinds
            .map(|(waiting, reason)| known(waiting, *reason))
            .collect();
        for (pod, since, holds) in waiting.into_iter().flatten() {
            let name = self.name(pod);
            self.findings
                .test(Slug::PlacedOrReason, holds, (end, None), || {
                    format!("{name} has waited since {since} without a reason")
                });
        }
    }
}
