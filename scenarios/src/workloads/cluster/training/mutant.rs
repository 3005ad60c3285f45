//! Mistakes of training schedulers, each a switch in this one, to see that the invariants find them.

use crate::workloads::cluster::planted::mutants;

mutants! {
    T01: "a checkpoint counts as complete before every rank has written its part",
    T02: "a checkpoint that an earlier incarnation began counts once it is written",
    T03: "a step counts when all ranks but one have finished it",
    T04: "a job goes on after its last step, not after its last checkpoint",
    T05: "a rank begins for another job without ending the work of the first",
    T06: "a node in quarantine is given to a job again",
    T07: "the time since the last checkpoint is forgotten with each restart, and so are the checkpoints",
    T08: "a node that failed is never used again",
    T09: "after a failure steps are counted on from the last one, though the ranks have loaded the last checkpoint",
}
