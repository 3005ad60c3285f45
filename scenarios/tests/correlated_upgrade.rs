//! Planned work meets a failure: stores whose replicas a scheduler places, volumes, and the work itself.

mod common;

use common::{assert_expected, event_words, events, library, property, ready, run, try_ready};
use squall_core::history::{NodeChange, What};
use squall_core::property::Verdict;
use squall_core::{Seed, World};
use squall_scenarios::SeedRun;
use std::collections::{BTreeMap, BTreeSet};

const FILE: &str = "cluster/correlated-upgrade.toml";

#[test]
fn red_without_and_green_with_each_fix() {
    assert_expected(&library(FILE, &[], &[]), 0..16);
    assert_expected(&library(FILE, &["spread"], &[]), 0..8);
    assert_expected(&library(FILE, &["work-pauses"], &[]), 0..8);
}

/// The most replicas that were down at one moment for work or by the burst, each counted once; and the most for work
/// alone and by the burst alone. From what the scheduler and the hosts record: nothing of the store is read.
fn most_down(run: &SeedRun, replicas: usize) -> (usize, usize, usize) {
    let recording = run.recording.as_ref().expect("the runs are recorded");
    let names = &recording.header.names;
    let low = |word: u64| word & u64::from(u32::MAX);
    let (mut homes, mut started) = (BTreeMap::new(), BTreeSet::new());
    let (mut work, mut burst) = (BTreeSet::new(), BTreeSet::new());
    let mut most = (0, 0, 0);
    for record in &recording.records {
        match record.what {
            // Kinds of pods are numbered in the order of the file: the store is the first.
            What::Event { name, a, b, .. } => match names.text(name) {
                "sched.submitted" if low(b) == 0 => _ = homes.insert(a, u64::MAX),
                "sched.bound" => _ = homes.get_mut(&a).map(|home| *home = low(b)),
                "sched.stopped" if homes.contains_key(&a) => _ = work.insert(a),
                "sched.started" if homes.contains_key(&a) => {
                    started.insert(a);
                    work.remove(&a);
                    burst.remove(&a);
                }
                _ => {}
            },
            // Hosts come first in the topology, in the order of `on`.
            What::Node {
                node,
                change: NodeChange::Down,
            } => {
                let here = homes
                    .iter()
                    .filter(|(_, home)| **home == node.index() as u64);
                let here: Vec<u64> = here.map(|(pod, _)| *pod).collect();
                burst.extend(here.into_iter().filter(|pod| !work.contains(pod)));
            }
            _ => {}
        }
        let both = work.union(&burst).count();
        most = (
            most.0.max(both),
            most.1.max(work.len()),
            most.2.max(burst.len()),
        );
    }
    assert_eq!(started.len(), replicas, "every replica has run");
    most
}

/// A quorum is lost if and only if the replicas down for work and those in the failed rack are more than a minority.
#[test]
fn a_quorum_is_lost_if_and_only_if_more_than_a_minority_is_down() {
    let orders = ["id", "zone", "random"];
    let (mut lost, mut kept, mut edge) = (0, 0, 0);
    let mut world = World::new(Seed(0), false);
    for case in 0..18_usize {
        let replicas = [3, 5, 7][case % 3];
        let at_once = 1 + case / 3 % 3;
        let apart = if case % 4 == 3 { "rack" } else { "node" };
        let set = [
            format!("workload.sched.scheduler.pods.store.replicas={replicas}"),
            format!(
                "workload.sched.scheduler.pods.store.needs={}",
                replicas / 2 + 1
            ),
            format!("workload.sched.scheduler.upgrade.at_once={at_once}"),
            format!(
                "workload.sched.scheduler.upgrade.order={}",
                orders[case % 3]
            ),
            format!(
                "workload.sched.scheduler.pods.store.apart=[{{ pods = \"store\", within = \"{apart}\" }}]"
            ),
        ];
        let set: Vec<&str> = set.iter().map(String::as_str).collect();
        let ready = library(FILE, &[], &set);
        for seed in 0..6 {
            let seed = 100 * case as u64 + seed;
            let run = ready.run(Seed(seed), true, &mut world).unwrap();
            let (both, work, burst) = most_down(&run, replicas);
            let minority = (replicas - 1) / 2;
            let (verdict, _) = property(&run.result, "kv.quorum-runs");
            let told = format!(
                "case {case} seed {seed}: {both} of {replicas} ({work} work, {burst} burst)"
            );
            assert_eq!(verdict == Verdict::Fail, both > minority, "{told}");
            let (verdict, _) = property(&run.result, "sched.in-service");
            assert_eq!(verdict == Verdict::Fail, both > minority, "{told}");
            assert!(work <= at_once, "{told}");
            lost += usize::from(both > minority);
            kept += usize::from(both <= minority);
            edge += usize::from(both > minority && work <= minority && burst <= minority);
        }
    }
    println!("{lost} lost, {kept} kept; in {edge} neither would have been enough alone");
    assert!(lost > 10 && kept > 10 && edge > 5, "{lost} {kept} {edge}");
}

/// Two safe actions: neither loses a quorum alone.
#[test]
fn each_alone_is_safe() {
    for set in [
        "fault.burst.chance=0.0",
        "workload.sched.scheduler.upgrade.start=1h",
    ] {
        let ready = library(FILE, &[], &[set]);
        for seed in 0..12 {
            let run = run(&ready, seed, true);
            for name in ["kv.quorum-runs", "sched.in-service", "never kv.gave-up"] {
                assert_eq!(
                    property(&run.result, name).0,
                    Verdict::Pass,
                    "{set}: {name}"
                );
            }
            let (both, work, burst) = most_down(&run, 7);
            assert!(both <= 3 && (work == 0 || burst == 0), "{work} {burst}");
        }
    }
}

/// The budget of six lets one replica go at a time, and none while another is known to have failed.
#[test]
fn a_budget_that_counts_failures_pauses_the_work() {
    let ready = library(FILE, &["work-pauses"], &[]);
    for seed in 0..12 {
        let (both, work, burst) = most_down(&run(&ready, seed, true), 7);
        assert!(
            work <= 1 && burst <= 2 && both <= 3,
            "{both} {work} {burst}"
        );
    }
}

/// The store is as it is without a scheduler: a leader, and every operation answered.
#[test]
fn a_store_that_is_placed_serves() {
    let set = [
        "fault.burst.chance=0.0",
        "workload.sched.scheduler.upgrade.start=1h",
    ];
    let run = run(&library(FILE, &[], &set), 1, true);
    let hosted = event_words(&run, "kv.hosted");
    let members: BTreeSet<u64> = hosted.iter().map(|(member, _)| *member).collect();
    assert_eq!((hosted.len(), members.len()), (7, 7), "{hosted:?}");
    assert_eq!(events(&run, "kv.leader-elected"), 1);
    assert!(events(&run, "kv.applied") > 1000);
}

const SMALL: &str = "name = 'small'\nstop = { at = '12m' }\n\
    [topology]\nnodes.worker = { count = 4, cores = 4, labels = { rack = 'spread r1 r2' } }\nnodes.control = {}\n\
    links.default = { delay = 'lognormal median 400us p99 2ms' }\nsignals = '0s'\n\
    [workload.sched.scheduler]\non = 'worker'\ncontrol = 'control'\nheartbeat = '2s'\ngrace = '10s'\n\
    evict_after = '30s'\n";
const PROMISES: &str = "[[property]]\nalways = 'sched.planned-work'\n[[property]]\nalways = 'sched.no-lost-pod'\n\
    [[property]]\nalways = 'sched.constraints'\n[[property]]\nalways = 'sched.placed-or-reason'\n\
    [[property]]\nalways = 'sched.capacity'\n[[property]]\nalways = 'sched.budget'\n\
    [[property]]\neventually = { event = 'sched.upgraded', within = '12m' }\n";

/// Pods without a volume move away from a node that is emptied; those with one wait for it, beside each other.
#[test]
fn a_volume_keeps_a_pod_at_home() {
    let text = format!(
        "{SMALL}upgrade = {{ at_once = 2, away = '30s' }}\n\
         pods.db = {{ replicas = 3, local_volume = true, priority = 9 }}\npods.web = {{ replicas = 6 }}\n{PROMISES}"
    );
    let ready = ready("homes", &text, &[], &[]);
    for seed in 0..4 {
        let run = run(&ready, seed, true);
        for property in &run.result.properties {
            let name = &property.spec.name;
            assert_eq!(property.outcome.verdict, Verdict::Pass, "{name}");
        }
        let of_db: BTreeSet<u64> = event_words(&run, "sched.submitted")
            .into_iter()
            .filter(|(_, kind)| *kind == 0)
            .map(|(pod, _)| pod)
            .collect();
        let mut places: BTreeMap<u64, Vec<u64>> = BTreeMap::new();
        for (pod, worker) in event_words(&run, "sched.bound") {
            places.entry(pod).or_default().push(worker);
        }
        let moved = |of: bool| {
            let mut mine = places.iter().filter(|(pod, _)| of_db.contains(pod) == of);
            mine.any(|(_, places)| places.iter().any(|place| *place != places[0]))
        };
        assert!(!moved(true), "a volume does not move");
        assert!(moved(false), "who has none is placed anew");
        assert_eq!(events(&run, "sched.work-done"), 4);
        let twice = |pod: &u64| places[pod].len() >= 2;
        assert!(
            of_db.iter().all(twice),
            "each was evicted once, and came back: {places:?}"
        );
    }
}

/// Nodes and the control plane crash in the middle of the work, orders are lost: it is done once on every node all the
/// same.
#[test]
fn planned_work_survives_faults() {
    let text = format!(
        "{SMALL}upgrade = {{ at_once = 1, away = '20s', order = 'random', give_up = '40s' }}\n\
         pods.db = {{ replicas = 3, local_volume = true, priority = 9, min_available = 2, \
         apart = [{{ pods = 'db' }}] }}\n\
         pods.web = {{ replicas = 4, min_available = 2 }}\n\
         [[fault]]\nname = 'crash'\nat = '70s..4m'\nevery = {{ mean = '40s', dist = 'exponential', until = '5m' }}\n\
         for = 'uniform 1s 60s'\ninject.node-loss = {{ nodes = 'any 1 of worker' }}\n\
         [[fault]]\nname = 'control'\nat = '70s..4m'\nfor = 'uniform 1s 20s'\n\
         inject.node-loss = {{ nodes = 'control' }}\n\
         [[fault]]\nname = 'loss'\nat = '60s'\nfor = '5m'\n\
         inject.link-loss = {{ links = 'worker <-> control', p = 0.3 }}\n{PROMISES}"
    );
    let ready = ready("faults", &text, &[], &[]);
    let mut put_off = 0;
    for seed in 0..24 {
        let run = run(&ready, seed, true);
        for property in &run.result.properties {
            let (name, first) = (&property.spec.name, &property.outcome.first);
            assert_eq!(
                property.outcome.verdict,
                Verdict::Pass,
                "seed {seed}: {name}: {first:?}"
            );
        }
        assert_eq!(events(&run, "sched.work-done"), 4);
        put_off += events(&run, "sched.work-put-off");
    }
    assert!(put_off > 0, "no crash met the work");
}

#[test]
fn what_is_wrong_is_said_with_what_would_be_right() {
    let store = |pods: &str, raft: &str| {
        format!(
            "{SMALL}pods.db = {{ {pods} }}\npods.jobs = {{ rate = '1/s' }}\n[workload.kv.raft]\non = 'worker'\n{raft}\n\
             [[property]]\nalways = 'kv.quorum-runs'\n"
        )
    };
    let good = "replicas = 3, local_volume = true";
    for (text, said) in [
        (
            store(good, "placed = { by = 'shed', pods = 'db' }"),
            "no scheduler is called `shed`",
        ),
        (
            store(good, "placed = { by = 'sched', pods = 'bd' }"),
            "`sched` has no pods called `bd`",
        ),
        (
            store(good, "placed = { by = 'sched', pods = 'jobs' }"),
            "pods `jobs` are no service with replicas",
        ),
        (
            store("replicas = 3", "placed = { by = 'sched', pods = 'db' }"),
            "pods `db` have no volume: a replica that moves would lose its log",
        ),
        (
            store(good, "placed = { by = 'sched', pods = 'db' }")
                .replace("on = 'worker'\nplaced", "on = 'worker[0]'\nplaced"),
            "`sched` may place a replica on `worker-1`, which is not here",
        ),
        (
            store(
                "replicas = 70, local_volume = true",
                "placed = { by = 'sched', pods = 'db' }",
            ),
            "70 replicas are more than 64",
        ),
        (
            format!("{SMALL}upgrade = {{ nodes = 'control' }}\npods.db = {{ replicas = 1 }}\n"),
            "`control-0` is not among the nodes of `on`",
        ),
        (
            format!(
                "{SMALL}machines.spot = {{ nodes = 'worker[0]', elastic = true }}\n\
                 pods.db = {{ replicas = 1, local_volume = true }}\n"
            ),
            "volumes of pods `db` may be on elastic machines",
        ),
        (
            format!("{SMALL}pods.db = {{ rate = '1/s', local_volume = true }}\n"),
            "`local_volume` is for a service",
        ),
    ] {
        let report = match try_ready("wrong", &text, &[], &[]) {
            Ok(_) => panic!("{said}: nothing is wrong"),
            Err(report) => report,
        };
        assert!(report.contains(said), "{report}\ninstead of {said}");
    }
}
