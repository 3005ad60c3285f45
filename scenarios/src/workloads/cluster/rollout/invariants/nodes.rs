//! Nodes: which are out, for whatever reason, and what their agents follow.

use super::{Oracle, Slug, Spot};
use squall_core::history::NodeChange;
use squall_core::{NameId, NodeId, VirtualTime};

impl Oracle {
    /// Time passes.
    pub(super) fn pass(&mut self, at: VirtualTime) {
        let limit = &mut self.limit;
        if limit.began && !limit.ended && !limit.missed {
            if limit.out == 0 && !self.wave.paused {
                limit.spent += at.since(limit.last);
            }
            let within = self.config.within;
            if limit.spent > within {
                limit.missed = true;
                let stage = self.wave.stage + 1;
                let within = within.as_secs_f64();
                self.findings.test(Slug::Ends, false, (at, None), || {
                    format!("the rollout is in stage {stage} after {within} s, and neither finished nor rolled back")
                });
            }
        }
        limit.last = at;
    }
    pub(super) fn node(&mut self, at: VirtualTime, node: NodeId, change: NodeChange) {
        let target = self.target(node);
        if target.is_none() && node != self.config.control {
            return;
        }
        let out = &mut self.limit.out;
        match change {
            NodeChange::Down | NodeChange::Paused => *out += 1,
            NodeChange::Up | NodeChange::Resumed => *out = out.saturating_sub(1),
            NodeChange::OutOfMemory => {}
        }
        let Some(place) = target.and_then(|target| self.places.get_mut(target)) else {
            return;
        };
        match change {
            NodeChange::Down => (place.down, place.serving) = (true, false),
            NodeChange::Up => place.down = false,
            NodeChange::Paused => place.stopped = true,
            NodeChange::Resumed => place.stopped = false,
            NodeChange::OutOfMemory => {}
        }
        place.changed = at;
    }
    /// What an agent says.
    pub(super) fn agent(&mut self, spot: Spot, name: NameId, (a, b): (u64, u64)) {
        let known = self.events;
        if ![known.applied, known.serving, known.back, known.killed].contains(&name) {
            return;
        }
        let Some(target) = spot.1.and_then(|node| self.target(node)) else {
            return;
        };
        if name == known.applied {
            let before = core::mem::replace(&mut self.epochs[target], a);
            self.findings
                .test(Slug::EpochMonotone, a > before, spot, || {
                    format!("an order of epoch {a} is followed after one of epoch {before}")
                });
        }
        let Some(place) = self.places.get_mut(target) else {
            return;
        };
        if name == known.serving {
            (place.serving, place.new, place.changed) = (true, a == 1, spot.0);
            if self.wave.rolled_back {
                self.findings.test(Slug::Restored, a == 0, spot, || {
                    format!("node {target} comes up with the new version after the rollback")
                });
            }
        } else if name == known.back {
            (place.taken, place.changed) = (false, spot.0);
        } else if name == known.killed || (name == known.applied && (1..=2).contains(&b)) {
            (place.serving, place.changed) = (false, spot.0);
        }
    }
}
