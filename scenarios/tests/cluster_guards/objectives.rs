//! Conservation at every service, burn rates, blast radius, recovery.

use crate::common::samples;
use crate::lab::{count, fault, go, run_of, verdict};
use squall_core::property::Verdict;

/// Crashes, pauses, full queues, hedges, tries again: visits are conserved.
#[test]
fn visits_are_conserved_at_every_service() {
    let workload = "graph.edges = [\"front -> cart -> db\", \"front -> ads\"]\nreplicas = 3\narrivals.rate = \"200/s\"\n\
                    cpu = \"3ms\"\nqueue.capacity = 5\nconcurrency = 2\nhop.attempts = 2\nretry.attempts = 2\n\
                    hedge.after = \"20ms\"\nvisits = true\ntimeout = \"300ms\"";
    for inject in [
        "node-loss = { nodes = \"host[1]\" }",
        "node-pause = { nodes = \"host[2]\" }",
        "cpu-slow = { nodes = \"host\", factor = 0.1 }",
    ] {
        let run = go(workload, &fault(inject), 2);
        assert_eq!(
            verdict(&run, "service-conservation"),
            Verdict::Pass,
            "{inject}"
        );
        let ends = ["visit-ok", "visit-failed", "visit-shed"].map(|name| count(&run, name));
        let all = count(&run, "visit");
        println!("{inject}: {all} visits, {ends:?} ok, failed, shed");
        let ended: usize = ends.iter().sum();
        assert!(
            ended <= all && ended + 200 > all && ends[0] > 1000,
            "{all} {ends:?}"
        );
    }
}

const OBJECTIVE: &str = "arrivals.rate = \"200/s\"\n\
    objective = { success = 0.99, scale = 0.0005, recovery = \"1s\" }";

/// 1 h and 6 h are 1.8 s and 10.8 s here. Errors of 30 % burn 30 times as fast as 1 % allows.
#[test]
fn errors_burn_the_budget() {
    let calm = go(OBJECTIVE, "", 1);
    assert_eq!(verdict(&calm, "slo-burn"), Verdict::Pass);
    let error = fault("call-error = { service = \"shop.request\", status = 500, p = 0.3 }");
    let run = run_of(OBJECTIVE, &error, 1);
    assert_eq!(verdict(&run, "slo-burn"), Verdict::Fail);
    let fast = samples(&run, "shop.burn-fast");
    let inside: Vec<f64> = fast
        .iter()
        .filter(|s| (6.5..8.0).contains(&s.0))
        .map(|s| s.1)
        .collect();
    println!("burn rate in the fault {inside:.1?}");
    assert!(
        inside.iter().all(|burn| (burn / 30.0 - 1.0).abs() < 0.25),
        "{inside:?}"
    );
    let slow = samples(&run, "shop.burn-slow");
    // Four of eleven seconds.
    assert!(
        (slow[0].1 / (30.0 * 4.0 / 11.0) - 1.0).abs() < 0.25,
        "{slow:?}"
    );
    let few = fault("call-error = { service = \"shop.request\", status = 500, p = 0.03 }");
    assert_eq!(
        verdict(&run_of(OBJECTIVE, &few, 1), "slo-burn"),
        Verdict::Pass
    );
}

/// front needs cart, which needs the database; ads are done without. What misses the objective is what
/// the closure says.
#[test]
fn breaches_stay_among_those_who_need_what_is_faulted() {
    let graph = "graph.edges = [\"front -> cart -> db\", \"front -> ads\", \"other -> db2\"]\n\
        services.front.on = \"host[0]\"\nservices.cart.on = \"host[0]\"\nservices.db.on = \"host[1]\"\n\
        services.ads.on = \"host[2]\"\nservices.other.on = \"host[0]\"\nservices.db2.on = \"host[3]\"\n\
        arrivals.rate = \"200/s\"\ntimeout = \"200ms\"\n";
    let with = |soft: &str, objective: &str, node: &str| {
        let fault = fault(&format!("node-pause = {{ nodes = \"host[{node}]\" }}"));
        run_of(
            &format!("{graph}{soft}\nobjective = {{ {objective} }}"),
            &fault,
            1,
        )
    };
    let broken = |run: &squall_scenarios::SeedRun| {
        let recording = run.recording.as_ref().expect("records are kept");
        let mut services = Vec::new();
        for record in &recording.records {
            if let squall_core::history::What::Event { name, a, .. } = record.what
                && recording.header.names.text(name) == "shop.breached"
                && !services.contains(&a)
            {
                services.push(a);
            }
        }
        services.sort_unstable();
        services
    };
    // front 0, cart 1, db 2, ads 3, other 4, db2 5.
    let db = with("", "success = 0.9, faulted = \"db\", radius = 0.5", "1");
    assert_eq!(broken(&db), [0, 1, 2]);
    assert_eq!(verdict(&db, "blast-radius"), Verdict::Pass);
    let narrow = with("", "success = 0.9, faulted = \"db\", radius = 0.4", "1");
    assert_eq!(
        verdict(&narrow, "blast-radius"),
        Verdict::Fail,
        "three of six are half"
    );
    let wrong = with("", "success = 0.9, faulted = \"ads\"", "1");
    assert_eq!(
        verdict(&wrong, "blast-radius"),
        Verdict::Fail,
        "the database does not need ads"
    );
    let soft = "graph.soft = [\"front -> ads\"]\nhop.soft_timeout = \"50ms\"";
    let ads = with(soft, "success = 0.9, faulted = \"ads\"", "2");
    assert_eq!(broken(&ads), [3], "a soft call passes nothing on");
    assert_eq!(verdict(&ads, "blast-radius"), Verdict::Pass);
    let hard = with("", "success = 0.9, faulted = \"ads\"", "2");
    assert_eq!(broken(&hard), [0, 3]);
}

/// A service that fails at once makes its caller give up what it asked of others: that says nothing of them.
#[test]
fn a_call_that_is_given_up_early_is_no_breach() {
    let graph = "graph.edges = [\"front -> bad\", \"front -> slow\"]\nservices.front.on = \"host[0]\"\n\
        services.bad = { on = \"host[1]\", cpu = \"1ms\" }\nservices.slow = { on = \"host[2]\", cpu = \"20ms\" }\n\
        arrivals.rate = \"40/s\"\nversion.errors = 1.0\nobjective = { success = 0.9, faulted = \"bad\" }";
    let version = "[[fault]]\nat = \"4s\"\nfor = \"4s\"\n\
        inject.knob-set = { name = \"shop.version\", value = 2, nodes = \"host[1]\" }";
    let run = run_of(graph, version, 1);
    assert!(count(&run, "failed") > 120);
    assert_eq!(verdict(&run, "blast-radius"), Verdict::Pass);
    assert_eq!(count(&run, "breached"), 2, "front and bad");
}

#[test]
fn goodput_comes_back_or_not() {
    let pause = fault("node-pause = { nodes = \"host\" }");
    let back = go(
        "arrivals.rate = \"100/s\"\nobjective = { recovery = \"1s\" }\ntimeout = \"500ms\"",
        &pause,
        1,
    );
    assert_eq!(verdict(&back, "goodput-recovers"), Verdict::Pass);
    // The storm: one replica, time-outs that double its load.
    let storm = "replicas = 1\nconcurrency = 1\ncpu = \"5ms\"\narrivals.rate = \"150/s\"\ntimeout = \"500ms\"\n\
                 retry.attempts = 3\nqueue.capacity = 1_000_000\nobjective = { recovery = \"1s\" }";
    assert_eq!(
        verdict(&run_of(storm, &pause, 1), "goodput-recovers"),
        Verdict::Fail
    );
    let long = storm.replace("recovery = \"1s\"", "recovery = \"1h\"");
    let long = run_of(&long, &pause, 1);
    assert_eq!(verdict(&long, "goodput-recovers"), Verdict::NotExercised);
}
