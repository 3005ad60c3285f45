//! Raft under faults that wait for who leads: the shipped scenario, and changes of membership.

mod common;

use common::{assert_expected, events, library, run};

const DEAF: &str = "cluster/raft-deaf-leader.toml";

#[test]
fn a_deaf_leader_blocks_a_group_without_check_quorum() {
    assert_expected(&library(DEAF, &[], &[]), 0..4);
    assert_expected(&library(DEAF, &["check-quorum"], &[]), 0..4);
}

/// Each fault of it hits somebody in each seed, and the second the one who was elected.
#[test]
fn its_faults_wait_for_each_other_and_land() {
    for seed in 0..4 {
        let run = run(&library(DEAF, &[], &[]), seed, true);
        for fault in &run.result.faults {
            assert!(fault.landed > 0, "seed {seed}: {fault:?}");
        }
        // The loss waits for the role alone, the others for what happens.
        let fired = |at: usize| run.result.faults[at].firings.map(|f| f.fired);
        assert_eq!(
            [fired(0), fired(1), fired(2)],
            [Some(1), Some(1), Some(1)],
            "seed {seed}"
        );
    }
}

/// Members come and go as the fault says, beside operators who do the same, and nothing breaks.
#[test]
fn membership_churns_beside_operators() {
    let churn = r#"[{ at = "2s", for = "15s", inject.membership-churn = { workload = "kv", every = "500ms", out = "1s" } }]"#;
    let faults = format!("fault={churn}");
    for set in [vec![], vec!["workload.kv.raft.membership={}"]] {
        let mut settings = vec![
            faults.as_str(),
            "workload.kv.raft.check_quorum=true",
            "expect.verdict=pass",
            "expect.because=[]",
        ];
        settings.extend(set);
        for seed in 0..3 {
            let ready = library(DEAF, &[], &settings);
            let run = run(&ready, seed, true);
            let broken: Vec<_> = run.result.properties.iter().collect();
            assert_eq!(
                run.result.verdict,
                squall_core::property::Verdict::Pass,
                "seed {seed}: {broken:#?}"
            );
            assert!(run.result.faults[0].landed > 0, "seed {seed}");
            assert!(events(&run, "kv.changed") >= 4, "seed {seed}");
        }
    }
}
