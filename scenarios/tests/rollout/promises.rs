//! What a rollout does in small worlds: it finishes, turns back by each gate, survives faults, and says what is wrong.

use super::common::{events, metric, ready, run, samples, try_ready};
use squall_core::property::Verdict;
use squall_core::{Seed, World};

const INVARIANTS: [&str; 10] = [
    "budget",
    "max-unavailable",
    "green-only",
    "baked",
    "pause-holds",
    "epoch-monotone",
    "exposure",
    "restored",
    "complete",
    "ends",
];

const SMALL: &str = "name = 'small'\nstop = { at = '14m' }\n\
    [topology]\nnodes.host = { count = 8 }\nnodes.client = { count = 2 }\nnodes.control = {}\n\
    links.default = { delay = '1ms' }\nsignals = '0s'\n\
    [workload.shop.cluster]\non = 'host'\nclients = 'client'\nreplicas = 8\ngraph.edges = ['front -> cart -> db']\n\
    arrivals.rate = '10/s'\n\
    [workload.roll.rollout]\nof = 'shop'\non = 'host'\nrouters = 'client'\ncontrol = 'control'\nstart = '10s'\n\
    stages = [0.125, 0.5, 1.0]\nbake = '60s'\nmin_available = 0.75\ndrain = '2s'\nrestart = '5s'\nready = '3s'\n\
    gate = { every = '10s', window = '30s' }\n";

/// Eight nodes, a fault, and every invariant.
pub(crate) fn world(fault: &str) -> String {
    let mut text = format!("{SMALL}[[fault]]\n{fault}\n");
    for invariant in INVARIANTS {
        text += &format!("[[property]]\nalways = 'roll.{invariant}'\n");
    }
    text
}

const NOTHING: &str = "at = '13m'\nfor = '1s'\ninject.node-pause = { nodes = 'control' }";

#[test]
fn a_good_version_goes_all_the_way() {
    let run = run(&ready("good", &world(NOTHING), &[], &[]), 1, true);
    for property in &run.result.properties {
        assert_ne!(
            property.outcome.verdict,
            Verdict::Fail,
            "{}",
            property.spec.name
        );
    }
    assert_eq!(events(&run, "roll.promoted"), 2);
    assert_eq!(events(&run, "roll.finished"), 1);
    assert_eq!(events(&run, "roll.taken"), 8);
    assert_eq!(events(&run, "roll.rollback"), 0);
    assert_eq!(samples(&run, "roll.exposed").last().map(|s| s.1), Some(1.0));
    // The budget of requests is not touched: nodes are drained before they restart.
    for trouble in ["failed", "shed", "timed-out"] {
        assert_eq!(events(&run, &format!("shop.{trouble}")), 0, "{trouble}");
    }
}

#[test]
fn each_gate_takes_a_bad_version_back_from_the_canary() {
    let leak = "at = '0s'\nfor = 'forever'\n\
                inject.bad-release = { nodes = 'host', rollout = 'roll', leak = '5MiB/s', after = '5s' }";
    for (fault, set, bit) in [
        (NOTHING, "workload.shop.cluster.version.errors=0.3", 1),
        (NOTHING, "workload.shop.cluster.version.cpu=50", 2),
        (leak, "workload.roll.rollout.gate.memory=1.2", 4),
    ] {
        let run = run(&ready("bad", &world(fault), &[], &[set]), 1, true);
        for property in &run.result.properties {
            assert_ne!(
                property.outcome.verdict,
                Verdict::Fail,
                "{set}: {}",
                property.spec.name
            );
        }
        assert_eq!(events(&run, "roll.promoted"), 0, "{set}");
        assert_eq!(events(&run, "roll.rolled-back"), 1, "{set}");
        let red = super::common::event_words(&run, "roll.rollback");
        assert_eq!(red[0].1 & bit, bit, "{set}: {red:?}");
        let (detect, back) = (
            metric(&run.result, "roll.detect"),
            metric(&run.result, "roll.rollback-time"),
        );
        assert!(
            detect.0 < 60.0 && detect.1 == 1,
            "{set}: found after {} s",
            detect.0
        );
        assert!(
            back.0 < 25.0 && back.1 == 1,
            "{set}: back after {} s",
            back.0
        );
    }
}

/// Nobody looks at memory: replicas are killed, restart, and leak again.
#[test]
fn a_leak_that_no_gate_sees_is_a_crash_loop() {
    let leak = "at = '0s'\nfor = 'forever'\n\
                inject.bad-release = { nodes = 'host', rollout = 'roll', leak = '5MiB/s', after = '5s' }";
    let blind = [
        "workload.roll.rollout.gate.memory=1000",
        "workload.roll.rollout.gate.errors=1.0",
    ];
    let run = run(&ready("loop", &world(leak), &[], &blind), 1, true);
    assert!(events(&run, "roll.killed") > 10);
}

#[test]
fn under_general_faults_every_invariant_holds() {
    let faults = "every = { mean = '90s', dist = 'exponential', until = '8m' }\nfor = 'uniform 5s 40s'\n\
         inject.node-loss = { nodes = 'any 1 of host + control' }\n\
         [[fault]]\nevery = { mean = '90s', dist = 'exponential', until = '8m' }\nfor = 'uniform 1s 20s'\n\
         inject.node-pause = { nodes = 'any 1 of host + control + client' }\n\
         [[fault]]\nat = '20s'\nfor = '6m'\ninject.link-loss = { links = 'control <-> host', p = 0.2 }\n\
         [[fault]]\nat = '1m..3m'\nfor = '30s'\ninject.link-cut = { links = 'control <-> client' }\n\
         [[fault]]\nat = '1m..4m'\nfor = '20s'\ninject.knob-set = { name = 'roll.pause', value = 'on' }";
    let mut world_of = World::new(Seed(0), false);
    let (mut finished, mut back) = (0, 0);
    // Nodes that fail make gates red for any version: the good one is judged by its memory only.
    let good = [
        "workload.roll.rollout.gate.errors=1.0",
        "workload.roll.rollout.gate.latency=1000",
    ];
    let bad = [
        "workload.shop.cluster.version.errors=0.3",
        "workload.roll.rollout.gate.requests=20",
    ];
    for set in [good, bad] {
        let ready = ready(
            "general",
            &world(faults),
            &[],
            &[set[0], set[1], "stop.at=20m"],
        );
        for seed in 0..20 {
            let run = ready.run(Seed(seed), true, &mut world_of).unwrap();
            for property in &run.result.properties {
                let first = property.outcome.first.as_ref();
                assert_ne!(
                    property.outcome.verdict,
                    Verdict::Fail,
                    "seed {seed}: {}: {first:?}",
                    property.spec.name
                );
            }
            finished += events(&run, "roll.finished");
            back += events(&run, "roll.rolled-back");
        }
    }
    println!("{finished} finished, {back} rolled back");
    assert_eq!(
        (finished, back),
        (20, 20),
        "the good one is finished, the bad one is not"
    );
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    for (set, said) in [
        (
            "workload.roll.rollout.of=shp",
            "no `cluster` workload is called `shp`",
        ),
        (
            "workload.roll.rollout.stages=[0.5, 0.2]",
            "stages do not grow",
        ),
        (
            "workload.roll.rollout.min_available=1.0",
            "none may be taken",
        ),
        (
            "workload.roll.rollout.routers=host",
            "a node is of `on` and of `routers`",
        ),
        ("workload.roll.rollout.control=client", "more than one node"),
        (
            "workload.roll.rollout.memory_max=1MiB",
            "replicas are killed from the start",
        ),
    ] {
        let report = try_ready("wrong", &world(NOTHING), &[], &[set]).unwrap_err();
        assert!(report.contains(said), "{set}: {report}");
        assert!(
            report.contains("help") || report.contains("did you mean"),
            "{set}: {report}"
        );
    }
}

#[test]
fn a_service_graph_has_one_rollout() {
    let roll = SMALL
        .find("[workload.roll")
        .map(|at| SMALL[at..].replace("workload.roll", "workload.again"));
    let text = format!("{SMALL}{}", roll.unwrap());
    let report = try_ready("twice", &text, &[], &[]).unwrap_err();
    assert!(report.contains("is rolled out by"), "{report}");
}
