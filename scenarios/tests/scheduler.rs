//! The scheduler workload: what its scenarios expect, planted bugs that are found, and bad parameters.

mod common;

use common::{assert_expected, events, library, ready, run, try_ready};
use squall_core::property::Verdict;
use squall_core::{Seed, World};
use squall_scenarios::workloads::cluster::scheduler::Mutant;

const SCHEDULER: &str = "cluster/scheduler.toml";
const OSCILLATION: &str = "cluster/autoscaler-oscillation.toml";

#[test]
fn under_general_faults_every_invariant_holds() {
    let ready = library(SCHEDULER, &[], &[]);
    let mut world = World::new(Seed(0), false);
    let mut refused = 0;
    for seed in 0..12 {
        let result = ready.run(Seed(seed), false, &mut world).unwrap().result;
        for property in &result.properties {
            let verdict = property.outcome.verdict;
            let first = property.outcome.first.as_ref();
            assert_ne!(
                verdict,
                Verdict::Fail,
                "seed {seed}: {}: {first:?}",
                property.spec.name
            );
            refused +=
                usize::from(property.spec.name.contains("refused") && verdict == Verdict::Pass);
        }
    }
    assert!(refused > 0, "somebody has to wait");
}

#[test]
fn an_autoscaler_that_sees_late_oscillates() {
    assert_expected(&library(OSCILLATION, &[], &[]), 0..3);
    for variant in library(OSCILLATION, &[], &[]).scenario.variants {
        assert_expected(&library(OSCILLATION, &[&variant.name], &[]), 0..3);
    }
}

/// The first alarm of a mutant, over a few seeds.
fn alarm(mutant: &str, seeds: u64) -> Option<(String, String)> {
    let set = format!("workload.sched.scheduler.mutant={mutant}");
    // That of the autoscaler has a world of its own.
    let file = if mutant == "P15" {
        OSCILLATION
    } else {
        SCHEDULER
    };
    let ready = library(file, &[], &[&set]);
    let mut world = World::new(Seed(0), false);
    (0..seeds).find_map(|seed| {
        let run = ready.run(Seed(seed), false, &mut world);
        let run = run.expect("its faults can be drawn");
        let failed = run.result.properties.iter();
        let failed = failed.filter(|p| p.outcome.verdict == Verdict::Fail);
        let failed = failed.filter(|p| file == SCHEDULER || p.spec.name == "sched.scale-bounds");
        let first = failed.min_by_key(|p| p.outcome.first.as_ref().map(|v| v.at))?;
        let text = first.outcome.first.as_ref().map(|v| v.text.clone());
        Some((first.spec.name.clone(), text.unwrap_or_default()))
    })
}

#[test]
fn planted_bugs_are_found() {
    let cases = [
        ("P01", "sched.capacity"),
        ("P02", "sched.capacity"),
        ("P03", "sched.quota"),
        ("P04", "sched.constraints"),
        ("P05", "sched.constraints"),
        ("P06", "sched.priority"),
        ("P07", "sched.budget"),
        ("P08", "sched.budget"),
        ("P09", "sched.gang"),
        ("P10", "sched.placed-or-reason"),
        ("P11", "sched.no-lost-pod"),
        ("P12", "sched.capacity"),
        ("P13", "sched.no-lost-pod"),
        ("P14", "sched.no-lost-pod"),
        ("P15", "sched.scale-bounds"),
    ];
    // Those of planned work have a world of their own: `planned_work.rs`.
    let named = cases.map(|(mutant, _)| mutant);
    assert!(Mutant::NAMES.starts_with(&named), "{named:?}");
    let mut wrong = Vec::new();
    for (mutant, by) in cases {
        let found = alarm(mutant, 20);
        println!("{mutant}: {found:?}");
        if found.as_ref().is_none_or(|(name, _)| name != by) {
            wrong.push((mutant, by, found));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

const SMALL: &str = "name = 'small'\nstop = { at = '10m' }\n\
    [topology]\nnodes.worker = { count = 3, cores = 4 }\nnodes.control = {}\nlinks.default = { delay = '1ms' }\n\
    [workload.sched.scheduler]\non = 'worker'\ncontrol = 'control'\n";

#[test]
fn pods_of_a_lost_node_run_elsewhere() {
    let text = format!(
        "{SMALL}pods.web = {{ replicas = 4 }}\n\
         [[fault]]\nname = 'lost'\nat = '3m'\ninject.node-loss = {{ nodes = 'worker[0]', restart_after = '1h' }}\n\
         [[property]]\nalways = 'sched.no-lost-pod'\n"
    );
    let run = run(&ready("lost", &text, &[], &[]), 1, true);
    assert_eq!(events(&run, "sched.node-lost"), 1);
    // Bin-packing: all four were on the first node.
    assert_eq!(events(&run, "sched.unbound"), 4);
    assert_eq!(events(&run, "sched.started"), 8);
}

/// Reports of a node overtake each other: pods that start at one instant are reported one after the other.
#[test]
fn a_report_that_comes_late_takes_nobody_out_of_service() {
    let text = format!(
        "{SMALL}pods.web = {{ replicas = 8 }}\nimages = {{ pull = '2s', start = '1s' }}\n\
         [[property]]\nalways = 'sched.capacity'\n"
    );
    let set = ["topology.links.default.delay=lognormal median 400us p99 2ms"];
    let ready = ready("late", &text, &[], &set);
    for seed in 0..8 {
        assert_eq!(
            events(&run(&ready, seed, true), "sched.serves"),
            8,
            "seed {seed}"
        );
    }
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    for (pods, said) in [
        (
            "web = { replicas = 1, gpus = 1 }",
            "no machine is large enough for pods `web`",
        ),
        (
            "web = { replicas = 1, labels = ['zone=x'] }",
            "no machine has its GPU model, labels and taints",
        ),
        ("web = { replicas = 1, labels = ['x'] }", "`x` is no label"),
        ("web = { replicas = 1, gang = 3 }", "`gang` is for jobs"),
        (
            "web = { rate = '1/s', min_available = 3 }",
            "`min_available` is for a service",
        ),
        (
            "web = { replicas = 1, gpus = 1, gpu_share = 0.5 }",
            "whole GPUs and a part of one",
        ),
        (
            "web = { replicas = 1, apart = [{ pods = 'wep' }] }",
            "did you mean `web`?",
        ),
        (
            "web = { replicas = 1, autoscale = {} }",
            "a service without traffic has nothing to go by",
        ),
        (
            "web = { replicas = 1, traffic = {}, autoscale = { min = 9, max = 3 } }",
            "at most 3 replicas, and at least 9",
        ),
    ] {
        let text = format!("{SMALL}pods.{pods}\n");
        let report = try_ready("bad", &text, &[], &[]).expect_err(pods);
        assert!(report.contains(said), "{pods}\n{report}");
    }
}
