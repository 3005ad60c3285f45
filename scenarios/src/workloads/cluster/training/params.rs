//! Parameters of `[workload.<name>.training]`.

use super::mutant::Mutant;
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Shape, Unit};

const fn count(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "controller",
        Kind::Selector(Shape::Nodes),
        "the node that schedules the jobs and drives them; none of `on`",
    )
    .required()
    .sample("head"),
    Param::new("jobs", count(1, 1000), "jobs that share the nodes").default("1"),
    Param::new(
        "ranks",
        count(1, 100_000),
        "nodes of a job, all or none; the nodes dealt out evenly if missing. Nodes that are left over are \
         spares",
    ),
    Param::new("gpus", count(1, 64), "accelerators of a node, for `lost-gpu-hours`").default("8"),
    Param::new("step", Kind::Duration, "compute time of a training step at full speed").default("10s"),
    Param::new(
        "steps",
        count(1, 1_000_000_000),
        "steps after which a job is finished; endless if missing",
    ),
    Param::new(
        "noise",
        Kind::Law(Unit::Plain),
        "time of a rank's step relative to `step`, drawn for each step; the slowest rank counts",
    )
    .default("1"),
    Param::new(
        "order",
        Kind::Duration,
        "work that ranks get at once, at most up to the next checkpoint. A node that falls silent is \
         missed when its order should be done, so that a shorter one is noticed sooner and costs messages",
    )
    .default("10m"),
    Param::new("checkpoint", Kind::Table(CHECKPOINT), "when and how the state is kept").default(""),
    Param::new(
        "restart",
        Kind::Duration,
        "time from the moment a failure is noticed to the next step, if there are nodes",
    )
    .default("5m"),
    Param::new(
        "watchdog",
        Kind::Duration,
        "a rank that is so late and does not answer a question is given up",
    )
    .default("10m"),
    Param::new(
        "probe",
        Kind::Duration,
        "time between two questions to nodes that are down or spare, and the wait for an answer",
    )
    .default("30s"),
    Param::new(
        "quarantine",
        Kind::Table(QUARANTINE),
        "nodes that fail too often are used no more; none if missing",
    ),
    Param::new(
        "evict",
        Kind::Table(EVICT),
        "ranks that are too slow are replaced by spares at the next checkpoint; none if missing",
    ),
    Param::new(
        "mutant",
        Kind::Choice(Mutant::NAMES),
        "a planted bug, to see that the invariants find it",
    ),
];

const CHECKPOINT: &[Param] = &[
    Param::new(
        "every",
        Kind::Duration,
        "compute time between two checkpoints",
    )
    .default("1h"),
    Param::new("write", Kind::Duration, "time to write one").default("5m"),
    Param::new(
        "pause",
        Kind::Duration,
        "time that ranks stand still for it, and write the rest beside the next steps; all of `write` if \
         missing",
    ),
];

const QUARANTINE: &[Param] = &[
    Param::new("failures", count(1, 1000), "failures of a node").default("3"),
    Param::new("window", Kind::Duration, "within this time").default("28d"),
    Param::new(
        "share",
        Kind::Share,
        "largest share of the nodes that is kept out; beyond it nobody is",
    )
    .default("0.05"),
];

const EVICT: &[Param] = &[
    Param::new(
        "factor",
        Kind::Number { min: 1.0, max: 1e6 },
        "time of a rank relative to the median of its job",
    )
    .default("1.25"),
    Param::new("orders", count(1, 1000), "so many orders in a row").default("3"),
];
