//! What is looked at before a node is emptied for planned work, if the plan has checks.

use super::{Control, Phase, Source};
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::placement::Domain;
use crate::workloads::cluster::scheduler::shared::Work;

impl Control {
    /// A pod had to leave a node that is worked on. Jobs do not count: they end, and others come.
    pub(super) fn left_for_work(&self, pod: u32, worker: u32) {
        let kind = self.pod(pod).kind as usize;
        if matches!(
            self.shared.config.kinds[kind].source,
            Source::Service { .. }
        ) {
            self.store().moved.insert(pod, worker);
        }
    }
    /// Whether the checks of the plan let a node be emptied now.
    pub(super) fn may_empty(&self, worker: u32) -> bool {
        let config = &self.shared.config;
        let Some(checks) = config.upgrade.as_ref().and_then(|plan| plan.checks) else {
            return true;
        };
        let skips = |mutant| config.mutant == Some(mutant);
        (skips(Mutant::P20) || self.is_apart(worker, checks.apart))
            && (!checks.back || skips(Mutant::P19) || self.all_are_back())
            && (!checks.needs || skips(Mutant::P18) || self.leaves_enough(worker))
    }
    /// Whether no other node of the same rack or zone is worked on.
    fn is_apart(&self, worker: u32, domain: Domain) -> bool {
        let area = |worker: u32| domain.of(worker, &self.shared.config.machines[worker as usize]);
        let mut others = self.shared.turns.iter().filter(|other| **other != worker);
        !others.any(|other| self.is_worked_on(*other) && area(*other) == area(worker))
    }
    /// Whether the pods that left nodes that are done by now run again.
    fn all_are_back(&self) -> bool {
        let store = self.shared.store.borrow();
        let mut left = store.moved.values();
        !left.any(|worker| store.work[*worker as usize] == Work::Done)
    }
    /// Whether every service keeps as many as it needs, if all go that are on nodes that are worked on, and on this
    /// one, as far as its budget lets them.
    fn leaves_enough(&self, worker: u32) -> bool {
        let store = self.shared.store.borrow();
        let config = &self.shared.config;
        let mut kinds = store
            .live
            .iter()
            .zip(&config.kinds)
            .zip(&config.rules.budgets);
        kinds.all(|((pods, kind), budget)| {
            let (mut serve, mut stay) = (0, 0);
            for pod in pods {
                if let Phase::Bound {
                    worker: on,
                    runs: true,
                    ..
                } = store.pods[*pod as usize].phase
                {
                    serve += 1;
                    stay += u32::from(on != worker && !self.is_worked_on(on));
                }
            }
            stay.max(serve.min(*budget)) >= kind.needs.unwrap_or(0)
        })
    }
}
