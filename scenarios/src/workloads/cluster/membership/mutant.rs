//! Bugs that membership protocols have had or nearly had, each a switch in this one.

use crate::workloads::cluster::planted::mutants;

mutants! {
    M01: "a member that refutes does not raise its incarnation",
    M02: "a suspicion never runs out",
    M03: "an old message of its life brings a dead member back",
    M04: "news are told for ever",
    M05: "a member that is asked to ask answers itself",
    M06: "all members probe in one order, which is never shuffled",
    M07: "a refutation does not stop the timer of the suspicion",
    M08: "an answer to any probe counts for the present one",
    M09: "a suspicion of an earlier incarnation is believed",
    M10: "a member refutes for another one that it knows to be well",
    M11: "nobody calls on the dead: two halves never meet again",
    M12: "a member takes no notice of what views of others say about itself",
    M13: "requests go to all that ever were members",
}
