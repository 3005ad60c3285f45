//! The table of a `[[fault]]`.

use squall_faults::param::{Kind, Param};
use squall_faults::{compose, timing, trigger};

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
