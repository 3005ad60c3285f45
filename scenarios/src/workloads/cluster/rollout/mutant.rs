//! Bugs that rollout controllers have had or nearly had, each a switch in this one.

use crate::workloads::cluster::planted::mutants;

mutants! {
    R01: "a stage is promoted when its bake is over, whatever its gates said",
    R02: "a controller that restarts takes the bake under way for done",
    R03: "a wave takes all its nodes at once",
    R04: "a node counts as back as soon as it was told to restart: nobody looks whether it is well",
    R05: "nodes that are away for other reasons are not counted before another one is taken",
    R06: "an agent takes every order, older ones too",
    R07: "a rollback forgets the nodes whose restart is under way",
    R08: "traffic is split by the share of the stage after this one",
    R09: "a pause is not looked at",
    R10: "a node that does not answer is taken for done",
    R11: "an order is sent once: one that is lost is waited for, and so is the next",
}
