//! The planted bug of `kv` is found by every kind of fault that delays an answer, and the twin
//! survives the same plans.

use squall_core::NodeId;
use squall_core::history::{NodeChange, What};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_madsim::Hosted;

use super::kv::{ADDS, promised, service};
use super::plans::{at, crash, partition, pause, plan, slow};

fn run(seed: u64, keyed: bool, plan: Plan) -> Hosted {
    promised(service(seed, keyed).plan(plan))
        .run()
        .expect("madsim can do this plan")
}

fn verdict(hosted: &Hosted, property: &str) -> Verdict {
    let found = hosted.property(property).expect("a promise of kv");
    found.outcome.verdict
}

/// Without keys the plan breaks at-most-once; with keys it does not, though the client retried.
fn bug_and_twin(plan: &Plan) {
    let bug = run(1, false, plan.clone());
    assert_eq!(bug.verdict(), Verdict::Fail);
    let found = bug.property("kv.at-most-once").expect("a promise of kv");
    let first = found
        .outcome
        .first
        .as_ref()
        .expect("a failure has a first violation");
    assert!(first.text.ends_with("applied twice"), "{}", first.text);
    let start = plan.first_start().expect("a plan with faults");
    assert!(
        first.at >= start,
        "{} before the fault at {start}",
        first.at
    );

    let twin = run(1, true, plan.clone());
    assert_eq!(
        twin.verdict(),
        Verdict::Pass,
        "{:?}",
        twin.result.properties
    );
}

#[test]
fn without_a_fault_nothing_is_retried_and_even_the_bug_sleeps() {
    let hosted = run(1, false, Plan::default());
    assert_eq!(verdict(&hosted, "kv.at-most-once"), Verdict::Pass);
    assert_eq!(verdict(&hosted, "kv.finishes"), Verdict::Pass);
    assert_eq!(verdict(&hosted, "kv.retries"), Verdict::NotExercised);
    // Each operation began and ended once, in this order.
    let ops = hosted
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Invoke { op, key, .. } => Some((op, Some(key))),
            What::Return { op, .. } => Some((op, None)),
            _ => None,
        });
    let expected = (0..)
        .zip(0..ADDS)
        .flat_map(|(op, key)| [(op, Some(key)), (op, None)]);
    assert!(ops.eq(expected));
    let latency = hosted
        .result
        .metrics
        .iter()
        .find(|m| m.name == "kv.latency");
    assert_eq!(latency.expect("a metric of kv").summary.count, ADDS);
}

#[test]
fn latency_finds_the_bug() {
    bug_and_twin(&plan(vec![(2_000, 3_000, slow(80.0))]));
}

#[test]
fn a_partition_finds_the_bug() {
    bug_and_twin(&plan(vec![(2_000, 3_500, partition(0, 1))]));
}

#[test]
fn a_pause_finds_the_bug() {
    bug_and_twin(&plan(vec![(2_000, 3_000, vec![pause(0)])]));
}

#[test]
fn a_lost_node_comes_back_and_the_client_goes_on() {
    let hosted = run(1, true, plan(vec![(2_000, 4_000, vec![crash(0)])]));
    assert_eq!(
        hosted.verdict(),
        Verdict::Pass,
        "{:?}",
        hosted.result.properties
    );

    let server = NodeId(0);
    let changes: Vec<_> = hosted
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Node { node, change } if node == server => {
                Some((record.at.as_nanos() / 1_000_000, change))
            }
            _ => None,
        })
        .collect();
    let (up, down) = (NodeChange::Up, NodeChange::Down);
    assert_eq!(changes, [(0, up), (2_000, down), (4_000, up)]);

    // The server started twice, the second time as start 1; nothing was served in between.
    let serving = hosted
        .names
        .find("kv.serving")
        .expect("servers say that they serve");
    let applied = hosted.names.find("kv.applied").expect("servers apply");
    let events = |wanted| {
        hosted
            .records
            .iter()
            .filter_map(move |record| match record.what {
                What::Event { name, a, .. } if name == wanted => Some((record.at, a)),
                _ => None,
            })
    };
    assert_eq!(
        events(serving).map(|(_, start)| start).collect::<Vec<_>>(),
        [0, 1]
    );
    let gap = events(applied).filter(|(when, _)| (at(2_001)..at(4_000)).contains(when));
    assert_eq!(gap.count(), 0);

    let fault = &hosted.result.faults[0];
    assert_eq!((fault.planned, fault.landed), (1, 1));
    let landed = fault.first_landing.expect("it landed");
    assert!(landed.since(at(2_000)).as_nanos() < 1_000, "{landed}");
}
