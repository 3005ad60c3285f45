//! Faults of who may do what, and of who can stop it. The workload needs a control layer.

use super::super::FaultKind;
use super::super::knob::change;
use super::{ON, P, WORKLOAD, call, knob, set, set_word};
use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param, Unit};
use squall_core::VirtualDuration;
use squall_core::plan::{CallRule, CallScope, Family, KnobChange, Primitive};

pub(in super::super) const POLICY_DOWN: FaultKind = FaultKind {
    name: "policy-down",
    family: Family::Call,
    summary: "the policy server does not answer",
    doc: "Its calls hang until the client gives up. `client` says what a client does then, for as long as \
          the fault lasts: nothing, what it wants, or what it was told at most `cache_age` ago.",
    params: &[
        WORKLOAD,
        Param::new(
            "client",
            Kind::Choice(&["fail-closed", "fail-open", "cached"]),
            "what a client without a decision does; as the workload says if missing",
        ),
        Param::new("cache_age", Kind::Duration, "how old a decision may be").default("30s"),
        ON,
    ],
    lowers_to: &["hang", "knob"],
    needed: &["hang"],
    source: "agents G1",
    own_length: None,
    lower: policy_down,
};

fn policy_down(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let hang = CallRule::Hang { share: 1.0 };
    call(args, lowering, "policy", (CallScope::ALL, hang))?;
    if args.word_opt("client").is_some() {
        let words = ["fail-closed", "fail-open", "cached"];
        set_word(args, lowering, ("policy-client", &words, "client"))?;
        let age = args.duration("cache_age").as_secs_f64();
        set(args, lowering, "policy-cache-age", age)?;
    }
    Ok(())
}

pub(in super::super) const POLICY_LAG: FaultKind = FaultKind {
    name: "policy-lag",
    family: Family::Knob,
    summary: "changes of permissions reach the nodes late",
    doc: "What a node is told was true some time ago: the time is drawn a node. It shows where a \
          permission changes.",
    params: &[
        WORKLOAD,
        Param::new("delay", Kind::Law(Unit::Time), "how long ago, a node")
            .default("uniform 0s 30s"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G2",
    own_length: None,
    lower: policy_lag,
};

fn policy_lag(args: &Args, lowering: &mut Lowering<'_>) -> Result<(), Refusal> {
    let (knob, _) = knob(args, lowering, "policy-lag")?;
    let nodes = match args.selector_opt("nodes") {
        Some(_) => lowering.nodes(args, "nodes")?,
        None => {
            let workloads = lowering.topology.workloads().iter();
            let mut own = workloads.filter(|(name, _)| name == args.text("workload"));
            own.next().map_or_else(Vec::new, |(_, nodes)| nodes.clone())
        }
    };
    let law = args.law("delay");
    for node in nodes {
        let drawn = law
            .sample(&mut lowering.node_stream("delay", node))
            .max(0.0);
        lowering.overlay(Primitive::Knob {
            knob,
            node: Some(node),
            change: KnobChange::Set,
            value: VirtualDuration::from_nanos_f64(drawn).as_secs_f64(),
        });
    }
    Ok(())
}

pub(in super::super) const STRAY_CREDENTIAL: FaultKind = FaultKind {
    name: "stray-credential",
    family: Family::Knob,
    summary: "agents find a credential and use it past the policy",
    doc: "Drawn a write: it goes to the tool without a decision. Only a back end that asks itself refuses.",
    params: &[WORKLOAD, P.default("0.05"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G4",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "stray-credential", args.number("p")),
};

pub(in super::super) const AUDIT_FAULT: FaultKind = FaultKind {
    name: "audit-fault",
    family: Family::Knob,
    summary: "audit records are slow, refused or lost",
    doc: "Slow takes 20 s a record. A full sink refuses, one that loses says nothing. Effects that wait \
          for their record wait or fail; others happen without one.",
    params: &[
        WORKLOAD,
        Param::new(
            "mode",
            Kind::Choice(&["slow", "full", "lost"]),
            "what the sink does",
        )
        .default("slow"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G5",
    own_length: None,
    lower: |args, lowering| {
        let words = ["ok", "slow", "full", "lost"];
        set_word(args, lowering, ("audit-mode", &words, "mode"))
    },
};

pub(in super::super) const KILL_SWITCH_DELAY: FaultKind = FaultKind {
    name: "kill-switch-delay",
    family: Family::Knob,
    summary: "a kill reaches agents late, or only between their turns",
    doc: "With `between-turns` an agent that is in a call or an approval ends that and acts on it before \
          it looks; `delay` is how long nobody can know of the kill. It has landed when an agent looks \
          after a kill, so that the workload needs a `kill_at`.",
    params: &[
        WORKLOAD,
        Param::new(
            "poll",
            Kind::Choice(&["gate", "between-turns"]),
            "when an agent looks",
        )
        .default("between-turns"),
        Param::new("delay", Kind::Duration, "time until it can know").default("1s"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G6",
    own_length: None,
    lower: |args, lowering| {
        let words = ["gate", "between-turns"];
        set_word(args, lowering, ("kill-poll", &words, "poll"))?;
        set(
            args,
            lowering,
            "kill-delay",
            args.duration("delay").as_secs_f64(),
        )
    },
};

pub(in super::super) const APPROVAL_REPLAY: FaultKind = FaultKind {
    name: "approval-replay",
    family: Family::Knob,
    summary: "arguments change after their approval",
    doc: "Drawn an approved write: what is done with the approval is something else than what was \
          approved, unless approvals are bound to their arguments.",
    params: &[WORKLOAD, P.default("0.2"), ON],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G7",
    own_length: None,
    lower: |args, lowering| set(args, lowering, "approval-replay", args.number("p")),
};

pub(in super::super) const APPROVER_OVERLOAD: FaultKind = FaultKind {
    name: "approver-overload",
    family: Family::Knob,
    summary: "nobody has time for approvals",
    doc: "So many others wait for the same people. An approval that nobody looks at within a minute is \
          what `default` says.",
    params: &[
        WORKLOAD,
        Param::new(
            "waiting",
            Kind::Integer {
                min: 0,
                max: 1_000_000,
            },
            "approvals that others have waiting",
        )
        .default("1000"),
        Param::new(
            "default",
            Kind::Choice(&["deny", "approve"]),
            "what an approval is that nobody gives",
        )
        .default("approve"),
        ON,
    ],
    lowers_to: &["knob"],
    needed: &["knob"],
    source: "agents G9",
    own_length: None,
    lower: |args, lowering| {
        let words = ["deny", "approve"];
        set_word(args, lowering, ("approval-default", &words, "default"))?;
        let (id, _) = knob(args, lowering, "approver-load")?;
        let waiting = args.count("waiting") as f64;
        change(args, lowering, id, (KnobChange::Set, waiting))
    },
};
