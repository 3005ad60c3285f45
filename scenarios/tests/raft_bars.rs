//! Rows V01 to V03 of the reference tables: how many executions it takes to find planted bugs of the raft
//! workload. docs/raft.md has the table of all, from twenty base seeds.

mod common;
#[path = "queueing/table.rs"]
#[allow(
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "it says what it compares"
)]
mod table;

use common::{assert_expected, library};
use squall_core::property::Verdict;
use squall_core::{Seed, World};
use squall_scenarios::Ready;

const CLIMATE: &str = "cluster/raft-climate.toml";
const MEMBERSHIPS: &str = "cluster/raft-two-memberships.toml";

fn planted(scenario: &str, mutant: &str, more: &[&str]) -> Ready {
    let mutant = format!("workload.kv.raft.mutant={mutant}");
    let mut set = vec![mutant.as_str()];
    set.extend(more);
    library(scenario, &[], &set)
}

/// Executions up to the first alarm, `None` if there is none in so many from a base seed on.
fn executions(ready: &Ready, base: u64, most: u64) -> Option<u64> {
    let mut world = World::new(Seed(0), false);
    (0..most).find(|seed| {
        let run = ready.run(Seed(base + seed), false, &mut world);
        run.expect("its faults can be drawn").result.verdict == Verdict::Fail
    })
}

/// V01: a quorum that is counted wrong (openraft #1802, B21) is found within 200 seeds.
#[test]
fn a_wrong_count_of_a_quorum_is_found() {
    let row = table::rows("V01", "a_wrong_count_of_a_quorum_is_found");
    assert!(row.is_none_or(|row| row[0].setup.contains("#1802")));
    let ready = planted(CLIMATE, "B21", &[]);
    for base in [0, 1_000_000, 2_000_000, 3_000_000, 4_000_000] {
        let found = executions(&ready, base, 200);
        println!("V01: from {base} after {found:?}");
        assert!(found.is_some(), "from {base}");
    }
}

/// V02: the bug of 2015 in changes of one server (B18), by a plan for it: a hundredth of the published
/// 1,800,000 executions are allowed, and here fewer; docs/raft.md has the median.
#[test]
fn two_memberships_are_found_by_a_plan_for_them() {
    const MOST: u64 = 180;
    let row = table::rows("V02", "two_memberships_are_found_by_a_plan_for_them");
    assert!(row.is_none_or(|row| row[0].value() / 100.0 >= MOST as f64));
    let found = executions(&planted(MEMBERSHIPS, "B18", &[]), 0, MOST);
    println!("V02: {found:?}");
    assert!(found.is_some());
    assert_expected(&library(MEMBERSHIPS, &[], &[]), 0..8);
}

/// V03: bounds that are too short find nothing, and nobody takes that for a pass: schedules of 20 steps, here
/// a tenth of the 10,000 of docs/raft.md.
#[test]
fn twenty_steps_find_nothing() {
    let row = table::rows("V03", "twenty_steps_find_nothing");
    assert!(row.is_none_or(|row| row[0].value() == 0.0));
    let mut schedules = 0;
    let mutants = squall_scenarios::workloads::cluster::raft::Mutant::ALL;
    for mutant in mutants {
        let ready = planted(CLIMATE, mutant.name(), &["stop.events_max=20"]);
        let mut world = World::new(Seed(0), false);
        for seed in 0..46 {
            let run = ready.run(Seed(seed), false, &mut world);
            let run = run.expect("its faults can be drawn");
            assert_eq!(
                run.result.verdict,
                Verdict::Inconclusive,
                "{} {seed}",
                mutant.name()
            );
            schedules += 1;
        }
    }
    assert!(schedules >= 1000);
}
