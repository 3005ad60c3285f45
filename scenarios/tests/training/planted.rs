//! Every mutant is found, by the invariant that is there for it; the intact code raises no alarm.

use crate::common::{ready, run};
use squall_core::property::Verdict;
use squall_scenarios::workloads::cluster::training::Mutant;

const SEEDS: u64 = 6;

/// Two jobs with two spares under crashes, pauses and cut links, so that ranks are given up that still
/// work.
const TWO_JOBS: &str = r#"
    name = "two jobs"
    stop = { at = "24h", events_max = 50_000_000 }
    [topology]
    nodes.gpu = { count = 10 }
    nodes.head = { count = 1 }
    signals = "0s"
    [workload.llm.training]
    on = "gpu"
    controller = "head"
    jobs = 2
    ranks = 4
    noise = "lognormal median 1 p99 1.2"
    order = "5m"
    checkpoint = { every = "20m", write = "8m", pause = "20s" }
    restart = "2m"
    watchdog = "1m"
    quarantine = { failures = 8, window = "7d", share = 0.2 }
    [[fault]]
    name = "crash"
    at = "0s..1h"
    every = { mean = "40m", until = "22h" }
    inject.gpu-fault = { nodes = "any 1 of gpu", restart_after = "3m" }
    [[fault]]
    name = "silent crash"
    at = "0s..1h"
    every = { mean = "2h", until = "22h" }
    inject.gpu-fault = { nodes = "any 1 of gpu", restart_after = "3m", seen = "silent" }
    [[fault]]
    name = "pause"
    at = "0s..1h"
    every = { mean = "90m", until = "22h" }
    for = "uniform 1m 12m"
    inject.node-pause = { nodes = "any 1 of gpu" }
    [[fault]]
    name = "cut off"
    at = "0s..1h"
    every = { mean = "90m", until = "22h" }
    for = "uniform 1m 12m"
    inject.link-cut = { links = "any 1 of gpu <-> head" }
    [[fault]]
    name = "slow"
    at = "0s..1h"
    every = { mean = "3h", until = "20h" }
    for = "1h"
    inject.straggler = { nodes = "any 1 of gpu", factor = 0.7 }
    [[fault]]
    name = "a lemon"
    at = "30m"
    for = "20h"
    inject.lemon-node = { nodes = "gpu[2]", mtbf = "20h", down = "1m" }
"#;

const INVARIANTS: [&str; 7] = [
    "one-owner",
    "whole-gang",
    "complete-checkpoint",
    "step-once",
    "lost-bound",
    "quarantine-kept",
    "resumes",
];

/// The invariants that fail in the first seeds, with what the first violation of each says.
fn alarms(set: &[&str]) -> Vec<(String, String)> {
    let mut text = TWO_JOBS.to_owned();
    for invariant in INVARIANTS {
        text.push_str(&format!("[[property]]\nalways = \"llm.{invariant}\"\n"));
    }
    let ready = ready("two jobs", &text, &[], set);
    let mut found = Vec::new();
    for seed in 0..SEEDS {
        for property in run(&ready, seed, false).result.properties {
            assert_ne!(
                property.outcome.verdict,
                Verdict::NotExercised,
                "{}",
                property.spec.name
            );
            if let Some(first) = property.outcome.first {
                found.push((property.spec.name, first.text));
            }
        }
    }
    found
}

#[test]
fn the_intact_code_raises_no_alarm() {
    assert_eq!(alarms(&[]), Vec::new());
}

#[test]
fn planted_bugs_are_found() {
    let cases = [
        ("T01", "llm.complete-checkpoint"),
        ("T02", "llm.complete-checkpoint"),
        ("T03", "llm.whole-gang"),
        ("T04", "llm.complete-checkpoint"),
        ("T05", "llm.one-owner"),
        ("T06", "llm.quarantine-kept"),
        ("T07", "llm.lost-bound"),
        ("T08", "llm.resumes"),
        ("T09", "llm.step-once"),
    ];
    assert_eq!(cases.map(|(mutant, _)| mutant), Mutant::NAMES[..]);
    for (mutant, by) in cases {
        let set = format!("workload.llm.training.mutant={mutant}");
        let found = alarms(&[&set]);
        let first = found.iter().find(|(name, _)| name == by);
        let (_, text) = first.unwrap_or_else(|| panic!("{mutant}: not by {by}: {found:?}"));
        println!("{mutant}: {by}: {text}");
    }
}
