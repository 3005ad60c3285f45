//! Parameters of `[workload.<name>.raft]`.

use super::mutant::Mutant;
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Shape};

const fn count(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "clients",
        Kind::Selector(Shape::Nodes),
        "nodes of the clients and operators; those of `on` if missing",
    ),
    Param::new(
        "placed",
        Kind::Table(PLACED),
        "replicas are pods that a scheduler places on nodes of `on`; if missing there is one on each",
    ),
    Param::new("load", Kind::Table(LOAD), "what clients do").default(""),
    Param::new(
        "election",
        Kind::Duration,
        "shortest time without a leader after which a replica stands for election",
    )
    .default("150ms"),
    Param::new(
        "election_max",
        Kind::Duration,
        "longest; each replica draws its own between the two in every term",
    )
    .default("300ms"),
    Param::new("heartbeat", Kind::Duration, "time between two heartbeats of a leader").default("50ms"),
    Param::new(
        "pre_vote",
        Kind::Flag,
        "whether a replica asks before it stands, and ignores those who stand while it hears a leader",
    )
    .default("true"),
    Param::new(
        "check_quorum",
        Kind::Flag,
        "whether a leader that hears no quorum for twice `election_max` steps down",
    )
    .default("true"),
    Param::new(
        "reads",
        Kind::Choice(&["mixed", "read-index", "lease", "unchecked"]),
        "how a leader makes sure that it still leads before it answers a read: it asks a quorum, or lets a \
         lease answer; mixed lets every other client do either; unchecked does neither, and is wrong",
    )
    .default("mixed"),
    Param::new(
        "drift_max",
        Kind::Number { min: 0.0, max: 0.9 },
        "share by which the monotonic clocks that leases go by may be fast or slow",
    )
    .default("0.1"),
    Param::new(
        "batch",
        count(1, 100_000),
        "most entries in one message",
    )
    .default("8"),
    Param::new(
        "snapshot",
        Kind::Table(SNAPSHOT),
        "when a replica replaces the head of its log by a snapshot",
    )
    .default(""),
    Param::new(
        "membership",
        Kind::Table(MEMBERSHIP),
        "replicas that operators remove and add again; none if missing",
    ),
    Param::new(
        "hold",
        Kind::Duration,
        "how long a replica that knows no leader keeps a request, instead of sending its client elsewhere",
    )
    .default("0s"),
    Param::new("cpu", Kind::Duration, "processor time of a message or request").default("10us"),
    Param::new(
        "fsync",
        Kind::Flag,
        "whether a replica waits for its disk before it acknowledges; if not, it syncs every 100 ms",
    )
    .default("true"),
    Param::new(
        "disk_retry",
        Kind::Duration,
        "after an error of its disk a replica begins anew, so long after it",
    )
    .default("1s"),
    Param::new(
        "settle",
        Kind::Duration,
        "time in which there must be a leader, and replicas must have what was committed, after the last \
         fault and while nothing is wrong",
    )
    .default("6s"),
    Param::new(
        "steps_max",
        count(1, 1_000_000_000),
        "most steps of the search for an order of the operations on a key; beyond it is undecided",
    )
    .default("200000"),
    Param::new(
        "mutant",
        Kind::Choice(Mutant::NAMES),
        "a planted bug, to see that the invariants find it; see docs/raft.md",
    ),
];

const PLACED: &[Param] = &[
    Param::new("by", Kind::Text, "the workload that places them").required(),
    Param::new(
        "pods",
        Kind::Text,
        "which of its pods are replicas: a service with `local_volume`",
    )
    .required(),
];

const LOAD: &[Param] = &[
    Param::new(
        "clients",
        count(1, 10_000),
        "closed-loop clients, dealt out over their nodes",
    )
    .default("4"),
    Param::new(
        "think",
        Kind::Duration,
        "mean time between an answer and the next operation",
    )
    .default("150ms"),
    Param::new("keys", count(1, 1_000_000), "keys that they use").default("6"),
    Param::new("reads", Kind::Share, "share of the operations that read").default("0.4"),
    Param::new(
        "cas",
        Kind::Share,
        "share of the others that compare and swap",
    )
    .default("0.25"),
    Param::new(
        "appends",
        Kind::Share,
        "share of the others that append; the rest puts",
    )
    .default("0.35"),
    Param::new(
        "timeout",
        Kind::Duration,
        "when a client asks another replica",
    )
    .default("400ms"),
    Param::new(
        "patience",
        Kind::Duration,
        "when a client gives an operation up",
    )
    .default("4s"),
    Param::new("until", Kind::Duration, "when they stop; never if missing"),
];

const SNAPSHOT: &[Param] = &[
    Param::new("every", count(2, 1_000_000), "entries applied between two").default("60"),
    Param::new(
        "keep",
        count(0, 1_000_000),
        "entries kept before it for those who are slow",
    )
    .default("15"),
];

const MEMBERSHIP: &[Param] = &[
    Param::new(
        "operators",
        count(1, 100),
        "operators; each has replicas of its own to care for",
    )
    .default("2"),
    Param::new(
        "every",
        Kind::Duration,
        "mean time between two removals of an operator",
    )
    .default("4s"),
    Param::new(
        "out",
        Kind::Duration,
        "mean time until a removed replica is added again",
    )
    .default("300ms"),
    Param::new(
        "wipe",
        Kind::Share,
        "share of the removed that are emptied before they are added",
    )
    .default("0.5"),
    Param::new("min", count(1, 64), "no removal leaves fewer voters").default("3"),
    Param::new(
        "spare",
        count(0, 63),
        "replicas, the last of `on`, that do not vote at first",
    )
    .default("0"),
];
