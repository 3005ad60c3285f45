//! Properties: what a run promised. They read the history, online, and never change the run.
//!
//! A property is data ([`PropertySpec`]); a [`Monitor`] checks it record by record and gives a
//! [`PropertyOutcome`] at the end. A property whose subject never occurred is *not exercised*,
//! which is not the same as passed.

mod invariant;
mod monitors;
mod operations;
mod series;
mod spec;
mod threshold;

pub use invariant::{Invariant, Monitored, Ruling};
pub use monitors::{Event, Recovers};
pub use operations::{Consistency, Operations};
pub use series::{Metrics, Series, Stat, Summary};
pub use spec::{Compared, Comparison, PropertyKind, PropertySpec};
pub use threshold::Threshold;

use crate::history::Record;
use crate::{NodeId, VirtualTime};
use core::fmt;
use serde::{Deserialize, Serialize};

/// Checks one property, record by record.
pub trait Monitor: fmt::Debug {
    /// Sees a record. Called for every record of the run, in order.
    fn observe(&mut self, record: &Record);
    /// Gives the verdict.
    fn finish(&mut self, run: &RunEnd<'_>) -> PropertyOutcome;
}

/// The end of a run, as monitors see it.
#[derive(Clone, Copy, Debug)]
pub struct RunEnd<'a> {
    /// The virtual time at which it stopped.
    pub at: VirtualTime,
    /// Whether it stopped because it was over, and not because it ran into a bound.
    pub complete: bool,
    /// All samples, by metric.
    pub metrics: &'a Metrics,
    /// Start of the first fault, if one acted.
    pub first_fault: Option<VirtualTime>,
    /// End of the last fault that ends.
    pub last_heal: VirtualTime,
}

/// The verdict on a property or on a run. Worse is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// The promise held, and something tested it.
    Pass,
    /// Nothing tested the promise.
    NotExercised,
    /// The run ended before it was decided.
    Inconclusive,
    /// The promise was broken.
    Fail,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Pass => "pass",
            Self::NotExercised => "not exercised",
            Self::Inconclusive => "inconclusive",
            Self::Fail => "fail",
        })
    }
}

/// The first time a promise was broken.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Violation {
    /// When.
    pub at: VirtualTime,
    /// Where, if it was one place.
    pub node: Option<NodeId>,
    /// What happened, in the words of the domain, as a fragment: `effect 17 happened twice`.
    pub text: String,
}

/// What a monitor found.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyOutcome {
    /// The verdict.
    pub verdict: Verdict,
    /// How many times the promise was tested.
    pub checked: u64,
    /// How many times it was broken.
    pub violations: u64,
    /// Distance from failing, in the property's unit; negative when it failed. `None` where there is
    /// no such thing.
    pub margin: Option<f64>,
    /// The measured value the margin belongs to.
    pub measured: Option<f64>,
    /// The first violation.
    pub first: Option<Violation>,
}
