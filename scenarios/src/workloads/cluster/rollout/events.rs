//! What controller and agents record: all that the invariants know.

use crate::workloads::{Metric, Word, metric, word};
use squall_core::NameId;

macro_rules! events {
    ($($field:ident $name:literal: $doc:literal,)*) => {
        /// The events, for the kind's table.
        pub(super) const WORDS: &[Word] = &[$(word($name, $doc)),*];
        /// Numbers of the names in records.
        #[derive(Clone, Copy, Debug)]
        pub(super) struct Events {
            $(pub(super) $field: NameId,)*
        }
        impl Events {
            /// The names, from whoever gives numbers to them.
            pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
                Self { $($field: name($name),)* }
            }
        }
    };
}

events! {
    began "began": "the controller begins (a: nodes), once",
    resumed "resumed": "a controller that restarted goes on from what is stored (a: stage)",
    taken "taken": "the controller takes a node out of service (a: place, b: 1 for the new version, 0 back to the old)",
    applied "applied": "an agent follows an order (a: epoch, b: 0 drain, 1 old version, 2 new version, 3 return, 4 split)",
    serving "serving": "the replicas of a node are up (a: 1 if of the new version)",
    back "back": "the replicas of a node serve, and callers may use them again",
    killed "killed": "the replicas of a node were killed: they took more memory than they may (a: bytes)",
    split "split": "a router splits its requests anew (a: share for the new version, in millionths)",
    gate "gate": "a gate was judged (a: stage, b: 0 green; bits: 1 errors, 2 latency, 4 memory, 8 nobody answered)",
    baking "baking": "a stage is complete and bakes (a: stage)",
    promoted "promoted": "a stage has passed (a: the stage that begins)",
    finished "finished": "the last stage has passed",
    rollback "rollback": "a rollback begins (a: stage, b: bits as of gates; 16 a wave that took too long)",
    rolled_back "rolled-back": "all nodes have the old version again (a: stage that was reached)",
    paused "paused": "the controller is told to pause",
    unpaused "unpaused": "the controller goes on",
    routed "routed": "a router decides on a request (a: request, b: 1 for the new version)",
    strayed "strayed": "a request for the old version is served by the new one (a: request)",
}

/// The metrics, for the kind's table.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "exposed",
        "1",
        "share of the requests that routers send to the new version",
    ),
    metric(
        "exposed-bad",
        "1",
        "largest share of the requests that a version had which is rolled back; 0 for one that is not",
    ),
    metric("stage", "1", "stage reached, from 1 on; 0 after a rollback"),
    metric(
        "memory",
        "bytes",
        "most memory of the replicas of a node with the new version",
    ),
    metric(
        "detect",
        "s",
        "from the first node with the new version to a red gate",
    ),
    metric(
        "rollback-time",
        "s",
        "from the red gate until all nodes have the old version",
    ),
];

/// Numbers of the metrics.
#[derive(Clone, Copy, Debug)]
pub(super) struct Metrics {
    pub(super) exposed: NameId,
    pub(super) exposed_bad: NameId,
    pub(super) stage: NameId,
    pub(super) memory: NameId,
    pub(super) detect: NameId,
    pub(super) rollback: NameId,
}

impl Metrics {
    pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
        Self {
            exposed: name("exposed"),
            exposed_bad: name("exposed-bad"),
            stage: name("stage"),
            memory: name("memory"),
            detect: name("detect"),
            rollback: name("rollback-time"),
        }
    }
}
