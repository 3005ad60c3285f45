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
//!   answers. If a callee fails, so does the visit: dependencies are hard.
//! * **Store**: with `store` a visit writes a record to its node's disk, may sync it, and may read an
//!   older one back; a record that was acknowledged and is not there any more fails the visit.
//! * **Faults of calls** hit `<name>.request`, what clients ask of the entry, or `<name>.service`,
//!   every call between services. A node serves all its replicas through one port of each.
//! * **Draws** are keyed by request and path, not by order: a request costs the same in every run
//!   and at every attempt, whatever else happens.

pub mod autoscaler;
mod balance;
mod client;
mod config;
mod depends;
pub mod graph;
mod invariants;
pub mod membership;
mod oracle;
mod params;
mod planted;
pub mod raft;
pub mod rollout;
pub mod scheduler;
mod server;
mod shared;
mod store;
mod timer;

pub use graph::Graph;

use super::{Install, Knob, KnobRange, WorkloadKind, metric, word};
use shared::{NO_BUDGET, Shared};
use std::rc::Rc;

pub(super) const CLUSTER: WorkloadKind = WorkloadKind {
    name: "cluster",
    domain: "cluster",
    summary: "a graph of services with replicas, queues, time-outs, retries and load balancing",
    params: params::PARAMS,
    events: &[
        word(
            "request",
            "a client has a request (a: request, b: time-out in ns)",
        ),
        word(
            "retried",
            "a client tries again (a: request, b: time-out in ns)",
        ),
        word("ok", "a request was answered in time (a: request)"),
        word(
            "failed",
            "a request ended with an error (a: request, b: status)",
        ),
        word(
            "shed",
            "a request was refused for overload to the end (a: request, b: status)",
        ),
        word("timed-out", "a request had no answer in time (a: request)"),
        word(
            "queue-full",
            "a replica refused a visit (a: service, b: visits that wait)",
        ),
        word(
            "dropped",
            "a replica dropped a visit that would be too late (a: service)",
        ),
        word(
            "hop-retried",
            "a service tried a call again (a: service called)",
        ),
        word(
            "ejected",
            "a caller begins to avoid a replica (a: service, b: replica)",
        ),
        word(
            "disk-error",
            "a visit's disk refused (a: service, b: position of the error in `DiskError::ALL`)",
        ),
        word(
            "wrong-answer",
            "a caller took an answer that is wrong for a right one (a: request, b: service)",
        ),
        word(
            "record-lost",
            "an acknowledged record did not read back as it was written (a: service, b: record)",
        ),
    ],
    invariants: &[
        word(
            "conservation",
            "every request ends once, in time: in = ok + failed + shed + timed-out + in flight",
        ),
        word(
            "amplification",
            "attempts stay within what retries and their budget allow",
        ),
        word("queue-bound", "no queue is longer than its capacity"),
        word("no-late-success", "no request succeeds after its time-out"),
    ],
    metrics: &[
        metric(
            "latency",
            "s",
            "time of a request from arrival to its answer or to giving up; errors do not count",
        ),
        metric("goodput", "1/s", "requests answered in time, over a window"),
        metric("attempts", "1/s", "attempts of clients, over a window"),
        metric("queue", "1", "longest queue of a replica in a window"),
    ],
    knobs: &[
        Knob {
            name: "load",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the arrivals",
        },
        Knob {
            name: "retry-attempts",
            range: KnobRange::Number(1.0, 100.0),
            param: "retry.attempts",
            base: 1.0,
            doc: "tries of a request",
        },
        Knob {
            name: "timeout",
            range: KnobRange::Seconds,
            param: "timeout",
            base: 1.0,
            doc: "when a client gives an attempt up",
        },
        Knob {
            name: "version",
            range: KnobRange::Number(1.0, 2.0),
            param: "",
            base: 1.0,
            doc: "version that serves; 2 is what `version` says, harmless by default",
        },
        Knob {
            name: "capacity",
            range: KnobRange::Number(0.001, 1000.0),
            param: "",
            base: 1.0,
            doc: "visits served a time, relative to normal: divides the processor time",
        },
        Knob {
            name: "retry-backoff",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the time before a retry",
        },
        Knob {
            name: "retry-budget",
            range: KnobRange::Number(0.0, 1000.0),
            param: "retry.budget",
            base: NO_BUDGET,
            doc: "retries earned by a success; 1000 is no budget",
        },
        Knob {
            name: "slots",
            range: KnobRange::Number(0.0, 1e6),
            param: "",
            base: 1e6,
            doc: "visits that a replica serves at once at most, beside its own limit",
        },
        Knob {
            name: "drain",
            range: KnobRange::Words(&["off", "cordon", "refuse"]),
            param: "",
            base: 0.0,
            doc: "a node that is to go: callers keep away from it (`drain_seen`); `refuse` answers new \
                  visits with 503 too",
        },
    ],
    services: &[
        word("request", "what clients ask of the entry services"),
        word("service", "all calls between services"),
    ],
    channels: &[],
    roles: &[],
    operations: &["request"],
    prepare: config::prepare,
    depends: depends::depends,
    install,
};

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
            shared::sample(cx, Rc::clone(&meter))
        });
}
