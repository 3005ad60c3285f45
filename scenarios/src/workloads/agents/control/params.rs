//! Parameters of the control layer. Its defaults are the hardened ones: a scenario writes what is weak.

use squall_faults::param::{Kind, Param, Shape, Unit};

const COUNT: Kind = Kind::Integer {
    min: 1,
    max: 1_000_000,
};

pub(in super::super) const CONTROL: &[Param] = &[
    Param::new("tenants", COUNT, "tenants among whom the sessions are dealt out").default("2"),
    Param::new(
        "enforce",
        Kind::Choice(&["agent", "gateway", "backend"]),
        "where permission is asked: once a session, before each effect, or there and at the effect itself",
    )
    .default("backend"),
    Param::new(
        "revocation_grace",
        Kind::Duration,
        "time after a revocation in which effects may still happen",
    )
    .default("2s"),
    Param::new(
        "decode",
        Kind::Choice(&["strict", "lenient"]),
        "what an answer of the model that cannot be read leads to: asking again, or a guess",
    )
    .default("strict"),
    Param::new(
        "verify",
        Kind::Flag,
        "whether the arguments of a call are compared with the task before it is made",
    )
    .default("true"),
    Param::new(
        "window",
        Kind::Number { min: 1.0, max: 1e9 },
        "tokens of a context beyond which it is compacted",
    )
    .default("200000"),
    Param::new(
        "temptation",
        Kind::Share,
        "share of the writes that would be forbidden ones, if a constraint in the context did not say so",
    )
    .default("0.2"),
    Param::new(
        "pin_constraints",
        Kind::Flag,
        "whether constraints are kept apart from what is compacted",
    )
    .default("true"),
    Param::new(
        "taint_labels",
        Kind::Flag,
        "whether what comes from outside is labelled, and a labelled action needs an approval",
    )
    .default("true"),
    Param::new(
        "check_owner",
        Kind::Flag,
        "whether memory says whose it is, and that is looked at",
    )
    .default("true"),
    Param::new("approvals", Kind::Share, "share of the writes that somebody must approve").default("0.2"),
    Param::new("approval_time", Kind::Law(Unit::Time), "time that an approval takes")
        .default("lognormal median 8s p99 10m"),
    Param::new("approvers", COUNT, "approvals that are looked at at once").default("8"),
    Param::new(
        "approval_default",
        Kind::Choice(&["deny", "approve"]),
        "what an approval is that nobody gives within a minute",
    )
    .default("deny"),
    Param::new(
        "bind_approval",
        Kind::Flag,
        "whether an approval is for its arguments only",
    )
    .default("true"),
    Param::new(
        "audit",
        Kind::Choice(&["ahead", "behind"]),
        "whether an effect waits for its audit record, or the record comes when it can",
    )
    .default("ahead"),
    Param::new("kill_at", Kind::Duration, "when an operator stops all agents; never if missing"),
    Param::new(
        "kill_bound",
        Kind::Duration,
        "time after that in which effects may still happen",
    )
    .default("2s"),
    Param::new(
        "kill_fence",
        Kind::Flag,
        "whether the back end refuses effects of stopped agents",
    )
    .default("true"),
    Param::new("agents_max", COUNT, "agents of a session at once that the promise allows").default("64"),
    Param::new(
        "limit_agents",
        Kind::Flag,
        "whether an agent is not started that would be one too many",
    )
    .default("true"),
    Param::new("repeats_max", COUNT, "times that one step may be done again without a change").default("8"),
    Param::new(
        "detect_loops",
        Kind::Flag,
        "whether a session that exceeds it is ended",
    )
    .default("true"),
    Param::new(
        "checkpoint_errors",
        Kind::Choice(&["wait", "ignore"]),
        "what a checkpoint that cannot be written leads to: waiting for it, or going on",
    )
    .default("wait"),
];

pub(in super::super) const POLICY: &[Param] = &[
    Param::new(
        "on",
        Kind::Selector(Shape::Nodes),
        "nodes of the policy server; the workload's own if missing",
    ),
    Param::new(
        "client",
        Kind::Choice(&["fail-closed", "fail-open", "cached"]),
        "what a client does that has no decision: nothing, what it wants, or what it was told before",
    )
    .default("fail-closed"),
    Param::new("cache_age", Kind::Duration, "how old a decision may be that is told before").default("30s"),
    Param::new("timeout", Kind::Duration, "when a client gives the server up").default("2s"),
];
