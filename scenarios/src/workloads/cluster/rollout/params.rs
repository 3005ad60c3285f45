//! Parameters of `[workload.<name>.rollout]`.

use super::mutant::Mutant;
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Shape};

const FACTOR: Kind = Kind::Number { min: 1.0, max: 1e6 };

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new("of", Kind::Text, "the `cluster` workload that is rolled out; its replicas are on the nodes of `on`")
        .required(),
    Param::new("routers", Kind::Selector(Shape::Nodes), "nodes of its clients, which split the requests").required(),
    Param::new("control", Kind::Selector(Shape::Nodes), "the node of the controller").required(),
    Param::new("start", Kind::Duration, "when the rollout begins").default("30s"),
    Param::new(
        "stages",
        Kind::List(&Kind::Share),
        "share of the nodes, rounded up, and of the requests that have the new version after each stage",
    )
    .default("0.05, 0.25, 1.0"),
    Param::new("bake", Kind::Duration, "time that a complete stage is watched before the next").default("10m"),
    Param::new("max_unavailable", Kind::Integer { min: 1, max: 100_000 }, "nodes that it takes at once at most")
        .default("1"),
    Param::new(
        "min_available",
        Kind::Share,
        "disruption budget: no node is taken if fewer than this share of the nodes, rounded up, would be left",
    )
    .default("0.8"),
    Param::new("drain", Kind::Duration, "time between taking a node out of service and its restart").default("5s"),
    Param::new("restart", Kind::Duration, "time of a restart").default("10s"),
    Param::new("ready", Kind::Duration, "time that a node must be well before it counts").default("5s"),
    Param::new("poll", Kind::Duration, "time between two looks at a node, and between two decisions").default("1s"),
    Param::new("timeout", Kind::Duration, "when a look is given up").default("1s"),
    Param::new("gate", Kind::Table(GATE), "when a stage is red").default(""),
    Param::new("memory", Kind::Size, "memory of the replicas of a node").default("256MiB"),
    Param::new("memory_max", Kind::Size, "beyond it they are killed, and restart").default("512MiB"),
    Param::new("deadline", Kind::Duration, "a wave that takes longer is rolled back").default("30m"),
    Param::new(
        "within",
        Kind::Duration,
        "promised time to the end, finished or rolled back, without that of pauses and of nodes that are down; \
         from stages, bakes and waves if missing",
    ),
    Param::new(
        "mutant",
        Kind::Choice(Mutant::NAMES),
        "a planted bug, to see that the invariants find it; see docs/rollout.md",
    ),
];

const GATE: &[Param] = &[
    Param::new("every", Kind::Duration, "time between two judgements").default("30s"),
    Param::new(
        "window",
        Kind::Duration,
        "over what time requests are compared",
    )
    .default("2m"),
    Param::new(
        "errors",
        Kind::Share,
        "red if the error rate is more than this above that of the old version",
    )
    .default("0.05"),
    Param::new(
        "latency",
        FACTOR,
        "red if the mean latency is more than this times that of the old version",
    )
    .default("2"),
    Param::new(
        "memory",
        FACTOR,
        "red if a node with the new version has more than this times `memory`",
    )
    .default("1.2"),
    Param::new(
        "requests",
        Kind::Integer {
            min: 1,
            max: 1_000_000_000,
        },
        "with fewer requests in the window errors and latency are not judged",
    )
    .default("20"),
];
