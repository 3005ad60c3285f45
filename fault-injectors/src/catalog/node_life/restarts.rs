//! Restarts that somebody plans, of one node or of one after the other, and crashes that come again and again.

use super::super::FaultKind;
use super::super::node::NODES;
use super::{DOWN, GRACE, ORDER, REFUSE, RESTARTS_MAX, drain};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{Family, Primitive, Seen};
use squall_core::{NodeId, VirtualDuration, VirtualTime};

/// One planned restart: notice, grace, down. Gives the time of its end.
fn restart(
    lowering: &mut Lowering<'_>,
    node: NodeId,
    (at, grace, down): (VirtualTime, VirtualDuration, VirtualDuration),
) -> VirtualTime {
    let stops = at.saturating_add(grace);
    let least = VirtualDuration::from_nanos(1);
    let starts = stops.saturating_add(down.max(least));
    drain(lowering, node, (at, Some(starts)), REFUSE);
    let seen = Seen::Reset;
    lowering.beyond(stops, Some(starts), Primitive::Crash { node, seen });
    starts
}

pub(in super::super) const NODE_RESTART: FaultKind = FaultKind {
    name: "node-restart",
    family: Family::Node,
    summary: "nodes are restarted in an orderly way: drained, stopped, started",
    doc: "In the grace period the workloads on the node drain: they refuse new work, and whoever sees that \
          keeps away (the knob `drain` of a workload; one without it just goes on). Then the node is down, \
          and what is still under way breaks with a reset; it starts again empty, and takes work at once.",
    params: &[NODES, GRACE.default("5s"), DOWN.default("5s")],
    lowers_to: &["knob", "crash"],
    needed: &["crash"],
    source: "LI pod-delete, FDB Reboot",
    own_length: Some("down"),
    lower: |args, lowering| {
        let (grace, down) = (args.duration("grace"), down(args, lowering));
        let at = lowering.window.from;
        for node in lowering.nodes(args, "nodes")? {
            restart(lowering, node, (at, grace, down));
        }
        Ok(())
    },
};

/// How long the node is down: the length of the occurrence.
fn down(args: &Args, lowering: &Lowering<'_>) -> VirtualDuration {
    let window = lowering.window;
    let until = window.until.unwrap_or(lowering.stop);
    match args.given("down") || window.until.is_none() {
        true => args.duration("down"),
        false => until.since(window.from),
    }
}

pub(in super::super) const ROLLING_RESTART: FaultKind = FaultKind {
    name: "rolling-restart",
    family: Family::Node,
    summary: "nodes are restarted one after the other",
    doc: "As node-restart, `at_once` nodes at a time; the next ones begin `pause` after the last of them is \
          back. By number, zone by zone, or in an order drawn a seed. Nobody looks whether those before are \
          well.",
    params: &[
        NODES,
        ORDER.default("id"),
        Param::new(
            "at_once",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "nodes at a time",
        )
        .default("1"),
        Param::new("pause", Kind::Duration, "time between two restarts").default("30s"),
        GRACE.default("5s"),
        DOWN.default("5s"),
    ],
    lowers_to: &["knob", "crash"],
    needed: &["crash"],
    source: "TB release change; upgrades",
    own_length: Some("down"),
    lower: rolling_restart,
};

fn rolling_restart(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let nodes = lowering.nodes(args, "nodes")?;
    let nodes = lowering.ordered((args, "order"), "order", nodes)?;
    if nodes.len() > RESTARTS_MAX {
        let issue = Issue::new(format!("more than {RESTARTS_MAX} restarts"), 0..0);
        return Err(Refusal::arg("nodes", issue.help("pick fewer nodes")));
    }
    let (grace, down) = (args.duration("grace"), down(args, lowering));
    let mut at = lowering.window.from;
    let at_once = usize::try_from(args.count("at_once")).unwrap_or(usize::MAX);
    for group in nodes.chunks(at_once) {
        let mut back = at;
        for node in group {
            back = restart(lowering, *node, (at, grace, down));
        }
        at = back.saturating_add(args.duration("pause"));
    }
    Ok(())
}

pub(in super::super) const CRASH_LOOP: FaultKind = FaultKind {
    name: "crash-loop",
    family: Family::Node,
    summary: "nodes crash again and again, and are started later and later",
    doc: "Down for `down`, up for `up`, `count` times; each time it is down `factor` times as long, up to \
          `cap`. Peers see a reset: the process dies, the host is there.",
    params: &[
        NODES,
        Param::new("up", Kind::Duration, "time until it crashes again").default("20s"),
        Param::new(
            "down",
            Kind::Duration,
            "time until it starts first; instead of `for`",
        )
        .default("10s"),
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 10.0,
            },
            "growth of that time from crash to crash",
        )
        .default("2"),
        Param::new("cap", Kind::Duration, "longest time down").default("5m"),
        Param::new(
            "count",
            Kind::Integer {
                min: 1,
                max: 10_000,
            },
            "how often it crashes",
        )
        .default("5"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "poison messages, restart back-off",
    own_length: Some("down"),
    lower: |args, lowering| {
        let cap = args.duration("cap").as_nanos_f64();
        let nodes = lowering.nodes(args, "nodes")?;
        let mut at = lowering.window.from;
        let mut length = down(args, lowering).as_nanos_f64();
        for _ in 0..args.count("count") {
            let ns = VirtualDuration::from_nanos_f64(length.min(cap));
            let until = at.saturating_add(ns.max(VirtualDuration::from_nanos(1)));
            for node in &nodes {
                let (node, seen) = (*node, Seen::Reset);
                lowering.beyond(at, Some(until), Primitive::Crash { node, seen });
            }
            at = until.saturating_add(args.duration("up"));
            length *= args.number("factor");
        }
        Ok(())
    },
};
