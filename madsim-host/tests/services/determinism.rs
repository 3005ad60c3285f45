//! Same seed, same digest, each in a fresh process; another seed, another digest.

use squall_core::plan::{Plan, Primitive};
use squall_core::{NodeId, Seed};
use squall_madsim::HostedRun;
use std::process::Command;

use super::kv::{promised, service};
use super::plans::{crash, lossy, partition, pause, plan, slow};

/// A plan with every family of faults that this host has.
fn storm() -> Plan {
    let speed = Primitive::CpuSpeed {
        node: NodeId(0),
        factor: 0.6,
    };
    plan(vec![
        (500, 2_500, lossy(0.05)),
        (1_000, 2_000, slow(40.0)),
        (1_500, 3_000, partition(0, 1)),
        (2_000, 4_000, vec![pause(0)]),
        (3_000, 5_000, vec![crash(0)]),
        (5_500, 9_000, vec![speed]),
    ])
}

/// The variables that tell the child which seed to run, and whether to leak.
const SEED: &str = "SQUALL_TEST_SEED";
const LEAK: &str = "SQUALL_TEST_LEAK";

/// Runs a seed in a process of its own and returns the line that it ends with.
fn fresh(seed: u64, leak: bool) -> String {
    let own = std::env::current_exe().expect("a test knows its binary");
    let child = Command::new(own)
        .args(["--ignored", "--exact", "determinism::child", "--nocapture"])
        .env(SEED, seed.to_string())
        .env(LEAK, leak.to_string())
        .output()
        .expect("a test can run its binary");
    let out = String::from_utf8_lossy(&child.stdout);
    assert!(child.status.success(), "the child of seed {seed}:\n{out}");
    let line = out.lines().find(|line| line.starts_with("seed "));
    line.unwrap_or_else(|| panic!("the child of seed {seed} ran nothing:\n{out}"))
        .to_owned()
}

#[test]
#[ignore = "runs one seed for the test below, in a process of its own"]
#[expect(
    clippy::disallowed_methods,
    reason = "the parent names the seed in the environment"
)]
fn child() {
    let seed = std::env::var(SEED).expect("the parent names a seed");
    let seed = seed.parse().expect("a seed is a number");
    let leak = std::env::var(LEAK).is_ok_and(|leak| leak == "true");
    let run = if leak {
        HostedRun::new(Seed(seed)).node("canary", |cx| async move {
            let leaked = u64::from(std::process::id());
            cx.recorder().event("canary.leaked", leaked, 0);
        })
    } else {
        promised(service(seed, false).plan(storm()))
    };
    let hosted = run.run().expect("madsim can do this plan");
    let result = &hosted.result;
    println!(
        "seed {seed}: {} records, digest {}",
        result.records, result.digest
    );
}

#[test]
fn a_seed_has_one_digest_in_fresh_processes_and_another_seed_another() {
    let all = || (1..=4).map(|seed| fresh(seed, false)).collect();
    let (first, again): (Vec<String>, Vec<String>) = (all(), all());
    assert_eq!(first, again);
    let digests = first.iter().map(|line| line.rsplit(' ').next());
    let distinct: std::collections::BTreeSet<_> = digests.collect();
    assert_eq!(distinct.len(), first.len(), "{first:?}");
}

/// The canary: a run that differs on purpose. If nobody noticed it, the test above would prove
/// nothing.
#[test]
fn one_record_that_depends_on_the_process_is_noticed() {
    assert_ne!(fresh(1, true), fresh(1, true));
}

#[test]
fn the_seed_decides_also_where_the_plan_draws_nothing() {
    let run = |seed| {
        let run = promised(service(seed, true)).run();
        run.expect("there is no plan that madsim could refuse")
    };
    assert_ne!(run(1).digest(), run(2).digest());
}

#[test]
fn keeping_records_changes_nothing() {
    let run = |keep| {
        let run = promised(service(9, true).plan(storm())).keep_records(keep);
        run.run().expect("madsim can do this plan")
    };
    // `std` collections are not used by the services, so two runs in one process may be compared.
    let (kept, dropped) = (run(true), run(false));
    assert_eq!(kept.result, dropped.result);
    assert_eq!(kept.records.len() as u64, kept.result.records);
    assert!(dropped.records.is_empty());
}
