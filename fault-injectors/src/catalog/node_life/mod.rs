//! Faults of the life of nodes: restarts that are planned, or come again and again, and nodes that go.

mod going;
mod gray;
mod restarts;

pub(super) use going::{DRAIN, SPOT_RECLAIM};
pub(super) use gray::{GRAY_HANG, LEMON_NODE};
pub(super) use restarts::{CRASH_LOOP, NODE_RESTART, ROLLING_RESTART};

use crate::lowering::Lowering;
use crate::param::{Kind, Param};
use squall_core::plan::{KnobChange, Primitive};
use squall_core::{NodeId, VirtualTime};

const GRACE: Param = Param::new(
    "grace",
    Kind::Duration,
    "time from the notice, in which the node drains, to its end",
);
const DOWN: Param = Param::new(
    "down",
    Kind::Duration,
    "time until it starts again; instead of `for`",
);
/// See [`Lowering::ordered`].
pub(super) const ORDER: Param = Param::new(
    "order",
    Kind::Choice(&["id", "zone", "random"]),
    "in which order",
);

/// Values of the knob `drain` of workloads.
const CORDON: f64 = 1.0;
const REFUSE: f64 = 2.0;

/// Tells the workloads on a node that it is to go, as far as they have a knob `drain`.
fn drain(
    lowering: &mut Lowering<'_>,
    node: NodeId,
    (from, until): (VirtualTime, Option<VirtualTime>),
    value: f64,
) {
    let topology = lowering.topology;
    // Who has a role is found when the fault fires: what may run there is told, and a node on which a
    // workload does not run never asks.
    let may_be = lowering.may_be(&node);
    let workloads = topology.workloads().iter();
    let here = workloads.filter(|(_, nodes)| nodes.iter().any(|node| may_be.contains(node)));
    let knobs = here.filter_map(|(workload, _)| topology.knob(&format!("{workload}.drain")));
    let knobs: Vec<_> = knobs.map(|(knob, _)| knob).collect();
    if knobs.is_empty() {
        let name = &topology.node(node).name;
        lowering.note(format!("nothing on {name} can be drained"));
    }
    for knob in knobs {
        let set = Primitive::Knob {
            knob,
            node: Some(node),
            change: KnobChange::Set,
            value,
        };
        lowering.beyond(from, until, set);
    }
}

/// Restarts that one occurrence may have.
const RESTARTS_MAX: usize = 10_000;
