//! Faults of nodes.

use super::FaultKind;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Shape};
use squall_core::NodeId;
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
        SEEN,
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "CM pod-kill, PU kill, JP, TB crash 2e-7 per tick",
    own_length: Some("restart_after"),
    lower: node_loss,
};

pub(super) const SEEN: Param = Param::new(
    "seen",
    Kind::Choice(&["silent", "reset"]),
    "what its peers see",
)
.default("silent");

pub(super) fn seen(args: &Args) -> Seen {
    match args.word("seen") {
        "reset" => Seen::Reset,
        _ => Seen::Silent,
    }
}

fn node_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let seen = seen(args);
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::Crash { node, seen });
    }
    Ok(())
}

pub(super) const POWER_LOSS: FaultKind = FaultKind {
    name: "power-loss",
    family: Family::Node,
    summary: "nodes lose power, and their disks what was not synced",
    doc: "As node-loss, and the host's cache goes too. Each unsynced write that spans several units \
          of the device is torn with chance `torn`: its first units survive. Any other vanishes \
          with chance `unsynced`; so do changes of names (creations, renames), and after the first \
          that does all later ones. What was synced stays. Acts on the disk also of a node that a \
          crash holds down already.",
    params: &[
        NODES,
        Param::new(
            "unsynced",
            Kind::Share,
            "share of the unsynced writes that vanish",
        )
        .default("1.0"),
        Param::new(
            "torn",
            Kind::Share,
            "share of the unsynced writes that are torn",
        )
        .default("0.5"),
        super::disk::UNIT,
        SEEN,
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until it starts again; instead of `for`",
        )
        .default("10s"),
    ],
    lowers_to: &["unsynced-loss", "torn-write", "power-loss"],
    needed: &["power-loss"],
    source: "FDB non-durable files; TB 80-100 % of pending writes; JP lazyfs",
    own_length: Some("restart_after"),
    lower: power_loss,
};

fn power_loss(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (unsynced, torn) = (args.number("unsynced"), args.number("torn"));
    let (unit, seen) = (super::disk::unit(args), seen(args));
    for node in lowering.nodes(args, "nodes")? {
        lose_power(lowering, node, (unsynced, torn), (unit, seen));
    }
    Ok(())
}

/// A node loses its power, and of its unsynced writes these shares vanish or are torn.
pub(super) fn lose_power(
    lowering: &mut Lowering<'_>,
    node: NodeId,
    (unsynced, torn): (f64, f64),
    (unit, seen): (u64, Seen),
) {
    // The rules first: they are in force when the power goes.
    if unsynced > 0.0 {
        let share = unsynced;
        lowering.overlay(Primitive::UnsyncedLoss { node, share });
    }
    if torn > 0.0 {
        let share = torn;
        lowering.overlay(Primitive::TornWrite { node, share, unit });
    }
    let wipe = false;
    lowering.overlay(Primitive::PowerLoss { node, seen, wipe });
}

pub(super) const REIMAGE: FaultKind = FaultKind {
    name: "reimage",
    family: Family::Node,
    summary: "nodes come back with empty disks",
    doc: "All tasks of the node are gone at once, and everything on its disk with them, synced or \
          not. It starts again after `down`, as a new machine of the same name.",
    params: &[
        NODES,
        SEEN,
        Param::new(
            "down",
            Kind::Duration,
            "time until it starts again; instead of `for`",
        )
        .default("30s"),
    ],
    lowers_to: &["power-loss"],
    needed: &["power-loss"],
    source: "TB reformat 30 %; FDB RebootAndDelete",
    own_length: Some("down"),
    lower: reimage,
};

fn reimage(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let seen = seen(args);
    for node in lowering.nodes(args, "nodes")? {
        lowering.overlay(Primitive::PowerLoss {
            node,
            seen,
            wipe: true,
        });
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
