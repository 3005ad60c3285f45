//! A leak that a bake must outlast.

use super::common::{assert_expected, events, library, run, samples};
use squall_core::Seed;
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_scenarios::SeedRun;

const CANARY: &str = "cluster/bad-canary.toml";

#[test]
fn a_short_bake_promotes_the_leak_and_a_longer_one_does_not() {
    assert_expected(&library(CANARY, &[], &[]), 0..2);
    for variant in library(CANARY, &[], &[]).scenario.variants {
        assert_expected(&library(CANARY, &[&variant.name], &[]), 0..2);
    }
}

fn bake(seconds: u64) -> SeedRun {
    let set = format!("workload.roll.rollout.bake={seconds}s");
    // Requests play no part in this: few are enough.
    let few = "workload.tickets.cluster.arrivals.rate=0.05/s";
    run(&library(CANARY, &[], &[&set, few]), 1, true)
}

/// The most that routers sent to the new version.
fn exposed(run: &SeedRun) -> f64 {
    let most = |metric: &str| {
        let samples = samples(run, metric);
        samples
            .iter()
            .fold(0.0, |most: f64, (_, share)| share.max(most))
    };
    let exposed = most("roll.exposed");
    // One that goes all the way before its leak shows is not rolled back: `sometimes` tells that.
    let bad = match events(run, "roll.rolled-back") {
        0 => 0.0,
        _ => exposed,
    };
    assert_eq!(most("roll.exposed-bad"), bad);
    exposed
}

/// A good version goes to everybody, and nobody was exposed to a bad one: the release is the cause.
#[test]
fn a_good_release_exposes_nobody_to_a_bad_one() {
    let ready = library(
        CANARY,
        &[],
        &["workload.tickets.cluster.arrivals.rate=0.05/s"],
    );
    let plan = ready.scenario.plan(Seed(1)).expect("a plan").without(0);
    let mut world = World::new(Seed(1), true);
    let run = ready.run_plan(Seed(1), plan, true, &mut world);
    assert_eq!(events(&run, "roll.finished"), 1);
    assert_eq!(samples(&run, "roll.exposed").last().map(|s| s.1), Some(1.0));
    assert_eq!(samples(&run, "roll.exposed-bad").len(), 1);
    let promise = "no more than the canary was exposed";
    let found = run
        .result
        .properties
        .iter()
        .find(|p| p.spec.name == promise);
    assert_eq!(found.map(|p| p.outcome.verdict), Some(Verdict::Pass));
}

/// Promoted if and only if the bake is shorter than onset and detection: 20 min, and a fifth of 256 MiB at 10 MiB a
/// minute, 307.2 s; from the restart of the canary on, and seen at the next gate.
#[test]
fn the_bake_that_catches_it_is_onset_and_detection_to_within_a_gate() {
    let law = 20.0 * 60.0 + 0.2 * 256.0 / 10.0 * 60.0;
    let caught = |seconds: u64| {
        let run = bake(seconds);
        let is = events(&run, "roll.promoted") == 0;
        assert_eq!(events(&run, "roll.rolled-back"), 1, "bake of {seconds} s");
        if is {
            assert_eq!(exposed(&run), 0.05, "bake of {seconds} s");
        } else {
            assert!(exposed(&run) > 0.05, "bake of {seconds} s");
        }
        is
    };
    let (mut short, mut long) = (900, 1800);
    assert!(!caught(short) && caught(long));
    while long - short > 4 {
        let middle = (short + long) / 2;
        if caught(middle) {
            long = middle;
        } else {
            short = middle;
        }
    }
    println!("threshold between {short} s and {long} s, law {law} s");
    assert!(
        (short as f64 - law).abs() <= 30.0,
        "{short} s to {long} s against {law} s"
    );
}

/// What is exposed when the gate turns red in a bake is the share of that stage, exactly.
#[test]
fn exposed_is_the_share_of_the_stage_that_was_reached() {
    for (seconds, stage, share) in [(1560, 0, 0.05), (720, 1, 0.25), (300, 2, 1.0)] {
        let run = bake(seconds);
        assert_eq!(events(&run, "roll.promoted"), stage, "bake of {seconds} s");
        assert_eq!(exposed(&run), share, "bake of {seconds} s");
    }
}
