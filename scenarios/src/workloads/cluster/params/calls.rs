//! What clients ask, and how calls are made, tried again and kept away from bad replicas.

use super::super::guard::{budget, throttle};
use super::{COUNT, TRIES};
use squall_faults::param::{Kind, Param, Unit};

pub(super) const ARRIVALS: &[Param] = &[Param::new(
    "rate",
    Kind::Rate,
    "mean rate of a Poisson process, over all clients",
)
.default("100/s")];

pub(super) const RETRY: &[Param] = &[
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

pub(super) const HOP: &[Param] = &[
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

pub(super) const EJECTION: &[Param] = &[
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
