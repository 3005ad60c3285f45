//! Draws of a fault: each by its purpose, so that one more moves no other.

use super::Lowering;
use squall_core::plan::LinkTarget;
use squall_core::rng::SetupStream;
use squall_core::{NodeId, VirtualDuration};

impl Lowering<'_> {
    /// A stream of draws of this occurrence.
    pub fn stream(&self, purpose: &str) -> SetupStream {
        self.draws.stream(purpose)
    }
    /// A permutation of `nodes`, in which each keeps its place relative to the others.
    pub fn permutation(&self, purpose: &str, nodes: &[NodeId]) -> Vec<NodeId> {
        let mut nodes = nodes.to_vec();
        nodes.sort_by_cached_key(|id| {
            (self.draws.rank(purpose, &self.topology.node(*id).name), *id)
        });
        nodes
    }
    /// `links` in an order drawn for `purpose`, in which each keeps its place relative to the others.
    pub fn shuffled(&self, purpose: &str, links: &[LinkTarget]) -> Vec<LinkTarget> {
        let mut links = links.to_vec();
        let name = |id: NodeId| &self.topology.node(id).name;
        links.sort_by_cached_key(|link| {
            let ends = format!("{}->{}", name(link.from), name(link.to));
            (self.draws.rank(purpose, &ends), *link)
        });
        links
    }
    /// The stream of draws of one node.
    pub fn node_stream(&self, purpose: &str, node: NodeId) -> SetupStream {
        self.draws
            .of(&self.topology.node(node).name)
            .stream(purpose)
    }
    /// One of `names`, drawn for `purpose`: one name more or less leaves the order of the others alone.
    ///
    /// # Panics
    /// If there are none.
    pub(crate) fn first_of<'n>(&self, purpose: &str, names: &[&'n str]) -> &'n str {
        let rank = |name: &&&str| self.draws.rank(purpose, name);
        names
            .iter()
            .min_by_key(rank)
            .expect("there is a name to draw")
    }
    /// The stream of draws of one channel.
    pub(crate) fn channel_stream(
        &self,
        purpose: &str,
        channel: &crate::topology::ChannelInfo,
    ) -> SetupStream {
        self.draws.of(&channel.name).stream(purpose)
    }
    /// The stream of one round of a fault that goes in rounds.
    pub fn round(&self, purpose: &str, round: u32) -> SetupStream {
        self.draws.occurrence(round).stream(purpose)
    }
    /// A draw of a length for one round of a fault that goes in rounds.
    pub fn round_length(
        &self,
        purpose: &str,
        round: u32,
        law: &squall_core::Law,
    ) -> VirtualDuration {
        self.draws.occurrence(round).length(purpose, law)
    }
}
