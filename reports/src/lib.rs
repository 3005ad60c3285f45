//! Reports of Squall: pure functions from results and recordings to text and bytes. Nothing here runs
//! anything.
//!
//! * [`terminal`]: what a person reads first. [`json`] and [`junit`]: what machines read.
//! * [`findings`]: what a recording says about a failure: faults in force, host signals before and
//!   during, where the time of slow operations went.
//! * [`storage`]: recordings to bytes and back. [`divergence`]: where two of them part.

pub mod divergence;
pub mod findings;
pub mod json;
pub mod junit;
mod operator;
mod slow;
pub mod storage;
pub mod terminal;
mod words;

pub use findings::Findings;
pub use operator::SignalChange;
pub use slow::Slow;
pub use words::{Expectation, Outcome, command};
