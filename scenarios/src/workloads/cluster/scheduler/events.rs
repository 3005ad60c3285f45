//! What control plane and nodes record: all that the invariants know.
//!
//! Workers are numbered in the order of `on`, kinds of pods in that of the file.

use crate::workloads::cluster::recorded::recorded;

recorded! {
    /// Numbers of the names in records.
    Events {
        events {
            submitted "submitted":
                "the control plane has a new pod (a: pod, b: kind, and its gang in the upper half, 0 for \
                 none)",
            bound "bound": "a pod got a place (a: pod, b: worker, and its GPUs as bits in the upper half)",
            unbound "unbound":
                "a pod lost its place (a: pod, b: why, as position in done, preempted, drained, node-lost, \
                 scaled-down, gang)",
            serves "serves":
                "the control plane knows that a pod runs, or that it does not (a: pod, b: 1 or 0)",
            refused "refused":
                "pods of a kind find no place (a: kind, b: why, as position in quota, constraint, affinity, \
                 cpu, memory, gpu, scattered, gang)",
            settled "settled": "the scheduler has tried all who wait (a: pods that wait)",
            completed "completed": "a job is done (a: pod)",
            deleted "deleted": "a pod is not wanted any more (a: pod)",
            ready "node-ready": "a node takes pods (a: worker)",
            unready "node-unready": "a node is not heard any more (a: worker)",
            lost_node "node-lost": "a node is given up (a: worker)",
            cordoned "cordoned":
                "a node drains, or no longer (a: worker, b: position in off, cordon, refuse)",
            scaled "scaled":
                "the replicas that a service shall have change (a: kind, b: to, and from in the upper half)",
            asked "provision-asked": "an elastic machine is started (a: worker)",
            given_up "provision-failed": "one that was asked for is given up (a: worker)",
            off "machine-off": "one without pods is stopped (a: worker)",
            boot_failed "boot-failed": "a start of a machine comes to nothing (a: worker)",
            pull_failed "pull-failed": "an image cannot be pulled (a: pod, b: how often)",
            started "started":
                "a pod runs on its node (a: pod, b: worker, and its GPUs as bits in the upper half)",
            ended "ended": "a job has run for its length (a: pod, b: worker)",
            stopped "stopped": "a pod was told to stop, and has (a: pod, b: worker)",
        }
        metrics {
            place_time "place-time" "s":
                "time from the submission of a pod, or the loss of its place, to a place",
            start_time "start-time" "s": "time from there until it runs",
            pending "pending" "1": "pods that wait for a place",
            utilisation "utilisation" "1": "share of the cores of nodes that take pods, that pods have",
            gpu_utilisation "gpu-utilisation" "1": "the same of GPUs",
            fragmentation "fragmentation" "1":
                "share of the free GPUs that no waiting pod, or if none waits no pod of the workload, can \
                 use",
            nodes "nodes" "1": "nodes that take pods",
            replicas "replicas" "1": "replicas of services with traffic, that serve",
            need "need" "1": "replicas that their requests need",
            shortfall "shortfall" "1": "share of that need that does not serve; the largest of all services",
            goodput "goodput" "1/s": "requests served, over a window",
            lost "lost" "1/s": "requests given up or sent where nobody serves, over a window",
            delay "delay" "s": "time that requests wait, the longest of all replicas in a window",
        }
    }
    /// The same of planned work.
    WorkEvents {
        events {
            begun "work-begun": "an empty node is taken for planned work (a: worker)",
            done "work-done": "it is back, renewed (a: worker)",
            put_off "work-put-off":
                "a node is not there when it is to be emptied or renewed, and has its turn later (a: worker)",
            upgraded "upgraded": "planned work is done on all nodes (a: how many)",
        }
    }
    /// The same of planned work that has checks.
    CheckEvents {
        events {
            emptying "work-emptying":
                "a node is to be emptied for planned work, where that has `checks` (a: worker)",
        }
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
