//! Faults of whoever leads, and of who belongs to a group.

use super::FaultKind;
use super::knob::find;
use super::node::{NODES, SEEN, seen};
use super::node_life::ORDER;
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape, Unit};
use crate::topology::KnobKind;
use squall_core::plan::{CutMode, CutScope, Family, KnobChange, LinkTarget, Primitive};
use squall_core::{KnobId, NodeId, VirtualDuration};

pub(super) const LEADER_LOSS: FaultKind = FaultKind {
    name: "leader-loss",
    family: Family::Node,
    summary: "whoever leads crashes, and comes back later",
    doc: "As node-loss, of who has a role when it fires: write `leader of kv`, or another role or nodes. All \
          tasks of the node are gone at once, and its term is over; what it had not replicated is only on \
          its disk. It restarts after `restart_after`, as a follower of somebody else if there is one.",
    params: &[
        NODES,
        Param::new(
            "restart_after",
            Kind::Duration,
            "time until it starts again; instead of `for`",
        )
        .default("30s"),
        SEEN,
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "faults.md section 6; JP kill of primaries",
    own_length: Some("restart_after"),
    lower: |args, lowering| {
        let seen = seen(args);
        for node in lowering.nodes(args, "nodes")? {
            lowering.overlay(Primitive::Crash { node, seen });
        }
        Ok(())
    },
};

pub(super) const LEADER_ISOLATE: FaultKind = FaultKind {
    name: "leader-isolate",
    family: Family::Link,
    summary: "whoever leads is cut off, one way or both, and does not know",
    doc: "Write `leader of kv`, or another role or nodes. `out`: what it sends reaches nobody, and it hears \
          all; it may believe that it leads while the others choose another. `in`: it hears nobody, and \
          all hear it, so that nobody else stands. `both`: as if it had gone. Messages under way are lost \
          on arrival; nodes that are hit together are cut off from each other too.",
    params: &[
        NODES,
        Param::new(
            "direction",
            Kind::Choice(&["in", "out", "both"]),
            "which of its messages are lost: those to it, those from it, or both",
        )
        .default("out"),
        Param::new(
            "peers",
            Kind::Selector(Shape::Nodes),
            "from whom it is cut off; everybody if missing",
        ),
        Param::new(
            "mode",
            Kind::Choice(&["drop", "refuse"]),
            "whether senders notice: silence, or an error at once",
        )
        .default("drop"),
    ],
    lowers_to: &["cut"],
    needed: &["cut"],
    source: "faults.md section 6; Alquraan et al., OSDI 2018: partial and one-way partitions of leaders",
    own_length: None,
    lower: leader_isolate,
};

fn leader_isolate(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let hit = lowering.nodes(args, "nodes")?;
    let peers = match args.selector_opt("peers") {
        Some(_) => lowering.nodes(args, "peers")?,
        None => lowering.everybody(),
    };
    let direction = args.word("direction");
    let mode = match args.word("mode") {
        "refuse" => CutMode::Refuse,
        _ => CutMode::Drop,
    };
    let mut links = Vec::new();
    for (from, to) in hit
        .iter()
        .flat_map(|node| peers.iter().map(move |peer| (*node, *peer)))
    {
        if from == to {
            continue;
        }
        if direction != "in" {
            links.push(LinkTarget { from, to });
        }
        if direction != "out" {
            let (from, to) = (to, from);
            links.push(LinkTarget { from, to });
        }
    }
    if links.is_empty() {
        let issue = Issue::new("nobody is left to be cut off from", 0..0);
        let key = if args.given("peers") {
            "peers"
        } else {
            "nodes"
        };
        return Err(Refusal::arg(key, issue.help("name other nodes")));
    }
    links.sort_unstable();
    links.dedup();
    for link in links {
        let scope = CutScope::All;
        lowering.overlay(Primitive::LinkCut { link, mode, scope });
    }
    Ok(())
}

const GROUP: Param = Param::new("workload", Kind::Text, "the workload")
    .required()
    .sample("\"shop\"");

/// The knob `slug` of the workload at `workload`, and the nodes at `nodes` or all of the workload.
fn group(
    args: &Args,
    lowering: &Lowering<'_>,
    (slug, what): (&str, &str),
) -> Result<(KnobId, Vec<NodeId>), Refusal> {
    let workload = args.text("workload");
    let placed = lowering
        .topology
        .workloads()
        .iter()
        .find(|(name, _)| name == workload);
    let name = format!("{workload}.{slug}");
    let missing = lowering.topology.knob(&name).is_none();
    if let Some((_, nodes)) = placed {
        if missing {
            let issue = Issue::new(format!("`{workload}` has no {what}"), 0..workload.len());
            let has = |(other, _): &&(String, Vec<NodeId>)| {
                lowering.topology.knob(&format!("{other}.{slug}")).is_some()
            };
            let others = lowering.topology.workloads().iter().filter(has);
            let others: Vec<&str> = others.map(|(name, _)| name.as_str()).collect();
            let help = match others.is_empty() {
                true => format!("no workload here has a knob `{slug}`"),
                false => format!("write one that has: {}", others.join(", ")),
            };
            return Err(Refusal::arg("workload", issue.help(help)));
        }
        let (knob, _) = find(&name, "workload", lowering)?;
        let nodes = match args.selector_opt("nodes") {
            Some(_) => lowering.nodes(args, "nodes")?,
            None => lowering.unspared(nodes),
        };
        if nodes.is_empty() {
            let issue = Issue::new("nobody is left to hit", 0..workload.len());
            let issue = issue.label("all nodes of this workload are spared by `never`");
            return Err(Refusal::arg(
                "workload",
                issue.help("name nodes, or spare fewer"),
            ));
        }
        return Ok((knob, nodes));
    }
    let issue = Issue::new(format!("unknown workload `{workload}`"), 0..workload.len());
    let known = lowering
        .topology
        .workloads()
        .iter()
        .map(|(name, _)| name.as_str());
    Err(Refusal::arg(
        "workload",
        issue.maybe_help(crate::param::suggest(workload, known)),
    ))
}

/// Rounds that one occurrence may have.
const ROUNDS_MAX: u32 = 10_000;

pub(super) const MEMBERSHIP_CHURN: FaultKind = FaultKind {
    name: "membership-churn",
    family: Family::Knob,
    summary: "members of a group are taken out and put back, again and again",
    doc: "Each round begins a draw of `every` after the one before is over: one of the nodes, drawn for \
          the round, is to be no member for a draw of `out` (the knob `member` of the workload, on that node). \
          Its operator takes it out of the group and puts it back in an orderly way, by the protocol, and is \
          late where that takes time; at the end of the fault all are members again. The node itself goes on.",
    params: &[
        GROUP.sample("\"kv\""),
        Param::new(
            "nodes",
            Kind::Selector(Shape::Nodes),
            "members that may be taken out; all of the workload if missing",
        ),
        Param::new(
            "every",
            Kind::Law(Unit::Time),
            "time from the end of a round to the next one",
        )
        .default("exponential mean 20s"),
        Param::new(
            "out",
            Kind::Law(Unit::Time),
            "how long it is no member (a choice of this project)",
        )
        .default("exponential mean 5s"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "faults.md section 6; JP membership nemesis",
    own_length: None,
    lower: membership_churn,
};

fn membership_churn(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, nodes) = group(args, lowering, ("member", "membership that changes"))?;
    let (every, out) = (args.law("every"), args.law("out"));
    let window = lowering.window;
    let end = window.until.unwrap_or(lowering.stop).min(lowering.stop);
    let least = VirtualDuration::from_nanos(1);
    let mut at = window.from;
    for round in 0..ROUNDS_MAX {
        at = at.saturating_add(lowering.round_length("every", round, &every));
        if at >= end {
            if round == 0 {
                lowering.note("no round falls into its time");
            }
            return Ok(());
        }
        let until = at.saturating_add(lowering.round_length("out", round, &out).max(least));
        let order = lowering.permutation(&format!("member {round}"), &nodes);
        let set = Primitive::Knob {
            knob,
            node: Some(order[0]),
            change: KnobChange::Set,
            value: OUT,
        };
        lowering.overlay_between(at, Some(until), set);
        at = until;
    }
    let issue = Issue::new(format!("more than {ROUNDS_MAX} rounds"), 0..0);
    let help = "make the fault shorter or its rounds longer";
    Err(Refusal::arg("every", issue.help(help)))
}

/// The value of a knob `member` of a node that is to be none.
const OUT: f64 = 1.0;

pub(super) const MIXED_VERSIONS: FaultKind = FaultKind {
    name: "mixed-versions",
    family: Family::Knob,
    summary: "a part of a group runs a new version, the rest the old one",
    doc: "`share` of the nodes, rounded up, have the highest version of the workload's knob `version` from \
          the start of the fault to its end, as in an upgrade that stopped half-way: zone by zone, by \
          number, or drawn. What a version changes is the workload's: in a `cluster` its table `version`, \
          with a form of messages that the old one does not read.",
    params: &[
        GROUP,
        Param::new(
            "nodes",
            Kind::Selector(Shape::Nodes),
            "the group; all nodes of the workload if missing",
        ),
        Param::new(
            "share",
            Kind::Share,
            "share of the nodes that have the new one",
        )
        .default("0.5"),
        ORDER.default("zone"),
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "faults.md section 6; Zhang et al., Understanding upgrade failures, SOSP 2021",
    own_length: None,
    lower: mixed_versions,
};

fn mixed_versions(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, nodes) = group(args, lowering, ("version", "versions"))?;
    let nodes = lowering.ordered((args, "order"), "order", nodes)?;
    let reached = super::knob::reach(nodes.len(), args.number("share"));
    if reached == 0 {
        let issue = Issue::new("no node has the new version", 0..0);
        return Err(Refusal::arg("share", issue.help("write a share above 0")));
    }
    let value = match lowering.topology.knobs()[knob.index()].kind {
        KnobKind::Number { max, .. } => max,
        ref other => other.range().1,
    };
    for node in &nodes[..reached] {
        lowering.overlay(Primitive::Knob {
            knob,
            node: Some(*node),
            change: KnobChange::Set,
            value,
        });
    }
    Ok(())
}
