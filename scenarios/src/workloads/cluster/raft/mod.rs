//! raft: a replicated key-value store, its clients, and the operators who change its membership.
//!
//! ```text
//! client --<name>.request--> replica --<name>.raft--> replicas      snapshots and log on the nodes' disks
//! ```
//!
//! * **Replica** (`machine`): a state machine without input and output; a process on each node of `on`
//!   drives it (`server`) and keeps its log on the node's disk (`storage`).
//! * **Time**: election time-outs, heartbeats and leases go by the node's monotonic clock.
//! * **Clients** call one replica after the other until one of them answers. An operation of which nobody
//!   knows whether it happened ends as such, and the next one begins.
//! * **Values** stand for texts: an append gives a digest of the whole, so that a value tells all that led
//!   to it.
//! * **Placed** (`placed`): replicas may be pods of a scheduler; then a process on each node is whichever replica has
//!   its pod there, and none in between.
//! * **Invariants** (`invariants`) read records only: of every entry that is appended, committed and
//!   applied, every vote, term and role, and of what clients asked and were told.
//! * **Faults of calls** hit `<name>.request`; messages between replicas are datagrams, which faults of
//!   links lose, delay, duplicate and reorder.
//! * **Disks that lie or rot** are beyond what Raft promises anything about: a replica that lost what it
//!   had synced breaks the invariants, and they say so.

mod client;
mod codec;
mod config;
mod events;
mod invariants;
mod machine;
mod mutant;
mod operator;
mod params;
mod placed;
mod server;
mod shared;
mod steward;
mod storage;
mod wire;

pub use mutant::Mutant;

use crate::workloads::{Install, Knob, KnobRange, WorkloadKind, whole, word};
use machine::Member;
use shared::Shared;
use std::rc::Rc;

pub(in crate::workloads) const RAFT: WorkloadKind = WorkloadKind {
    name: "raft",
    domain: "cluster",
    summary: "a key-value store replicated by Raft, with clients, snapshots and changes of membership",
    params: params::PARAMS,
    events: events::WORDS,
    invariants: invariants::WORDS,
    metrics: events::METRICS,
    knobs: &[Knob {
        name: "member",
        range: KnobRange::Words(&["in", "out"]),
        param: "",
        base: 0.0,
        doc: "whether the replica on a node is to be a member: a steward on the first node of `clients` \
              takes it out and puts it back, by the protocol",
    }],
    services: &[
        word("request", "what clients and operators ask of replicas"),
        word("raft", "messages between replicas; they are no calls"),
    ],
    operations: &["get", "put", "cas", "append"],
    channels: &[],
    roles: &[word("leader", "the replica that leads")],
    prepare: config::prepare,
    depends: whole,
    install,
};

/// A replica on every node of `on`, or where a scheduler places it; clients and operators dealt out over theirs.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<config::Config>();
    let shared = Shared::new(install, config);
    invariants::promise(install, &shared);
    let config = &shared.config;
    for (number, node) in config.nodes.iter().enumerate() {
        let shared = Rc::clone(&shared);
        let process = install.full("replica");
        if let Some(events) = shared.hosting {
            install.world.process(*node, &process, move |cx| {
                placed::run(cx, Rc::clone(&shared), events)
            });
            continue;
        }
        let me = Member::try_from(number).expect("at most 64 replicas");
        install.world.process(*node, &process, move |cx| {
            server::run(cx, Rc::clone(&shared), me)
        });
    }
    let on = |number: u32| config.clients[number as usize % config.clients.len()];
    for number in 0..config.load.clients {
        let shared = Rc::clone(&shared);
        let process = install.full(&format!("client-{number}"));
        install.world.process(on(number), &process, move |cx| {
            client::run(cx, Rc::clone(&shared), u64::from(number))
        });
    }
    for number in 0..config.operators.map_or(0, |operators| operators.count) {
        let shared = Rc::clone(&shared);
        let process = install.full(&format!("operator-{number}"));
        install.world.process(on(number), &process, move |cx| {
            operator::run(cx, Rc::clone(&shared), number)
        });
    }
    let process = install.full("steward");
    let steward = Rc::clone(&shared);
    install.world.process(on(0), &process, move |cx| {
        steward::run(cx, Rc::clone(&steward))
    });
}
