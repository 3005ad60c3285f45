//! Nodes that are to go: who keeps away from them, and what they say to who comes all the same.

use crate::lab::{count, fault, go};

const THREE: &str = "replicas = 3\narrivals.rate = \"100/s\"\ncpu = \"2ms\"\n";

/// Requests refused, by whether callers see that a node drains and whether it refuses new work.
fn refused(seen: bool, refuses: bool) -> usize {
    let drain = format!("drain = {{ nodes = \"host[0]\", refuse_new = {refuses} }}");
    let run = go(&format!("{THREE}drain_seen = {seen}"), &fault(&drain), 1);
    assert!(
        count(&run, "ok") > 900,
        "{} of 1200 went well",
        count(&run, "ok")
    );
    count(&run, "shed")
}

/// A third of what comes in four seconds meets the node, if nobody keeps away from it.
#[test]
fn only_a_node_that_refuses_refuses_and_only_who_does_not_see_it() {
    assert_eq!(
        [
            refused(true, true),
            refused(true, false),
            refused(false, false)
        ],
        [0; 3]
    );
    let blind = refused(false, true);
    assert!((100..170).contains(&blind), "{blind} refused");
}
