//! What controller and agents record: all that the invariants know.

use crate::workloads::cluster::recorded::recorded;

recorded! {
    /// Numbers of the names in records.
    Events {
        events {
            began "began": "the controller begins (a: nodes), once",
            resumed "resumed": "a controller that restarted goes on from what is stored (a: stage)",
            taken "taken":
                "the controller takes a node out of service (a: place, b: 1 for the new version, 0 back to \
                 the old)",
            applied "applied":
                "an agent follows an order (a: epoch, b: 0 drain, 1 old version, 2 new version, 3 return, 4 \
                 split)",
            serving "serving": "the replicas of a node are up (a: 1 if of the new version)",
            back "back": "the replicas of a node serve, and callers may use them again",
            killed "killed":
                "the replicas of a node were killed: they took more memory than they may (a: bytes)",
            split "split": "a router splits its requests anew (a: share for the new version, in millionths)",
            gate "gate":
                "a gate was judged (a: stage, b: 0 green; bits: 1 errors, 2 latency, 4 memory, 8 nobody \
                 answered)",
            baking "baking": "a stage is complete and bakes (a: stage)",
            promoted "promoted": "a stage has passed (a: the stage that begins)",
            finished "finished": "the last stage has passed",
            rollback "rollback":
                "a rollback begins (a: stage, b: bits as of gates; 16 a wave that took too long)",
            rolled_back "rolled-back": "all nodes have the old version again (a: stage that was reached)",
            paused "paused": "the controller is told to pause",
            unpaused "unpaused": "the controller goes on",
            routed "routed": "a router decides on a request (a: request, b: 1 for the new version)",
            strayed "strayed": "a request for the old version is served by the new one (a: request)",
        }
    }
    /// The same of metrics.
    Metrics {
        metrics {
            exposed "exposed" "1": "share of the requests that routers send to the new version",
            exposed_bad "exposed-bad" "1":
                "largest share of the requests that a version had which is rolled back; 0 for one that is \
                 not",
            stage "stage" "1": "stage reached, from 1 on; 0 after a rollback",
            memory "memory" "bytes": "most memory of the replicas of a node with the new version",
            detect "detect" "s": "from the first node with the new version to a red gate",
            rollback "rollback-time" "s": "from the red gate until all nodes have the old version",
        }
    }
}
