//! The way back, once a gate is red.

use super::Controller;
use crate::workloads::cluster::rollout::mutant::Mutant;
use crate::workloads::cluster::rollout::shared::Phase;
use crate::workloads::cluster::rollout::wave::Step;

impl Controller {
    pub(super) fn turn_back(&self, bits: u64) {
        let (now, stage) = (self.cx.monotonic(), self.store().stage);
        self.enter(Phase::Back, stage);
        if self.shared.has(Mutant::R07) {
            let steps = self.steps.borrow();
            let under_way =
                (0..steps.len()).filter(|place| matches!(steps[*place], Step::Installing(_)));
            self.forgotten.replace(under_way.collect());
        }
        self.cx
            .event(self.shared.events.rollback, stage as u64, bits);
        let most = self.shared.most.get();
        self.cx.sample(self.shared.metrics.exposed_bad, most);
        let mut marks = self.shared.marks.borrow_mut();
        marks[1] = Some(now);
        if let Some(first) = marks[0] {
            self.cx.sample(
                self.shared.metrics.detect,
                now.saturating_sub(first).as_secs_f64(),
            );
        }
    }
    /// First the requests, then the nodes.
    pub(super) fn back(&self) {
        let (places, stage) = (self.shared.config.places, self.store().stage);
        if !self.split_to(0.0) {
            return;
        }
        let routers = places..self.shared.config.targets.len();
        let split = routers.into_iter().all(|router| self.has_followed(router));
        let forgotten = |place: usize| self.forgotten.borrow().contains(&place);
        self.advance(forgotten, true);
        if split && (0..places).all(|place| self.is_ready(place, false) || forgotten(place)) {
            self.enter(Phase::RolledBack, stage);
            self.cx
                .event(self.shared.events.rolled_back, stage as u64, 0);
            if let Some(red) = self.shared.marks.borrow()[1] {
                let time = self.cx.monotonic().saturating_sub(red);
                self.cx
                    .sample(self.shared.metrics.rollback, time.as_secs_f64());
            }
        }
    }
}
