//! Faults whose targets are found when they fire: what they do there is what they do to nodes that are
//! named.

use crate::common::{fault, stop, text, world};
use squall_core::plan::{Plan, Primitive};
use squall_core::{NodeId, Seed};
use squall_faults::param::{Node, NodeKey, Raw};
use squall_faults::topology::GroupRole;
use squall_faults::{FaultUse, LowerError, Topology, lower};

/// The world, in which a gateway leads `web`, and a model `ai`.
fn lab() -> Topology {
    let mut lab = world();
    for (of, group) in [("web", "gateway"), ("ai", "model")] {
        lab.add_group_role(GroupRole {
            role: "leader".into(),
            of: of.into(),
            nodes: lab.nodes_where(|n| n.group == group),
        });
    }
    lab
}

fn plan(fault: FaultUse) -> Result<Plan, Vec<LowerError>> {
    lower(Seed(0x11), &[fault], &lab(), stop())
}

/// The knobs that a plan sets on places, and its notes.
fn drained(fault: FaultUse) -> (Vec<NodeId>, Vec<String>) {
    let plan = plan(fault).expect("a plan");
    let nodes = lab().nodes().len();
    let set = plan.entries().iter().filter_map(|e| match &e.primitive {
        Primitive::Knob { node, .. } => *node,
        _ => None,
    });
    let set: Vec<NodeId> = set.collect();
    assert!(set.iter().all(|node| node.index() >= nodes), "{set:?}");
    (set, plan.faults[0].notes.clone())
}

fn on_crash() -> (&'static str, Node) {
    let key = NodeKey {
        name: "event".into(),
        span: 0..0,
    };
    let raw = Raw::Table(vec![(key, text("node-crashed"))]);
    ("on", Node { span: 0..0, raw })
}

#[test]
fn whoever_has_a_role_drains() {
    let at = [("at", text("1m"))];
    let long = [at[0].clone(), ("for", text("1m"))];
    for (kind, when) in [
        ("drain", &long[..]),
        ("spot-reclaim", &at[..]),
        ("node-restart", &at[..]),
        ("rolling-restart", &at[..]),
    ] {
        let nodes = [("nodes", text("leader of web"))];
        let (set, notes) = drained(fault(kind, &nodes, when));
        assert_eq!((set.len(), notes), (1, vec![]), "{kind}");
        let nodes = [("nodes", text("leader of ai"))];
        let (set, notes) = drained(fault(kind, &nodes, when));
        assert_eq!(set, [], "no workload runs on models: {kind}");
        assert!(notes[0].ends_with("can be drained"), "{notes:?}");
    }
    // So do nodes that a floor makes wait.
    let floor = (
        "keep_healthy",
        Node {
            span: 0..0,
            raw: Raw::Integer(1),
        },
    );
    let nodes = [("nodes", text("any 2 of gateway"))];
    let (set, _) = drained(fault(
        "drain",
        &nodes,
        &[on_crash(), floor, long[1].clone()],
    ));
    assert_eq!(set.len(), 2);
}

#[test]
fn zones_of_who_is_found_later_are_no_order() {
    let minute = [("at", text("1m")), ("for", text("1m"))];
    let web = ("nodes", text("leader of web + gateway"));
    let zones = [web.clone(), ("order", text("zone"))];
    for refused in [
        fault("rolling-restart", &zones, &minute[..1]),
        fault("partition", &[web, ("split", text("by-zone"))], &minute),
    ] {
        let errors = plan(refused).expect_err("zones are not known");
        let message = &errors[0].issue.message;
        assert_eq!(message, "the zones of these nodes are not known before");
    }
}
