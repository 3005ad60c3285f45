//! Faults of memory.

use super::FaultKind;
use super::node::NODES;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param};
use squall_core::VirtualDuration;
use squall_core::plan::{Damage, Family, Primitive};

const INTRUDER: Param = Param::new(
    "intruder",
    Kind::Choice(&["active", "idle"]),
    "whether what takes the memory goes on touching it",
);

pub(super) const SWAP_STORM: FaultKind = FaultKind {
    name: "swap-storm",
    family: Family::Memory,
    summary: "working sets outgrow the memory left, so the host pages",
    doc: "An intruder takes as much memory as makes (working sets) / (memory left) the given ratio. \
          Miss ratio, device queue, reclaim stalls, kills and the slow recovery follow from the \
          memory model; the damage outlasts the fault. Pressure that fits into free memory has not \
          landed. Pressures of several faults add; the latest swap device wins.",
    params: &[
        NODES,
        Param::new(
            "overcommit",
            Kind::Number { min: 1.0, max: 4.0 },
            "working sets / memory left",
        )
        .default("1.6"),
        Param::new(
            "device",
            Kind::Device,
            "the swap device while it lasts; the node's own if missing",
        ),
        INTRUDER.default("active"),
        Param::new(
            "ramp",
            Kind::Duration,
            "shortest time over which the memory is taken",
        )
        .default("10s"),
    ],
    lowers_to: &["pressure", "swap-device"],
    needed: &["pressure"],
    source: "SN --thrash, --page-in; calibration/swap (measured); absent from CM, LI and PU",
    own_length: None,
    lower: swap_storm,
};

fn swap_storm(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        // The device changes first: what is evicted goes to it already.
        if let Some(device) = args.device_opt("device") {
            lowering.overlay(Primitive::SwapDevice {
                node,
                device: device.clone(),
            });
        }
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Overcommit(args.number("overcommit")),
            activity: activity(args),
            arrival: Arrival::Burst {
                ramp: args.duration("ramp"),
            },
        });
    }
    Ok(())
}

pub(super) const MEMORY_HOG: FaultKind = FaultKind {
    name: "memory-hog",
    family: Family::Memory,
    summary: "something takes memory on the nodes",
    doc: "The memory is taken at once and freed at the end. What fits into free memory has not landed.",
    params: &[
        NODES,
        Param::new("size", Kind::Size, "how much it takes")
            .default("500MiB")
            .one_of("size"),
        Param::new("share", Kind::Share, "share of the node's memory it takes").one_of("size"),
        INTRUDER.default("idle"),
    ],
    lowers_to: &["pressure"],
    needed: &["pressure"],
    source: "LI 500 MB, CM memStress, SN 256 MB",
    own_length: None,
    lower: memory_hog,
};

fn memory_hog(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        let bytes = match args.number_opt("share") {
            Some(share) => share_of(lowering.topology.node(node).memory, share),
            None => args.size("size"),
        };
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Bytes(bytes),
            activity: activity(args),
            arrival: Arrival::Burst {
                ramp: VirtualDuration::ZERO,
            },
        });
    }
    Ok(())
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a share of a size is between zero and the size"
)]
fn share_of(bytes: u64, share: f64) -> u64 {
    (bytes as f64 * share) as u64
}
