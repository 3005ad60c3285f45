//! Tests of the fault catalogue: units and selectors, then lowering.

mod calls;
mod common;
mod loops;
mod lowering;
mod timing;
mod units;
