//! Parameters of `[workload.<name>.cluster]`.

mod calls;
mod services;

use super::guard::{admission, breaker, health, hedge, items, pool, warm_up};
use super::{generate, objective};
use crate::tables::ON;
use calls::{ARRIVALS, EJECTION, HOP, RETRY};
use services::{QUEUE, SERVICE, STORE, VERSION};
use squall_faults::param::{Kind, Param, Shape, Unit};

pub(super) const COUNT: Kind = Kind::Integer {
    min: 1,
    max: 1_000_000,
};
const REPLICAS: Kind = Kind::Integer {
    min: 1,
    max: 100_000,
};
const PAGES: Kind = Kind::Integer {
    min: 0,
    max: 1_000_000,
};
const TRIES: Kind = Kind::Integer { min: 1, max: 100 };

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new(
        "graph",
        Kind::Table(GRAPH),
        "which services call which; one service, `s0`, if empty",
    )
    .default(""),
    Param::new(
        "services",
        Kind::Map(&Kind::Table(SERVICE)),
        "what differs in some services",
    )
    .default(""),
    Param::new(
        "entry",
        Kind::Text,
        "the service that clients call; if missing, those that nobody calls, in turn",
    ),
    Param::new(
        "clients",
        Kind::Selector(Shape::Nodes),
        "nodes of the clients, which share the load; those of `on` if missing",
    ),
    Param::new("arrivals", Kind::Table(ARRIVALS), "when requests come").default(""),
    Param::new(
        "timeout",
        Kind::Duration,
        "when a client gives an attempt up",
    )
    .default("1s"),
    Param::new(
        "retry",
        Kind::Table(RETRY),
        "what a failed attempt of a client leads to",
    )
    .default(""),
    Param::new("hop", Kind::Table(HOP), "calls between services").default(""),
    Param::new(
        "balance",
        Kind::Choice(&[
            "round-robin",
            "random",
            "two-choices",
            "three-choices",
            "least-loaded",
            "by-item",
        ]),
        "how a caller chooses a replica: in turn, at random, the less loaded of two or three drawn ones, the \
         least loaded of all, or always the same one for an item; load is what it has outstanding itself",
    )
    .default("round-robin"),
    Param::new(
        "subset",
        COUNT,
        "so many replicas of a service are known to a caller, the same number of callers to each; all if \
         missing",
    ),
    Param::new(
        "penalty",
        Kind::Duration,
        "a call that failed counts as outstanding for so long: what fails fast does not look idle; not at all \
         if missing",
    ),
    health::PARAM,
    breaker::PARAM,
    hedge::PARAM,
    pool::PARAM,
    Param::new(
        "drain_seen",
        Kind::Flag,
        "whether callers keep away from replicas on a node that drains, while there are others",
    )
    .default("true"),
    Param::new(
        "ejection",
        Kind::Table(EJECTION),
        "when a caller avoids a replica; never if missing",
    ),
    Param::new("cpu", Kind::Law(Unit::Time), "processor time of a visit")
        .default("lognormal median 400us p99 2ms"),
    Param::new(
        "replicas",
        REPLICAS,
        "replicas of a service, dealt out over its nodes",
    )
    .default("2"),
    Param::new("concurrency", COUNT, "visits that a replica serves at once").default("16"),
    Param::new(
        "threads",
        COUNT,
        "visits that all replicas of a node serve at once together; no such limit if missing",
    ),
    admission::PARAM,
    warm_up::PARAM,
    items::PARAM,
    Param::new(
        "critical",
        Kind::Share,
        "share of the requests that are critical: they get the reserve of `admission`, and go first with \
         `queue.critical_first`",
    )
    .default("0"),
    Param::new(
        "queue",
        Kind::Table(QUEUE),
        "where visits wait for their turn at a replica",
    )
    .default(""),
    Param::new(
        "working_set",
        Kind::Size,
        "memory of a replica; none if missing",
    ),
    Param::new("pages", PAGES, "pages of it that a visit touches").default("16"),
    Param::new(
        "zipf",
        Kind::Number { min: 0.0, max: 2.0 },
        "how unequally they are touched; 0 is evenly",
    )
    .default("0.9"),
    Param::new("written", Kind::Share, "share of the touches that write").default("0.5"),
    Param::new(
        "store",
        Kind::Table(STORE),
        "what a visit does on its node's disk; nothing if missing",
    ),
    Param::new(
        "version",
        Kind::Table(VERSION),
        "what version 2 does; nothing new if empty",
    )
    .default(""),
    Param::new(
        "check_answers",
        Kind::Flag,
        "whether callers look at what an answer says, not only at its status",
    )
    .default("true"),
    Param::new(
        "window",
        Kind::Duration,
        "time between two samples of goodput, attempts and queue",
    )
    .default("1s"),
    objective::PARAM,
    Param::new(
        "visits",
        Kind::Flag,
        "whether every visit of a service is recorded: `service-conservation` goes by that",
    )
    .default("false"),
];

const GRAPH: &[Param] = &[
    Param::new("chain", COUNT, "so many services in a row").one_of("graph"),
    Param::new("fan", COUNT, "one service that calls so many others").one_of("graph"),
    Param::new(
        "edges",
        Kind::List(&Kind::Text),
        "calls, such as \"front -> cart -> db\"",
    )
    .one_of("graph"),
    generate::PARAM,
    Param::new(
        "soft",
        Kind::List(&Kind::Text),
        "calls that a visit can do without, such as \"front -> ads\": if one fails it goes on",
    ),
    Param::new(
        "file",
        Kind::File,
        "calls as CSV with the columns app, caller, callee",
    )
    .one_of("graph"),
    Param::new(
        "app",
        Kind::Text,
        "which application of the file; the only one if missing",
    ),
];
