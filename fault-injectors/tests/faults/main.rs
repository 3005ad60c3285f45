//! Tests of the fault catalogue: units and selectors, then lowering.

mod agents;
mod calls;
mod common;
mod draws;
mod life;
mod loops;
mod lowering;
mod places;
mod refusal;
mod tables;
mod timing;
mod triggers;
mod units;
