//! The keys of a scenario file. Reader, errors and JSON Schema derive from these tables.

use crate::file::{memory, phases};
use crate::workloads;
use squall_core::property::Consistency;
use squall_faults::catalog::{link_capacity, link_quality};
use squall_faults::param::{DISK_PRESETS, Kind, Param, Shape, Unit};
use squall_faults::{chaos, compose, frozen, timing, trigger};

/// Counts have no upper bound but that of the type.
const MANY: i64 = i64::MAX;

/// The whole file.
pub const FILE: &[Param] = &[
    Param::new("name", Kind::Text, "name of the scenario, in kebab case").required(),
    Param::new(
        "about",
        Kind::Table(ABOUT),
        "what it shows and where it comes from",
    )
    .default(""),
    Param::new(
        "seeds",
        Kind::Scalar,
        "the seeds that a campaign runs: `\"0..64\"`, `17` or `\"0x11\"`",
    )
    .default("0..64"),
    Param::new("stop", Kind::Table(STOP), "when a run is over").required(),
    Param::new(
        "phases",
        Kind::Table(phases::PHASES),
        "parts of a run: faults start between warm-up and heal",
    )
    .default(""),
    Param::new(
        "never",
        phases::NEVER,
        "nodes that no fault hits: names and labels",
    )
    .default(""),
    Param::new("topology", Kind::Table(TOPOLOGY), "nodes and links").required(),
    Param::new(
        "workload",
        Kind::Map(&WORKLOAD),
        "what runs: `[workload.<name>.<kind>]`",
    )
    .default(""),
    Param::new("fault", Kind::List(&Kind::Table(FAULT)), "what breaks").default(""),
    Param::new(
        "chaos",
        Kind::Table(chaos::PARAMS),
        "faults drawn from the seed, within a budget",
    ),
    Param::new(
        "property",
        Kind::List(&Kind::Table(PROPERTY)),
        "what is promised",
    )
    .default(""),
    Param::new(
        "expect",
        Kind::Table(EXPECT),
        "the verdict, where the scenario shows a failure",
    ),
    Param::new(
        "regression",
        Kind::Table(REGRESSION),
        "what `squall shrink` found: one seed, and what it must end in",
    ),
    Param::new(
        "plan",
        Kind::List(&Kind::Table(PLAN)),
        "the frozen plan of a regression file, instead of faults",
    )
    .default(""),
    Param::new(
        "with",
        Kind::Map(&Kind::Table(WITH)),
        "named variants: `--with <name>`",
    )
    .default(""),
];

const ABOUT: &[Param] = &[
    Param::new("source", Kind::Text, "where it comes from"),
    Param::new("tags", Kind::List(&Kind::Text), "words to select it by").default(""),
    Param::new("text", Kind::Text, "what it shows, for people"),
];

const STOP: &[Param] = &[
    Param::new("at", Kind::Duration, "length of a run in virtual time").required(),
    Param::new(
        "events_max",
        Kind::Integer { min: 1, max: MANY },
        "bound on events; reaching it makes the verdict inconclusive",
    )
    .default("50000000"),
];

const TOPOLOGY: &[Param] = &[
    Param::new(
        "nodes",
        Kind::Map(&Kind::Table(NODES)),
        "groups of nodes by name",
    )
    .required(),
    Param::new(
        "links",
        Kind::Map(&Kind::Table(LINK)),
        "`default`, and pairs such as `\"gateway -> model\"`; later ones win",
    )
    .default(""),
    Param::new(
        "wan",
        Kind::Table(WAN),
        "a matrix of links in a file; `links` win over it",
    ),
    Param::new(
        "date",
        Kind::Date,
        "what a right clock reads when a run starts, UTC; for date-jump",
    )
    .default("2026-01-01T00:00:00Z"),
    Param::new(
        "signals",
        Kind::Duration,
        "time between two samples of what an operator sees of the hosts; `0s` is never",
    )
    .default("1s"),
];

const CLOCK: &[Param] = &[
    Param::new(
        "offset",
        Kind::Signed(Unit::Time),
        "what the wall clock is ahead of the time; `±` and laws are drawn a node",
    )
    .default("0s"),
    Param::new(
        "drift_ppm",
        Kind::Signed(Unit::Plain),
        "parts per million by which the oscillator is fast, -100000 to 100000; drawn likewise",
    )
    .default("0"),
];

const NODES: &[Param] = &[
    Param::new(
        "count",
        Kind::Integer {
            min: 1,
            max: 100_000,
        },
        "nodes of the group: `<group>-0` and on",
    )
    .default("1"),
    Param::new(
        "cores",
        Kind::Integer { min: 1, max: 4096 },
        "processors of a node",
    )
    .default("4"),
    Param::new("memory", Kind::Size, "memory of a node").default("8GiB"),
    Param::new("swap", Kind::Device, "its swap device; none if missing"),
    Param::new(
        "disk",
        Kind::Choice(&DISK_PRESETS),
        "its disk; a swap device `disk` is a file on it, and shares its queue",
    )
    .default("vdisk"),
    Param::new("disk_size", Kind::Size, "size of its disk").default("64GiB"),
    Param::new(
        "clock",
        Kind::Table(CLOCK),
        "what is wrong with its clocks without any fault",
    )
    .default(""),
    Param::new(
        "swap_size",
        Kind::Size,
        "size of its swap space; as much as memory if missing",
    ),
    Param::new(
        "paging",
        Kind::Table(memory::PAGING),
        "what its kernel does about memory beside the limit; nothing if missing",
    ),
    Param::new(
        "memory_groups",
        Kind::Map(&Kind::Table(memory::GROUP)),
        "groups of processes with a limit of their own, also inside each other: slices, pods",
    )
    .default(""),
    Param::new("zone", Kind::Text, "`a` for all, or `spread a b c` in turn"),
    Param::new(
        "labels",
        Kind::Map(&Kind::Text),
        "other labels for selectors: one for all, or `spread a b c` in turn",
    )
    .default(""),
];

const WAN: &[Param] = &[
    Param::new(
        "file",
        Kind::File,
        "csv with columns `from`, `to`, and keys of links such as `delay`, `loss`, `rate`",
    )
    .required(),
    Param::new(
        "missing",
        Kind::Choice(&["error", "default"]),
        "what an ordered pair without a row is",
    )
    .default("error"),
];

/// What a link is without faults.
pub(crate) const LINK: &[Param] = &[
    Param::new("delay", Kind::Law(Unit::Time), "one-way delay").default("250us"),
    Param::new("loss", Kind::Share, "share of the messages lost").default("0"),
    Param::new(
        "burst_loss",
        Kind::Table(link_quality::BURST_LOSS_PARAMS),
        "loss in bursts, a Gilbert-Elliott chain",
    ),
    Param::new(
        "corrupt",
        Kind::Share,
        "share of the messages damaged; the receiver's host drops them",
    )
    .default("0"),
    Param::new(
        "duplicate",
        Kind::Share,
        "share of the messages that come twice",
    )
    .default("0"),
    link_capacity::RATE,
    link_capacity::QUEUE,
    link_capacity::BURST,
    Param::new(
        "reorder",
        Kind::Table(REORDER),
        "messages that are held back",
    ),
];

const REORDER: &[Param] = &[
    Param::new("p", Kind::Share, "share of the messages").required(),
    link_quality::BY,
];

const WORKLOAD: Kind = Kind::Variant {
    noun: "workload kind",
    of: workloads::variants,
};

/// A fault.
pub const FAULT: &[Param] = &[
    Param::new(
        "name",
        Kind::Text,
        "its label; else the fault and its ordinal, `link-loss#2`",
    ),
    timing::AT,
    timing::FOR,
    timing::EVERY,
    timing::CHANCE,
    timing::LAND,
    trigger::ON,
    trigger::KEEP_HEALTHY,
    trigger::PATIENCE,
    trigger::IF_NONE,
    trigger::PHASE,
    compose::RAMP,
    compose::INJECT,
    compose::USE,
    compose::NODES,
    compose::LINKS,
    compose::SERVICE,
    compose::WORKLOAD,
    compose::SENSOR,
    compose::KNOB,
    compose::SCALE,
    compose::WITHOUT,
    compose::SET,
    compose::FAULTS,
    compose::SERIAL,
    compose::PARALLEL,
    compose::REPEAT,
    compose::GAP,
];

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

const EXPECT: &[Param] = &[
    Param::new(
        "verdict",
        Kind::Choice(&["pass", "fail", "inconclusive", "not-exercised"]),
        "verdict of the campaign",
    )
    .required(),
    Param::new(
        "because",
        Kind::List(&Kind::Text),
        "properties that give it: names or kinds",
    )
    .default(""),
];

const WITH: &[Param] = &[
    Param::new("about", Kind::Text, "what it changes, for people"),
    Param::new(
        "set",
        Kind::Map(&Kind::Any),
        "keys and their values: `set.\"stop.at\" = \"5m\"`",
    )
    .required(),
];

const REGRESSION: &[Param] = &[
    Param::new("of", Kind::Text, "where it comes from, for people"),
    Param::new("seed", Kind::Scalar, "the seed").required(),
    Param::new(
        "property",
        Kind::Text,
        "name of the property that fails; if missing, model code panics",
    ),
    Param::new(
        "clocks",
        Kind::List(&Kind::Text),
        "nodes with a clock that can be wrong, though no part of the plan says so any more",
    )
    .default(""),
    Param::new("digest", Kind::Text, "the digest that the run ends in").required(),
    Param::new(
        "epoch",
        Kind::Integer {
            min: 0,
            max: u32::MAX as i64,
        },
        "the engine epoch of the digest",
    )
    .required(),
];

const PLAN: &[Param] = &[
    Param::new("fault", Kind::Text, "label of the fault that it is part of").required(),
    Param::new("kind", Kind::Text, "the fault in the catalogue").required(),
    timing::LAND,
    Param::new(
        "part",
        Kind::Integer {
            min: 0,
            max: u32::MAX as i64,
        },
        "number of the part in its fault; draws hang on it; the next one if missing",
    ),
    Param::new("from", Kind::Duration, "when it begins").required(),
    Param::new("until", Kind::Duration, "when it ends; never if missing"),
    Param::new(
        "do",
        Kind::Variant {
            noun: "primitive",
            of: frozen::forms,
        },
        "what it does, and to whom: `do.<primitive> = { .. }`",
    )
    .required(),
];

/// Where a workload runs: the first parameter of every workload kind.
pub const ON: Param = Param::new(
    "on",
    Kind::Selector(Shape::Nodes),
    "nodes it runs on; nothing is drawn here",
)
.required();

/// The text of `squall list properties`.
pub fn list_properties() -> String {
    squall_faults::catalog::describe_params(PROPERTY)
}
