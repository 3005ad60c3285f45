//! Agents: the shipped scenarios, the recorded sessions, and a broken control layer for each promise.
#![allow(
    clippy::unwrap_used,
    clippy::cast_possible_truncation,
    clippy::print_stderr,
    reason = "helpers of tests; figures and skipped inputs are said aloud"
)]

mod bad_input;
mod clocks;
mod common;
mod latency;
mod promises;
mod recorded;
mod shares;
mod shipped;
