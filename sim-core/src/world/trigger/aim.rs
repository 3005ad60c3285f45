//! Who is hit: places are filled at the moment of firing.

use super::{Kernel, Triggers};
use crate::NodeId;
use crate::history::Miss;
use crate::plan::Firing;

/// What a firing found.
#[derive(Debug, Default)]
pub(super) struct Aimed {
    /// (place, node).
    pub(super) filled: Vec<(NodeId, NodeId)>,
    /// Targets that a floor keeps from being hit.
    pub(super) dropped: Vec<NodeId>,
    /// Why nobody is hit, if nobody is.
    pub(super) missed: Option<Miss>,
}

impl Kernel {
    /// Fills the places of a firing; an error if nobody is who is meant.
    pub(super) fn aim(&self, triggers: &Triggers, firing: &Firing) -> Result<Aimed, Miss> {
        let mut aimed = Aimed::default();
        let mut before: Vec<NodeId> = Vec::new();
        for choice in &firing.choices {
            let members = |whom: &_| triggers.roles.members(whom, &self.names);
            let mut nodes = choice.take(members, &before);
            if nodes.is_empty() {
                return Err(match choice.spares(members) {
                    true => Miss::Spared,
                    false => Miss::Role,
                });
            }
            if let Some(floor) = &choice.floor {
                let kept = self.kept(floor, &nodes);
                aimed.dropped.extend(nodes.drain(kept..));
            }
            if nodes.is_empty() {
                aimed.missed = Some(Miss::Floor);
            }
            let places = choice.places.iter().copied();
            aimed.filled.extend(places.zip(nodes.iter().copied()));
            before = nodes;
        }
        Ok(aimed)
    }
}
