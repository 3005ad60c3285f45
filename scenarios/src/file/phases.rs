//! Parts of a run, nodes that no fault hits, and what faults can wait for.

use crate::scenario::WorkloadUse;
use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param, Shape, Value};
use squall_faults::topology::{GroupRole, Phases};
use squall_faults::{Issue, Topology};

/// `phases`: parts of a run.
pub(crate) const PHASES: &[Param] = &[
    Param::new(
        "warm_up",
        Kind::Duration,
        "the first part, in which nothing breaks; times of faults count from its end",
    )
    .default("0s"),
    Param::new(
        "heal",
        Kind::Duration,
        "the last part: no fault starts in it, and those that end have ended",
    )
    .default("0s"),
];

/// `never`: whom no fault hits.
pub(crate) const NEVER: Kind = Kind::List(&Kind::Selector(Shape::Nodes));

/// The parts of a run until `stop`.
pub(super) fn phases(args: &Args, stop: VirtualDuration, issues: &mut Vec<Issue>) -> Phases {
    let length = |key| args.duration_opt(key).unwrap_or_default();
    let phases = Phases {
        warm_up: length("warm_up"),
        heal: length("heal"),
    };
    let both = phases
        .warm_up
        .as_nanos()
        .saturating_add(phases.heal.as_nanos());
    if both > 0 && both >= stop.as_nanos() {
        let key = if args.given("heal") {
            "heal"
        } else {
            "warm_up"
        };
        let issue = Issue::new(
            "no time is left between warm-up and heal",
            args.place(key).span.clone(),
        );
        issues.push(issue.label(format!("the run stops at {stop}")));
    }
    phases
}

/// The nodes of `never`, by number.
pub(super) fn spared(
    args: &Args,
    topology: &Topology,
    issues: &mut Vec<Issue>,
) -> Vec<squall_core::NodeId> {
    let mut spared = Vec::new();
    for arg in args.list_opt("never").unwrap_or(&[]) {
        let Value::Selector(selector) = &arg.value else {
            continue;
        };
        let members = match selector.is_drawn() {
            true => Err(Issue::new("nothing is drawn here", 0..selector.text.len())
                .help("write names or labels, such as \"gateway\", \"kv[0]\" or \"zone=b\"")),
            false => selector.members(topology),
        };
        match members {
            Ok(members) => spared.extend(members),
            Err(issue) => issues.push(arg.place.locate(issue)),
        }
    }
    spared.sort_unstable();
    spared.dedup();
    spared
}

/// Enters what a workload records, for faults that wait for it.
pub(super) fn announce(workload: &WorkloadUse, topology: &mut Topology) {
    let (name, kind) = (&workload.name, workload.kind);
    for event in kind.events {
        topology.add_event(&format!("{name}.{}", event.name));
    }
    for metric in kind.metrics {
        topology.add_metric(&format!("{name}.{}", metric.name), metric.unit);
    }
    for role in kind.roles {
        topology.add_group_role(GroupRole {
            role: role.name.to_owned(),
            of: name.clone(),
            nodes: workload.nodes.clone(),
        });
    }
}
