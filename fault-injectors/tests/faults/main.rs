//! Tests of the fault catalogue: units and selectors, then lowering.

mod common;
mod lowering;
mod timing;
mod triggers;
mod units;
