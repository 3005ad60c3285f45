//! What must hold before a node is emptied for planned work, judged from who has which place and serves there.

use super::{Place, Seer, Slug, Source};
use std::sync::Arc;

impl Seer {
    /// A pod lost its place to a drain.
    pub(super) fn left_for_work(&mut self, pod: u32, worker: u32) {
        let kind = self
            .pods
            .kind(pod)
            .map(|kind| &self.config.kinds[kind as usize]);
        let stays = kind.is_some_and(|kind| matches!(kind.source, Source::Service { .. }));
        if stays && self.work.busy.contains(&worker) {
            self.work.moved.insert(pod, worker);
        }
    }
    /// The control plane knows that a pod runs, or that it does not.
    pub(super) fn serves(&mut self, pod: u32, serves: bool) {
        self.placed.serves(pod, serves);
        if serves {
            self.work.moved.remove(&pod);
        }
    }
    /// A pod is not wanted any more.
    pub(super) fn deleted(&mut self, pod: u32) {
        self.pods.gone(pod);
        self.work.moved.remove(&pod);
    }
    /// A node is to be emptied.
    pub(super) fn emptying(&mut self, place: Place, worker: u32) {
        let Some(checks) = self.config.upgrade.as_ref().and_then(|plan| plan.checks) else {
            return;
        };
        let near =
            |other: &&u32| **other != worker && self.placed.same(checks.apart, **other, worker);
        let near = self.work.busy.iter().find(near).copied();
        self.findings
            .test(Slug::WorkChecks, near.is_none(), place, || {
                format!(
                    "worker {worker} is emptied while worker {} beside it is worked on",
                    near.unwrap_or(0)
                )
            });
        if checks.back {
            let out = |(_, from): &(&u32, &u32)| self.work.done.contains(*from);
            let out = self
                .work
                .moved
                .iter()
                .find(out)
                .map(|(pod, _)| self.name(*pod));
            self.findings.test(Slug::WorkChecks, out.is_none(), place, || {
                let pod = out.unwrap_or_default();
                format!("worker {worker} is emptied, and {pod}, which had to go before, does not run again")
            });
        }
        self.work.busy.insert(worker);
        if checks.needs {
            self.leaves_enough(place, worker);
        }
    }
    /// Whether services keep what they need without the nodes that are worked on; a budget keeps its pods there.
    fn leaves_enough(&mut self, place: Place, worker: u32) {
        let config = Arc::clone(&self.config);
        for (number, kind) in (0u32..).zip(&config.kinds) {
            let Some(needs) = kind.needs else { continue };
            let all = self.placed.pods().values();
            let serve = all.filter(|pod| pod.serves && pod.shape.group == Some(number));
            let (go, stay): (Vec<u32>, Vec<u32>) = serve
                .map(|pod| pod.node)
                .partition(|node| self.work.busy.contains(node));
            let budget = config.rules.budgets[number as usize] as usize;
            let kept = stay.len() + go.len().min(budget.saturating_sub(stay.len()));
            self.findings.test(Slug::WorkChecks, kept >= needs as usize, place, || {
                format!(
                    "worker {worker} is emptied, which may leave {kept} of `{}` in service; {needs} are needed",
                    kind.name
                )
            });
        }
    }
}
