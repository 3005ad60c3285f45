//! The timing keys of a fault.

use crate::param::{Kind, Param};
use crate::trigger;

/// `at`: the instant of the first occurrence.
pub const AT: Param = Param::new(
    "at",
    Kind::Moment,
    "when it starts; a range is drawn once a seed; the start of the run if missing",
);
/// `for`: the length of each occurrence.
pub const FOR: Param = Param::new(
    "for",
    Kind::Length,
    "how long it lasts; `forever` must be written out",
);
/// `every`: repetition.
pub const EVERY: Param = Param::new(
    "every",
    Kind::Table(EVERY_PARAMS),
    "repeats it; without `at` the first occurrence comes after one gap",
);
/// `chance`: whether it happens at all.
pub const CHANCE: Param = Param::new(
    "chance",
    Kind::Share,
    "chance that it happens in a seed at all; drawn in lowering",
)
.default("1");
/// `land`: what it takes to count as having happened.
pub const LAND: Param = Param::new(
    "land",
    Kind::Choice(&["any", "every seed", "optional"]),
    "where it must have an effect: in any seed of a campaign, in every seed, or nowhere",
)
.default("any");
/// The timing keys of a fault.
pub const PARAMS: &[Param] = &[
    AT,
    FOR,
    EVERY,
    CHANCE,
    LAND,
    trigger::ON,
    trigger::KEEP_HEALTHY,
    trigger::PATIENCE,
    trigger::IF_NONE,
    trigger::PHASE,
];

/// The keys of a repetition.
pub(crate) const EVERY_PARAMS: &[Param] = &[
    Param::new("mean", Kind::Duration, "mean time from start to start").required(),
    Param::new(
        "dist",
        Kind::Choice(&["constant", "uniform", "exponential", "hyperexponential"]),
        "law of the gaps; uniform is between zero and twice the mean, hyperexponential comes in clusters",
    )
    .default("constant"),
    Param::new(
        "variance",
        Kind::Number {
            min: 1.0,
            max: 1e6,
        },
        "of hyperexponential gaps: variance over squared mean; 4 if missing",
    ),
    Param::new(
        "least",
        Kind::Duration,
        "shortest gap; what is drawn comes on top, so that the mean stays; 0s if missing",
    ),
    Param::new("until", Kind::Duration, "no occurrence starts from here on"),
    Param::new(
        "count",
        Kind::Integer {
            min: 1,
            max: 10_000,
        },
        "at most this many occurrences",
    ),
    Param::new(
        "overlap",
        Kind::Choice(&["skip", "queue", "stack", "error"]),
        "what becomes of an occurrence that starts before the one before has ended",
    )
    .default("skip"),
];
