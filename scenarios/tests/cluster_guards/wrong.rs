//! What is wrong in a file is said, with its place and a remedy, all at once.

use crate::common::try_ready;
use crate::lab::scenario;

fn shown(workload: &str) -> String {
    try_ready("bad.toml", &scenario(workload, ""), &[], &[])
        .map(|_| ())
        .expect_err("it is wrong")
}

#[test]
fn errors_of_guards_are_all_shown() {
    let text = shown(
        "graph.edges = [\"front -> cart\"]\ngraph.soft = [\"front -> card\", \"cart\", \"cart -> front\"]\n\
         objective.faulted = \"frond\"\nbreaker.errors = 1.5\nhedge = { after = \"1ms\", quantile = 0.9 }\n\
         pool.size = 0\nqueue.codel.target = \"5\"\nservices.cart.cache.ttl = \"soon\"\nbalance = \"by-items\"\n\
         health.chek = \"work\"\nadmission.shrink = 0\nsubset = 0",
    );
    for part in [
        "1.5",
        "`after` and `quantile` exclude each other",
        "duration has no unit",
        "by-items",
        "did you mean `by-item`?",
        "did you mean `check`?",
        "soon",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
}

#[test]
fn errors_of_soft_calls_and_objectives_name_the_service() {
    let text = shown(
        "graph.edges = [\"front -> cart\"]\ngraph.soft = [\"front -> card\", \"cart\", \"cart -> front\"]\n\
         objective.faulted = \"frond\"",
    );
    for part in [
        "no service is called `card`; did you mean `cart`?",
        "`cart` is not a call",
        "`cart` does not call `front`",
        "no service is called `frond`",
        "did you mean `front`?",
        "bad.toml: 4 errors",
    ] {
        assert!(text.contains(part), "{part}\n{text}");
    }
    let text = shown("hedge = {}");
    assert!(text.contains("after"), "{text}");
}
