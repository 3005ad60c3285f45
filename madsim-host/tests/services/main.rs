//! Real tokio services under faults: latency, partition, node loss, pause, stalls, loss, knobs.
//!
//! `kv` is a key-value server over TCP with a planted bug and its correct twin, `ping` two nodes that
//! exchange datagrams. Both are ordinary tokio code. Each behaviour of the host is one file.

#![cfg(madsim)]

mod determinism;
mod holds;
mod kv;
mod kv_faults;
mod nodes;
mod panics;
mod ping;
mod plans;
mod refusals;
mod whole_net;
