//! Control loops against control theory: trajectories, stationary cost, stability, promises.

mod exact;
mod lab;
mod library;
mod matrix;
mod promises;
mod trajectories;
