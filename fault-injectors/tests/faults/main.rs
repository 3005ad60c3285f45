//! Tests of the fault catalogue: units and selectors, then lowering.

mod calls;
mod common;
mod draws;
mod loops;
mod lowering;
mod refusal;
mod tables;
mod timing;
mod triggers;
mod units;
