//! Control loops against control theory: trajectories, stationary cost, stability, promises.
#![allow(
    clippy::print_stderr,
    clippy::print_stdout,
    reason = "figures and skipped inputs are said aloud"
)]

mod clocks;
mod exact;
mod guards;
mod integrator;
mod lab;
mod library;
mod matrix;
mod noisy;
mod promises;
mod trajectories;
