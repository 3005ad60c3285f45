//! autoscaler: how many replicas a service gets, from a metric that is late and noisy. Pure: time is an argument.
//!
//! ```text
//! metric (lag, window) -> ratio to target, or a fixed step -> window of recommendations -> limits -> replicas
//! ```
//!
//! The defaults are those of the horizontal autoscaler of Kubernetes: every 15 s, doubling or four more at most,
//! all the way down but only by the highest recommendation of 300 s, no change within a tenth of the target.
//! What a replica does with its requests is a fluid ([`Replica`]).

mod fluid;
mod policy;
#[cfg(test)]
mod tests;

pub use fluid::{Replica, Served, Service};
pub use policy::{Metric, Scaler, Scaling};

use squall_core::VirtualDuration;
use squall_faults::Issue;
use squall_faults::param::{Args, Kind, Param};

const REPLICAS: Kind = Kind::Integer {
    min: 1,
    max: 100_000,
};

/// Parameters of `autoscale`.
pub(super) const PARAMS: &[Param] = &[
    Param::new(
        "metric",
        Kind::Choice(&["queue", "delay", "cpu"]),
        "what it goes by, each the mean over replicas: requests in a replica, served and waiting; seconds that a \
         request waits; share of its cores in use",
    )
    .default("queue"),
    Param::new(
        "target",
        Kind::Number {
            min: 1e-6,
            max: 1e6,
        },
        "the value that it aims at",
    )
    .default("4"),
    Param::new("min", REPLICAS, "fewest replicas").default("1"),
    Param::new("max", REPLICAS, "most replicas").default("100"),
    Param::new("sync", Kind::Duration, "time between two decisions").default("15s"),
    Param::new("lag", Kind::Duration, "age of what it sees").default("0s"),
    Param::new("average", Kind::Duration, "over how long it averages").default("15s"),
    Param::new(
        "tolerance",
        Kind::Share,
        "a metric so near to the target, relative to it, changes nothing",
    )
    .default("0.1"),
    Param::new(
        "up_factor",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "most growth in one decision, relative; the larger of this and `up_pods` holds",
    )
    .default("2"),
    Param::new(
        "up_pods",
        Kind::Integer {
            min: 0,
            max: 100_000,
        },
        "most growth in one decision, in replicas",
    )
    .default("4"),
    Param::new("down_share", Kind::Share, "share of the replicas that one decision may take").default("1.0"),
    Param::new(
        "stabilise_up",
        Kind::Duration,
        "it grows to the least that was recommended in this time",
    )
    .default("0s"),
    Param::new(
        "stabilise_down",
        Kind::Duration,
        "it shrinks to the most that was recommended in this time",
    )
    .default("300s"),
    Param::new("cooldown", Kind::Duration, "time after a change in which there is no other").default("0s"),
    Param::new(
        "step",
        REPLICAS,
        "instead of the ratio: so many more or fewer at each decision",
    ),
];

/// Reads them; every error at once.
pub(super) fn read(args: &Args, issues: &mut Vec<Issue>) -> Scaling {
    let count = |key| {
        args.integer_opt(key)
            .map_or(0, |n| u32::try_from(n).unwrap_or(u32::MAX))
    };
    let (min, max) = (count("min"), count("max"));
    if max < min {
        let place = args.place("max");
        let text = format!("at most {max} replicas, and at least {min}");
        let issue = Issue::new(text, 0..place.span.len());
        issues.push(place.locate(issue.help("raise `max`, or lower `min`")));
    }
    Scaling {
        metric: match args.word("metric") {
            "delay" => Metric::Delay,
            "cpu" => Metric::Cpu,
            _ => Metric::Queue,
        },
        target: args.number("target"),
        replicas: (min, max.max(min)),
        sync: args.duration("sync").max(VirtualDuration::from_millis(1)),
        lag: args.duration("lag"),
        average: args.duration("average"),
        tolerance: args.number("tolerance"),
        up: (args.number("up_factor"), count("up_pods")),
        down_share: args.number("down_share"),
        stabilise: (
            args.duration("stabilise_up"),
            args.duration("stabilise_down"),
        ),
        cooldown: args.duration("cooldown"),
        step: args.integer_opt("step").map(|_| count("step")),
    }
}
