//! What can be said about the workload: its events, invariants, metrics, knobs and services.

use super::shared::NO_BUDGET;
use crate::workloads::{Knob, KnobRange, Metric, Word, metric, word};

pub(super) const EVENTS: &[Word] = &[
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
    word(
        "sloughed",
        "a replica refused a visit that waited too long in a queue that stands (a: service, b: wait in ns)",
    ),
    word(
        "refused",
        "admission control of a replica refused a visit (a: service, b: visits there)",
    ),
    word(
        "breaker",
        "a caller's circuit breaker changed (a: service, b: caller x 256 + from x 16 + to; callers are 0 \
         clients, 1 services; 0 closed, 1 open, 2 half-open)",
    ),
    word(
        "probe",
        "a half-open breaker let a call through (a: service, b: caller)",
    ),
    word(
        "hedged",
        "a caller sent a call a second time (a: request, b: service called)",
    ),
    word(
        "connected",
        "a caller made a new connection (a: service, b: replica)",
    ),
    word(
        "pool-full",
        "a call got no connection (a: service, b: connections there are)",
    ),
    word(
        "hop-call",
        "a service calls another, with `hop.budget` (a: service called)",
    ),
    word(
        "unhealthy",
        "a replica failed its health checks for a caller (a: service, b: replica)",
    ),
    word(
        "healthy",
        "it answers them well again (a: service, b: replica)",
    ),
    word(
        "fill",
        "a visit does the work for an item that the cache has not (a: replica, b: item)",
    ),
    word("filled", "it ended (a: replica, b: item)"),
    word(
        "breached",
        "calls of a service begin to miss the objective (a: service, b: bad calls of the window)",
    ),
    word(
        "met",
        "calls of a service meet the objective again (a: service, b: bad calls of the window)",
    ),
    word(
        "visit",
        "a visit arrived at a replica, with `visits` (a: service, b: visit)",
    ),
    word("visit-ok", "it was answered (a: service, b: visit)"),
    word(
        "visit-failed",
        "it was answered with an error (a: service, b: visit)",
    ),
    word(
        "visit-shed",
        "it was refused or dropped (a: service, b: visit)",
    ),
];

pub(super) const INVARIANTS: &[Word] = &[
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
    word(
        "service-conservation",
        "with `visits`: at every service visits in = ok + failed + shed + in flight, and what is in flight fits \
         slots and queue",
    ),
    word(
        "hop-amplification",
        "with `hop.budget`: calls of a service and tries of them stay within the budget",
    ),
    word(
        "breaker-legal",
        "with `breaker`: closed, open, half-open in legal order, open long enough, no more probes than allowed",
    ),
    word(
        "ejection-share",
        "with `ejection`: no caller avoids more replicas of a service than its share",
    ),
    word(
        "pool-bound",
        "with `pool`: no pool has more connections than its size",
    ),
    word(
        "single-flight",
        "with a cache that says so: an item is filled once at a time in a replica",
    ),
    word(
        "slo-burn",
        "with `objective`: its budget of errors burns no faster than the two alerts say",
    ),
    word(
        "blast-radius",
        "with `objective`: no larger share of the services misses it than `radius`, and only those that need \
         `faulted`",
    ),
    word(
        "goodput-recovers",
        "with `objective`: so long after the last fault that ends, enough requests succeed",
    ),
];

pub(super) const METRICS: &[Metric] = &[
    metric(
        "latency",
        "s",
        "time of a request from arrival to its answer or to giving up; errors do not count",
    ),
    metric("goodput", "1/s", "requests answered in time, over a window"),
    metric("attempts", "1/s", "attempts of clients, over a window"),
    metric("queue", "1", "longest queue of a replica in a window"),
    metric(
        "pool",
        "1",
        "with `pool`: connections of the largest pool in a window",
    ),
    metric(
        "burn-fast",
        "1",
        "with `objective`: burn rate of the errors over 1 h, once that has passed",
    ),
    metric(
        "burn-slow",
        "1",
        "with `objective`: burn rate of the errors over 6 h, once that has passed",
    ),
];

pub(super) const KNOBS: &[Knob] = &[
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
    Knob {
        name: "threads",
        range: KnobRange::Number(0.0, 1e6),
        param: "",
        base: 1e6,
        doc: "visits that a node serves at once at most, beside `threads`",
    },
    Knob {
        name: "connections",
        range: KnobRange::Number(0.0, 1e6),
        param: "",
        base: 1e6,
        doc: "connections of a pool at most, beside its size",
    },
    Knob {
        name: "cold",
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc: "share of the unused connections that a caller drops, once, when this is set; those in use are \
              not kept",
    },
    Knob {
        name: "cache-flush",
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc: "share of the entries that a cache drops, once, when this is set",
    },
    Knob {
        name: "hot-share",
        range: KnobRange::Number(0.0, 1.0),
        param: "",
        base: 0.0,
        doc: "share of the requests that are about the `hot-items` first items",
    },
    Knob {
        name: "hot-items",
        range: KnobRange::Number(1.0, 1e7),
        param: "",
        base: 1.0,
        doc: "how many items those are",
    },
    Knob {
        name: "health-timeout",
        range: KnobRange::Seconds,
        param: "health.timeout",
        base: 1.0,
        doc: "when a health check failed",
    },
    Knob {
        name: "health-failures",
        range: KnobRange::Number(1.0, 1e6),
        param: "health.unhealthy",
        base: 3.0,
        doc: "failed checks in a row until a replica is avoided",
    },
];

pub(super) const SERVICES: &[Word] = &[
    word("request", "what clients ask of the entry services"),
    word("service", "all calls between services"),
    word("health", "health checks of replicas, with `health`"),
];
