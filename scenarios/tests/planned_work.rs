//! Planned work under `checks`, with volumes and needs: planted bugs, and the intact code in their worlds.

mod common;

use common::{events, ready, run, try_ready};
use squall_core::property::Verdict;
use squall_scenarios::workloads::cluster::scheduler::Mutant;

const PROMISES: [&str; 8] = [
    "planned-work",
    "work-checks",
    "in-service",
    "budget",
    "constraints",
    "capacity",
    "no-lost-pod",
    "placed-or-reason",
];

/// Six nodes in two racks, a store with volumes and a service without, and work on all nodes.
fn world(fault: &str) -> String {
    let promises = PROMISES.map(|name| format!("[[property]]\nalways = 'sched.{name}'\n"));
    format!(
        "name = 'work'\nstop = {{ at = '15m' }}\n\
         [topology]\n\
         nodes.worker = {{ count = 6, cores = 6, labels = {{ rack = 'spread r1 r2' }} }}\nnodes.control = {{}}\n\
         links.default = {{ delay = 'lognormal median 400us p99 2ms' }}\nsignals = '0s'\n\
         [workload.sched.scheduler]\non = 'worker'\ncontrol = 'control'\nheartbeat = '2s'\ngrace = '10s'\n\
         evict_after = '30s'\nimages = {{ pull = 'uniform 1s 4s', start = '1s' }}\n\
         upgrade = {{ at_once = 1, away = 'uniform 15s 25s', pause = '5s', give_up = '40s', checks = {{ apart = 'rack' }} }}\n\
         [workload.sched.scheduler.pods]\n\
         db = {{ replicas = 3, local_volume = true, priority = 9, needs = 2, min_available = 2, apart = [{{ pods = 'db' }}] }}\n\
         web = {{ replicas = 6, needs = 3, min_available = 4 }}\n\
         batch = {{ rate = '0.05/s', length = '20s', until = '10m' }}\n\
         {fault}\n{}",
        promises.concat()
    )
}

const CALM: &str = "";
/// Bin-packing has one replica of the store on each of the first three nodes, and these have their turn first.
const LOST_BEFORE: &str = "[[fault]]\nname = 'lost'\nat = '40s'\nfor = '5m'\ninject.node-loss = { nodes = 'worker[1]' }\n";
const LOST_IN_WORK: &str = "[[fault]]\nname = 'lost'\nat = '80s'\nfor = '4m'\ninject.node-loss = { nodes = 'worker[0]' }\n";
const CONTROL_LOST: &str =
    "[[fault]]\nname = 'lost'\nat = '80s'\nfor = '5s'\ninject.node-loss = { nodes = 'control' }\n";

const SCHED: &str = "workload.sched.scheduler";

/// Name, world, settings of the scheduler, and what finds it.
const CASES: [(&str, &str, &[&str], &str); 10] = [
    ("P16", CALM, &[], "sched.budget"),
    ("P17", CALM, &[], "sched.constraints"),
    (
        "P18",
        LOST_BEFORE,
        &["pods.db.min_available=0"],
        "sched.work-checks",
    ),
    ("P19", CALM, &["images.pull=30s"], "sched.work-checks"),
    ("P20", CALM, &["upgrade.at_once=3"], "sched.work-checks"),
    ("P21", LOST_IN_WORK, &[], "sched.planned-work"),
    (
        "P22",
        CALM,
        &["upgrade.checks.needs=false"],
        "sched.planned-work",
    ),
    ("P23", CALM, &[], "sched.planned-work"),
    (
        "P24",
        CONTROL_LOST,
        &["upgrade.away=60s"],
        "sched.planned-work",
    ),
    (
        "P25",
        CONTROL_LOST,
        &["upgrade.away=60s"],
        "sched.constraints",
    ),
];

/// Invariants that are violated, the first of them first, with what it says.
fn alarms(mutant: &str, fault: &str, set: &[&str]) -> Vec<(String, String)> {
    let mutant = (!mutant.is_empty()).then(|| format!("{SCHED}.mutant={mutant}"));
    let set = set.iter().map(|set| format!("{SCHED}.{set}"));
    let set: Vec<String> = mutant.into_iter().chain(set).collect();
    let set: Vec<&str> = set.iter().map(String::as_str).collect();
    let ready = ready("mutant", &world(fault), &[], &set);
    let failed = (0..4).map(|seed| {
        let properties = run(&ready, seed, false).result.properties;
        let mut failed: Vec<_> = properties
            .into_iter()
            .filter(|p| p.outcome.verdict == Verdict::Fail)
            .filter_map(|p| {
                p.outcome
                    .first
                    .map(|first| (first.at, p.spec.name, first.text))
            })
            .collect();
        failed.sort_by_key(|(at, ..)| *at);
        failed
    });
    let mut failed = failed.filter(|failed| !failed.is_empty());
    let first = failed.next().unwrap_or_default();
    first
        .into_iter()
        .map(|(_, name, text)| (name, text))
        .collect()
}

#[test]
fn planted_bugs_are_found_and_the_intact_work_is_not_accused() {
    let named = CASES.map(|(mutant, ..)| mutant);
    assert!(Mutant::NAMES.ends_with(&named), "{named:?}");
    let mut wrong = Vec::new();
    for (mutant, fault, set, by) in CASES {
        let (found, intact) = (alarms(mutant, fault, set), alarms("", fault, set));
        println!("{mutant}: {found:#?}");
        if found.first().is_none_or(|(name, _)| name != by) || !intact.is_empty() {
            wrong.push((mutant, by, found, intact));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// What `in-service` says beside: the check is there for it.
#[test]
fn needs_that_are_not_heeded_cost_the_service() {
    let set = ["pods.db.min_available=0"];
    let names = |mutant| {
        let found = alarms(mutant, LOST_BEFORE, &set).into_iter();
        found.map(|(name, _)| name).collect::<Vec<_>>()
    };
    assert_eq!(names("P18"), ["sched.work-checks", "sched.in-service"]);
    assert!(names("").is_empty());
}

/// Nodes and the control plane crash and messages are lost in the middle of the work: the checks hold all the same,
/// nothing stands still for good, and every node is renewed once.
#[test]
fn checks_hold_under_faults_and_stop_nothing_for_good() {
    let faults = "[[fault]]\nname = 'crash'\nat = '70s..4m'\n\
        every = { mean = '50s', dist = 'exponential', until = '6m' }\nfor = 'uniform 1s 60s'\n\
        inject.node-loss = { nodes = 'any 1 of worker' }\n\
        [[fault]]\nname = 'control'\nat = '70s..4m'\nfor = 'uniform 1s 20s'\n\
        inject.node-loss = { nodes = 'control' }\n\
        [[fault]]\nname = 'loss'\nat = '60s'\nfor = '5m'\n\
        inject.link-loss = { links = 'worker <-> control', p = 0.3 }\n";
    let set = format!("{SCHED}.upgrade.at_once=2");
    let ready = ready("faults", &world(faults), &[], &[&set]);
    let (mut put_off, mut emptied) = (0, 0);
    for seed in 0..24 {
        let run = run(&ready, seed, true);
        for property in &run.result.properties {
            let (name, first) = (&property.spec.name, &property.outcome.first);
            let failed = property.outcome.verdict == Verdict::Fail;
            // Two failures and work at one moment are more than any check can bear.
            assert!(
                !failed || name == "sched.in-service",
                "seed {seed}: {name}: {first:?}"
            );
        }
        assert_eq!(events(&run, "sched.work-done"), 6, "seed {seed}");
        assert_eq!(events(&run, "sched.upgraded"), 1, "seed {seed}");
        put_off += events(&run, "sched.work-put-off");
        emptied += events(&run, "sched.work-emptying");
    }
    assert!(put_off > 0, "no crash met the work");
    // One that is put off is emptied again, unless it comes back renewed after all.
    assert!(
        (24 * 6..=24 * 6 + put_off).contains(&emptied),
        "{emptied} {put_off}"
    );
}

#[test]
fn needs_that_nothing_can_meet_are_refused() {
    for (set, said) in [
        (
            "pods.web.needs=7",
            "pods `web` need 7, and there are 6 at most",
        ),
        ("upgrade.checks.apart=row", "`row`"),
    ] {
        let set = format!("{SCHED}.{set}");
        let report = match try_ready("wrong", &world(CALM), &[], &[&set]) {
            Ok(_) => panic!("{said}: nothing is wrong"),
            Err(report) => report,
        };
        assert!(report.contains(said), "{report}\ninstead of {said}");
    }
}
