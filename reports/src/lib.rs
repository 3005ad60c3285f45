//! Reports of Squall: pure functions from results and recordings to text and bytes. Nothing here runs
//! anything.
//!
//! * [`terminal`]: what a person reads first. [`json`] and [`junit`]: what machines read.
//! * [`findings`]: what a recording says about a failure: faults in force, host signals before and
//!   during, where the time of slow operations went.
//! * [`blast`]: what a fault can reach by the dependency map, and what it reached.
//! * [`compare`]: two campaigns on the same seeds.
//! * [`coverage`]: which faults had an effect on what, and what was never exercised.
//! * [`judged`]: properties on what was stored.
//! * [`statistics`]: what the seeds of a campaign say as numbers: how often they fail, and why.
//! * [`storage`]: recordings to bytes and back. [`divergence`]: where two of them part.

pub mod blast;
pub mod compare;
pub mod coverage;
pub mod divergence;
pub mod findings;
pub mod json;
pub mod judged;
pub mod junit;
pub mod linearizability;
mod operator;
mod slow;
pub mod statistics;
pub mod storage;
pub mod sustain;
mod telling;
pub mod terminal;
mod words;

pub use findings::Findings;
pub use operator::SignalChange;
pub use slow::Slow;
pub use telling::signal_lines;
pub use words::{Expectation, Outcome, command};
