//! The table of a `[[property]]`, by kind.

use squall_core::property::Consistency;
use squall_faults::param::{Kind, Param};

const STATS: Kind = Kind::Choice(&[
    "count", "sum", "mean", "min", "max", "p50", "p90", "p99", "p999", "last",
]);

/// A property.
pub const PROPERTY: &[Param] = &[
    Param::new(
        "name",
        Kind::Text,
        "its name in reports; else made from its parts",
    ),
    Param::new("optional", Kind::Flag, "whether it may go unexercised").default("false"),
    Param::new(
        "always",
        Kind::Text,
        "an invariant that holds at all times: `<workload>.<invariant>`",
    )
    .required()
    .one_of("promise"),
    Param::new(
        "never",
        Kind::Text,
        "an event that never happens: `<workload>.<event>`",
    )
    .one_of("promise"),
    Param::new(
        "eventually",
        Kind::Table(EVENTUALLY),
        "an event that happens in time",
    )
    .one_of("promise"),
    Param::new(
        "recovers",
        Kind::Table(RECOVERS),
        "a metric that is back near its baseline in time",
    )
    .one_of("promise"),
    Param::new(
        "operations",
        Kind::Table(OPERATIONS),
        "the operations of clients on a store are consistent",
    )
    .one_of("promise"),
    Param::new(
        "sometimes",
        Kind::Text,
        "an event that some seed of a campaign sees",
    )
    .one_of("promise"),
    Param::new(
        "threshold",
        Kind::Table(THRESHOLD),
        "a statistic of a metric that keeps a limit",
    )
    .one_of("promise"),
];

const OPERATIONS: &[Param] = &[
    Param::new("are", Kind::Choice(Consistency::WORDS), "in which way").required(),
    Param::new(
        "reads",
        Kind::List(&Kind::Text),
        "operations that read: what they return is what they found",
    )
    .required(),
    Param::new(
        "writes",
        Kind::List(&Kind::Text),
        "operations that write what they are called with",
    )
    .required(),
    Param::new(
        "initial",
        Kind::Integer {
            min: 0,
            max: i64::MAX,
        },
        "what is read before anything is written",
    )
    .default("0"),
    Param::new(
        "steps_max",
        Kind::Integer {
            min: 1,
            max: 1_000_000_000,
        },
        "most steps of the search for an order, a key; beyond it is undecided",
    )
    .default("5000000"),
];

const EVENTUALLY: &[Param] = &[
    Param::new("event", Kind::Text, "the event, `<workload>.<event>`").required(),
    Param::new(
        "within",
        Kind::Duration,
        "latest time after `after`; the end of the run if missing",
    ),
    Param::new("after", Kind::Duration, "from when on").default("0s"),
];

const RECOVERS: &[Param] = &[
    Param::new("metric", Kind::Text, "the metric").required(),
    Param::new("stat", STATS, "statistic of a window").default("p99"),
    Param::new(
        "to",
        Kind::Text,
        "how near, as a multiple of the time before the first fault",
    )
    .default("1.2x baseline"),
    Param::new("within", Kind::Duration, "time allowed").required(),
    Param::new("window", Kind::Duration, "length of a window").default("10s"),
    Param::new("after", Kind::Choice(&["last heal"]), "from when on").default("last heal"),
];

const THRESHOLD: &[Param] = &[
    Param::new("metric", Kind::Text, "the metric").required(),
    Param::new("stat", STATS, "the statistic").default("p99"),
    Param::new(
        "below",
        Kind::Scalar,
        "upper limit: a number, `\"250ms\"`, or `\"1.5x baseline\"`",
    )
    .required()
    .one_of("limit"),
    Param::new("above", Kind::Scalar, "lower limit").one_of("limit"),
    Param::new(
        "from",
        Kind::Duration,
        "start of the part of the run that counts",
    )
    .default("0s"),
    Param::new(
        "until",
        Kind::Duration,
        "its end; the end of the run if missing",
    ),
];
