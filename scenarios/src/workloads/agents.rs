//! agents: workflows of model and tool calls with a control layer around their effects.

use super::{Knob, KnobRange, WorkloadKind, metric, word};
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Unit};

pub(super) const AGENTS: WorkloadKind = WorkloadKind {
    name: "agents",
    domain: "agents",
    summary: "workflows of model and tool calls under a control layer",
    params: &[
        ON,
        Param::new("arrivals", Kind::Table(ARRIVALS), "when workflows start").required(),
        Param::new("model", Kind::Table(MODEL), "the model called").default(""),
        Param::new("retry", Kind::Table(RETRY), "what a failed call leads to").default(""),
    ],
    events: &[
        word("retried", "a call was tried again"),
        word("effect-denied", "the control layer refused an effect"),
        word("workflow-failed", "a workflow gave up"),
    ],
    invariants: &[
        word("at-most-once-effect", "no effect happens twice"),
        word(
            "decision-before-effect",
            "no effect without a decision before it",
        ),
    ],
    metrics: &[
        metric("latency", "s", "time from start to end of a workflow"),
        metric("goodput", "1/s", "workflows that ended well"),
    ],
    knobs: &[
        Knob {
            name: "load",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the arrivals",
        },
        Knob {
            name: "retry-attempts",
            range: KnobRange::Number(1.0, 100.0),
            param: "retry.attempts",
            base: 3.0,
            doc: "tries of a call",
        },
        Knob {
            name: "policy-mode",
            range: KnobRange::Words(&["closed", "open"]),
            param: "",
            base: 0.0,
            doc: "what the policy server does when it cannot decide",
        },
    ],
    services: &[
        word("model", "the model endpoint"),
        word("tool", "the tool server"),
        word("policy", "the policy server"),
    ],
    operations: &[],
    prepare: super::nothing,
    install: |_| (),
};

const ARRIVALS: &[Param] = &[
    Param::new("rate", Kind::Rate, "mean rate of a Poisson process")
        .required()
        .one_of("arrivals"),
    Param::new("trace", Kind::File, "instants from a file").one_of("arrivals"),
];

const MODEL: &[Param] = &[
    Param::new("latency", Kind::Law(Unit::Time), "time of a model call")
        .default("lognormal median 6s p99 60s"),
    Param::new("timeout", Kind::Duration, "when a call is given up").default("5m"),
];

const RETRY: &[Param] = &[
    Param::new(
        "attempts",
        Kind::Integer { min: 1, max: 100 },
        "tries of a call",
    )
    .default("3"),
    Param::new("backoff", Kind::Law(Unit::Time), "time between tries")
        .default("exponential mean 1s"),
    Param::new(
        "budget",
        Kind::Share,
        "share of the calls that may be retries; no budget if missing",
    ),
];
