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
    Param::new("takes_max", COUNT, "times that a session may be taken that kills its workers").default("5"),
    Param::new(
        "dead_letter",
        Kind::Flag,
        "whether a session that was taken so often is put aside",
    )
    .default("true"),
    Param::new(
        "unknown_tool",
        Kind::Choice(&["reject", "nearest"]),
        "what an answer that asks for a tool that is not there leads to: asking again, or the tool whose name is nearest",
    )
    .default("reject"),
    Param::new(
        "usage",
        Kind::Choice(&["count", "trust"]),
        "who says what a model call cost: the agent counts the tokens itself, or waits for the provider's report",
    )
    .default("count"),
    Param::new(
        "contract",
        Kind::Rate,
        "model calls that the contract with the provider lets through, evenly; no limit if missing",
    ),
    Param::new(
        "batch",
        Kind::Rate,
        "calls of batch work that go into the same contract; none if missing",
    ),
    Param::new(
        "bucket",
        Kind::Choice(&["by-class", "shared"]),
        "whether batch work has a part of the contract of its own, or all calls stand in one queue",
    )
    .default("by-class"),
    Param::new("reserve", Kind::Share, "part of the contract that batch work cannot have, if by class").default("0.8"),
    Param::new(
        "contract_wait",
        Kind::Duration,
        "longest time that a call of a session may wait for the contract",
    )
    .default("10s"),
    Param::new(
        "read_pages",
        Kind::Integer { min: 0, max: 1_000_000 },
        "pages that a worker touches to read an answer of the model; with 0 that costs nothing",
    )
    .default("0"),
    Param::new("read_memory", Kind::Size, "memory of a worker, of which these are").default("256MiB"),
    Param::new("slow_call", Kind::Duration, "time of a model call from which on somebody is blamed").default("10s"),
    Param::new(
        "attribution",
        Kind::Choice(&["spans", "host-signals"]),
        "how the blame is found: by timing the arrival of an answer apart from its reading, or by the host's signals",
    )
    .default("spans"),
    Param::new(
        "locks",
        Kind::Integer { min: 0, max: 1_000_000 },
        "locks around the tools: a write holds those of the two things that it touches; none with 0",
    )
    .default("0"),
    Param::new(
        "lock_order",
        Kind::Choice(&["sorted", "as-named", "reversed"]),
        "the order in which it takes them",
    )
    .default("sorted"),
    Param::new(
        "deadlocks",
        Kind::Choice(&["refuse", "wait"]),
        "what a wait that would never end leads to: freeing all and trying again, or waiting",
    )
    .default("refuse"),
    Param::new("lock_patience", Kind::Duration, "time for which an agent waits for a lock").default("20s"),
    Param::new("lock_wait", Kind::Duration, "time for which one may wait").default("30s"),
    Param::new(
        "context_limit",
        Kind::Number { min: 1.0, max: 1e9 },
        "tokens of a prompt that the model takes",
    )
    .default("1000000"),
    Param::new(
        "overflow",
        Kind::Choice(&["compact", "ignore"]),
        "what a prompt that was refused or not read to its end leads to: a shorter one, or nothing",
    )
    .default("compact"),
    Param::new(
        "delegate",
        Kind::Share,
        "share of the writes that a sub-agent does, within what it and its parent may do",
    )
    .default("0"),
    Param::new(
        "delegation",
        Kind::Choice(&["chain", "token"]),
        "what is looked at of a sub-agent: the grants of all who delegated, or what its token says",
    )
    .default("chain"),
    Param::new(
        "tenant_budget",
        Kind::Number { min: 1.0, max: 1e15 },
        "tokens of all sessions of a tenant; no limit if missing",
    ),
    Param::new(
        "budget_counter",
        Kind::Choice(&["central", "replica"]),
        "where they are reserved: at the one counter, or by what a copy of it says",
    )
    .default("central"),
    Param::new("budget_lag", Kind::Duration, "how long ago what the copy says was true").default("0s"),
    Param::new(
        "memory",
        Kind::Choice(&["context", "versioned", "store"]),
        "where an agent keeps what it has done: in its context, or in a store, with or without a version",
    )
    .default("context"),
    Param::new(
        "code",
        Kind::Choice(&["pinned", "latest"]),
        "by which code a session goes on that a worker takes over: the one that began it, or the worker's",
    )
    .default("pinned"),
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
