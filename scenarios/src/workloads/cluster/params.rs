//! Parameters of `[workload.<name>.cluster]`.

use super::guard::{
    admission, breaker, budget, cache, codel, health, hedge, items, pool, throttle, warm_up,
};
use super::{generate, objective};
use crate::tables::ON;
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

const SERVICE: &[Param] = &[
    Param::new("on", Kind::Selector(Shape::Nodes), "its nodes"),
    Param::new("replicas", REPLICAS, "its replicas"),
    Param::new("cpu", Kind::Law(Unit::Time), "processor time of a visit"),
    Param::new("concurrency", COUNT, "visits that a replica serves at once"),
    Param::new("working_set", Kind::Size, "memory of a replica"),
    Param::new("pages", PAGES, "pages that a visit touches"),
    cache::PARAM,
];

const ARRIVALS: &[Param] = &[Param::new(
    "rate",
    Kind::Rate,
    "mean rate of a Poisson process, over all clients",
)
.default("100/s")];

const RETRY: &[Param] = &[
    Param::new("attempts", TRIES, "tries of a request").default("1"),
    Param::new(
        "backoff",
        Kind::Law(Unit::Time),
        "time between tries, cut at its 99.99 % quantile",
    )
    .default("0s"),
    Param::new(
        "budget",
        Kind::Share,
        "retries earned by a success; no budget if missing",
    ),
    budget::OF,
    Param::new("burst", COUNT, "retries that a client may save up").default("10"),
    budget::ACCRUAL,
    throttle::PARAMS[0],
    throttle::PARAMS[1],
];

const HOP: &[Param] = &[
    Param::new(
        "order",
        Kind::Choice(&["parallel", "sequential"]),
        "whether a visit calls its callees at once or one by one",
    )
    .default("parallel"),
    Param::new(
        "timeout",
        Kind::Duration,
        "when a call is given up; what is left of the caller's time if missing",
    ),
    Param::new(
        "attempts",
        TRIES,
        "tries of a call, inside the caller's time",
    )
    .default("1"),
    budget::HOP[0],
    budget::HOP[1],
    Param::new(
        "deadline",
        Kind::Choice(&["pass-on", "own"]),
        "whether a call gets what is left of the caller's time, or as much as a client gives",
    )
    .default("pass-on"),
    Param::new(
        "soft_timeout",
        Kind::Duration,
        "when a call of `graph.soft` is given up; as the others if missing",
    ),
];

const EJECTION: &[Param] = &[
    Param::new(
        "errors",
        COUNT,
        "consecutive errors after which a replica is avoided",
    )
    .default("5"),
    Param::new(
        "slower",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "a replica whose good answers take so many times as long as the median replica's is avoided, too; \
         never if missing",
    ),
    Param::new("for", Kind::Duration, "for how long").default("10s"),
    Param::new(
        "share_max",
        Kind::Share,
        "share of a service's replicas that may be avoided at once",
    )
    .default("0.5"),
];

const QUEUE: &[Param] = &[
    Param::new(
        "capacity",
        Kind::Integer {
            min: 0,
            max: 100_000_000,
        },
        "visits that may wait; more are refused with 503",
    )
    .default("1000"),
    Param::new(
        "discipline",
        Kind::Choice(&["fifo", "lifo", "adaptive-lifo"]),
        "who is next; adaptive-lifo takes the latest while more wait than `lifo_above`, or the queue stands \
         by `codel`, and the first otherwise",
    )
    .default("fifo"),
    Param::new("lifo_above", COUNT, "visits that wait, for adaptive-lifo").default("16"),
    Param::new(
        "critical_first",
        Kind::Flag,
        "whether critical visits are next before all others",
    )
    .default("false"),
    codel::PARAM,
    Param::new(
        "deadline_drop",
        Kind::Flag,
        "whether a visit whose time left is below the median of `cpu` is dropped instead of served",
    )
    .default("false"),
];

const STORE: &[Param] = &[
    Param::new("record", Kind::Size, "bytes that it writes").default("4KiB"),
    Param::new(
        "fsync",
        Kind::Flag,
        "whether it waits until they are durable",
    )
    .default("true"),
    Param::new(
        "read",
        Kind::Share,
        "share of the visits that read a record back",
    )
    .default("0.1"),
];

const VERSION: &[Param] = &[
    Param::new(
        "cpu",
        Kind::Number {
            min: 0.01,
            max: 1000.0,
        },
        "factor on the processor time",
    )
    .default("1"),
    Param::new("errors", Kind::Share, "share of the visits that fail").default("0"),
    Param::new(
        "speaks",
        Kind::Choice(&["old", "new"]),
        "the form of its requests; version 1 does not read a new one, and answers 400",
    )
    .default("old"),
];
