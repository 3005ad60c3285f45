//! The rollout workload: what its scenarios expect, the law of the bake, planted bugs, faults, and bad parameters.

#[path = "../common/mod.rs"]
mod common;

mod canary;
mod mutants;
mod promises;
