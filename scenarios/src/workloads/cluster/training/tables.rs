//! What the workload is called from outside, and what it records.

use super::{Install, word};
use crate::workloads::{Metric, Word, metric};
use squall_core::NameId;

/// Events. Where a job is packed, it stands in the upper half and its incarnation in the lower.
pub(super) const WORDS: &[Word] = &[
    word(
        "claimed",
        "a node begins for a job (a: job and incarnation)",
    ),
    word("released", "it ends that (a: job and incarnation)"),
    word(
        "stepped",
        "a rank finished an order (a: job and incarnation, b: steps of the job after it)",
    ),
    word(
        "saved",
        "a rank wrote its part of a checkpoint (a: job and incarnation, b: steps in it)",
    ),
    word(
        "counted",
        "steps count (a: job and incarnation, b: steps of the job after it)",
    ),
    word(
        "checkpoint",
        "a checkpoint is complete (a: job and incarnation, b: steps in it)",
    ),
    word(
        "resumed",
        "a job goes on with a whole gang (a: job and incarnation, b: steps that it has)",
    ),
    word(
        "lost",
        "a rank is given up (a: job and incarnation, b: node)",
    ),
    word(
        "waits",
        "too few nodes are there for a job (a: job and incarnation, b: nodes that are free)",
    ),
    word("quarantined", "a node failed too often (a: node)"),
    word(
        "evicted",
        "a rank was too slow (a: job and incarnation, b: node)",
    ),
    word(
        "finished",
        "a job has all its steps (a: job and incarnation)",
    ),
];

/// Invariants.
pub(super) const INVARIANTS: &[Word] = &[
    word("one-owner", "no node works for two jobs at once"),
    word(
        "whole-gang",
        "a step counts only when every rank of the job has finished it",
    ),
    word(
        "complete-checkpoint",
        "a job goes on from its last checkpoint, and every rank had written its part of that",
    ),
    word(
        "step-once",
        "no step of a job counts twice, and none is left out",
    ),
    word(
        "lost-bound",
        "a failure costs at most the steps between two checkpoints and those of one write, or until a \
         write that failed is noticed",
    ),
    word("quarantine-kept", "a node in quarantine is not used"),
    word(
        "resumes",
        "while nothing is wrong and nodes suffice, every job goes on in time",
    ),
];

/// Metrics.
pub(super) const METRICS: &[Metric] = &[
    metric(
        "ettr",
        "1",
        "effective training time ratio of a job so far: its steps at full speed, over the time since it began",
    ),
    metric("lost-work", "s", "steps that a failure cost, at full speed"),
    metric(
        "lost-gpu-hours",
        "1",
        "the same, of all accelerators of the job, in hours",
    ),
    metric(
        "restart",
        "s",
        "time from a failure that was noticed to the next step",
    ),
    metric(
        "worst-node",
        "1",
        "failures so far of the node that was given up most often",
    ),
    metric("step-time", "s", "mean time of a step in an order"),
];

/// Numbers of the names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    pub(super) claimed: NameId,
    pub(super) released: NameId,
    pub(super) stepped: NameId,
    pub(super) saved: NameId,
    pub(super) counted: NameId,
    pub(super) checkpoint: NameId,
    pub(super) resumed: NameId,
    pub(super) lost: NameId,
    pub(super) waits: NameId,
    pub(super) quarantined: NameId,
    pub(super) evicted: NameId,
    pub(super) finished: NameId,
    pub(super) ettr: NameId,
    pub(super) lost_work: NameId,
    pub(super) lost_gpu_hours: NameId,
    pub(super) restart: NameId,
    pub(super) worst_node: NameId,
    pub(super) step_time: NameId,
}

impl Events {
    pub(super) fn new(install: &mut Install<'_>) -> Self {
        Self {
            claimed: install.name("claimed"),
            released: install.name("released"),
            stepped: install.name("stepped"),
            saved: install.name("saved"),
            counted: install.name("counted"),
            checkpoint: install.name("checkpoint"),
            resumed: install.name("resumed"),
            lost: install.name("lost"),
            waits: install.name("waits"),
            quarantined: install.name("quarantined"),
            evicted: install.name("evicted"),
            finished: install.name("finished"),
            ettr: install.name("ettr"),
            lost_work: install.name("lost-work"),
            lost_gpu_hours: install.name("lost-gpu-hours"),
            restart: install.name("restart"),
            worst_node: install.name("worst-node"),
            step_time: install.name("step-time"),
        }
    }
}

/// A job and its incarnation in one word of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Incarnation {
    pub(super) job: u32,
    /// Raised with each start of the job: orders of an earlier one are refused.
    pub(super) epoch: u32,
}

impl Incarnation {
    pub(super) const fn packed(self) -> u64 {
        (self.job as u64) << 32 | self.epoch as u64
    }
    #[expect(clippy::cast_possible_truncation, reason = "the two halves of a word")]
    pub(super) const fn unpack(word: u64) -> Self {
        Self {
            job: (word >> 32) as u32,
            epoch: word as u32,
        }
    }
}
