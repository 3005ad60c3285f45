//! The share of requests that meets the new version, and what gates say of them.

use super::Controller;
use crate::workloads::cluster::rollout::fleet::Tally;
use crate::workloads::cluster::rollout::gate::Reading;
use crate::workloads::cluster::rollout::mutant::Mutant;
use crate::workloads::cluster::rollout::shared::Order;

impl Controller {
    /// Splits requests as nodes are ready; whether all routers that answer do.
    pub(super) fn split(&self, stage: usize) -> bool {
        let (config, marks) = (&self.shared.config, &self.shared.marks);
        let ready = (0..config.places)
            .filter(|place| self.is_ready(*place, true))
            .count();
        if ready > 0 && marks.borrow()[0].is_none() {
            marks.borrow_mut()[0] = Some(self.cx.monotonic());
        }
        let ahead = usize::from(self.shared.has(Mutant::R08));
        let most = config.stages[(stage + ahead).min(config.stages.len() - 1)].0;
        // Of the nodes that serve: those that are out leave their part to the others.
        let serving = (0..config.places)
            .filter(|place| self.is_available(*place))
            .count();
        let share = ready as f64 / serving.max(1) as f64;
        self.split_to(if ready == 0 {
            0.0
        } else if ahead > 0 {
            most
        } else {
            share.min(most)
        })
    }
    pub(super) fn split_to(&self, share: f64) -> bool {
        let config = &self.shared.config;
        let mut all = true;
        for target in config.places..config.targets.len() {
            let last = self.orders.borrow()[target];
            if last.is_none_or(|(_, order)| order != Order::Split(share)) {
                self.order(target, Order::Split(share));
            }
            all &= self.has_followed(target) || !self.knows(target);
        }
        if all {
            self.shared.most.update(|most| most.max(share));
            self.cx.sample(self.shared.metrics.exposed, share);
        }
        all
    }
    /// Judges if it is time for it, or `now`; what is red.
    pub(super) fn gate(&self, now: bool) -> u64 {
        let (config, at) = (&self.shared.config, self.cx.monotonic());
        let latest = self.readings.borrow().latest();
        if !now && latest.is_some_and(|latest| at < latest + config.gate.every) {
            return self.bits.get();
        }
        let views = self.views.borrow();
        let news = (0..config.places).filter(|place| views[*place].new && self.knows(*place));
        let memory = news.map(|place| views[place].memory).reduce(f64::max);
        let mut tallies = [Tally::default(); 2];
        for view in &views[config.places..] {
            for (sum, tally) in tallies.iter_mut().zip(view.tallies) {
                sum.ended += tally.ended;
                sum.errors += tally.errors;
                sum.latency_ns += tally.latency_ns;
            }
        }
        if let Some(memory) = memory {
            self.cx.sample(self.shared.metrics.memory, memory);
        }
        let memory = memory.map(|memory| memory / config.memory as f64);
        let reading = Reading {
            at,
            tallies,
            memory,
        };
        let bits = self.readings.borrow_mut().judge(&config.gate, reading);
        self.bits.set(bits);
        self.cx
            .event(self.shared.events.gate, self.store().stage as u64, bits);
        bits
    }
}
