//! Plans with triggers: what a firing fixes in them.

use super::super::{Entry, Family, Plan, Primitive};
use super::{Choice, FiringId, Trigger};
use crate::history::{Record, TriggerChange, What};
use crate::{EntryId, NodeId, VirtualTime};

impl Entry {
    /// Whether it never comes into force: it belonged to a firing that did not happen, or to a place
    /// that nobody filled.
    pub fn is_void(&self) -> bool {
        self.firing.is_none() && self.from == VirtualTime::MAX
    }
    fn make_void(&mut self) {
        self.firing = None;
        (self.from, self.until) = (VirtualTime::MAX, None);
    }
}

impl Plan {
    /// With these triggers.
    ///
    /// # Panics
    /// If an entry waits for a firing that is not there, or a trigger belongs to a fault that is not.
    #[must_use]
    pub fn with_triggers(mut self, triggers: Vec<Trigger>) -> Self {
        for entry in &self.entries {
            let there = |id: FiringId| {
                let trigger: Option<&Trigger> = triggers.get(id.trigger as usize);
                trigger.is_some_and(|t| {
                    t.fault == entry.fault && (id.ordinal as usize) < t.firings.len()
                })
            };
            assert!(
                entry.firing.is_none_or(there),
                "an entry waits for a firing of its own fault"
            );
        }
        for trigger in &triggers {
            let fault = trigger.fault as usize;
            assert!(
                fault < self.faults.len(),
                "a trigger belongs to a fault of the plan"
            );
        }
        self.triggers = triggers;
        self
    }
    /// What waits for something to happen, in id order.
    pub fn triggers(&self) -> &[Trigger] {
        &self.triggers
    }
    /// The trigger `index`.
    pub fn trigger(&self, index: u32) -> &Trigger {
        &self.triggers[index as usize]
    }
    /// Nodes whose clocks may become wrong in the run.
    pub fn clock_nodes(&self) -> Vec<NodeId> {
        let mut nodes = self.clocks.clone();
        let clocks = self.entries.iter();
        for entry in clocks.filter(|e| e.primitive.family() == Family::Clock) {
            let node = entry.primitive.node().expect("a clock belongs to a node");
            match self.choice_of(entry, node) {
                Some(choice) => nodes.extend(&choice.order),
                None => nodes.push(node),
            }
        }
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
    /// The choice that fills the place `node` in `entry`; `None` if it is a node of the world.
    pub fn choice_of(&self, entry: &Entry, node: NodeId) -> Option<&Choice> {
        let id = entry.firing?;
        let firing = &self.triggers[id.trigger as usize].firings[id.ordinal as usize];
        firing.choices.iter().find(|c| c.places.contains(&node))
    }

    /// A firing happened at `at`, with these nodes in these places: its overlays get fixed times and
    /// targets. Gives those that come into force.
    pub(crate) fn bind(
        &mut self,
        id: FiringId,
        at: VirtualTime,
        filled: &[(NodeId, NodeId)],
    ) -> Vec<EntryId> {
        let trigger = &self.triggers[id.trigger as usize];
        let ends = trigger.ends;
        let choices = &trigger.firings[id.ordinal as usize].choices;
        let places: Vec<NodeId> = choices.iter().flat_map(|c| c.places.clone()).collect();
        let mut live = Vec::new();
        for (index, entry) in self.entries.iter_mut().enumerate() {
            if entry.firing != Some(id) {
                continue;
            }
            entry.firing = None;
            let offset = |time: VirtualTime| at.saturating_add(time.since(VirtualTime::ZERO));
            entry.from = offset(entry.from);
            entry.until = entry.until.map(|until| offset(until).min(ends));
            let there = fill(&mut entry.primitive, &places, filled);
            if there && entry.from < ends && entry.until.is_none_or(|until| until > entry.from) {
                live.push(EntryId::from_index(index));
            } else {
                entry.make_void();
            }
        }
        live
    }

    /// This plan with everything fixed that a run of it found out: the firings in `records` are
    /// entries at their times and on their targets, and no trigger is left. Entries keep their
    /// numbers; those of firings that did not happen are void ([`Entry::is_void`]).
    ///
    /// The same seed under the frozen plan has the same records but for those of triggers
    /// ([`What::Trigger`]), and ends in the same digest, which these do not move.
    #[must_use]
    pub fn frozen(&self, records: &[Record]) -> Self {
        let mut plan = self.clone();
        if self.triggers.is_empty() {
            return plan;
        }
        // A node that could have got a clock has one, so that its timers go the same way.
        plan.clocks = self.clock_nodes();
        let mut filled = Vec::new();
        for record in records {
            let What::Trigger { firing, change } = record.what else {
                continue;
            };
            match change {
                TriggerChange::Hit { place, node } => filled.push((place, node)),
                TriggerChange::Fired => {
                    plan.bind(firing, record.at, &filled);
                    filled.clear();
                }
                _ => {}
            }
        }
        plan.triggers.clear();
        let unfired = plan.entries.iter_mut().filter(|e| e.firing.is_some());
        unfired.for_each(Entry::make_void);
        plan
    }
}

/// Puts nodes into the places of a primitive. Whether all are filled, and a link has two ends.
fn fill(primitive: &mut Primitive, places: &[NodeId], filled: &[(NodeId, NodeId)]) -> bool {
    let mut there = true;
    primitive.for_each_node(&mut |node| {
        if !places.contains(node) {
            return;
        }
        match filled.iter().find(|(place, _)| place == node) {
            Some((_, real)) => *node = *real,
            None => there = false,
        }
    });
    there && primitive.link().is_none_or(|link| link.from != link.to)
}
