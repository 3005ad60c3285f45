//! The keys of ramps, groups and presets.

use crate::catalog;
use crate::param::{Kind, Param, Shape};
use crate::timing;
use crate::trigger;

/// The fault of a record.
pub const INJECT: Param = Param::new(
    "inject",
    Kind::Variant {
        noun: "fault",
        of: catalog::variants,
    },
    "the fault and its parameters: `inject.<fault> = { .. }`",
)
.required()
.one_of("what");
/// A preset instead of a fault.
pub const USE: Param = Param::new(
    "use",
    Kind::Text,
    "a preset, by its name: `squall list presets`",
)
.one_of("what");
/// Faults one after the other instead of one fault.
pub const SERIAL: Param = Param::new(
    "serial",
    Kind::List(&MEMBERS),
    "faults one after the other: the next starts when the one before has healed",
)
.one_of("what");
/// Faults side by side instead of one fault.
pub const PARALLEL: Param = Param::new(
    "parallel",
    Kind::List(&MEMBERS),
    "faults side by side: all start together",
)
.one_of("what");
/// How often a group is gone through.
pub const REPEAT: Param = Param::new(
    "repeat",
    Kind::Integer {
        min: 1,
        max: 10_000,
    },
    "of a group: how often it is gone through; once if missing",
);
/// Time between the members of a group.
pub const GAP: Param = Param::new(
    "gap",
    Kind::Duration,
    "of a group: time between the healing of a member, or of a round, and the next start; 0s if missing",
);
/// The nodes of a preset.
pub const NODES: Param = Param::new(
    "nodes",
    Kind::Selector(Shape::Nodes),
    "of a preset: the nodes it hits; all of them if missing",
);
/// The links of a preset.
pub const LINKS: Param = Param::new(
    "links",
    Kind::Selector(Shape::Links),
    "of a preset: the links it hits; those between its nodes and all others if missing",
);
/// The service of a preset.
pub const SERVICE: Param = Param::new(
    "service",
    Kind::Text,
    "of a preset that hits calls: the service, `<workload>.<service>`",
);
/// The workload of a preset.
pub const WORKLOAD: Param = Param::new(
    "workload",
    Kind::Text,
    "of a preset that hits a workload as such: its name; the only one there is if missing",
);
/// The sensors of a preset.
pub const SENSOR: Param = Param::new(
    "sensor",
    Kind::Text,
    "of a preset that hits sensors: `<workload>.sensor`; the only ones there are if missing",
);
/// The knob of a preset.
pub const KNOB: Param = Param::new(
    "knob",
    Kind::Text,
    "of a preset that deploys something: the knob, `<workload>.<knob>`; the only `version` if missing",
);
/// The faults that a preset wraps.
pub const FAULTS: Param = Param::new(
    "faults",
    Kind::List(&MEMBERS),
    "of the preset calm: the faults that it wraps, side by side",
);
/// A factor on the rates of a preset.
pub const SCALE: Param = Param::new(
    "scale",
    Kind::Number {
        min: 1e-6,
        max: 1e9,
    },
    "of a preset of failure rates: so many times more often, or so many times shorter; 1 if missing",
);
/// Parts of a preset that are left out.
pub const WITHOUT: Param = Param::new(
    "without",
    Kind::List(&Kind::Text),
    "of a preset: parts that are left out",
);
/// Parameters of the parts of a preset.
pub const SET: Param = Param::new(
    "set",
    Kind::Map(&Kind::Scalar),
    "of a preset: parameters of its parts, `set.\"loss.p\" = 0.1`, `set.\"loss.for\" = \"5s\"`",
);
/// A staircase.
pub const RAMP: Param = Param::new(
    "ramp",
    Kind::Table(super::ramp::PARAMS),
    "lets a parameter go up or down in equal steps while the fault lasts",
);

const MEMBERS: Kind = Kind::Named {
    name: "member",
    of: || &MEMBER,
};

const MEMBER_AT: Param = Param::new(
    "at",
    Kind::Moment,
    "how long after its turn has come it starts; at once if missing",
);

/// Why neither a group nor a member of one waits.
pub(super) const NO_TRIGGER: &str =
    "triggers stand outside of groups: give the fault a `[[fault]]` of its own";

/// A member of a group.
pub(crate) static MEMBER: [Param; 27] = [
    Param::new(
        "name",
        Kind::Text,
        "its name in the group; else the fault and its ordinal there",
    ),
    MEMBER_AT,
    timing::FOR,
    timing::EVERY,
    timing::CHANCE,
    timing::LAND,
    trigger::KEEP_HEALTHY,
    trigger::PATIENCE,
    trigger::IF_NONE,
    RAMP,
    Param::new("on", Kind::Reserved, NO_TRIGGER),
    INJECT,
    USE,
    NODES,
    LINKS,
    SERVICE,
    WORKLOAD,
    SENSOR,
    KNOB,
    SCALE,
    WITHOUT,
    SET,
    FAULTS,
    SERIAL,
    PARALLEL,
    REPEAT,
    GAP,
];
