//! cluster: a service of many nodes with clients, retries and replicas.

use super::{Knob, KnobRange, WorkloadKind, metric, word};
use crate::tables::ON;
use squall_faults::param::{Kind, Param, Unit};

pub(super) const CLUSTER: WorkloadKind = WorkloadKind {
    name: "cluster",
    domain: "cluster",
    summary: "a replicated store with clients that time out and retry",
    params: &[
        ON,
        Param::new(
            "clients",
            Kind::Integer {
                min: 1,
                max: 1_000_000,
            },
            "clients",
        )
        .default("10"),
        Param::new("rate", Kind::Rate, "operations of a client").default("10/s"),
        Param::new("timeout", Kind::Duration, "when a client gives up").default("1s"),
        Param::new(
            "service_time",
            Kind::Law(Unit::Time),
            "processor time of an operation",
        )
        .default("lognormal median 400us p99 2ms"),
    ],
    events: &[
        word("leader-elected", "a node won an election"),
        word("timed-out", "a client gave up"),
    ],
    invariants: &[
        word("no-lost-writes", "an acknowledged write is never missing"),
        word("one-leader-a-term", "no term has two leaders"),
    ],
    metrics: &[
        metric("latency", "s", "time of an operation"),
        metric("goodput", "1/s", "operations that succeeded"),
    ],
    knobs: &[
        Knob {
            name: "load",
            range: KnobRange::Number(0.0, 1000.0),
            param: "",
            base: 1.0,
            doc: "factor on the clients' rate",
        },
        Knob {
            name: "timeout",
            range: KnobRange::Seconds,
            param: "timeout",
            base: 1.0,
            doc: "when a client gives up",
        },
    ],
    services: &[word("kv", "the store")],
    operations: &[],
    prepare: super::nothing,
    install: |_| (),
};
