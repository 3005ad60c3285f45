//! Ranks that are lost, and those that are too slow.

use super::Job;
use crate::workloads::cluster::training::fleet::State;
use crate::workloads::cluster::training::gang::Gang;
use crate::workloads::cluster::training::tables::Incarnation;
use core::cell::RefCell;
use squall_core::VirtualDuration;
use std::collections::BTreeSet;
use std::rc::Rc;

impl Job {
    /// A rank that was too slow for too long, if a spare can take its place.
    pub(super) fn slow(&mut self) -> Option<usize> {
        let rule = self.shared.config.evict?;
        let times = self.orders.times();
        let mut sorted: Vec<VirtualDuration> = times.iter().map(|(_, time)| *time).collect();
        sorted.sort_unstable();
        let median = sorted.get(sorted.len() / 2)?.as_nanos_f64();
        let mut slowest = None;
        for (node, time) in times {
            let slow = time.as_nanos_f64() > median * rule.factor;
            self.strikes[node] = if slow { self.strikes[node] + 1 } else { 0 };
            if self.strikes[node] >= rule.orders {
                slowest = slowest.max(Some((time, node)));
            }
        }
        let spare = self.shared.fleet.borrow().has_spare();
        slowest.filter(|_| spare).map(|(_, node)| node)
    }
    pub(super) fn replace(&mut self, of: Incarnation, node: usize) {
        self.strikes[node] = 0;
        self.shared.fleet.borrow_mut().swap_out(node);
        let id = self.shared.config.nodes[node];
        self.event(self.shared.events.evicted, of, u64::from(id.0));
    }
    /// A rank is lost: the others are asked whether they live, and spares too, so that one start is
    /// enough after a rack went down.
    pub(super) async fn mourn(&mut self, gang: &Gang, lost: usize) {
        let now = self.cx.now();
        self.shared.ledger(self.number, |ledger| {
            ledger.failed_at.get_or_insert(now);
        });
        self.noticed = Some(now);
        self.strikes.fill(0);
        self.fail(gang.to, lost);
        let spares: Vec<usize> = {
            let fleet = self.shared.fleet.borrow();
            fleet.of(|state| state == State::Free).collect()
        };
        let others = gang.nodes.iter().copied().filter(|node| *node != lost);
        let asked: Vec<usize> = others.chain(spares).collect();
        for node in self.silent(asked).await {
            match gang.nodes.contains(&node) {
                true => self.fail(gang.to, node),
                false => self.shared.fleet.borrow_mut().silent(node),
            }
        }
    }
    /// Those of the nodes that do not answer.
    async fn silent(&self, mut nodes: Vec<usize>) -> Vec<usize> {
        let answered: Rc<RefCell<BTreeSet<usize>>> = Rc::default();
        for node in &nodes {
            let (orders, answered, node) = (self.orders.clone(), Rc::clone(&answered), *node);
            self.cx.spawn(async move {
                if orders.ping(node).await.is_some() {
                    answered.borrow_mut().insert(node);
                }
            });
        }
        // Whoever has not answered by now does not.
        self.cx.sleep(self.shared.config.probe).await;
        nodes.retain(|node| !answered.borrow().contains(node));
        nodes
    }
    fn fail(&self, of: Incarnation, node: usize) {
        let (config, events) = (&self.shared.config, &self.shared.events);
        let id = u64::from(config.nodes[node].0);
        self.event(events.lost, of, id);
        let now = self.cx.now();
        let (out, worst) = {
            let mut fleet = self.shared.fleet.borrow_mut();
            (fleet.failed(config, node, now), fleet.worst())
        };
        self.cx.sample(events.worst_node, f64::from(worst));
        if out {
            self.cx.event(events.quarantined, id, 0);
        }
    }
}
