//! Pods get places, lose them, and end.

use super::{Cause, Control, Phase, Refusal, halves};
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::placement::{Placement, Shape};
use crate::workloads::cluster::scheduler::wire::{Assigned, Order, pack};
use std::collections::BTreeSet;
use std::rc::Rc;

/// Rounds of the scheduler at one instant; each evicts, so that there are never many.
const ROUNDS_MAX: u32 = 10_000;

impl Control {
    /// Tries all who wait: higher priorities first, then who came first. Pods of a kind are alike: where one is
    /// refused the others are not asked, unless somebody was evicted since; but who has a volume is like nobody else. A gang is asked again if anybody
    /// got a place since: its members take their places one by one, so that one more pod on a node may turn
    /// what did not fit into what does.
    pub(super) fn schedule(&mut self) {
        if !core::mem::take(&mut self.dirty) {
            return;
        }
        let mut refused: Vec<Option<Refusal>> = vec![None; self.waiting.len()];
        // Those with volumes whose nodes have no room, and by kind why.
        let (mut stuck, mut away) = (BTreeSet::new(), refused.clone());
        // By kind, how many had got a place when it was refused.
        let (mut placed, mut before) = (0_u32, vec![0; self.waiting.len()]);
        for _ in 0..ROUNDS_MAX {
            let level = |kind: usize| self.shared.config.kinds[kind].shape.level;
            let open = (0..self.waiting.len()).filter(|kind| refused[*kind].is_none());
            let heads = open.filter_map(|kind| {
                let mut pods = self.waiting[kind].iter();
                let pod = pods.find(|pod| !stuck.contains(*pod));
                pod.map(|pod| (kind, *pod))
            });
            let next = heads.min_by_key(|(kind, pod)| (core::cmp::Reverse(level(*kind)), *pod));
            let Some((kind, pod)) = next else {
                let again = |kind: &usize| {
                    let head = self.waiting[*kind].first();
                    before[*kind] < placed && head.is_some_and(|pod| self.pod(*pod).gang > 0)
                };
                let again: Vec<usize> = (0..self.waiting.len()).filter(again).collect();
                if again.is_empty() {
                    break;
                }
                for kind in again {
                    refused[kind] = None;
                }
                continue;
            };
            match self.try_place(kind, pod) {
                Ok(evicted) => {
                    placed += 1;
                    if evicted {
                        refused.fill(None);
                        stuck.clear();
                    }
                }
                Err(refusal) if self.pod(pod).home.is_some() => {
                    stuck.insert(pod);
                    away[kind] = Some(refusal);
                }
                Err(refusal) => {
                    before[kind] = placed;
                    refused[kind] = Some(refusal);
                    if self.shared.config.mutant == Some(Mutant::P11) {
                        self.waiting[kind].remove(&pod);
                    }
                }
            }
        }
        for (kind, reason) in refused.into_iter().zip(away).enumerate() {
            let waits = !self.waiting[kind].is_empty();
            let reason = reason.0.or(reason.1.filter(|_| waits));
            if reason.is_some() && self.reasons[kind] != reason {
                let number = u32::try_from(kind).expect("few kinds");
                let code = Refusal::ALL.iter().position(|other| Some(*other) == reason);
                self.event(self.shared.events.refused, number, code.unwrap_or(0) as u64);
            }
            self.reasons[kind] = reason;
        }
        let waiting: usize = self
            .waiting
            .iter()
            .map(std::collections::BTreeSet::len)
            .sum();
        self.event(
            self.shared.events.settled,
            u32::try_from(waiting).unwrap_or(u32::MAX),
            0,
        );
    }
    /// The shape of a pod: that of its kind, and bound to its home if it has one.
    pub(super) fn shape_of(&mut self, number: u32) -> u32 {
        let pod = self.pod(number);
        let kind = pod.kind as usize;
        match pod.home {
            None => self.shapes[kind],
            Some(_) if self.shared.config.mutant == Some(Mutant::P17) => self.shapes[kind],
            home => {
                let like = self.shared.config.kinds[kind].shape.clone();
                self.cluster.shape(&Shape { home, ..like })
            }
        }
    }
    /// Places a pod, or its whole gang. Whether anybody was evicted for it.
    fn try_place(&mut self, kind: usize, pod: u32) -> Result<bool, Refusal> {
        let gang = self.pod(pod).gang;
        let members: Vec<u32> = match gang {
            0 => vec![pod],
            _ => {
                let all = self.waiting[kind].iter().copied();
                all.filter(|other| self.pod(*other).gang == gang).collect()
            }
        };
        let shape = self.shape_of(pod);
        let pairs: Vec<(u32, u32)> = members.iter().map(|pod| (*pod, shape)).collect();
        let placements = match pairs.as_slice() {
            [(pod, shape)] => vec![self.cluster.place(*pod, *shape)?],
            _ => self
                .cluster
                .place_gang(&pairs)
                .map_err(|(_, refusal)| refusal)?,
        };
        let victims: Vec<u32> = placements
            .iter()
            .flat_map(|one| one.victims.clone())
            .collect();
        for victim in &victims {
            self.unbind(*victim, Cause::Preempted);
        }
        for (pod, placement) in members.into_iter().zip(placements) {
            if placement.node != u32::MAX {
                self.bind(pod, &placement);
            }
        }
        Ok(!victims.is_empty())
    }
    fn bind(&mut self, number: u32, placement: &Placement) {
        let (cx, shared) = (self.cx.clone(), Rc::clone(&self.shared));
        let mut store = shared.store.borrow_mut();
        let order = store.orders[placement.node as usize] + 1;
        let pod = &mut store.pods[number as usize];
        pod.attempt += 1;
        pod.phase = Phase::Bound {
            worker: placement.node,
            gpus: placement.gpus,
            order,
            runs: false,
        };
        let waited = cx.now().since(core::mem::replace(&mut pod.since, cx.now()));
        let kind = pod.kind as usize;
        if let Some(home) = &shared.homes[kind] {
            pod.home = Some(placement.node);
            home.settle(number, shared.config.workers[placement.node as usize]);
        }
        drop(store);
        self.waiting[kind].remove(&number);
        self.changed.insert(placement.node);
        self.event(
            shared.events.bound,
            number,
            halves(placement.node, placement.gpus),
        );
        cx.sample(shared.events.place_time, waited.as_secs_f64());
    }
    /// A pod loses its place, and waits for another unless it has ended. The other members of its gang lose
    /// theirs too.
    pub(super) fn unbind(&mut self, number: u32, cause: Cause) {
        let pod = self.pod(number);
        let Phase::Bound { worker, .. } = pod.phase else {
            return;
        };
        self.cluster.remove(number);
        self.event(self.shared.events.unbound, number, cause as u64);
        self.changed.insert(worker);
        self.dirty = true;
        let ends = matches!(cause, Cause::Done | Cause::ScaledDown);
        let now = self.cx.now();
        let mut store = self.store();
        let kept = &mut store.pods[number as usize];
        kept.phase = if ends { Phase::Gone } else { Phase::Waits };
        kept.since = now;
        if ends {
            store.live[pod.kind as usize].remove(&number);
            return;
        }
        let live = store.live[pod.kind as usize].clone();
        drop(store);
        self.waiting[pod.kind as usize].insert(number);
        if pod.gang > 0 {
            for other in live {
                if other != number && self.pod(other).gang == pod.gang {
                    self.unbind(other, Cause::Gang);
                }
            }
        }
    }
    /// A pod is not wanted any more.
    pub(super) fn delete(&mut self, number: u32) {
        let pod = self.pod(number);
        self.unbind(number, Cause::ScaledDown);
        self.waiting[pod.kind as usize].remove(&number);
        let mut store = self.store();
        store.pods[number as usize].phase = Phase::Gone;
        store.live[pod.kind as usize].remove(&number);
        store.moved.remove(&number);
        drop(store);
        self.event(self.shared.events.deleted, number, 0);
        self.dirty = true;
    }
    /// Tells workers what they shall have, where that changed.
    pub(super) fn tell(&mut self) {
        for worker in core::mem::take(&mut self.changed) {
            self.store().orders[worker as usize] += 1;
            self.order(worker);
        }
    }
    /// Tells a worker, as it stands.
    pub(super) fn order(&self, worker: u32) {
        let store = self.shared.store.borrow();
        let pods = self.cluster.pods_on(worker).iter();
        let assigned = pods.map(|number| {
            let pod = &store.pods[*number as usize];
            Assigned {
                pod: *number,
                attempt: pod.attempt,
                kind: pod.kind,
                gpus: self.cluster.pod(*number).map_or(0, |bound| bound.gpus),
                length: pod.length,
            }
        });
        let order = Order::Have(store.orders[worker as usize], assigned.collect());
        drop_then_send(self, worker, order);
    }
}

fn drop_then_send(control: &Control, worker: u32, order: Order) {
    control
        .cx
        .send(control.shared.workers[worker as usize], pack(order));
}
