//! Faults of whom to believe: a sub-agent about its scope, the telemetry about a cause.

use super::super::FaultKind;
use super::{ON, WORKLOAD, set};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Shape};
use squall_core::VirtualDuration;
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{Damage, Family, KnobChange, Primitive};

pub(in super::super) const MISATTRIBUTION: FaultKind = FaultKind {
    name: "misattribution",
    family: Family::Memory,
    summary: "hosts of agents page, and the telemetry shows no host",
    doc: "An intruder takes as much memory as makes (working sets) / (memory left) the given ratio, as in \
          a swap-storm, while the signals of hosts are not looked at. What takes long on a paging worker \
          is reading the answer; what the times of calls show is a slow model. The workload needs a \
          control layer, and workers that read answers (`read_pages`).",
    params: &[
        WORKLOAD,
        Param::new(
            "nodes",
            Kind::Selector(Shape::Nodes),
            "the workers that page",
        )
        .required(),
        Param::new(
            "overcommit",
            Kind::Number { min: 0.5, max: 4.0 },
            "working sets / memory left; up to 1 they fit",
        )
        .default("1.6"),
    ],
    lowers_to: &["pressure", "knob"],
    needed: &["pressure", "knob"],
    source: "agents G10",
    own_length: None,
    lower: misattribution,
};

/// Shortest time over which the memory is taken, as in a swap-storm.
const RAMP: VirtualDuration = VirtualDuration::from_secs(10);

fn misattribution(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, _) = super::knob(args, lowering, "telemetry")?;
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::Knob {
            knob,
            node: Some(node),
            change: KnobChange::Set,
            // `calls-only`.
            value: 1.0,
        });
        lowering.overlay(Primitive::MemoryPressure {
            node,
            size: Damage::Overcommit(args.number("overcommit")),
            activity: Activity::Active,
            arrival: Arrival::Burst { ramp: RAMP },
        });
    }
    Ok(())
}

pub(in super::super) const SCOPE_UNION: FaultKind = FaultKind {
    name: "scope-union",
    family: Family::Knob,
    summary: "sub-agents get what they or their parent may do, not what both may",
    doc: "The token of each sub-agent that starts says too much. Who looks at the token alone permits what \
          nobody could hand on; who looks at the grants of all who delegated does not. The workload needs \
          sub-agents (`delegate`).",
    params: &[WORKLOAD, ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G3",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "scope-union", 1.0),
};
