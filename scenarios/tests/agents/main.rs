//! Agents: the shipped scenarios, the recorded sessions, and a broken control layer for each promise.

mod bad_input;
mod common;
mod latency;
mod promises;
mod recorded;
mod shipped;
