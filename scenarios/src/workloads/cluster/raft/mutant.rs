//! Bugs that Raft implementations have had, each a switch in this one (section 3 of the reference).
//!
//! A mutant is one honest mistake at the place where it would be made. All are off unless a workload asks
//! for one; a campaign over them shows that the invariants find them.

use crate::workloads::cluster::planted::mutants;

mutants! {
    B01: "the vote is not persisted",
    B02: "the term is not persisted",
    B03: "a vote is given without a look at the candidate's log",
    B04: "entries of earlier terms are committed by counting, and none of the term is added",
    B05: "last entries are compared by index before term",
    B06: "a rejected vote or a stale leader resets the election timer",
    B07: "election time-outs are not randomised",
    B08: "a leader answers reads without making sure that it still leads",
    B09: "a leader goes by the wall clock, which may be set back, for its lease and its step-down",
    B10: "entries are acknowledged before they are durable",
    B11: "every append truncates the log, not only one that conflicts",
    B12: "heartbeats advance the commit index without a check of the log",
    B13: "a follower's progress is raised when entries are sent",
    B14: "votes given in earlier terms are counted",
    B15: "the commit index follows the leader's beyond what the append has checked",
    B16: "a snapshot is labelled one entry too low",
    B17: "an older snapshot is installed over newer state",
    B18: "membership changes before an entry of the term is committed",
    B19: "answers from before a removal count after the member is added again",
    B20: "a client retries under a new serial number",
    B21: "the quorum is read from progress that is not sorted",
    B22: "a removed server keeps campaigning, and is listened to",
}
