//! Tests of the fault catalogue: units and selectors, then lowering.

mod common;
mod draws;
mod lowering;
mod refusal;
mod tables;
mod timing;
mod units;
