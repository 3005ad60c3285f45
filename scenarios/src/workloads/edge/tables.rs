//! What a loop records, promises and lets faults do.

use super::super::{Channel, Knob, KnobRange, Metric, Word, metric, word};
use super::sampled::Overrun;
use squall_faults::topology::ChannelKind;

const fn factor(name: &'static str, doc: &'static str) -> Knob {
    knob(name, (0.0, 1000.0), ("", 1.0), doc)
}

const fn knob(
    name: &'static str,
    (min, max): (f64, f64),
    (param, base): (&'static str, f64),
    doc: &'static str,
) -> Knob {
    Knob {
        name,
        range: KnobRange::Number(min, max),
        param,
        base,
        doc,
    }
}

const fn words(
    name: &'static str,
    words: &'static [&'static str],
    param: &'static str,
    doc: &'static str,
) -> Knob {
    Knob {
        name,
        range: KnobRange::Words(words),
        param,
        base: 0.0,
        doc,
    }
}

pub(super) const EVENTS: &[Word] = &[
    word(
        "actuated",
        "a command reached the plant: job, nanoseconds since its sample",
    ),
    word(
        "missed",
        "a job had not actuated by the next sample: job, nanoseconds since then",
    ),
    word(
        "late",
        "a command reached the plant after its deadline: job, nanoseconds",
    ),
    word("diverged", "the output left its bound: period"),
    word(
        "recovered",
        "the output is back inside half of its bound: period",
    ),
    word(
        "rejected",
        "the guard believed no sample or obeyed no command: job, reason (1 not finite, 2 out of range, \
         3 jump, 4 stale, 5 out of order, 6 frozen, 7 command too large)",
    ),
    word(
        "gave-up",
        "the actuator heard nothing for `guard.zero_after` and went to zero: nanoseconds since",
    ),
    word(
        "took-over",
        "a controller became active for want of the other: epoch, nanoseconds of silence",
    ),
    word(
        "superseded",
        "the plant obeyed a controller that another one has replaced: job, epoch",
    ),
];

pub(super) const INVARIANTS: &[Word] = &[
    word(
        "weakly-hard",
        "every `window` consecutive jobs have `hits` hits; margin in hits",
    ),
    word(
        "age",
        "the command in force is younger than `age`; margin in s",
    ),
    word(
        "rate-finite",
        "commands are finite and change by `rate` at most; margin in u",
    ),
    word("bounded", "the output stays inside `bound`; margin in y"),
    word(
        "order",
        "commands reach the plant in the order of their samples; margin in samples",
    ),
    word(
        "one-active",
        "the plant obeys no controller that another one has replaced",
    ),
];

pub(super) const METRICS: &[Metric] = &[
    metric("y", "1", "output of the plant at each sample"),
    metric("u", "1", "commands as they reach the plant"),
    metric(
        "cost",
        "1",
        "mean cost over each period; its mean is the cost of the loop",
    ),
    metric("response", "s", "time from sample to actuation"),
    metric(
        "lateness",
        "s",
        "time from the deadline to actuation, zero if in time",
    ),
];

pub(super) const KNOBS: &[Knob] = &[
    factor("delay", "factor on the delay"),
    knob(
        "gain",
        (-1000.0, 1000.0),
        ("", 1.0),
        "factor on the commands",
    ),
    knob("loss", (0.0, 1.0), ("loss", 0.0), "share of the jobs lost"),
    factor("load", "factor on the processor time of a job"),
    words("lost", &["job", "output"], "lost", "what a loss takes"),
    knob(
        "burst_begin",
        (0.0, 1.0),
        ("bursts.begin", 0.0),
        "chance a period that a burst of losses begins; 0 is none",
    ),
    knob(
        "burst_end",
        (0.0, 1.0),
        ("bursts.end", 0.0),
        "chance a period that it ends",
    ),
    words(
        "overrun",
        Overrun::WORDS,
        "overrun",
        "when a job still runs at the next sample",
    ),
    words(
        "miss_output",
        &["hold", "zero"],
        "miss.output",
        "the command after a job that was skipped or killed",
    ),
    words(
        "miss_state",
        &["freeze", "advance"],
        "miss.state",
        "the controller's state after such a job",
    ),
    knob(
        "sensor_scale",
        (-1e6, 1e6),
        ("", 1.0),
        "factor on what the sensors read: a wrong unit, a swapped frame",
    ),
    knob(
        "sensor_step",
        (0.0, 1e9),
        ("measurement.step", 0.0),
        "resolution of the sensors; 0 is none",
    ),
    knob(
        "dead_zone",
        (0.0, 1e9),
        ("", 0.0),
        "commands up to this size move nothing",
    ),
    Knob {
        name: "lag",
        range: KnobRange::Seconds,
        param: "",
        base: 0.0,
        doc: "time constant of the actuator; 0 is none",
    },
];

pub(super) const SERVICES: &[Word] = &[
    word(
        "samples",
        "the controller's port for samples of a sensor elsewhere",
    ),
    word("commands", "the port of an actuator elsewhere"),
    word(
        "alive",
        "the controllers' port for signs of life of the other",
    ),
];

pub(super) const CHANNELS: &[Channel] = &[
    Channel {
        name: "sensor",
        kind: ChannelKind::Sensor,
        at: "sensor",
        count: "measurement.sensors",
        period: "period",
        noise: "measurement.noise",
        resolution: "measurement.step",
        doc: "what the sensors read of the plant's output",
    },
    Channel {
        name: "actuator",
        kind: ChannelKind::Actuator,
        at: "actuator",
        count: "",
        period: "period",
        noise: "",
        resolution: "",
        doc: "commands on their way to the plant",
    },
];
