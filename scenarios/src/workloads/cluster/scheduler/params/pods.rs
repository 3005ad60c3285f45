//! Kinds of pods: jobs, services, and what these serve.

use super::{AREA, CORES, count};
use squall_faults::param::{Kind, Param, Unit};

pub(super) const POD: &[Param] = &[
    Param::new("rate", Kind::Rate, "jobs: mean rate at which they come")
        .required()
        .one_of("what"),
    Param::new(
        "replicas",
        count(0, 100_000),
        "a service: how many there are at first",
    )
    .one_of("what"),
    Param::new("length", Kind::Law(Unit::Time), "how long a job runs")
        .default("exponential mean 60s"),
    Param::new(
        "gang",
        count(1, 1000),
        "jobs come in gangs of so many, placed all or none",
    )
    .default("1"),
    Param::new(
        "until",
        Kind::Duration,
        "when no more jobs come; never if missing",
    ),
    Param::new("cores", CORES, "cores").default("1"),
    Param::new("memory", Kind::Size, "memory").default("1GiB"),
    Param::new("gpus", count(0, 32), "whole GPUs").default("0"),
    Param::new(
        "gpu_share",
        Kind::Number {
            min: 0.0,
            max: 0.999,
        },
        "instead of whole ones a part of one GPU, in steps of 0.001",
    )
    .default("0"),
    Param::new(
        "gpu_models",
        Kind::Text,
        "models that will do, such as \"V100M16|V100M32\"; any if missing",
    ),
    Param::new(
        "tolerates",
        Kind::List(&Kind::Text),
        "taints that it tolerates",
    )
    .default(""),
    Param::new(
        "labels",
        Kind::List(&Kind::Text),
        "labels that its node must have, such as \"zone=a\"",
    )
    .default(""),
    Param::new("tenant", Kind::Text, "who pays"),
    Param::new(
        "priority",
        count(-1_000_000_000, 1_000_000_000),
        "a higher one evicts a lower one if it finds no place",
    )
    .default("0"),
    Param::new(
        "apart",
        Kind::List(&Kind::Table(WISH)),
        "pods that must not be in the same place; it holds both ways",
    )
    .default(""),
    Param::new(
        "near",
        Kind::List(&Kind::Table(WISH)),
        "pods of which one must be in the same place",
    )
    .default(""),
    Param::new(
        "min_available",
        count(0, 100_000),
        "budget: so many of a service stay in service, whoever drains or preempts",
    ),
    Param::new(
        "local_volume",
        Kind::Flag,
        "whether its volume is on the node where it was placed first: it is never placed elsewhere, and waits",
    )
    .default("false"),
    Param::new(
        "needs",
        count(0, 100_000),
        "so many of a service must run at any moment once they did, planned work and failures together; not \
         checked if missing",
    ),
    Param::new(
        "traffic",
        Kind::Table(TRAFFIC),
        "requests that a service serves; none if missing",
    ),
    Param::new(
        "autoscale",
        Kind::Table(crate::workloads::cluster::autoscaler::PARAMS),
        "how a service with traffic is scaled; not at all if missing",
    ),
];

const WISH: &[Param] = &[
    Param::new("pods", Kind::Text, "of which kind").required(),
    Param::new("within", AREA, "how far the place reaches").default("node"),
];

const TRAFFIC: &[Param] = &[
    Param::new("rate", Kind::Rate, "requests of all clients together").default("100/s"),
    Param::new("cpu", Kind::Duration, "processor time of a request").default("10ms"),
    Param::new(
        "blocked",
        Kind::Duration,
        "time for which a request blocks a thread beyond that, waiting for others",
    )
    .default("0s"),
    Param::new(
        "threads",
        count(1, 100_000),
        "requests that a replica serves at once",
    )
    .default("8"),
    Param::new(
        "timeout",
        Kind::Duration,
        "a request that would wait longer is given up",
    )
    .default("30s"),
];
