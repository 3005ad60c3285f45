//! Faults of nodes.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Shape};
use squall_core::plan::{Family, Primitive, Seen};

/// The targets of most faults.
pub(super) const NODES: Param =
    Param::new("nodes", Kind::Selector(Shape::Nodes), "nodes to hit").required();

pub(super) const NODE_LOSS: FaultKind = FaultKind {
    name: "node-loss",
    family: Family::Node,
    summary: "nodes crash, and come back or do not",
    doc: "All tasks of the node are gone at once, without a goodbye; volatile state is lost. Its \
          peers see silence, or a reset. It restarts empty after `restart_after` (or at the end of \
          `for`); two losses of one node keep it down until both are over.",
    params: &[
        NODES,
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until it starts again; instead of `for`",
        ),
        Param::new(
            "seen",
            Kind::Choice(&["silent", "reset"]),
            "what its peers see",
        )
        .default("silent"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "CM pod-kill, PU kill, JP, TB crash 2e-7 per tick",
    own_length: Some("restart_after"),
    lower: node_loss,
};

fn node_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let seen = match args.word("seen") {
        "reset" => Seen::Reset,
        _ => Seen::Silent,
    };
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::Crash { node, seen });
    }
    Ok(())
}

pub(super) const NODE_PAUSE: FaultKind = FaultKind {
    name: "node-pause",
    family: Family::Node,
    summary: "no code of the nodes runs for a while",
    doc: "Timers and packets wait and fire in a burst at the end; the node's clocks run on. A pause \
          survives a crash: the node then starts paused.",
    params: &[NODES],
    lowers_to: &["pause"],
    needed: &["pause"],
    source: "JP hammer-time, PU pause, TB 8e-7 / 8e-6 per tick",
    own_length: None,
    lower: node_pause,
};

fn node_pause(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::Pause { node });
    }
    Ok(())
}
