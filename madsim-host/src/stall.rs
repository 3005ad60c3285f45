//! Slow and throttled processors, as stalls: real code runs in no virtual time on madsim, so all
//! that can be slowed down is *when* a node runs.
//!
//! Whether a node stalls at an instant is a pure function of the overlays in force and of keyed
//! draws; there is no state, so an overlay that ends leaves nothing behind.

use crate::capability::SLICE_NS_MIN;
use crate::overlay::{Overlays, Quota};
use crate::run::World;
use squall_core::{Key, NodeId, Sample, VirtualDuration, VirtualTime};

/// The shortest cycle of running and stalling under a speed factor.
const CYCLE_NS_MIN: f64 = 20e6;

/// The draws behind the stalls of each node.
#[derive(Debug)]
pub(crate) struct Stalls {
    keys: Vec<Key>,
}

impl Stalls {
    pub(crate) fn new(world: &World) -> Self {
        let nodes = world.nodes.iter();
        let key = |name: &str| Key::new(world.seed, &format!("node/{name}"), "cpu-stall");
        Self {
            keys: nodes.map(|(name, _)| key(name)).collect(),
        }
    }
    /// Whether `node` stalls at `now`, and the next instant at which that may change.
    pub(crate) fn at(
        &self,
        overlays: &Overlays,
        node: NodeId,
        now: VirtualTime,
    ) -> (bool, VirtualTime) {
        let (slow, slow_edge) = slowed(self.keys[node.index()], overlays.speed(node), now);
        let (held, held_edge) = match overlays.quota(node) {
            Some(quota) => throttled(quota, now),
            None => (false, VirtualTime::MAX),
        };
        (slow || held, slow_edge.min(held_edge))
    }
}

/// A node at `factor` of its speed runs for that share of each cycle; where in the cycle the stall
/// lies is drawn, so that it does not beat with the periods of the service.
fn slowed(key: Key, factor: f64, now: VirtualTime) -> (bool, VirtualTime) {
    if factor >= 1.0 {
        return (false, VirtualTime::MAX);
    }
    let least = SLICE_NS_MIN as f64;
    let ns = CYCLE_NS_MIN.max(least / (1.0 - factor)).max(least / factor);
    let cycle = VirtualDuration::from_nanos_f64(ns).as_nanos();
    let stall = VirtualDuration::from_nanos_f64(ns * (1.0 - factor)).as_nanos();
    let number = now.as_nanos() / cycle;
    let offset = key.at(number).below(cycle - stall + 1);
    let (start, next) = (number * cycle + offset, (number + 1) * cycle);
    window(now, start, start + stall, next)
}

/// A throttled node runs for its quota at the start of each period, then stalls. Nothing is throttled
/// before the first boundary.
fn throttled(quota: Quota, now: VirtualTime) -> (bool, VirtualTime) {
    let (period, first) = (quota.period.as_nanos(), quota.phase.as_nanos());
    let Some(since) = now.as_nanos().checked_sub(first) else {
        return (false, VirtualTime::from_nanos(first));
    };
    let start = first + since / period * period;
    let next = start + period;
    window(now, start + quota.quota.as_nanos(), next, next)
}

/// Whether `now` lies in the stall `from..until`, and what comes next: its start, its end or `next`.
fn window(now: VirtualTime, from: u64, until: u64, next: u64) -> (bool, VirtualTime) {
    let at = now.as_nanos();
    let (stalled, edge) = if at < from {
        (false, from)
    } else if at < until {
        (true, until)
    } else {
        (false, next)
    };
    (stalled, VirtualTime::from_nanos(edge))
}
