//! rollout: a new version of a service graph, brought to its nodes in stages, watched, and taken back if it is bad.
//!
//! ```text
//! controller --<name>.order--> agent on each node     drain, restart with a version, return; split of requests
//!            --<name>.agent-->                        looks: version, health, memory; what became of requests
//! ```
//!
//! * **What is rolled out** is the version of a `cluster` workload (`of`), node by node: a node has one version for
//!   all its replicas, and restarts for a new one. What a version changes is that workload's table `version`, and
//!   here the knobs `leak` and `leak-after`: memory that replicas of the new version lose.
//! * **Requests**: each router (a node of clients) sends a share of its requests to the new version, all visits of a
//!   request to nodes of one version. The share follows the nodes that are ready, up to that of the stage.
//! * **Stages**: a wave takes nodes out of service, a few at a time (`max_unavailable`) and as the disruption budget
//!   (`min_available`) allows, restarts them, and waits until they are well. Then it bakes.
//! * **Gates** compare both versions every so often. A red one takes the rollout back: first requests, then nodes.
//! * **Orders** are messages with an epoch that only grows; agents keep theirs on disk and take no older order. They
//!   are sent again until a look shows that they were followed.
//! * **The controller** has written down epoch, stage and phase; after a crash it goes on, and bakes anew.
//! * **Invariants** (`invariants`) read records only.

mod agent;
mod config;
mod controller;
mod events;
mod fleet;
mod gate;
mod invariants;
mod mutant;
mod params;
mod shared;
mod wave;

pub(crate) use config::twice;
pub(super) use fleet::Fleet;
pub use fleet::Fleets;
pub use mutant::Mutant;

use crate::workloads::{Install, Knob, KnobRange, WorkloadKind, whole, word};
use shared::Shared;
use std::rc::Rc;

pub(in crate::workloads) const ROLLOUT: WorkloadKind = WorkloadKind {
    name: "rollout",
    domain: "cluster",
    summary: "a new version of a service graph in stages: canary, waves, bakes, gates, rollback, disruption budget",
    params: params::PARAMS,
    events: events::WORDS,
    invariants: invariants::WORDS,
    metrics: events::METRICS,
    knobs: &[
        Knob {
            name: "leak",
            range: KnobRange::Number(0.0, 1e12),
            param: "",
            base: 0.0,
            doc: "bytes a second that replicas of the new version leak",
        },
        Knob {
            name: "leak-after",
            range: KnobRange::Seconds,
            param: "",
            base: 0.0,
            doc: "time after their start from which on they leak",
        },
        Knob {
            name: "pause",
            range: KnobRange::Words(&["off", "on"]),
            param: "",
            base: 0.0,
            doc: "no node is taken for the new version, and no stage promoted; a red gate still takes it back",
        },
    ],
    services: &[
        word("agent", "what the controller asks of agents"),
        word("order", "orders to agents; they are no calls"),
    ],
    channels: &[],
    roles: &[],
    operations: &[],
    prepare: config::prepare,
    depends: whole,
    install,
};

/// The controller on its node, an agent on every node of replicas and of routers.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<config::Config>();
    let shared = Shared::new(install, config);
    invariants::promise(install, &shared);
    let process = install.full("agent");
    for (target, node) in shared.config.targets.iter().enumerate() {
        let own = Rc::clone(&shared);
        install.world.process(*node, &process, move |cx| {
            agent::run(cx, Rc::clone(&own), target)
        });
    }
    let (process, control) = (install.full("controller"), shared.config.control);
    install.world.process(control, &process, move |cx| {
        controller::run(cx, Rc::clone(&shared))
    });
}
