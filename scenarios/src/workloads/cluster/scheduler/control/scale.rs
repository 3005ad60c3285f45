//! Services have the replicas that they shall have, and the autoscaler says how many.

use super::{Control, Phase, Source, halves};
use crate::workloads::cluster::autoscaler::{Metric, Scaler, Served};
use crate::workloads::cluster::scheduler::client;
use crate::workloads::cluster::scheduler::mutant::Mutant;
use crate::workloads::cluster::scheduler::wire::Load;
use squall_core::VirtualDuration;
use std::collections::VecDeque;
use std::rc::Rc;

/// Loads that are kept: as much as the longest lag and average that a scenario can ask for would be for ever, so
/// this bounds both together.
const KEPT_MAX: usize = 20_000;

/// What the autoscaler knows of a service.
#[derive(Debug, Default)]
pub(super) struct Watch {
    scaler: Scaler,
    /// When it decides next.
    due: VirtualDuration,
    /// What replicas reported, the latest last: when, how many, and the sums of the three metrics.
    loads: VecDeque<(VirtualDuration, u32, [f64; 3])>,
}

impl Watch {
    /// The mean of a metric over what came in this time.
    fn mean(&self, (from, to): (VirtualDuration, VirtualDuration), metric: Metric) -> Option<f64> {
        let seen = self.loads.iter().filter(|(at, ..)| *at > from && *at <= to);
        let (count, sum) = seen.fold((0, 0.0), |(count, sum), (_, replicas, sums)| {
            (count + replicas, sum + sums[metric as usize])
        });
        (count > 0).then(|| sum / f64::from(count))
    }
}

impl Control {
    /// Replicas of a node said what they did.
    pub(super) fn loaded(&mut self, loads: &[Load]) {
        let now = self.now();
        for load in loads {
            let Served {
                inside, delay, cpu, ..
            } = load.done;
            let Some(watch) = self.scalers.get_mut(load.kind as usize) else {
                continue;
            };
            let sums = [inside, delay, cpu];
            match watch.loads.back_mut() {
                Some((at, count, all)) if *at == now => {
                    *count += 1;
                    for (one, more) in all.iter_mut().zip(sums) {
                        *one += more;
                    }
                }
                _ => watch.loads.push_back((now, 1, sums)),
            }
            if watch.loads.len() > KEPT_MAX {
                watch.loads.pop_front();
            }
        }
    }
    /// Adds and deletes replicas, until there are as many as there shall be.
    pub(super) fn reconcile(&mut self) {
        let shared = Rc::clone(&self.shared);
        for (number, kind) in (0u32..).zip(&shared.config.kinds) {
            if !matches!(kind.source, Source::Service { .. }) {
                continue;
            }
            let store = shared.store.borrow();
            let wanted = store.wanted[number as usize] as usize;
            let live = &store.live[number as usize];
            let rank = |pod: &u32| match store.pods[*pod as usize].phase {
                Phase::Bound { runs: true, .. } => 2,
                Phase::Bound { .. } => 1,
                _ => 0,
            };
            // Those who wait go first, then those who do not run yet, and of equals the latest.
            let mut pods: Vec<u32> = live.iter().copied().collect();
            pods.sort_by_key(|pod| (rank(pod), core::cmp::Reverse(*pod)));
            pods.truncate(pods.len().saturating_sub(wanted));
            let missing = wanted.saturating_sub(live.len());
            drop(store);
            for pod in pods {
                self.delete(pod);
            }
            for _ in 0..missing {
                self.add(number, 0, None);
            }
        }
    }
    /// Decides how many replicas services shall have.
    pub(super) fn scale(&mut self) {
        let (now, shared) = (self.now(), Rc::clone(&self.shared));
        for (number, kind) in (0u32..).zip(&shared.config.kinds) {
            let Some(rules) = &kind.scaling else {
                continue;
            };
            if now < self.scalers[number as usize].due {
                continue;
            }
            let lag = self.cx.knob(shared.knobs.metric_lag);
            let lag = rules.lag.max(VirtualDuration::from_nanos_f64(lag * 1e9));
            let metric = match self.cx.knob(shared.knobs.wrong_metric) >= 1.0 {
                true => Metric::Cpu,
                false => rules.metric,
            };
            let watch = &mut self.scalers[number as usize];
            watch.due = now.saturating_add(rules.sync);
            // What is still on its way counts for the next round.
            let to = now.saturating_sub(lag).saturating_sub(client::ROUND);
            let value = match now > lag {
                true => watch.mean((to.saturating_sub(rules.average), to), metric),
                false => None,
            };
            let current = shared.store.borrow().wanted[number as usize];
            let mut wanted = watch.scaler.decide(rules, now, (value, current));
            if shared.config.mutant == Some(Mutant::P15) && wanted == rules.replicas.1 {
                wanted += 1;
            }
            if wanted != current {
                self.scaled(number, (current, wanted));
            }
        }
    }
    /// A service has other replicas from now on.
    pub(super) fn scaled(&self, kind: u32, (from, to): (u32, u32)) {
        self.store().wanted[kind as usize] = to;
        self.event(self.shared.events.scaled, kind, halves(to, from));
    }
}
