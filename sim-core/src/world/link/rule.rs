//! Which links behave in which way, by sets of nodes: links that are never used cost nothing.

use super::LinkProfile;
use crate::NodeId;
use std::rc::Rc;

/// A behaviour of the links between two sets of nodes.
#[derive(Debug)]
pub(in crate::world) struct LinkRule {
    /// Sorted.
    from: Vec<NodeId>,
    /// Sorted.
    to: Vec<NodeId>,
    /// Whether it is for the links back too.
    both: bool,
    pub(in crate::world) profile: Rc<LinkProfile>,
}

impl LinkRule {
    pub(in crate::world) fn new(
        from: &[NodeId],
        to: &[NodeId],
        both: bool,
        profile: LinkProfile,
    ) -> Self {
        let sorted = |nodes: &[NodeId]| {
            let mut nodes = nodes.to_vec();
            nodes.sort_unstable();
            nodes
        };
        Self {
            from: sorted(from),
            to: sorted(to),
            both,
            profile: Rc::new(profile),
        }
    }
    pub(in crate::world) fn holds(&self, from: NodeId, to: NodeId) -> bool {
        let within = |nodes: &[NodeId], node| nodes.binary_search(&node).is_ok();
        (within(&self.from, from) && within(&self.to, to))
            || (self.both && within(&self.from, to) && within(&self.to, from))
    }
}
