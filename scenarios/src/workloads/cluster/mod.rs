//! cluster: a graph of services with replicas, queues, time-outs, retries and load balancing.
//!
//! ```text
//! client --<name>.request--> entry --<name>.service--> callee --> ..      replies go back the same way
//!         time-out, retries,        balancer, hop time-out,
//!         budget, goodput           what is left of the deadline
//! ```
//!
//! * **Graph** ([`Graph`]): a preset, a list of edges or a file. Calls that close a cycle are cut when
//!   the graph is read; a request visits every path from its entry, and a graph with more than
//!   [`graph::CALLS_MAX`] visits a request is refused.
//! * **Placement**: replica i of service s runs on node (s + i) of its nodes, modulo their number.
//! * **A replica** serves `concurrency` visits at once and lets others wait. A visit computes,
//!   touching its working set, then calls all callees with what is left of the deadline, then
//!   answers. If a callee fails, so does the visit: dependencies are hard, but those of `graph.soft`.
//! * **Guards** (`guard/`): what services and callers do about overload and failure, each in a file. They
//!   are off unless asked for, and those that are off leave no trace.
//! * **Store**: with `store` a visit writes a record to its node's disk, may sync it, and may read an
//!   older one back; a record that was acknowledged and is not there any more fails the visit.
//! * **Faults of calls** hit `<name>.request`, what clients ask of the entry, or `<name>.service`,
//!   every call between services. A node serves all its replicas through one port of each.
//! * **Draws** are keyed by request and path, not by order: a request costs the same in every run
//!   and at every attempt, whatever else happens.

pub mod autoscaler;
mod balance;
mod caller;
mod client;
mod config;
mod depends;
mod generate;
pub mod graph;
mod guard;
mod invariants;
pub mod membership;
mod meter;
mod names;
mod objective;
mod oracle;
mod params;
mod place;
mod planted;
pub mod raft;
mod recorded;
pub mod rollout;
pub mod scheduler;
mod server;
mod shared;
mod store;
mod tables;
mod timer;
pub mod training;
mod visit;

pub use graph::Graph;

use super::{Install, WorkloadKind};
use shared::Shared;
use std::rc::Rc;

pub(super) const CLUSTER: WorkloadKind = WorkloadKind {
    name: "cluster",
    domain: "cluster",
    summary: "a graph of services with replicas, queues, time-outs, retries and load balancing",
    params: params::PARAMS,
    events: tables::EVENTS,
    invariants: tables::INVARIANTS,
    metrics: tables::METRICS,
    knobs: tables::KNOBS,
    services: tables::SERVICES,
    channels: &[],
    roles: &[],
    operations: &["request"],
    prepare: config::prepare,
    depends: depends::depends,
    install,
};

/// Services of a generated graph with their replicas, from the parameters of a workload with
/// `graph.generate`; empty where they are not drawn.
pub fn generated(args: &squall_faults::param::Args) -> Vec<(String, u32)> {
    let args = args.table("graph").table_opt("generate");
    let (graph, replicas) = args.map(generate::generate).unwrap_or_default();
    let replicas = replicas.unwrap_or_default();
    graph.names().iter().cloned().zip(replicas).collect()
}

/// A process on every node of a replica, one on every node of a client, and the meter.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<config::Config>();
    let shared = Rc::new(Shared::new(install, config));
    invariants::promise(install, &shared);
    let config = &shared.config;
    for node in config.nodes() {
        let shared = Rc::clone(&shared);
        let process = install.full("server");
        install.world.process(node, &process, move |cx| {
            server::serve(cx, Rc::clone(&shared))
        });
    }
    for (number, node) in config.clients.iter().enumerate() {
        let shared = Rc::clone(&shared);
        let process = install.full("client");
        install.world.process(*node, &process, move |cx| {
            client::run(cx, Rc::clone(&shared), number as u64)
        });
    }
    let process = install.full("meter");
    let meter = Rc::clone(&shared);
    install
        .world
        .process(config.clients[0], &process, move |cx| {
            meter::sample(cx, Rc::clone(&meter))
        });
}
