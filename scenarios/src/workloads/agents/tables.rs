//! The tables of the workload: events, promises and knobs, with those of its control layer.

use super::control;
use crate::workloads::{Knob, KnobRange, Word, word};

/// Two tables, one after the other; `first` says what the places hold until they are filled.
const fn joined<T: Copy, const A: usize, const B: usize, const N: usize>(
    one: &[T; A],
    two: &[T; B],
    first: T,
) -> [T; N] {
    assert!(A + B == N, "the length is that of both");
    let mut all = [first; N];
    let mut at = 0;
    while at < N {
        all[at] = if at < A { one[at] } else { two[at - A] };
        at += 1;
    }
    all
}

const OWN_EVENTS: [Word; 15] = [
    word(
        "accepted",
        "a session came (a: session, b: its latest end in ns)",
    ),
    word("done", "a session ended well (a: session, b: steps)"),
    word(
        "failed",
        "a session gave up (a: session, b: 1 model, 2 tool, 3 deadline, 4 budget, 5 denied, 6 killed, 7 loop, 8 parked)",
    ),
    word(
        "resumed",
        "a session went on after its worker was lost (a: stream, b: epoch)",
    ),
    word(
        "fenced",
        "a worker found that another one has its session (a: stream, b: epoch)",
    ),
    word(
        "checkpoint",
        "progress was written down (a: stream, b: epoch and step)",
    ),
    word(
        "retried",
        "a call was tried again (a: call, b: code of the failure)",
    ),
    word(
        "limited",
        "a call was refused with 429 (a: call, b: attempt)",
    ),
    word(
        "effect",
        "the back end did what a tool call asked (a: effect, b: whether it had a key)",
    ),
    word(
        "duplicated-effect",
        "it did so again for the same effect (a: effect)",
    ),
    word(
        "duplicate-suppressed",
        "it knew the key and did nothing (a: effect)",
    ),
    word(
        "result-ok",
        "an agent believes that its effect happened (a: effect)",
    ),
    word(
        "tool-error",
        "an agent found an error in the body of an answer (a: call)",
    ),
    word("spent", "tokens were billed (a: session, b: tokens)"),
    word(
        "over-budget",
        "a call was not made for want of tokens (a: session, b: wanted)",
    ),
];

/// Events.
pub(super) static EVENTS: [Word; OWN_EVENTS.len() + control::EVENTS.len()] =
    joined(&OWN_EVENTS, &control::EVENTS, OWN_EVENTS[0]);

const OWN_INVARIANTS: [Word; 6] = [
    word("at-most-once-effect", "no effect happens twice"),
    word(
        "no-ghost-result",
        "an effect that an agent believes in has happened",
    ),
    word("terminates", "a session ends by its deadline and grace"),
    word(
        "retry-amplification",
        "attempts a model call stay below the bound in every window",
    ),
    word("token-budget", "no session spends more tokens than it has"),
    word(
        "checkpoint-monotone",
        "epoch and step of a session's checkpoints only grow",
    ),
];

/// Promises.
pub(super) static INVARIANTS: [Word; OWN_INVARIANTS.len() + control::INVARIANTS.len()] =
    joined(&OWN_INVARIANTS, &control::INVARIANTS, OWN_INVARIANTS[0]);

/// The value of the knob of the retry budget that means none.
pub(super) const NO_BUDGET: f64 = 1000.0;
/// The value of the knob of the lifetime of keys that means that none is forgotten, in seconds.
const FOREVER: f64 = 1e9;

const OWN_KNOBS: [Knob; 13] = [
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
        name: "tool-version",
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc: "1 is broken: tools answer as if all were well, with an error in the body, and do nothing",
    },
    Knob {
        name: "model-latency",
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc: "factor on the time of model calls",
    },
    Knob {
        name: "timeout",
        range: KnobRange::Seconds,
        param: "model.timeout",
        base: 300.0,
        doc: "when an attempt of a model call is given up",
    },
    Knob {
        name: "retry-backoff",
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc: "factor on the time before a retry",
    },
    Knob {
        name: "retry-budget",
        range: KnobRange::Number(0.0, 1000.0),
        param: "retry.budget",
        base: NO_BUDGET,
        doc: "share of a worker's calls that may be retries; 1000 is no budget",
    },
    Knob {
        name: "retry-jitter",
        range: KnobRange::Flag,
        param: "retry.jitter",
        base: 1.0,
        doc: "whether the time before a retry is drawn",
    },
    Knob {
        name: "resend-context",
        range: KnobRange::Flag,
        param: "retry.resend_context",
        base: 0.0,
        doc: "whether a retry sends its whole prompt past the cache",
    },
    Knob {
        name: "slots",
        range: KnobRange::Number(0.0, 4096.0),
        param: "tools.workers",
        base: 16.0,
        doc: "tool calls that a node serves at once",
    },
    Knob {
        name: "idempotency-ttl",
        range: KnobRange::Seconds,
        param: "",
        base: FOREVER,
        doc: "time after which the back end forgets a key",
    },
    Knob {
        name: "prefix-cache-loss",
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc: "share of the cached part of a prompt that the cache has lost",
    },
    Knob {
        name: "model-out",
        range: KnobRange::Number(0.0, 1000.0),
        param: "",
        base: 1.0,
        doc: "factor on the tokens of an answer: another version of the model",
    },
];

/// Knobs.
pub(super) static KNOBS: [Knob; OWN_KNOBS.len() + control::KNOBS.len()] =
    joined(&OWN_KNOBS, &control::KNOBS, OWN_KNOBS[0]);
