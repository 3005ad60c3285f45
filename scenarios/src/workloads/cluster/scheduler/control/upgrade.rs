//! Planned work: nodes are emptied one after the other, renewed, and opened again, as an operator rolls out a kernel.
//!
//! A node is emptied as a drain empties it, as far as budgets allow and no faster. It is taken when nothing is left on
//! it. One that is not there when its turn comes, or is lost meanwhile, has its turn later.

use super::{Control, Health, ROUND};
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::shared::Work;
use crate::workloads::cluster::scheduler::wire::{Order, pack};
use squall_core::VirtualDuration;
use std::rc::Rc;

impl Control {
    /// Whether a node is being emptied or away for planned work.
    pub(super) fn is_worked_on(&self, worker: u32) -> bool {
        let work = self.shared.store.borrow().work[worker as usize];
        matches!(work, Work::Empties(_) | Work::Away(_))
    }
    fn set_work(&self, worker: u32, work: Work) {
        self.store().work[worker as usize] = work;
    }
    /// Takes the work one step further.
    pub(super) fn upgrade(&mut self) {
        let (now, shared) = (self.now(), Rc::clone(&self.shared));
        let (Some(plan), Some(events)) = (&shared.config.upgrade, shared.work) else {
            return;
        };
        if now < plan.start || shared.store.borrow().upgraded {
            return;
        }
        for worker in shared.turns.iter().copied() {
            self.step(worker, now);
        }
        let away_only = shared.config.mutant == Some(Mutant::P22);
        let counts = |worker: u32| {
            let work = shared.store.borrow().work[worker as usize];
            self.is_worked_on(worker) && (!away_only || matches!(work, Work::Away(_)))
        };
        let mut busy = shared
            .turns
            .iter()
            .filter(|worker| counts(**worker))
            .count();
        for worker in shared.turns.iter().copied() {
            let rests = now < shared.store.borrow().rests_until;
            let planned = shared.store.borrow().work[worker as usize] == Work::Planned;
            let ready = self.workers[worker as usize].health == Health::Ready;
            if busy < plan.at_once && !rests && planned && ready && self.may_empty(worker) {
                self.set_work(worker, Work::Empties(None));
                busy += 1;
                if let Some(checks) = shared.checks {
                    self.event(checks.emptying, worker, 0);
                }
            }
        }
        let done = |worker: &u32| shared.store.borrow().work[*worker as usize] == Work::Done;
        if shared.turns.iter().all(done) {
            self.store().upgraded = true;
            self.cx.event(events.upgraded, shared.turns.len() as u64, 0);
        }
    }
    fn step(&self, worker: u32, now: VirtualDuration) {
        let shared = &self.shared;
        let (Some(plan), Some(events)) = (&shared.config.upgrade, shared.work) else {
            return;
        };
        let health = self.workers[worker as usize].health;
        let work = shared.store.borrow().work[worker as usize];
        let rushes = shared.config.mutant == Some(Mutant::P23);
        let order = || {
            let port = shared.workers[worker as usize];
            self.cx.send(port, pack(Order::Renew));
        };
        match work {
            Work::Empties(_) if health != Health::Ready => self.put_off(worker),
            Work::Empties(_) if !self.cluster.pods_on(worker).is_empty() && !rushes => {
                self.set_work(worker, Work::Empties(None));
            }
            Work::Empties(None) => self.set_work(worker, Work::Empties(Some(now))),
            // What lost its place here stops by now, if nothing goes wrong on the way.
            Work::Empties(Some(since))
                if now.saturating_sub(since) > shared.config.stop.saturating_add(ROUND) =>
            {
                self.set_work(worker, Work::Away(now));
                self.cx.event(events.begun, u64::from(worker), 0);
                order();
            }
            // That it is silent is no news: it was sent away.
            Work::Away(since)
                if health == Health::Away && now.saturating_sub(since) > plan.give_up =>
            {
                self.put_off(worker);
            }
            // The order may have been lost, or the node has crashed and come back as it was.
            Work::Away(_) if health == Health::Ready => order(),
            _ => {}
        }
    }
    fn put_off(&self, worker: u32) {
        let forgiven = self.shared.config.mutant == Some(Mutant::P21);
        self.set_work(worker, if forgiven { Work::Done } else { Work::Planned });
        if let Some(events) = self.shared.work {
            self.cx.event(events.put_off, u64::from(worker), 0);
        }
    }
    /// A node says that it is renewed: it was away, or was given up and came back after all.
    pub(super) fn renewed(&self, worker: u32) {
        let (Some(plan), Some(events)) = (&self.shared.config.upgrade, self.shared.work) else {
            return;
        };
        let work = self.shared.store.borrow().work[worker as usize];
        if !matches!(work, Work::Done | Work::No) {
            self.set_work(worker, Work::Done);
            self.store().rests_until = self.now().saturating_add(plan.pause);
            self.cx.event(events.done, u64::from(worker), 0);
        }
    }
}
