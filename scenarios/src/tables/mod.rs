//! The keys of a scenario file. Reader, errors and JSON Schema derive from these tables.

mod faults;
mod properties;
mod topology;

pub use faults::FAULT;
pub use properties::PROPERTY;
pub(crate) use topology::LINK;

use crate::file::phases;
use crate::workloads;
use squall_faults::param::{Kind, Param, Shape};
use squall_faults::{chaos, frozen, timing};
use topology::TOPOLOGY;

/// Counts have no upper bound but that of the type.
const MANY: i64 = i64::MAX;

/// The whole file.
pub const FILE: &[Param] = &[
    Param::new("name", Kind::Text, "name of the scenario, in a few words").required(),
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

const WORKLOAD: Kind = Kind::Variant {
    noun: "workload kind",
    of: workloads::variants,
};

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
