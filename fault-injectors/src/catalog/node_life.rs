//! Faults of the life of nodes: restarts that are planned, or come again and again, and nodes that go.

use super::FaultKind;
use super::node::{NODES, SEEN, seen};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param};
use squall_core::plan::{CallRule, CallScope, Family, KnobChange, Primitive, Seen};
use squall_core::{NodeId, Sample, ServiceId, VirtualDuration, VirtualTime};

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

pub(super) const NODE_RESTART: FaultKind = FaultKind {
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

/// Restarts that one occurrence may have.
const RESTARTS_MAX: usize = 10_000;

pub(super) const ROLLING_RESTART: FaultKind = FaultKind {
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

pub(super) const CRASH_LOOP: FaultKind = FaultKind {
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

pub(super) const DRAIN: FaultKind = FaultKind {
    name: "drain",
    family: Family::Knob,
    summary: "nodes are taken out of service, and stay up",
    doc: "The workloads on the node drain: callers that see it keep away while there are other replicas; \
          with `refuse_new` new work is answered with 503 as well. What was accepted is finished. At the \
          end it takes work again.",
    params: &[
        NODES,
        Param::new("refuse_new", Kind::Flag, "whether new work is refused, too").default("true"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "LI and KR node drain",
    own_length: None,
    lower: |args, lowering| {
        let value = if args.flag("refuse_new") {
            REFUSE
        } else {
            CORDON
        };
        let window = lowering.window;
        for node in lowering.nodes(args, "nodes")? {
            drain(lowering, node, (window.from, window.until), value);
        }
        Ok(())
    },
};

pub(super) const SPOT_RECLAIM: FaultKind = FaultKind {
    name: "spot-reclaim",
    family: Family::Node,
    summary: "the provider takes nodes back, with a notice, and gives others later",
    doc: "From the notice on the workloads on the node drain. After `notice` it is gone, with its disk; \
          `replace_after` later another machine of the same name starts, with an empty one. Peers see \
          silence.",
    params: &[
        NODES,
        Param::new(
            "notice",
            Kind::Duration,
            "time from the notice to the end (two minutes: recalled, not checked)",
        )
        .default("2m"),
        Param::new(
            "replace_after",
            Kind::Duration,
            "time until another machine is there; instead of `for`",
        )
        .default("5m"),
        SEEN,
    ],
    lowers_to: &["knob", "power-loss"],
    needed: &["power-loss"],
    source: "FIS spot interruption",
    own_length: Some("replace_after"),
    lower: |args, lowering| {
        let window = lowering.window;
        let length = match args.given("replace_after") || window.until.is_none() {
            true => args.duration("replace_after"),
            false => window.until.unwrap_or(lowering.stop).since(window.from),
        };
        let gone = window.from.saturating_add(args.duration("notice"));
        let until = Some(gone.saturating_add(length.max(VirtualDuration::from_nanos(1))));
        let seen = seen(args);
        for node in lowering.nodes(args, "nodes")? {
            drain(lowering, node, (window.from, until), REFUSE);
            let wipe = true;
            lowering.beyond(gone, until, Primitive::PowerLoss { node, seen, wipe });
        }
        Ok(())
    },
};

pub(super) const GRAY_HANG: FaultKind = FaultKind {
    name: "gray-hang",
    family: Family::Call,
    summary: "nodes answer nothing but their health checks",
    doc: "Calls of every service that the nodes offer are accepted, and never answered, but for the services \
          whose last word is in `keep`: to whoever asks for their health they are well. Datagrams pass. \
          What was accepted before is answered.",
    params: &[
        NODES,
        Param::new(
            "keep",
            Kind::List(&Kind::Text),
            "services that go on, by the last word of their names",
        )
        .default("health, heartbeat"),
    ],
    lowers_to: &["hang"],
    needed: &["hang"],
    source: "Huang et al., Gray failure, HotOS 2017; AN hang",
    own_length: None,
    lower: gray_hang,
};

fn gray_hang(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let keep = args.list("keep").iter();
    let keep = keep.filter_map(|arg| match &arg.value {
        crate::param::Value::Text(word) => Some(word.as_str()),
        _ => None,
    });
    let keep: Vec<&str> = keep.collect();
    let services = lowering.topology.services().iter().enumerate();
    let hangs = services.filter(|(_, name)| {
        let last = name.rsplit('.').next().unwrap_or(name);
        !keep.contains(&last)
    });
    let hangs: Vec<ServiceId> = hangs.map(|(i, _)| ServiceId::from_index(i)).collect();
    if hangs.is_empty() {
        let issue = Issue::new("no service is left that could hang", 0..0);
        return Err(Refusal::arg("keep", issue.help("keep fewer services")));
    }
    for node in lowering.nodes(args, "nodes")? {
        for service in &hangs {
            lowering.overlay(Primitive::Call {
                client: None,
                service: *service,
                only: CallScope {
                    server: Some(node),
                    ..CallScope::ALL
                },
                rule: CallRule::Hang { share: 1.0 },
            });
        }
    }
    Ok(())
}

pub(super) const LEMON_NODE: FaultKind = FaultKind {
    name: "lemon-node",
    family: Family::Node,
    summary: "nodes that fail far more often than others, and look well in between",
    doc: "Each node has a renewal process of its own: up for an exponential time with a mean of `mtbf` over \
          `factor`, then down for `down`. Nothing but the number of its failures tells it from the others.",
    params: &[
        NODES,
        Param::new(
            "factor",
            Kind::Number {
                min: 1.0,
                max: 1000.0,
            },
            "failure rate, relative to the usual",
        )
        .default("20"),
        Param::new("mtbf", Kind::Duration, "mean time up of a usual node").default("1h"),
        Param::new("down", Kind::Duration, "time down").default("30s"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "arXiv 2410.21680: lemon nodes",
    own_length: None,
    lower: lemon_node,
};

fn lemon_node(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let mean = args.duration("mtbf").as_nanos_f64() / args.number("factor");
    let end = lowering
        .window
        .until
        .unwrap_or(lowering.stop)
        .min(lowering.stop);
    let down = args.duration("down").max(VirtualDuration::from_nanos(1));
    for node in lowering.nodes(args, "nodes")? {
        let mut stream = lowering.node_stream("renewal", node);
        let mut at = lowering.window.from;
        for round in 0.. {
            at = at.saturating_add(VirtualDuration::from_nanos_f64(stream.exponential(mean)));
            if at >= end {
                break;
            }
            if round >= RESTARTS_MAX {
                let issue =
                    Issue::new(format!("more than {RESTARTS_MAX} failures of a node"), 0..0);
                return Err(Refusal::arg("mtbf", issue.help("make it longer")));
            }
            let until = at.saturating_add(down);
            let seen = Seen::Silent;
            lowering.overlay_between(at, Some(until), Primitive::Crash { node, seen });
            at = until;
        }
    }
    Ok(())
}
