//! Faults of who runs agents, and of what they do to each other.

use super::super::FaultKind;
use super::{ON, P, WORKLOAD, set, set_word};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Issue, Kind, Param, Shape};
use squall_core::memory::{Activity, Arrival};
use squall_core::plan::{CutMode, CutScope, Damage, Family, LinkTarget, On, Primitive, Seen};
use squall_core::{NodeId, VirtualDuration};

const NODES: Param = Param::new(
    "nodes",
    Kind::Selector(Shape::Nodes),
    "the workers that are hit",
)
.required();

const POINTS: [&str; 5] = [
    "before-intent",
    "after-intent",
    "after-effect",
    "after-result",
    "after-checkpoint",
];

pub(in super::super) const WORKER_CRASH_AT: FaultKind = FaultKind {
    name: "worker-crash-at",
    family: Family::Node,
    summary: "a worker dies at a point of a step",
    doc: "Each of the nodes goes down when a process on it records that it reached the point, and comes \
          back after `down`; `times` of them, counted from the start of the fault. The workload needs a \
          control layer, which records the points.",
    params: &[
        WORKLOAD,
        NODES,
        Param::new(
            "point",
            Kind::Choice(&POINTS),
            "where: before or after the intent is durable, after the effect, its result, the checkpoint",
        )
        .default("after-effect"),
        Param::new("down", Kind::Duration, "time for which it is down").default("10s"),
        Param::new("times", Kind::Integer { min: 1, max: 1000 }, "crashes of a node").default("1"),
    ],
    lowers_to: &["crash"],
    needed: &["crash"],
    source: "agents O1",
    own_length: None,
    lower: worker_crash_at,
};

fn worker_crash_at(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    super::knob(args, lowering, "stuck-loop")?;
    let event = format!("{}.{}", args.text("workload"), args.word("point"));
    let times = u32::try_from(args.count("times")).expect("the table bounds it");
    for node in lowering.nodes(args, "nodes")? {
        let on = On::Event {
            name: event.clone(),
            nodes: Some(vec![node]),
            a: None,
            b: None,
        };
        let seen = Seen::Silent;
        let crash = Primitive::Crash { node, seen };
        lowering.whenever(on, (times, args.duration("down")), crash);
    }
    Ok(())
}

pub(in super::super) const ZOMBIE_WORKER: FaultKind = FaultKind {
    name: "zombie-worker",
    family: Family::Node,
    summary: "a worker stands still until its lease is over, then goes on",
    doc: "Others take over what it had, and it does not know. `stall` is one and a half times the lease of \
          30 s. It is paused, swaps itself to a standstill (twice its memory, touched all the time), or is \
          cut off from all other nodes.",
    params: &[
        NODES,
        Param::new("stall", Kind::Duration, "how long it stands still").default("45s"),
        Param::new(
            "cause",
            Kind::Choice(&["pause", "swap", "partition"]),
            "why",
        )
        .default("pause"),
    ],
    lowers_to: &["pause", "pressure", "cut"],
    needed: &["pause", "pressure", "cut"],
    source: "agents O4",
    own_length: Some("stall"),
    lower: zombie_worker,
};

fn zombie_worker(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let nodes = lowering.nodes(args, "nodes")?;
    let everybody: Vec<NodeId> = lowering.topology.nodes_where(|_| true);
    for node in nodes {
        match args.word("cause") {
            "swap" => lowering.overlay(Primitive::MemoryPressure {
                node,
                size: Damage::Overcommit(2.0),
                activity: Activity::Active,
                arrival: Arrival::Burst {
                    ramp: VirtualDuration::ZERO,
                },
            }),
            "partition" => {
                for &other in everybody.iter().filter(|other| **other != node) {
                    for (from, to) in [(node, other), (other, node)] {
                        lowering.overlay(Primitive::LinkCut {
                            link: LinkTarget { from, to },
                            mode: CutMode::Drop,
                            scope: CutScope::All,
                        });
                    }
                }
            }
            _ => lowering.overlay(Primitive::Pause { node }),
        }
    }
    Ok(())
}

pub(in super::super) const STUCK_LOOP: FaultKind = FaultKind {
    name: "stuck-loop",
    family: Family::Knob,
    summary: "agents do the same step again and again",
    doc: "Drawn a step: the agent, or a pair of them that answer each other, does it again instead of the \
          next one. All calls succeed, so that no error tells. The workload needs a control layer.",
    params: &[WORKLOAD, P.default("1"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O5",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "stuck-loop", args.number("p")),
};

pub(in super::super) const FAN_OUT: FaultKind = FaultKind {
    name: "fan-out",
    family: Family::Knob,
    summary: "agents start agents that start agents",
    doc: "Each session that begins starts `branch` sub-agents, each of which does the same, `depth` deep: \
          5,461 agents with the root for 4 and 6. Nothing but the workload's limit stops them. The \
          workload needs a control layer.",
    params: &[
        WORKLOAD,
        Param::new(
            "branch",
            Kind::Integer { min: 1, max: 64 },
            "agents that each starts",
        )
        .default("4"),
        Param::new("depth", Kind::Integer { min: 1, max: 10 }, "how deep").default("6"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O6",
    own_length: None,
    lower: fan_out,
};

/// Agents of one session that a fan-out may ask for: the run must end.
const AGENTS_MAX: u64 = 1_000_000;

fn fan_out(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (branch, depth) = (args.count("branch"), args.count("depth"));
    let powers =
        (0..=depth).map(|level| branch.saturating_pow(u32::try_from(level).expect("ten at most")));
    let agents = powers.fold(0u64, u64::saturating_add);
    if agents > AGENTS_MAX {
        let issue = Issue::new(format!("{agents} agents a session"), 0..0);
        let help = format!("at most {AGENTS_MAX}: make branch or depth smaller");
        return Err(Refusal::arg("branch", issue.help(help)));
    }
    lowering.note(format!("{agents} agents a session, its own included"));
    set(args, lowering, "fan-out-branch", branch as f64)?;
    set(args, lowering, "fan-out-depth", depth as f64)
}

pub(in super::super) const CONTEXT_RESEND: FaultKind = FaultKind {
    name: "context-resend",
    family: Family::Knob,
    summary: "every retry sends its whole prompt past the cache",
    doc: "What a retry costs in a limit of uncached tokens, and in time, is then the prompt and not what \
          is new of it. It shows where there are retries.",
    params: &[WORKLOAD, ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O7",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "resend-context", 1.0),
};

pub(in super::super) const CHECKPOINT_FAULT: FaultKind = FaultKind {
    name: "checkpoint-fault",
    family: Family::Knob,
    summary: "checkpoints of agents are slow, refused, torn, or written out of order",
    doc: "Slow takes 5 s. Read-only refuses, torn leaves a record that cannot be read: whoever waits for \
          its checkpoint waits until one is written, whoever does not loses it. Reorder lets a checkpoint \
          become durable before the effect that it speaks of, unless the agent waits for each write. All \
          but slow show when the worker dies. The workload needs a control layer.",
    params: &[
        WORKLOAD,
        Param::new(
            "mode",
            Kind::Choice(&["slow", "read-only", "torn", "reorder"]),
            "what the store does",
        )
        .default("reorder"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents O12; langchain-ai/langgraph issue 8039",
    own_length: None,
    lower: |args, lowering| {
        let words = ["ok", "slow", "read-only", "torn", "reorder"];
        set_word(args, lowering, ("checkpoint-mode", &words, "mode"))
    },
};
