//! Queues of the text books against their closed forms: every row of group Q of
//! `../shared/data/cluster/reference_tables.csv`, each within the tolerance that stands there.
//!
//! * [`compute`]: waiting times. Jobs are tasks that ask a node for processor time; the node has as many
//!   cores as the queue has servers.
//! * [`services`]: times in the system, losses and maxima of the cluster workload.

#![expect(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "what was compared is said aloud"
)]

#[path = "../common/mod.rs"]
mod common;
mod compute;
mod services;
mod table;
