//! When a fault acts, how long and how often. Everything is drawn in lowering.

mod check;
mod every;
mod keys;
mod windows;

pub(crate) use keys::EVERY_PARAMS;
pub use keys::{AT, CHANCE, EVERY, FOR, LAND, PARAMS};

use crate::param::Args;
use squall_core::{Law, VirtualDuration, VirtualTime};

/// When, how long, how often.
#[derive(Clone, Debug, PartialEq)]
pub struct Timing {
    /// The first instant, in nanoseconds; `None` is the start of the run.
    pub at: Option<Law>,
    /// The length; `None` if the fault has one of its own.
    pub length: Option<Length>,
    /// Repetition.
    pub every: Option<Every>,
    /// Chance that it happens in a seed at all.
    pub chance: f64,
}

/// How long an occurrence lasts.
#[derive(Clone, Debug, PartialEq)]
pub enum Length {
    /// A law of nanoseconds.
    Law(Law),
    /// Until the end of the run.
    Forever,
}

/// Repetition.
#[derive(Clone, Debug, PartialEq)]
pub struct Every {
    /// Mean time from start to start.
    pub mean: VirtualDuration,
    /// Law of the gaps.
    pub dist: Dist,
    /// Shortest gap; the law has what is left of the mean.
    pub least: VirtualDuration,
    /// No start from here on.
    pub until: Option<VirtualDuration>,
    /// At most this many occurrences.
    pub count: Option<u64>,
    /// What becomes of one that starts before the one before has ended.
    pub overlap: Overlap,
}

/// Law of the gaps of [`Every`].
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Dist {
    /// Always the mean.
    Constant,
    /// Between zero and twice the mean.
    Uniform,
    /// Memoryless.
    Exponential,
    /// In clusters: gaps that vary more, with this variance over their squared mean.
    Hyperexponential(f64),
}

/// What becomes of an occurrence that starts before the one before has ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overlap {
    /// It is left out.
    Skip,
    /// It waits for the end.
    Queue,
    /// Both are in force.
    Stack,
    /// The scenario is refused.
    Error,
}

/// One occurrence of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Window {
    /// Its number among the drawn instants; draws are keyed by it.
    pub ordinal: u32,
    /// Its start.
    pub from: VirtualTime,
    /// Its end; `None` is the end of the run.
    pub until: Option<VirtualTime>,
}

impl Default for Timing {
    /// At the start of the run, once, for a length that the fault itself must have.
    fn default() -> Self {
        Self {
            at: None,
            length: None,
            every: None,
            chance: 1.0,
        }
    }
}

impl Timing {
    /// The timing in a record that was read with [`PARAMS`].
    pub fn from_args(args: &Args) -> Self {
        let length = match args.law_opt("for") {
            Some(law) => Some(Length::Law(law)),
            None => args.word_opt("for").map(|_| Length::Forever),
        };
        Self {
            at: args.law_opt("at"),
            length,
            every: args
                .table_opt("every")
                .filter(|e| !e.broken)
                .map(Every::from_args),
            chance: args.number_opt("chance").unwrap_or(1.0),
        }
    }
}
