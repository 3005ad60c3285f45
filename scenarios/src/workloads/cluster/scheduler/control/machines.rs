//! Elastic machines: they are started for those who wait, and stopped when nobody needs them.

use super::{Control, Health};
use crate::workloads::cluster::scheduler::placement::{Cluster, Refusal};
use crate::workloads::cluster::scheduler::shared::Power;
use crate::workloads::cluster::scheduler::wire::{Order, pack};
use std::rc::Rc;

impl Control {
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
    pub(super) fn switch_off(&mut self, worker: u32) {
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
}
