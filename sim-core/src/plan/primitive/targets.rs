//! What primitives act on: nodes, links and disks.

use super::super::CutScope;
use super::Primitive;
use crate::NodeId;
use serde::{Deserialize, Serialize};

/// A directed link, by its ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct LinkTarget {
    /// The sender.
    pub from: NodeId,
    /// The receiver.
    pub to: NodeId,
}

/// A node's disk, or some of its files.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskTarget {
    /// The node.
    pub node: NodeId,
    /// A file or directory by name, or names that begin so if it ends in `*`; `None` is everything.
    pub path: Option<String>,
}

impl Primitive {
    /// The node it acts on; for a link the sender, for a call the client. `None`: no single one.
    pub const fn node(&self) -> Option<NodeId> {
        match self {
            Self::Crash { node, .. }
            | Self::PowerLoss { node, .. }
            | Self::Pause { node }
            | Self::CpuSpeed { node, .. }
            | Self::CpuQuota { node, .. }
            | Self::CpuSteal { node, .. }
            | Self::MemoryPressure { node, .. }
            | Self::MemoryLimit { node, .. }
            | Self::OomKill { node }
            | Self::SwapDevice { node, .. }
            | Self::DiskFull { node, .. }
            | Self::UnsyncedLoss { node, .. }
            | Self::TornWrite { node, .. }
            | Self::ClockStep { node, .. }
            | Self::ClockDrift { node, .. }
            | Self::ClockFreeze { node, .. } => Some(*node),
            Self::DiskLatency { disk, .. }
            | Self::DiskHold { disk, .. }
            | Self::DiskError { disk, .. }
            | Self::LyingFsync { disk, .. }
            | Self::BitRot { disk, .. }
            | Self::Misdirect { disk, .. } => Some(disk.node),
            Self::Call { client, .. } => *client,
            Self::Signal { .. } => None,
            Self::Knob { node, .. } => *node,
            Self::LinkDelay { link, .. }
            | Self::LinkLoss { link, .. }
            | Self::LinkBurstLoss { link, .. }
            | Self::LinkCorrupt { link, .. }
            | Self::LinkDuplicate { link, .. }
            | Self::LinkRate { link, .. }
            | Self::LinkTrace { link, .. }
            | Self::LinkReorder { link, .. }
            | Self::LinkClog { link, .. }
            | Self::LinkCut { link, .. }
            | Self::LinkReset { link, .. }
            | Self::LinkHold { link } => Some(link.from),
        }
    }
    /// Shows every node that it names, to change it.
    pub fn for_each_node(&mut self, see: &mut dyn FnMut(&mut NodeId)) {
        match self {
            Self::Crash { node, .. }
            | Self::PowerLoss { node, .. }
            | Self::Pause { node }
            | Self::CpuSpeed { node, .. }
            | Self::CpuQuota { node, .. }
            | Self::CpuSteal { node, .. }
            | Self::MemoryPressure { node, .. }
            | Self::MemoryLimit { node, .. }
            | Self::OomKill { node }
            | Self::SwapDevice { node, .. }
            | Self::DiskFull { node, .. }
            | Self::UnsyncedLoss { node, .. }
            | Self::TornWrite { node, .. }
            | Self::ClockStep { node, .. }
            | Self::ClockDrift { node, .. }
            | Self::ClockFreeze { node, .. } => see(node),
            Self::DiskLatency { disk, .. }
            | Self::DiskHold { disk, .. }
            | Self::DiskError { disk, .. }
            | Self::LyingFsync { disk, .. }
            | Self::BitRot { disk, .. }
            | Self::Misdirect { disk, .. } => see(&mut disk.node),
            Self::Signal { .. } => {}
            Self::Call { client, only, .. } => {
                client.iter_mut().chain(&mut only.server).for_each(see);
            }
            Self::Knob { node, .. } => node.iter_mut().for_each(see),
            Self::LinkDelay { link, .. }
            | Self::LinkLoss { link, .. }
            | Self::LinkBurstLoss { link, .. }
            | Self::LinkCorrupt { link, .. }
            | Self::LinkDuplicate { link, .. }
            | Self::LinkRate { link, .. }
            | Self::LinkTrace { link, .. }
            | Self::LinkReorder { link, .. }
            | Self::LinkClog { link, .. }
            | Self::LinkCut { link, .. }
            | Self::LinkReset { link, .. }
            | Self::LinkHold { link } => {
                see(&mut link.from);
                see(&mut link.to);
            }
        }
    }
    /// The node that does not run while it is in force, if it is such a primitive.
    pub fn takes_down(&self) -> Option<NodeId> {
        match self {
            Self::Crash { node, .. }
            | Self::PowerLoss { node, .. }
            | Self::Pause { node }
            | Self::OomKill { node } => Some(*node),
            _ => None,
        }
    }
    /// The link that nothing passes while it is in force, if it is such a primitive.
    pub fn cuts_off(&self) -> Option<LinkTarget> {
        match self {
            Self::LinkCut {
                link,
                scope: CutScope::All,
                ..
            }
            | Self::LinkHold { link } => Some(*link),
            _ => None,
        }
    }
    /// The directed link it acts on, for those of the family [`Family::Link`](super::Family::Link).
    pub const fn link(&self) -> Option<LinkTarget> {
        match self {
            Self::LinkDelay { link, .. }
            | Self::LinkLoss { link, .. }
            | Self::LinkBurstLoss { link, .. }
            | Self::LinkCorrupt { link, .. }
            | Self::LinkDuplicate { link, .. }
            | Self::LinkRate { link, .. }
            | Self::LinkTrace { link, .. }
            | Self::LinkReorder { link, .. }
            | Self::LinkClog { link, .. }
            | Self::LinkCut { link, .. }
            | Self::LinkReset { link, .. }
            | Self::LinkHold { link } => Some(*link),
            _ => None,
        }
    }
}
