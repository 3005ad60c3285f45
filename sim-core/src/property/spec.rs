//! Properties as data.

use super::{Consistency, Stat};
use crate::VirtualDuration;
use core::fmt;
use serde::{Deserialize, Serialize};

/// One promise of a scenario.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertySpec {
    /// How it is called in reports and in `[expect]`: the author's name, or one made from its parts.
    pub name: String,
    /// What is promised.
    pub kind: PropertyKind,
    /// Line of the scenario file, for messages.
    pub line: u32,
    /// Whether the author allows it to go unexercised.
    pub optional: bool,
}

/// What is promised.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum PropertyKind {
    /// A named invariant of a workload holds at all times.
    Always {
        /// Name of the invariant.
        invariant: String,
    },
    /// A named event never happens.
    Never {
        /// Name of the event.
        event: String,
    },
    /// A named event happens, at the latest `within` after `after`.
    Eventually {
        /// Name of the event.
        event: String,
        /// Latest time, from `after`; the end of the run if absent.
        within: Option<VirtualDuration>,
        /// From when on.
        after: VirtualDuration,
    },
    /// A metric is back near its baseline within a time after the last heal. The baseline is the
    /// statistic over the time before the first fault. Back means that a window of the length
    /// `window` has the statistic at or below `factor` times the baseline, and so has every later
    /// window.
    Recovers {
        /// Name of the metric.
        metric: String,
        /// Statistic of a window.
        stat: Stat,
        /// Allowed multiple of the baseline.
        factor: f64,
        /// Time allowed after the last heal.
        within: VirtualDuration,
        /// Length of a window.
        window: VirtualDuration,
    },
    /// The operations of clients on a store are consistent.
    Operations {
        /// In which way.
        promise: Consistency,
        /// Names of the operations that read.
        reads: Vec<String>,
        /// Names of those that write.
        writes: Vec<String>,
        /// What a key holds before anything is written.
        initial: u64,
        /// Most steps of the search for an order, a key; beyond it is undecided.
        steps_max: u64,
    },
    /// A named event is seen at least once in a campaign: it makes sure that something was tried.
    Sometimes {
        /// Name of the event.
        event: String,
    },
    /// A statistic of a metric over a part of the run, compared with a limit.
    Threshold {
        /// Name of the metric.
        metric: String,
        /// Statistic.
        stat: Stat,
        /// Comparison that must hold between statistic and limit.
        is: Comparison,
        /// Limit, in the metric's unit.
        limit: Compared,
        /// That unit: `s`, `bytes`, `1/s`, or nothing that reports would write.
        unit: String,
        /// Start of the part of the run.
        from: VirtualDuration,
        /// Its end; the end of the run if absent.
        until: Option<VirtualDuration>,
    },
}

/// A comparison.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Comparison {
    /// Below the limit.
    Below,
    /// Above the limit.
    Above,
}

/// What a statistic is compared with.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub enum Compared {
    /// A number, in the metric's unit.
    Value(f64),
    /// This multiple of the same statistic before the first fault.
    Baseline(f64),
}

impl PropertyKind {
    /// The kind's word in scenario files.
    pub const fn word(&self) -> &'static str {
        match self {
            Self::Always { .. } => "always",
            Self::Never { .. } => "never",
            Self::Eventually { .. } => "eventually",
            Self::Recovers { .. } => "recovers",
            Self::Operations { .. } => "operations",
            Self::Sometimes { .. } => "sometimes",
            Self::Threshold { .. } => "threshold",
        }
    }
    /// The invariant, event, metric or operation it is about.
    pub fn subject(&self) -> &str {
        match self {
            Self::Always { invariant } => invariant,
            Self::Never { event } | Self::Eventually { event, .. } | Self::Sometimes { event } => {
                event
            }
            Self::Recovers { metric, .. } | Self::Threshold { metric, .. } => metric,
            Self::Operations { reads, .. } => reads.first().map_or("", String::as_str),
        }
    }
}

/// The promise as a sentence fragment.
impl fmt::Display for PropertyKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let subject = self.subject();
        match self {
            Self::Always { .. } => write!(f, "always {subject}"),
            Self::Never { .. } => write!(f, "never {subject}"),
            Self::Eventually {
                within: Some(d), ..
            } => write!(f, "{subject} within {d}"),
            Self::Eventually { within: None, .. } => write!(f, "eventually {subject}"),
            Self::Sometimes { .. } => write!(f, "sometimes {subject}"),
            Self::Operations {
                promise,
                reads,
                writes,
                ..
            } => write!(
                f,
                "{} and {} are {promise}",
                reads.join(", "),
                writes.join(", ")
            ),
            Self::Recovers {
                stat,
                factor,
                within,
                ..
            } => write!(
                f,
                "{subject} {stat} back to {factor}x baseline within {within} after the last heal"
            ),
            Self::Threshold {
                stat,
                is,
                limit,
                unit,
                ..
            } => {
                let sign = match is {
                    Comparison::Below => "<",
                    Comparison::Above => ">",
                };
                match limit {
                    Compared::Value(value) if unit == "s" && *value >= 0.0 => {
                        let limit = VirtualDuration::from_secs_f64(*value);
                        write!(f, "{subject} {stat} {sign} {limit}")
                    }
                    Compared::Value(value) => {
                        let unit = match unit.as_str() {
                            "bytes" => "B",
                            "1/s" => "/s",
                            _ => "",
                        };
                        write!(f, "{subject} {stat} {sign} {value}{unit}")
                    }
                    Compared::Baseline(factor) => {
                        write!(f, "{subject} {stat} {sign} {factor}x baseline")
                    }
                }
            }
        }
    }
}
