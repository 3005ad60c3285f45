//! The floor: how many of a set are left when a firing has hit.

use super::Kernel;
use crate::NodeId;
use crate::plan::{Floor, LinkTarget};
use std::collections::BTreeMap;

impl Kernel {
    /// How many of `targets`, from the first on, may be hit so that the floor holds.
    ///
    /// A node is left if it is up, runs, and is connected: of those left that it can talk to, both
    /// ways, there are with itself as many as the floor wants.
    pub(super) fn kept(&self, floor: &Floor, targets: &[NodeId]) -> usize {
        let coming: Vec<NodeId> = self
            .coming()
            .filter_map(crate::plan::Primitive::takes_down)
            .collect();
        let up = |node: &NodeId| {
            let place = &self.nodes[node.index()];
            place.up && place.running && !coming.contains(node)
        };
        let up: Vec<NodeId> = floor.of.iter().copied().filter(up).collect();
        let cuts = self.links_cut();
        let mut kept = targets.len();
        while kept > 0 && left(&up, &targets[..kept], &cuts, floor) < floor.least as usize {
            kept -= 1;
        }
        kept
    }

    /// Links that nothing passes now, or from this instant on.
    fn links_cut(&self) -> Vec<LinkTarget> {
        let now = self.links.iter().filter(|link| link.is_cut());
        let now = now.map(|link| LinkTarget {
            from: link.from,
            to: link.to,
        });
        let coming = self.coming().filter_map(crate::plan::Primitive::cuts_off);
        now.chain(coming).collect()
    }
}

/// Nodes of `up` that are not hit and connected.
fn left(up: &[NodeId], hit: &[NodeId], cuts: &[LinkTarget], floor: &Floor) -> usize {
    let whole: Vec<NodeId> = up.iter().copied().filter(|n| !hit.contains(n)).collect();
    floor.connected(&whole, cuts)
}

impl Floor {
    /// How many of `nodes`, which are up, have with themselves as many as the floor wants to talk to,
    /// both ways.
    pub fn connected(&self, nodes: &[NodeId], cuts: &[LinkTarget]) -> usize {
        let mut blocked: BTreeMap<NodeId, Vec<NodeId>> = BTreeMap::new();
        for cut in cuts {
            if nodes.contains(&cut.from) && nodes.contains(&cut.to) && cut.from != cut.to {
                for (node, peer) in [(cut.from, cut.to), (cut.to, cut.from)] {
                    let peers = blocked.entry(node).or_default();
                    if !peers.contains(&peer) {
                        peers.push(peer);
                    }
                }
            }
        }
        let reach = |node: &NodeId| nodes.len() - blocked.get(node).map_or(0, Vec::len);
        let connected = nodes.iter().filter(|n| reach(n) >= self.least as usize);
        connected.count()
    }
}
