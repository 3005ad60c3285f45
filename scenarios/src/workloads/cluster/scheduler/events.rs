//! What control plane and nodes record: all that the invariants know.

use crate::workloads::{Metric, Word, metric, word};
use squall_core::NameId;

/// The events, for the kind's table. Workers are numbered in the order of `on`, kinds of pods in that of the file.
pub(super) const WORDS: &[Word] = &[
    word(
        "submitted",
        "the control plane has a new pod (a: pod, b: kind, and its gang in the upper half, 0 for none)",
    ),
    word(
        "bound",
        "a pod got a place (a: pod, b: worker, and its GPUs as bits in the upper half)",
    ),
    word(
        "unbound",
        "a pod lost its place (a: pod, b: why, as position in done, preempted, drained, node-lost, scaled-down, \
         gang)",
    ),
    word(
        "serves",
        "the control plane knows that a pod runs, or that it does not (a: pod, b: 1 or 0)",
    ),
    word(
        "refused",
        "pods of a kind find no place (a: kind, b: why, as position in quota, constraint, affinity, cpu, memory, \
         gpu, scattered, gang)",
    ),
    word(
        "settled",
        "the scheduler has tried all who wait (a: pods that wait)",
    ),
    word("completed", "a job is done (a: pod)"),
    word("deleted", "a pod is not wanted any more (a: pod)"),
    word("node-ready", "a node takes pods (a: worker)"),
    word("node-unready", "a node is not heard any more (a: worker)"),
    word("node-lost", "a node is given up (a: worker)"),
    word(
        "cordoned",
        "a node drains, or no longer (a: worker, b: position in off, cordon, refuse)",
    ),
    word(
        "scaled",
        "the replicas that a service shall have change (a: kind, b: to, and from in the upper half)",
    ),
    word(
        "provision-asked",
        "an elastic machine is started (a: worker)",
    ),
    word(
        "provision-failed",
        "one that was asked for is given up (a: worker)",
    ),
    word("machine-off", "one without pods is stopped (a: worker)"),
    word(
        "work-emptying",
        "a node is to be emptied for planned work, where that has `checks` (a: worker)",
    ),
    word(
        "work-begun",
        "an empty node is taken for planned work (a: worker)",
    ),
    word("work-done", "it is back, renewed (a: worker)"),
    word(
        "work-put-off",
        "a node is not there when it is to be emptied or renewed, and has its turn later (a: worker)",
    ),
    word(
        "upgraded",
        "planned work is done on all nodes (a: how many)",
    ),
    word(
        "boot-failed",
        "a start of a machine comes to nothing (a: worker)",
    ),
    word(
        "pull-failed",
        "an image cannot be pulled (a: pod, b: how often)",
    ),
    word(
        "started",
        "a pod runs on its node (a: pod, b: worker, and its GPUs as bits in the upper half)",
    ),
    word("ended", "a job has run for its length (a: pod, b: worker)"),
    word(
        "stopped",
        "a pod was told to stop, and has (a: pod, b: worker)",
    ),
];

/// Its metrics.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "place-time",
        "s",
        "time from the submission of a pod, or the loss of its place, to a place",
    ),
    metric("start-time", "s", "time from there until it runs"),
    metric("pending", "1", "pods that wait for a place"),
    metric(
        "utilisation",
        "1",
        "share of the cores of nodes that take pods, that pods have",
    ),
    metric("gpu-utilisation", "1", "the same of GPUs"),
    metric(
        "fragmentation",
        "1",
        "share of the free GPUs that no waiting pod, or if none waits no pod of the workload, can use",
    ),
    metric("nodes", "1", "nodes that take pods"),
    metric(
        "replicas",
        "1",
        "replicas of services with traffic, that serve",
    ),
    metric("need", "1", "replicas that their requests need"),
    metric(
        "shortfall",
        "1",
        "share of that need that does not serve; the largest of all services",
    ),
    metric("goodput", "1/s", "requests served, over a window"),
    metric(
        "lost",
        "1/s",
        "requests given up or sent where nobody serves, over a window",
    ),
    metric(
        "delay",
        "s",
        "time that requests wait, the longest of all replicas in a window",
    ),
];

/// Declares the names once, as they stand in records.
macro_rules! names {
    ($(#[$doc:meta])* $kind:ident { $($field:ident: $slug:literal,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub(super) struct $kind {
            $(pub(super) $field: NameId,)*
        }

        impl $kind {
            /// The names, from whoever gives numbers to them.
            pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
                Self { $($field: name($slug),)* }
            }
        }
    };
}

names! {
    /// Numbers of the names in records.
    Events {
        submitted: "submitted",
        bound: "bound",
        unbound: "unbound",
        serves: "serves",
        refused: "refused",
        settled: "settled",
        completed: "completed",
        deleted: "deleted",
        ready: "node-ready",
        unready: "node-unready",
        lost_node: "node-lost",
        cordoned: "cordoned",
        scaled: "scaled",
        asked: "provision-asked",
        given_up: "provision-failed",
        off: "machine-off",
        boot_failed: "boot-failed",
        pull_failed: "pull-failed",
        started: "started",
        ended: "ended",
        stopped: "stopped",
        place_time: "place-time",
        start_time: "start-time",
        pending: "pending",
        utilisation: "utilisation",
        gpu_utilisation: "gpu-utilisation",
        fragmentation: "fragmentation",
        nodes: "nodes",
        replicas: "replicas",
        need: "need",
        shortfall: "shortfall",
        goodput: "goodput",
        lost: "lost",
        delay: "delay",
    }
}

names! {
    /// The same of planned work.
    WorkEvents {
        begun: "work-begun",
        done: "work-done",
        put_off: "work-put-off",
        upgraded: "upgraded",
    }
}

names! {
    /// The same of planned work that has checks.
    CheckEvents {
        emptying: "work-emptying",
    }
}

/// Why a pod lost its place.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Cause {
    Done,
    Preempted,
    Drained,
    NodeLost,
    ScaledDown,
    Gang,
}

/// Two numbers in one word of a record.
pub(super) const fn halves(low: u32, high: u32) -> u64 {
    ((high as u64) << 32) | low as u64
}
/// The two.
pub(super) fn of_halves(word: u64) -> (u32, u32) {
    let half = |word: u64| u32::try_from(word & u64::from(u32::MAX)).expect("a half of a word");
    (half(word), half(word >> 32))
}
