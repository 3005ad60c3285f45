//! Nodes come, fall silent, drain, and go.

use super::{Cause, Control, Health, Phase, halves};
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::placement::{Cluster, Refusal};
use crate::workloads::cluster::scheduler::shared::Power;
use crate::workloads::cluster::scheduler::wire::{Order, State, Status, pack};
use std::rc::Rc;

/// Positions of the words of the knob `drain`.
const CORDON: u8 = 1;
const REFUSE: u8 = 2;

impl Control {
    /// A node is there, empty.
    pub(super) fn welcome(&mut self, worker: u32) {
        let now = self.now();
        let one = &mut self.workers[worker as usize];
        (one.health, one.heard, one.idle) = (Health::Ready, now, now);
        self.cluster.restore(worker);
        self.cluster.open(worker, one.drain == 0);
        self.store().power[worker as usize] = Power::On;
        self.event(self.shared.events.ready, worker, 0);
        self.dirty = true;
    }
    /// A node says that it lives, and what it has.
    pub(super) fn status(&mut self, status: &Status) {
        let (now, events, worker) = (self.now(), self.shared.events, status.worker);
        let one = &mut self.workers[worker as usize];
        one.heard = now;
        if status.stamp <= one.stamp {
            return;
        }
        one.stamp = status.stamp;
        match one.health {
            Health::Ready => {}
            Health::Unready => {
                one.health = Health::Ready;
                let open = one.drain == 0;
                self.cluster.open(worker, open);
                self.event(events.ready, worker, 0);
                self.dirty = true;
            }
            Health::Away if self.shared.store.borrow().power[worker as usize] == Power::Off => {
                // It was given up and came up after all: it is stopped again.
                return self
                    .cx
                    .send(self.shared.workers[worker as usize], pack(Order::Off));
            }
            Health::Away => {
                self.welcome(worker);
                // What it may still have of before must go.
                self.changed.insert(worker);
            }
        }
        let here: Vec<u32> = self.cluster.pods_on(worker).to_vec();
        for number in here {
            let pod = self.pod(number);
            let said = status
                .pods
                .iter()
                .find(|(pod_, attempt, _)| *pod_ == number && *attempt == pod.attempt);
            match said {
                Some((_, _, State::Runs)) => self.runs(number, true),
                Some((_, _, State::Ended)) => {
                    self.event(events.completed, number, 0);
                    self.unbind(number, Cause::Done);
                }
                // It starts (again), or the node has not heard of it, or not after its restart.
                _ => self.runs(number, false),
            }
        }
        if status.renewed {
            self.renewed(worker);
        }
        if status.order != self.shared.store.borrow().orders[worker as usize] {
            self.order(worker);
        }
    }
    /// Whether a pod runs is known.
    fn runs(&mut self, number: u32, runs: bool) {
        let (cx, shared) = (self.cx.clone(), Rc::clone(&self.shared));
        let mut store = shared.store.borrow_mut();
        let pod = &mut store.pods[number as usize];
        let Phase::Bound { runs: known, .. } = &mut pod.phase else {
            return;
        };
        if core::mem::replace(known, runs) == runs {
            return;
        }
        let since = pod.since;
        if runs {
            store.moved.remove(&number);
        }
        drop(store);
        self.cluster.serves(number, runs);
        self.event(shared.events.serves, number, u64::from(runs));
        if runs {
            cx.sample(
                shared.events.start_time,
                cx.now().since(since).as_secs_f64(),
            );
        }
        // Budgets have changed.
        self.dirty = true;
    }
    /// Nodes that are silent for too long get no pods; for longer, and they are given up.
    pub(super) fn listen_for_silence(&mut self) {
        let (now, shared) = (self.now(), Rc::clone(&self.shared));
        let config = &shared.config;
        for number in 0..self.cluster.nodes() {
            let worker = self.workers[number as usize];
            let silent = now.saturating_sub(worker.heard);
            if worker.health == Health::Ready && silent > config.grace {
                self.workers[number as usize].health = Health::Unready;
                self.cluster.open(number, false);
                self.event(shared.events.unready, number, 0);
                for pod in self.cluster.pods_on(number).to_vec() {
                    self.runs(pod, false);
                }
                self.dirty = true;
            }
            let given_up = silent > config.grace.saturating_add(config.evict_after);
            if self.workers[number as usize].health == Health::Unready
                && given_up
                && config.mutant != Some(Mutant::P13)
            {
                self.lose(number);
            }
        }
    }
    /// A node is given up: its pods wait for another.
    fn lose(&mut self, worker: u32) {
        let shared = Rc::clone(&self.shared);
        self.workers[worker as usize].health = Health::Away;
        self.event(shared.events.lost_node, worker, 0);
        let forgets = shared.config.mutant == Some(Mutant::P10);
        for pod in self.cluster.pods_on(worker).to_vec() {
            if shared.config.mutant == Some(Mutant::P14) && self.pod(pod).length.is_some() {
                self.event(shared.events.completed, pod, 0);
                self.unbind(pod, Cause::Done);
                continue;
            }
            let attempt = self.pod(pod).attempt;
            self.unbind(pod, Cause::NodeLost);
            if forgets && attempt == 1 {
                let kind = self.pod(pod).kind as usize;
                self.waiting[kind].remove(&pod);
            }
        }
        self.cluster.lose(worker);
        let elastic = shared.config.elastic[worker as usize];
        if elastic {
            self.switch_off(worker);
        }
        self.dirty = true;
    }
    /// Heeds the knob `drain` of the nodes, and planned work: no new pods, and those that are there go as budgets
    /// allow.
    pub(super) fn drain(&mut self) {
        let knob = self.shared.knobs.drain;
        let planned = self.shared.config.upgrade.is_some();
        let idle = !planned && !self.cx.knob_changed(knob);
        if idle && self.workers.iter().all(|worker| worker.drain == 0) {
            return;
        }
        let words = [0, CORDON, REFUSE];
        for number in 0..self.cluster.nodes() {
            let value = self
                .cx
                .knob_at(knob, self.shared.config.workers[number as usize]);
            let drain = words
                .into_iter()
                .rev()
                .find(|word| value >= f64::from(*word) || planned && self.is_worked_on(number))
                .unwrap_or(0);
            let worker = &mut self.workers[number as usize];
            if core::mem::replace(&mut worker.drain, drain) != drain {
                let open = drain == 0 && worker.health == Health::Ready;
                self.cluster.open(number, open);
                self.event(self.shared.events.cordoned, number, u64::from(drain));
                self.dirty = true;
            }
            if drain == REFUSE {
                let works = self.is_worked_on(number);
                let careless = match self.shared.config.mutant {
                    Some(Mutant::P08) => true,
                    Some(Mutant::P16) => works,
                    _ => false,
                };
                for pod in self.cluster.pods_on(number).to_vec() {
                    if self.cluster.pod(pod).is_some() && (careless || self.cluster.may_evict(pod))
                    {
                        self.unbind(pod, Cause::Drained);
                        if works {
                            self.left_for_work(pod, number);
                        }
                    }
                }
            }
        }
    }
    /// Starts elastic machines for those who wait, and stops those that nobody needs.
    pub(super) fn provision(&mut self) {
        let shared = Rc::clone(&self.shared);
        let config = &shared.config;
        if !config.elastic.iter().any(|elastic| *elastic) {
            return;
        }
        let now = self.now();
        for number in 0..self.cluster.nodes() {
            let power = shared.store.borrow().power[number as usize];
            if let Power::Asked(at) = power
                && now.saturating_sub(at) > config.give_up
            {
                self.event(shared.events.given_up, number, 0);
                self.switch_off(number);
            }
            let worker = &mut self.workers[number as usize];
            let used = !self.cluster.pods_on(number).is_empty();
            if used || worker.health != Health::Ready {
                worker.idle = now;
            } else if config.elastic[number as usize]
                && now.saturating_sub(worker.idle) > config.idle
            {
                worker.health = Health::Away;
                self.cluster.lose(number);
                self.event(shared.events.off, number, 0);
                self.switch_off(number);
            }
        }
        self.start_machines();
    }
    fn switch_off(&mut self, worker: u32) {
        self.store().power[worker as usize] = Power::Off;
        self.cx
            .send(self.shared.workers[worker as usize], pack(Order::Off));
    }
    /// As many as those who wait would fill, were each empty, less those that are being started.
    fn start_machines(&mut self) {
        let shared = Rc::clone(&self.shared);
        let config = &shared.config;
        let now = self.now();
        let mut trial = Cluster::new(config.rules.clone());
        let power = shared.store.borrow().power.clone();
        let mut numbers: Vec<u32> = Vec::new();
        for (number, power) in (0u32..).zip(&power) {
            if matches!(power, Power::Asked(_)) {
                trial.add(config.machines[number as usize]);
                numbers.push(number);
            }
        }
        let mut off = (0u32..)
            .zip(&power)
            .filter(|(_, power)| **power == Power::Off)
            .map(|(n, _)| n);
        let mut pod = 0;
        for kind in 0..self.waiting.len() {
            let more = !matches!(self.reasons[kind], None | Some(Refusal::Quota));
            if !more {
                continue;
            }
            let shape = trial.shape(&config.kinds[kind].shape);
            // Who has a volume somewhere waits for that node, and no other.
            let waiting = self.waiting[kind].iter();
            let free = waiting.filter(|pod| self.pod(**pod).home.is_none()).count();
            for _ in 0..free {
                pod += 1;
                if trial.place(pod, shape).is_ok() {
                    continue;
                }
                let fits = |number: &u32| {
                    let machine = &config.machines[*number as usize];
                    let shape = &config.kinds[kind].shape;
                    machine.admits(shape) && machine.room().holds(&shape.demand)
                };
                let Some(number) = off.by_ref().find(fits) else {
                    break;
                };
                trial.add(config.machines[number as usize]);
                if trial.place(pod, shape).is_err() {
                    break;
                }
                self.store().power[number as usize] = Power::Asked(now);
                self.event(shared.events.asked, number, 0);
                self.cx
                    .send(shared.workers[number as usize], pack(Order::Boot));
            }
        }
    }
    /// Measures, once a window.
    pub(super) fn sample(&mut self) {
        let (cx, shared) = (self.cx.clone(), Rc::clone(&self.shared));
        let now = self.now();
        if now.saturating_sub(self.sampled) < shared.config.window {
            return;
        }
        self.sampled = now;
        let events = &shared.events;
        let (mut nodes, mut cores, mut free) = (0u32, 0u64, 0u64);
        for number in (0..self.cluster.nodes()).filter(|number| self.cluster.takes(*number)) {
            nodes += 1;
            cores += u64::from(self.cluster.machine(number).cpu_milli);
            free += u64::from(self.cluster.room(number).cpu_milli);
        }
        let waiting: usize = self
            .waiting
            .iter()
            .map(std::collections::BTreeSet::len)
            .sum();
        let mut shapes: Vec<u32> = (0..self.shapes.len())
            .filter(|kind| !self.waiting[*kind].is_empty())
            .map(|kind| self.shapes[kind])
            .collect();
        if shapes.is_empty() {
            shapes.clone_from(&self.shapes);
        }
        cx.sample(events.nodes, f64::from(nodes));
        cx.sample(events.pending, waiting as f64);
        if cores > 0 {
            cx.sample(events.utilisation, (cores - free) as f64 / cores as f64);
        }
        let fragments = self.cluster.fragments(&shapes);
        if fragments.all_milli > 0 {
            cx.sample(events.gpu_utilisation, fragments.used());
            cx.sample(events.fragmentation, fragments.share());
        }
    }
    /// A service has other replicas from now on.
    pub(super) fn scaled(&self, kind: u32, (from, to): (u32, u32)) {
        self.store().wanted[kind as usize] = to;
        self.event(self.shared.events.scaled, kind, halves(to, from));
    }
}
