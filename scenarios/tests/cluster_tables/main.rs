//! Published tables on graphs of services: groups X, T and N of
//! `../shared/data/cluster/reference_tables.csv`, and blast radii on the six graphs beside it.
//!
//! * [`fluid`]: the reference model of the metastable retry storm, an oracle.
//! * [`metastable`]: rows X01 to X04 and X07, and the cluster workload against the oracle.
//! * [`tail`]: rows T01, T02, T05 to T08: fan-out and hedging.
//! * [`population`]: rows N01 and N02 by the graph generator.
//! * [`blast`]: who misses its objective, against the closure.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was compared is said aloud"
)]

mod blast;
#[path = "../common/mod.rs"]
mod common;
mod fluid;
mod metastable;
mod population;
#[path = "../queueing/table.rs"]
mod table;
mod tail;
