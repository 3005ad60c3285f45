//! What of a drawn climate no single seed shows: who is spared, and that kinds are switched one by one.

use super::scenario;
use squall_core::NodeId;
use squall_core::Seed;
use squall_core::plan::Plan;

fn plans(chaos: &str, seeds: u64) -> Vec<Plan> {
    let scenario = scenario(&format!("[chaos]\n{chaos}\n"));
    let plan = |seed| scenario.plan(Seed(seed));
    let plans = (0..seeds).map(plan);
    plans
        .map(|plan| plan.unwrap_or_else(|report| panic!("{report}")))
        .collect()
}

/// Nodes that nothing hits are as many as `keep_healthy` says, also where `nodes_max` would allow more.
#[test]
fn who_is_to_stay_healthy_is_hit_by_nothing() {
    let chaos = "faults = 8\nnodes = 'web'\nnodes_max = 5\ndown_max = 5\nkeep_healthy = 2\nkinds = ['node-pause', 'cpu-slow']";
    let mut most = 0;
    for plan in plans(chaos, 200) {
        let hit = plan
            .entries()
            .iter()
            .filter_map(|entry| entry.primitive.node());
        let mut hit: Vec<NodeId> = hit.collect();
        hit.sort_unstable();
        hit.dedup();
        assert!(hit.len() <= 3, "five nodes, two of them spared: {hit:?}");
        most = most.max(hit.len());
    }
    assert_eq!(most, 3, "the budget is used up in some seed");
}

/// Each kind has a switch of its own: about half of the seeds have one of two kinds alone.
#[test]
fn kinds_are_switched_one_by_one() {
    let chaos = "faults = 8\nkinds = ['node-pause', 'cpu-slow']\ndown_max = 2";
    let (mut many, mut alone) = (0, 0);
    for plan in plans(chaos, 400) {
        let pauses = plan
            .faults
            .iter()
            .filter(|fault| fault.kind == "node-pause")
            .count();
        if plan.faults.len() >= 5 {
            many += 1;
            alone += u32::from(pauses == 0 || pauses == plan.faults.len());
        }
    }
    // One alone: half of the seeds. Of those with both, or with both off and so back on, one in sixteen.
    let share = f64::from(alone) / f64::from(many);
    assert!(
        many > 100 && (0.4..0.66).contains(&share),
        "{alone} of {many}"
    );
}
