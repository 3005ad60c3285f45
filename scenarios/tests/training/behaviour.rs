//! Stragglers, lemons, spares, controllers that crash, and bad parameters.

use crate::Setup;
use crate::common::{assert_expected, events, library, ready, run, samples, try_ready};
use crate::table::Estimate;
use squall_scenarios::SeedRun;

const RACK: &str = "cluster/rack-loss-training.toml";
const LEMON: &str = "cluster/lemon-node.toml";

#[test]
fn the_shipped_scenarios() {
    assert_expected(&library(RACK, &[], &["stop.at=30h"]), 0..1);
    assert_expected(&library(LEMON, &[], &[]), 0..3);
    assert_expected(&library(LEMON, &["quarantine"], &[]), 0..3);
}

const QUIET: &str = r#"
    name = "quiet"
    stop = { at = "12h", events_max = 50_000_000 }
    [topology]
    nodes.gpu = { count = 66 }
    nodes.head = { count = 1 }
    signals = "0s"
    [workload.llm.training]
    on = "gpu"
    controller = "head"
    ranks = 64
    checkpoint = { every = "1h", write = "0s" }
    restart = "1m"
    [[property]]
    always = "llm.resumes"
    [[property]]
    always = "llm.whole-gang"
"#;

fn last(run: &SeedRun, metric: &str) -> f64 {
    samples(run, metric).last().expect("it was sampled").1
}

fn quiet(more: &str, set: &[&str]) -> SeedRun {
    run(
        &ready("quiet", &format!("{QUIET}{more}"), &[], set),
        1,
        true,
    )
}

/// The mean of the largest of 64 draws, by the law: the integral of the quantile over the largest's.
#[test]
fn a_step_takes_as_long_as_its_slowest_rank() {
    let run = quiet("", &["workload.llm.training.noise=exponential mean 1"]);
    let times: Vec<f64> = samples(&run, "llm.step-time")
        .iter()
        .map(|(_, s)| *s)
        .collect();
    let found = Estimate::of(&times);
    // The mean of the largest of n exponential draws is the n-th harmonic number.
    let harmonic: f64 = (1..=64).map(|n| 1.0 / f64::from(n)).sum();
    let expected = 10.0 * harmonic;
    println!(
        "a step of 64 ranks: {:.2} s +- {:.2}, expected {expected:.2}",
        found.mean, found.error
    );
    assert!(
        (found.mean - expected).abs() < 4.0 * found.error,
        "{found:?}"
    );
}

const SLOW: &str = r#"
    [[fault]]
    at = "2h"
    for = "9h"
    inject.straggler = { nodes = "gpu[5]", factor = 0.5 }
"#;

#[test]
fn one_slow_rank_slows_all_until_it_is_replaced() {
    let kept = quiet(SLOW, &[]);
    // Ten hours of twelve less, at half the speed for nine.
    assert!(
        (0.60..0.66).contains(&last(&kept, "llm.ettr")),
        "{}",
        last(&kept, "llm.ettr")
    );
    let evicted = quiet(SLOW, &["workload.llm.training.evict={}"]);
    assert_eq!(events(&evicted, "llm.evicted"), 1);
    assert!(
        last(&evicted, "llm.ettr") > 0.9,
        "{}",
        last(&evicted, "llm.ettr")
    );
    // Without a spare nobody is replaced.
    let none = quiet(
        SLOW,
        &[
            "workload.llm.training.evict={}",
            "workload.llm.training.ranks=66",
        ],
    );
    assert_eq!(events(&none, "llm.evicted"), 0);
}

#[test]
fn a_controller_that_crashes_goes_on_from_the_last_checkpoint() {
    let crash = r#"
        [[fault]]
        at = "2h30m"
        for = "10m"
        inject.node-loss = { nodes = "head" }
    "#;
    let run = quiet(crash, &[]);
    assert_eq!(events(&run, "llm.resumed"), 2);
    // Half an hour of steps, the ten minutes, and the load.
    let ratio = last(&run, "llm.ettr");
    assert!((0.92..0.95).contains(&ratio), "{ratio}");
}

#[test]
fn a_job_ends_and_gives_its_nodes_back() {
    let set = [
        "workload.llm.training.jobs=2",
        "workload.llm.training.ranks=33",
        "workload.llm.training.steps=1000",
    ];
    let run = quiet("", &set);
    assert_eq!(events(&run, "llm.finished"), 2);
    assert_eq!(events(&run, "llm.released"), 66);
}

#[test]
fn without_spares_a_job_waits_for_its_node() {
    let loss = r#"
        [[fault]]
        at = "1h30m"
        for = "2h"
        inject.node-loss = { nodes = "gpu[7]", seen = "reset" }
    "#;
    let set = ["workload.llm.training.ranks=66"];
    let (without, with) = (quiet(loss, &set), quiet(loss, &[]));
    assert_eq!(
        (events(&without, "llm.waits"), events(&with, "llm.waits")),
        (1, 0)
    );
    let restart = |run| last(run, "llm.restart");
    assert!(
        (7200.0..7400.0).contains(&restart(&without)),
        "{}",
        restart(&without)
    );
    assert!((60.0..61.0).contains(&restart(&with)), "{}", restart(&with));
}

/// A checkpoint that is written beside the steps costs its pause only.
#[test]
fn checkpoints_beside_the_steps_cost_their_pause() {
    let ratio = |checkpoint: &str| {
        let set = format!("workload.llm.training.checkpoint={checkpoint}");
        last(&quiet("", &[&set]), "llm.ettr")
    };
    let whole = ratio(r#"{ every = "30m", write = "10m" }"#);
    let beside = ratio(r#"{ every = "30m", write = "10m", pause = "30s" }"#);
    assert!((whole - 30.0 / 40.0).abs() < 0.02, "{whole}");
    assert!((beside - 30.0 / 30.5).abs() < 0.01, "{beside}");
}

#[test]
fn wrong_parameters_are_told_together() {
    let text = Setup {
        mtbf_s: 1e4,
        every_s: 60.0,
        write_s: 1.0,
        restart_s: 1.0,
        days: 1.0,
        planned: 0.0,
    }
    .text();
    let set = [
        "workload.llm.training.ranks=5",
        "workload.llm.training.controller=gpu[3]",
        "workload.llm.training.step=1us",
        "workload.llm.training.checkpoint={ every = \"1h\", write = \"1m\", pause = \"2m\" }",
    ];
    let report = try_ready("gang", &text, &[], &set).expect_err("all of them are wrong");
    for part in [
        "1 x 5 nodes are more than the 4 of `on`",
        "the controller is among the nodes that train",
        "a step takes at least 1ms",
        "a pause longer than",
    ] {
        assert!(report.contains(part), "{part}:\n{report}");
    }
}
