//! scheduler: pods that need places on nodes, a control plane that gives them, and nodes that run them.
//!
//! ```text
//! client --<name>.submit--> control plane --<name>.node--> node      pods start, run, end
//!        <--------------- heartbeats, <name>.control ------|  |--<name>.registry--> images
//! front --requests, <name>.node--> replicas ----loads----> autoscaler in the control plane
//! ```
//!
//! * **Placement** ([`placement`]) is pure, and indexed. The control plane drives it.
//! * **Control plane** (`control`): one process. What it has written down survives its crashes; its index does not.
//!   A node that is silent for `grace` gets no new pods, and after `evict_after` its pods are placed anew.
//! * **Nodes** (`kubelet`) do as they are told, without a look at what they have: what goes wrong above shows.
//!   A node that restarts has nothing; it is told again, and starts again. A pod that is told to stop takes
//!   `stop` for it, and nothing starts beside it until it has.
//! * **Volumes** (`local_volume`) keep a pod on the node where it was first; other workloads may have such pods as
//!   their replicas ([`Homes`]). **Planned work** (`upgrade`) empties nodes one after the other and renews them.
//! * **Jobs** (`rate`) come from clients and end, alone or in gangs; **services** (`replicas`) stay. A service
//!   with `traffic` serves requests, as a fluid, and may be scaled.
//! * **Faults**: node faults take nodes and what runs on them; the knob `drain` empties them as budgets allow;
//!   calls to `<name>.registry` and `<name>.submit` may fail; messages may be lost.
//! * **Invariants** (`invariants`) read records only.

mod client;
mod config;
mod control;
mod events;
mod homes;
mod invariants;
mod kubelet;
mod mutant;
mod params;
pub mod placement;
mod shared;
pub mod trace;
mod wire;

pub use homes::Homes;
pub(super) use homes::{Home, heard};
pub use mutant::Mutant;

use crate::workloads::{Install, Knob, KnobRange, WorkloadKind, whole, word};
use config::Source;
use shared::Shared;
use std::rc::Rc;

pub(in crate::workloads) const SCHEDULER: WorkloadKind = WorkloadKind {
    name: "scheduler",
    domain: "cluster",
    summary: "jobs and services placed on nodes by a control plane: priorities, gangs, quotas, budgets, autoscaling",
    params: params::PARAMS,
    events: events::WORDS,
    invariants: invariants::WORDS,
    metrics: events::METRICS,
    knobs: &[
        Knob {
            name: "load",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the rates of jobs and requests",
        },
        Knob {
            name: "blocked",
            range: KnobRange::Seconds,
            param: "",
            base: 0.0,
            doc: "time for which every request blocks a thread of its replica, beyond its processor time",
        },
        Knob {
            name: "metric-lag",
            range: KnobRange::Seconds,
            param: "",
            base: 0.0,
            doc: "age of what autoscalers see, if that is more than their own `lag`",
        },
        Knob {
            name: "wrong-metric",
            range: KnobRange::Words(&["none", "cpu-instead-of-queue"]),
            param: "",
            base: 0.0,
            doc: "whether autoscalers see the cores in use instead of their metric",
        },
        Knob {
            name: "boot",
            range: KnobRange::Seconds,
            param: "provision.boot",
            base: 60.0,
            doc: "time until an elastic machine is there",
        },
        Knob {
            name: "boot-fail",
            range: KnobRange::Number(0.0, 1.0),
            param: "provision.fail",
            base: 0.0,
            doc: "share of the starts of elastic machines that come to nothing",
        },
        Knob {
            name: "drain",
            range: KnobRange::Words(&["off", "cordon", "refuse"]),
            param: "",
            base: 0.0,
            doc: "a node that is to go: it gets no new pods; `refuse` moves those that it has, as budgets allow",
        },
    ],
    services: &[
        word("submit", "what clients ask of the control plane"),
        word("registry", "images that nodes pull"),
    ],
    channels: &[],
    roles: &[],
    operations: &[],
    prepare: config::prepare,
    depends: whole,
    install,
};

/// The control plane on its node, a process on every worker, clients on theirs.
fn install(install: &mut Install<'_>) {
    let config = install.prepared::<config::Config>();
    let shared = Shared::new(install, config);
    invariants::promise(install, &shared);
    let config = &shared.config;
    let (process, state) = (install.full("control"), Rc::clone(&shared));
    install.world.process(config.control, &process, move |cx| {
        control::run(cx, Rc::clone(&state))
    });
    let process = install.full("node");
    for (number, node) in (0u32..).zip(&config.workers) {
        let state = Rc::clone(&shared);
        install.world.process(*node, &process, move |cx| {
            kubelet::run(cx, Rc::clone(&state), number)
        });
    }
    let (process, state) = (install.full("registry"), Rc::clone(&shared));
    install.world.process(config.client, &process, move |cx| {
        client::registry(cx, Rc::clone(&state))
    });
    for (number, kind) in (0u32..).zip(&config.kinds) {
        if let Source::Jobs { .. } = kind.source {
            let (process, state) = (
                install.full(&format!("client-{}", kind.name)),
                Rc::clone(&shared),
            );
            install.world.process(config.client, &process, move |cx| {
                client::submit(cx, Rc::clone(&state), number)
            });
        }
    }
    if config.kinds.iter().any(|kind| kind.traffic.is_some()) {
        let (process, state) = (install.full("front"), Rc::clone(&shared));
        install.world.process(config.client, &process, move |cx| {
            client::front(cx, Rc::clone(&state))
        });
    }
}
