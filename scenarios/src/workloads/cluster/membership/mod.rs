//! membership: who is in a cluster, found out by its members, and a balancer that goes by it.
//!
//! ```text
//! member --<name>.member--> members      ping, ack, ping-req, nack, gossip, whole views
//! router --<name>.request--> member      to one that is alive in the router's view
//! ```
//!
//! * **Protocol** ([`swim`]): SWIM with suspicion, and what Lifeguard added. A state machine without input
//!   and output; a process on each node of `on` drives it (`member`).
//! * **Phi** ([`Phi`]): with `phi` members send heartbeats to all instead, and suspect by how surprising a
//!   silence is.
//! * **Time**: periods, time-outs and suspicions go by the member's monotonic clock.
//! * **Processor and memory**: each packet and timer costs `cpu` and touches `pages`, one after the other.
//!   So a member whose node is slow or swaps answers late and reads answers late: it looks dead to others,
//!   and others look dead to it.
//! * **Packets** are datagrams of 64 bytes at most, which faults of links lose, delay, double and reorder.
//!   Whole views are datagrams as well, as large as the cluster.
//! * **A member that was killed** begins without a view and joins anew; what others hold against it, it
//!   refutes when it hears it.
//! * **Invariants** (`invariants`) read records only.

mod balancer;
mod config;
mod events;
mod invariants;
mod member;
mod mutant;
mod params;
mod phi;
mod shared;
pub mod swim;

pub use mutant::Mutant;
pub use phi::{Phi, PhiRules};

use crate::workloads::{Install, WorkloadKind, whole, word};
use shared::Shared;
use std::rc::Rc;

pub(in crate::workloads) const MEMBERSHIP: WorkloadKind = WorkloadKind {
    name: "membership",
    domain: "cluster",
    summary: "members that find out by SWIM who is alive, and a balancer that goes by it",
    params: params::PARAMS,
    events: events::WORDS,
    invariants: invariants::WORDS,
    metrics: events::METRICS,
    knobs: &[],
    services: &[
        word("request", "what routers ask of members"),
        word("member", "packets between members; they are no calls"),
    ],
    operations: &["request"],
    channels: &[],
    roles: &[],
    prepare: config::prepare,
    depends: whole,
    install,
};

/// A member on every node of `on`, and beside it a server if there are requests.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<config::Config>();
    let shared = Shared::new(install, config);
    invariants::promise(install, &shared);
    let config = &shared.config;
    let (member, server) = (install.full("member"), install.full("server"));
    for (place, node) in (0..).zip(&config.nodes) {
        let own = Rc::clone(&shared);
        install.world.process(*node, &member, move |cx| {
            member::run(cx, Rc::clone(&own), place)
        });
        if let Some(load) = config.load {
            let own = Rc::clone(&shared);
            install.world.process(*node, &server, move |cx| {
                balancer::serve(cx, Rc::clone(&own), load.work)
            });
        }
    }
}
