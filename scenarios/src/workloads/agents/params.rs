//! The parameters of the kind `agents`. Defaults name their source, or are choices.

use super::control::params::{CONTROL, POLICY};
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Shape, Unit};

const COUNT: Kind = Kind::Integer {
    min: 1,
    max: 1_000_000_000,
};

pub(super) const PARAMS: &[Param] = &[
    ON,
    Param::new("arrivals", Kind::Table(ARRIVALS), "when sessions start and what they do").required(),
    Param::new("model", Kind::Table(MODEL), "the model called").default(""),
    Param::new("tools", Kind::Table(TOOLS), "the tools called").default(""),
    Param::new("retry", Kind::Table(RETRY), "what a failed call leads to").default(""),
    Param::new(
        "idempotency",
        Kind::Flag,
        "whether the intent is durable before the effect, with a key that the tool knows again",
    )
    .default("true"),
    Param::new(
        "fencing",
        Kind::Flag,
        "whether the store refuses checkpoints of a worker that lost the session",
    )
    .default("true"),
    Param::new(
        "recovery",
        Kind::Choice(&["lease", "restart", "none"]),
        "who goes on with sessions of a lost worker: the others when its lease is over, itself after its restart, nobody",
    )
    .default("lease"),
    Param::new("lease", Kind::Duration, "time after which a silent worker has lost its sessions").default("30s"),
    Param::new(
        "heap",
        Kind::Table(HEAP),
        "memory of a worker, which it goes through before it renews its lease, as a collector of garbage does; none \
         if missing",
    ),
    Param::new("deadline", Kind::Duration, "time a session may take").default("12h"),
    Param::new("grace", Kind::Duration, "time after the deadline to end it").default("6m"),
    Param::new("budget", Kind::Table(BUDGET), "the tokens of a session").default(""),
    Param::new(
        "control",
        Kind::Table(CONTROL),
        "the layer that keeps effects authorised, bounded and stoppable; none if missing",
    ),
    Param::new("policy", Kind::Table(POLICY), "who decides, for the control layer").default(""),
    Param::new("amplification", Kind::Table(AMPLIFICATION), "the bound on attempts a call").default(""),
];

const HEAP: &[Param] =
    &[Param::new("size", Kind::Size, "how much, all of it in use").default("256MiB")];

const ARRIVALS: &[Param] = &[
    Param::new(
        "rate",
        Kind::Rate,
        "mean rate of sessions, a Poisson process; what they do is drawn",
    )
    .required()
    .one_of("arrivals"),
    Param::new(
        "trace",
        Kind::File,
        "recorded sessions: claude_code_sessions.csv.gz",
    )
    .one_of("arrivals"),
    Param::new("sessions", COUNT, "sessions at most"),
    Param::new(
        "spread",
        Kind::Duration,
        "window in which recorded sessions start: they have no common clock, so starts are drawn",
    )
    .default("30m"),
    Param::new(
        "gap_scale",
        Kind::Number {
            min: 0.0,
            max: 1000.0,
        },
        "factor on the time between calls",
    )
    .default("1"),
    Param::new(
        "gap_max",
        Kind::Duration,
        "longest time between calls, after the factor: a human's night is not simulated",
    )
    .default("10s"),
    Param::new(
        "times",
        Kind::Choice(&["recorded", "model"]),
        "whether a recorded model call takes its recorded time, or the model's",
    )
    .default("recorded"),
    Param::new(
        "calls",
        Kind::Law(Unit::Plain),
        "model calls of a drawn session; as recorded if missing: median 44, p99 333, at most 514",
    ),
];

const MODEL: &[Param] = &[
    Param::new("on", Kind::Selector(Shape::Nodes), "nodes of the endpoint; the workload's own if missing"),
    Param::new(
        "name",
        Kind::Choice(&["claude-opus-4-5", "claude-opus-4-6", "claude-sonnet-4-5", "claude-sonnet-4-20250514"]),
        "model of drawn sessions",
    )
    .default("claude-opus-4-5"),
    Param::new(
        "latency",
        Kind::Law(Unit::Time),
        "time of a model call; what was measured of the model if missing",
    ),
    Param::new("timeout", Kind::Duration, "when a call is given up").default("5m"),
    Param::new(
        "cost",
        Kind::Choice(&["uncached", "all"]),
        "tokens of a call that count in a rate limit: those that no cache has, or all of the prompt",
    )
    .default("uncached"),
];

const TOOLS: &[Param] = &[
    Param::new(
        "on",
        Kind::Selector(Shape::Nodes),
        "nodes of the tools; the workload's own if missing",
    ),
    Param::new(
        "workers",
        Kind::Integer { min: 1, max: 4096 },
        "calls that a node serves at once",
    )
    .default("16"),
    Param::new("work", Kind::Law(Unit::Time), "processor time of a call")
        .default("lognormal median 50ms p99 500ms"),
    Param::new("working_set", Kind::Size, "memory of the tools on a node").default("256MiB"),
    Param::new(
        "pages",
        Kind::Integer {
            min: 0,
            max: 1_000_000,
        },
        "pages that a call touches",
    )
    .default("64"),
    Param::new("timeout", Kind::Duration, "when a call is given up").default("30s"),
    // 298 of the 1,164 tool calls in tau_airline_calls.csv.gz.
    Param::new(
        "writes",
        Kind::Share,
        "share of the calls that have an effect",
    )
    .default("0.256"),
    Param::new(
        "errors",
        Kind::Share,
        "share of the calls that are answered as if they were well, with an error in the body",
    )
    .default("0"),
    Param::new(
        "check_body",
        Kind::Flag,
        "whether the agent looks for an error in the body before it believes in the effect",
    )
    .default("true"),
];

const RETRY: &[Param] = &[
    Param::new(
        "attempts",
        Kind::Integer { min: 1, max: 100 },
        "tries of a call",
    )
    .default("3"),
    Param::new(
        "under",
        Kind::Integer { min: 1, max: 100 },
        "tries of the client library under each of them; layers multiply",
    )
    .default("1"),
    Param::new(
        "redeliveries",
        Kind::Integer { min: 0, max: 100 },
        "times the queue gives a failed step again",
    )
    .default("2"),
    Param::new("redelivery_after", Kind::Duration, "when it does so").default("30s"),
    Param::new(
        "backoff",
        Kind::Law(Unit::Time),
        "time before the first retry; doubled for each further one",
    )
    .default("1s"),
    Param::new("backoff_max", Kind::Duration, "longest such time").default("60s"),
    Param::new(
        "jitter",
        Kind::Flag,
        "full jitter: the time is drawn between zero and that",
    )
    .default("true"),
    Param::new(
        "honour_retry_after",
        Kind::Flag,
        "whether a client comes again no sooner than it was told",
    )
    .default("true"),
    Param::new(
        "budget",
        Kind::Share,
        "share of a worker's calls that may be retries; no budget if missing",
    ),
    Param::new(
        "resend_context",
        Kind::Flag,
        "whether a retry sends its whole prompt past the cache",
    )
    .default("false"),
];

const BUDGET: &[Param] = &[
    // Ten times the largest of the recorded sessions, which is 54 M.
    Param::new(
        "tokens",
        Kind::Number {
            min: 1.0,
            max: 1e15,
        },
        "tokens of a session, sent and received",
    )
    .default("500000000"),
    Param::new(
        "enforce",
        Kind::Flag,
        "whether tokens are reserved before each call",
    )
    .default("true"),
];

const AMPLIFICATION: &[Param] = &[
    Param::new(
        "bound",
        Kind::Number { min: 1.0, max: 1e6 },
        "attempts of the model calls that end in a window, a call",
    )
    .default("3"),
    Param::new("window", Kind::Duration, "length of a window").default("1m"),
];
