//! What services and their callers of the cluster workload do about overload and failure: each mechanism
//! in a run where it matters, beside the same run without it.

#[path = "../common/mod.rs"]
mod common;

mod caches;
mod callers;
mod drains;
mod lab;
mod objectives;
mod queues;
mod wrong;
