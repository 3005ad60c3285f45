//! What primitives act on, as text.

use super::calls;
use crate::topology::Topology;
use squall_core::plan::{DiskTarget, LinkTarget, Primitive};
use squall_core::{NodeId, ServiceId};

/// What a primitive acts on.
pub fn target(primitive: &Primitive, topology: &Topology) -> String {
    let node = |id: &NodeId| match topology.nodes().get(id.index()) {
        Some(node) => node.name.clone(),
        None => format!("node {}", id.0),
    };
    let link = |link: &LinkTarget| format!("{}->{}", node(&link.from), node(&link.to));
    match primitive {
        Primitive::Crash { node: id, .. }
        | Primitive::PowerLoss { node: id, .. }
        | Primitive::Pause { node: id }
        | Primitive::CpuSpeed { node: id, .. }
        | Primitive::CpuQuota { node: id, .. }
        | Primitive::CpuSteal { node: id, .. }
        | Primitive::MemoryPressure { node: id, .. }
        | Primitive::MemoryLimit { node: id, .. }
        | Primitive::OomKill { node: id }
        | Primitive::ClockStep { node: id, .. }
        | Primitive::ClockDrift { node: id, .. }
        | Primitive::ClockFreeze { node: id, .. }
        | Primitive::SwapDevice { node: id, .. }
        | Primitive::DiskFull { node: id, .. }
        | Primitive::UnsyncedLoss { node: id, .. }
        | Primitive::TornWrite { node: id, .. } => node(id),
        Primitive::DiskLatency { disk, .. }
        | Primitive::DiskHold { disk, .. }
        | Primitive::DiskError { disk, .. }
        | Primitive::LyingFsync { disk, .. }
        | Primitive::BitRot { disk, .. }
        | Primitive::Misdirect { disk, .. } => {
            let DiskTarget { node: id, path } = disk;
            let path = path
                .as_ref()
                .map_or(String::new(), |path| format!(":{path}"));
            format!("{}{path}", node(id))
        }
        Primitive::LinkDelay { link: l, .. }
        | Primitive::LinkLoss { link: l, .. }
        | Primitive::LinkBurstLoss { link: l, .. }
        | Primitive::LinkCorrupt { link: l, .. }
        | Primitive::LinkDuplicate { link: l, .. }
        | Primitive::LinkRate { link: l, .. }
        | Primitive::LinkTrace { link: l, .. }
        | Primitive::LinkReorder { link: l, .. }
        | Primitive::LinkClog { link: l, .. }
        | Primitive::LinkReset { link: l, .. }
        | Primitive::LinkCut { link: l, .. }
        | Primitive::LinkHold { link: l } => link(l),
        Primitive::Call {
            client,
            service,
            only,
            ..
        } => {
            let client = client.as_ref().map_or("*".to_owned(), node);
            let service = service_name(*service, topology);
            let server = only
                .server
                .map_or(String::new(), |id| format!("@{}", node(&id)));
            format!("{client}->{service}{server}{}", calls::scope(only))
        }
        Primitive::Signal { channel, .. } => {
            let known = topology.channels().get(channel.index());
            known.map_or(format!("channel {}", channel.0), |info| info.name.clone())
        }
        Primitive::Knob { node: id, .. } => id.as_ref().map_or("everywhere".to_owned(), node),
    }
}

fn service_name(service: ServiceId, topology: &Topology) -> String {
    let name = topology.services().get(service.index());
    name.map_or(format!("service {}", service.0), Clone::clone)
}
