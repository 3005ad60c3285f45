//! Knobs: named parameters of workloads, which faults may set.

use super::kernel::Kernel;
use crate::{EntryId, KnobId, NodeId};

/// A named parameter with its value and the overlays on it.
#[derive(Debug)]
pub(super) struct Knob {
    base: f64,
    /// (entry, order of coming into force, node or everywhere, value).
    overlays: Vec<(EntryId, u64, Option<NodeId>, f64)>,
}

impl Knob {
    pub(super) const fn new(base: f64) -> Self {
        Self {
            base,
            overlays: Vec::new(),
        }
    }
    pub(super) fn overlay(&mut self, id: EntryId, value: Option<(u64, Option<NodeId>, f64)>) {
        self.overlays.retain(|(other, ..)| *other != id);
        if let Some((started, node, value)) = value {
            self.overlays.push((id, started, node, value));
        }
    }
    /// The latest set that concerns `node` wins.
    fn read(&self, node: NodeId) -> (f64, Option<EntryId>) {
        let concerns =
            |(_, _, at, _): &&(EntryId, u64, Option<NodeId>, f64)| at.is_none_or(|at| at == node);
        let latest = self
            .overlays
            .iter()
            .filter(concerns)
            .max_by_key(|(id, started, ..)| (*started, *id));
        latest.map_or((self.base, None), |(id, _, _, value)| (*value, Some(*id)))
    }
}

impl Kernel {
    /// The value of a knob on a node. Reading it under an overlay makes that overlay land.
    pub(super) fn read_knob(&mut self, knob: KnobId, node: NodeId) -> f64 {
        let knob = &self.knobs[knob.index()];
        if knob.overlays.is_empty() {
            return knob.base;
        }
        let (value, overlay) = knob.read(node);
        if let Some(id) = overlay {
            self.land(id, 1);
        }
        value
    }
}
