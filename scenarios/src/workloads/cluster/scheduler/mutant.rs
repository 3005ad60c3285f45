//! Bugs that schedulers have had, each a switch in this one. All are off unless a workload asks for one.

use super::placement::Slip;
use crate::workloads::cluster::planted::mutants;

mutants! {
    P01: "a share of a GPU is taken from the first that has something left, be it enough or not",
    P02: "after a restart the control plane forgets pods that were placed and do not run yet",
    P03: "quotas are not looked at",
    P04: "taints are tolerated by all",
    P05: "affinity is not looked at",
    P06: "nobody is evicted for a higher priority",
    P07: "budgets do not protect from preemption",
    P08: "a drain takes all pods at once, budget or not",
    P09: "members of a gang that fit are placed, though others do not",
    P10: "pods of a lost node that did not run yet are forgotten",
    P11: "a pod that was refused is not tried again",
    P12: "a node starts new pods before those that stop have stopped",
    P13: "a node that does not answer is never given up",
    P14: "a job counts as done when its node is lost",
    P15: "the wish for replicas is not held within its bounds",
    P16: "planned work empties a node at once, budget or not",
    P17: "a pod with a volume is placed wherever there is room",
    P18: "what services need is not looked at before a node is emptied",
    P19: "the next node is emptied though pods of the last one are not back",
    P20: "two nodes of one rack or zone are emptied at once, though `checks` keep them apart",
    P21: "a node that is lost while it is worked on counts as done",
    P22: "nodes that are being emptied do not count among those that are worked on",
    P23: "a node is taken for planned work before its pods have gone",
    P24: "after a restart the control plane takes nodes that are away for done",
    P25: "after a restart the control plane forgets the volumes of pods that wait",
}

impl Mutant {
    /// The mistake in placement, if it is one.
    pub(super) const fn slip(self) -> Option<Slip> {
        match self {
            Self::P01 => Some(Slip::Shares),
            Self::P03 => Some(Slip::Quota),
            Self::P04 => Some(Slip::Taints),
            Self::P05 => Some(Slip::Affinity),
            Self::P06 => Some(Slip::NoPreemption),
            Self::P07 => Some(Slip::Budget),
            Self::P09 => Some(Slip::Gang),
            _ => None,
        }
    }
}
