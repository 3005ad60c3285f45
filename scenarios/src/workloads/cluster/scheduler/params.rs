//! Parameters of `[workload.<name>.scheduler]`.

mod pods;

use super::mutant::Mutant;
use crate::tables::ON;
use pods::POD;
use squall_faults::param::{Kind, Param, Shape, Unit};

const fn count(min: i64, max: i64) -> Kind {
    Kind::Integer { min, max }
}
const CORES: Kind = Kind::Number {
    min: 0.001,
    max: 1e6,
};
const AREA: Kind = Kind::Choice(&["node", "rack", "zone"]);

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "control",
        Kind::Selector(Shape::Nodes),
        "the node of the control plane: the first that is named; the first of `on` if missing",
    ),
    Param::new(
        "clients",
        Kind::Selector(Shape::Nodes),
        "the node from which jobs are submitted and requests come, and where images are; that of `control` if \
         missing",
    ),
    Param::new(
        "policy",
        Kind::Choice(&["bin-pack", "spread", "balance"]),
        "which node a pod gets: the fullest that has room, the emptiest, or for pods with GPUs the one with the \
         fewest cores a free GPU",
    )
    .default("bin-pack"),
    Param::new(
        "machines",
        Kind::Map(&Kind::Table(MACHINE)),
        "what some nodes have beyond the topology; later ones win",
    )
    .default(""),
    Param::new("pods", Kind::Map(&Kind::Table(POD)), "kinds of pods: jobs and services").required(),
    Param::new(
        "tenants",
        Kind::Map(&Kind::Table(TENANT)),
        "the most that a tenant may have placed; without an entry there is no bound",
    )
    .default(""),
    Param::new("heartbeat", Kind::Duration, "time between two heartbeats of a node").default("10s"),
    Param::new(
        "grace",
        Kind::Duration,
        "time without a heartbeat after which a node gets no new pods, and those on it do not count as in service",
    )
    .default("40s"),
    Param::new(
        "evict_after",
        Kind::Duration,
        "time after that until its pods are placed anew",
    )
    .default("60s"),
    Param::new("images", Kind::Table(IMAGES), "what must happen before a pod runs").default(""),
    Param::new(
        "stop",
        Kind::Duration,
        "time that a pod takes to stop when it is told to",
    )
    .default("2s"),
    Param::new(
        "provision",
        Kind::Table(PROVISION),
        "how elastic machines are started and stopped",
    )
    .default(""),
    Param::new(
        "upgrade",
        Kind::Table(UPGRADE),
        "planned work: nodes are emptied one after the other, as budgets allow, and renewed; none if missing",
    ),
    Param::new(
        "settle",
        Kind::Duration,
        "time in which a pod must be placed or have a reason, and in which a node that is down must be noticed, \
         beyond `grace` and `evict_after`",
    )
    .default("30s"),
    Param::new(
        "reversal_min",
        Kind::Duration,
        "a service that was scaled one way must not be scaled the other way within this time; not checked if missing",
    ),
    Param::new("window", Kind::Duration, "time between two samples of its metrics").default("10s"),
    Param::new(
        "mutant",
        Kind::Choice(Mutant::NAMES),
        "a planted bug; none if missing",
    ),
];

const MACHINE: &[Param] = &[
    Param::new("nodes", Kind::Selector(Shape::Nodes), "which nodes").required(),
    Param::new(
        "cores",
        CORES,
        "cores for pods; those of the topology if missing",
    ),
    Param::new(
        "memory",
        Kind::Size,
        "memory for pods; that of the topology if missing",
    ),
    Param::new("gpus", count(0, 32), "GPUs").default("0"),
    Param::new("model", Kind::Text, "their model"),
    Param::new(
        "taints",
        Kind::List(&Kind::Text),
        "only pods that tolerate all of these may be here",
    )
    .default(""),
    Param::new(
        "elastic",
        Kind::Flag,
        "whether they are off until pods need them",
    )
    .default("false"),
];

const TENANT: &[Param] = &[
    Param::new("cores", CORES, "cores"),
    Param::new("memory", Kind::Size, "memory"),
    Param::new(
        "gpus",
        Kind::Number { min: 0.0, max: 1e6 },
        "GPUs, parts counted as parts",
    ),
];

const IMAGES: &[Param] = &[
    Param::new("pull", Kind::Law(Unit::Time), "time to pull an image")
        .default("lognormal median 5s p99 30s"),
    Param::new("start", Kind::Law(Unit::Time), "time to start after that").default("uniform 1s 3s"),
    Param::new(
        "backoff",
        Kind::Duration,
        "wait after a pull that failed; it doubles",
    )
    .default("10s"),
    Param::new("backoff_max", Kind::Duration, "the longest wait").default("5m"),
];

const UPGRADE: &[Param] = &[
    Param::new(
        "nodes",
        Kind::Selector(Shape::Nodes),
        "which nodes; all of `on` if missing",
    ),
    Param::new("start", Kind::Duration, "when the first is emptied").default("60s"),
    Param::new(
        "order",
        Kind::Choice(&["id", "zone", "random"]),
        "by number, zone by zone, or in an order drawn a seed",
    )
    .default("id"),
    Param::new(
        "at_once",
        count(1, 100_000),
        "nodes that are emptied or away at a time",
    )
    .default("1"),
    Param::new(
        "checks",
        Kind::Table(CHECKS),
        "what must hold, beyond `at_once` and `pause`, before a node is emptied; nothing if missing",
    ),
    Param::new(
        "pause",
        Kind::Duration,
        "time after a node is back in which no other is begun",
    )
    .default("10s"),
    Param::new(
        "away",
        Kind::Law(Unit::Time),
        "how long a node is away once it is empty",
    )
    .default("60s"),
    Param::new(
        "give_up",
        Kind::Duration,
        "when a node that went away and does not come back has its turn later, and another one its place",
    )
    .default("15m"),
];

const CHECKS: &[Param] = &[
    Param::new(
        "apart",
        AREA,
        "no two nodes of one rack or zone are emptied or away at a time; \"node\" asks for nothing",
    )
    .default("node"),
    Param::new(
        "back",
        Kind::Flag,
        "pods of services that had to leave nodes that are done by now run again, wherever",
    )
    .default("true"),
    Param::new(
        "needs",
        Kind::Flag,
        "every service keeps as many running as it `needs`, if all on nodes that are worked on go as far as its \
         budget lets them",
    )
    .default("true"),
];

const PROVISION: &[Param] = &[
    Param::new(
        "boot",
        Kind::Duration,
        "time until a machine is there, give or take a tenth",
    )
    .default("60s"),
    Param::new(
        "fail",
        Kind::Share,
        "share of the starts that come to nothing",
    )
    .default("0"),
    Param::new(
        "give_up",
        Kind::Duration,
        "when a machine that was asked for and is not there is given up",
    )
    .default("5m"),
    Param::new("idle", Kind::Duration, "when one without pods is stopped").default("10m"),
];
