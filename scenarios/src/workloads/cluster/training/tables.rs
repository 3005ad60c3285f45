//! What controller and ranks record: all that the invariants know.
//!
//! Where a job is packed, it stands in the upper half and its incarnation in the lower.

use crate::workloads::cluster::recorded::recorded;

recorded! {
    /// Numbers of the names in records.
    Events {
        events {
            claimed "claimed": "a node begins for a job (a: job and incarnation)",
            released "released": "it ends that (a: job and incarnation)",
            stepped "stepped":
                "a rank finished an order (a: job and incarnation, b: steps of the job after it)",
            saved "saved": "a rank wrote its part of a checkpoint (a: job and incarnation, b: steps in it)",
            counted "counted": "steps count (a: job and incarnation, b: steps of the job after it)",
            checkpoint "checkpoint": "a checkpoint is complete (a: job and incarnation, b: steps in it)",
            resumed "resumed":
                "a job goes on with a whole gang (a: job and incarnation, b: steps that it has)",
            lost "lost": "a rank is given up (a: job and incarnation, b: node)",
            waits "waits":
                "too few nodes are there for a job (a: job and incarnation, b: nodes that are free)",
            quarantined "quarantined": "a node failed too often (a: node)",
            evicted "evicted": "a rank was too slow (a: job and incarnation, b: node)",
            finished "finished": "a job has all its steps (a: job and incarnation)",
        }
        metrics {
            ettr "ettr" "1":
                "effective training time ratio of a job so far: its steps at full speed, over the time since \
                 it began",
            lost_work "lost-work" "s": "steps that a failure cost, at full speed",
            lost_gpu_hours "lost-gpu-hours" "1": "the same, of all accelerators of the job, in hours",
            restart "restart" "s": "time from a failure that was noticed to the next step",
            worst_node "worst-node" "1": "failures so far of the node that was given up most often",
            step_time "step-time" "s": "mean time of a step in an order",
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
