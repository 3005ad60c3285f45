//! Squall: deterministic simulation and chaos testing.

pub use squall_core as core;
pub use squall_faults as faults;
pub use squall_scenarios as scenarios;
