//! The shipped scenarios on the cluster workload: what they expect, and the figures they cite.

mod common;

use common::{assert_expected, data, events, library, run, samples};
use squall_core::history::{Part, What};
use squall_scenarios::SeedRun;
use std::collections::BTreeMap;

const STORM: &str = "cluster/retry-storm.toml";
const SOCIAL: &str = "cluster/social-network.toml";
const SWAP: &str = "cross/swap-blamed-on-deploy.toml";

#[test]
fn the_retry_storm_and_its_mitigations() {
    assert_expected(&library(STORM, &[], &[]), 0..3);
    for variant in library(STORM, &[], &[]).scenario.variants {
        let seeds = 0..3;
        assert_expected(&library(STORM, &[&variant.name], &[]), seeds);
    }
}

/// Seconds from the heal until goodput is at 95 % of the load for good; `None` if never.
fn recovery(load: f64, set: &[&str], stop: &str, seed: u64) -> Option<f64> {
    const HEAL: f64 = 40.0;
    let rate = format!("workload.shop.cluster.arrivals.rate={load}/s");
    let stop = format!("stop.at={stop}");
    let set: Vec<&str> = [rate.as_str(), stop.as_str()]
        .into_iter()
        .chain(set.iter().copied())
        .collect();
    let run = run(&library(STORM, &[], &set), seed, true);
    let goodput = samples(&run, "shop.goodput");
    let after: Vec<&(f64, f64)> = goodput.iter().filter(|(at, _)| *at > HEAL).collect();
    // Windows of 10 s, back from the end: the Poisson noise of one is 2 to 3 %.
    let mut since = None;
    for window in after.rchunks(10) {
        let mean = window.iter().map(|(_, v)| v).sum::<f64>() / window.len() as f64;
        if mean < 0.9 * load {
            // The window in which it came back: the part of it that was good says when.
            return since.map(|at: f64| at - HEAL - 10.0 * mean / load);
        }
        since = Some(window[0].0 - 1.0);
    }
    since.map(|at| at - HEAL)
}

/// The formula of the entry: mu, lambda, R retries, a pause of D, time-outs of tau.
fn formula(mu: f64, lambda: f64, r: f64) -> f64 {
    let (d, tau) = (10.0, 1.0);
    (lambda * ((1.0 + r) * d - r * tau) - mu * tau) / (mu - (1.0 + r) * lambda)
}

#[test]
fn recovery_takes_as_long_as_the_formula_says() {
    let once = "workload.shop.cluster.retry.attempts=1";
    let cases = [
        (100.0, 1.0, vec![], "120s"),
        (140.0, 1.0, vec![], "300s"),
        (280.0, 0.0, vec![once], "300s"),
    ];
    for (load, retries, set, stop) in cases {
        let times: Vec<f64> = (0..4)
            .map(|seed| recovery(load, &set, stop, seed).expect("it recovers"))
            .collect();
        let mean = times.iter().sum::<f64>() / times.len() as f64;
        let exact = formula(300.0, load, retries);
        println!("{load}/s, {retries} retries: {mean:.1} s after the heal, formula {exact:.1} s");
        assert!(
            (mean / exact - 1.0).abs() < 0.2,
            "{times:?} against {exact}"
        );
    }
}

/// The threshold is mu / (1 + R) = 150/s, found between 145/s and 155/s in runs of 600 s.
#[test]
fn the_threshold_is_between_145_and_155() {
    for seed in 0..3 {
        let below = recovery(145.0, &[], "600s", seed);
        let above = recovery(155.0, &[], "600s", seed);
        println!("seed {seed}: 145/s {below:?} s, 155/s {above:?}");
        assert!(below.is_some() && above.is_none(), "{below:?} {above:?}");
    }
    let lost = run(&library(STORM, &[], &[]), 9, true);
    let late = |name| {
        let all = samples(&lost, name);
        let late: Vec<f64> = all.iter().filter(|s| s.0 > 60.0).map(|s| s.1).collect();
        late.iter().sum::<f64>() / late.len() as f64
    };
    let (attempts, goodput) = (late("shop.attempts"), late("shop.goodput"));
    println!("lost at 280/s: {attempts:.1} attempts/s, goodput {goodput:.2}/s");
    assert!((attempts / 560.0 - 1.0).abs() < 0.05 && goodput < 1.0);
}

#[test]
fn a_slow_host_and_who_routes_around_it() {
    assert_expected(&library(SOCIAL, &[], &[]), 0..2);
    assert_expected(&library(SOCIAL, &["least-loaded"], &[]), 0..2);
    assert_expected(&library(SOCIAL, &["two-choices"], &[]), 0..2);
    if data("a_slow_host_and_who_routes_around_it, on the real graph").is_some() {
        let real = [
            "workload.social.cluster.graph.file=edges.csv",
            "workload.social.cluster.graph.app=dsb-social-network",
            "workload.social.cluster.arrivals.rate=60/s",
            "property.goodput holds.threshold.above=57",
        ];
        assert_expected(&library(SOCIAL, &[], &real), 0..1);
        assert_expected(&library(SOCIAL, &["least-loaded"], &real), 0..1);
    }
}

#[test]
fn the_faster_a_replica_fails_the_more_it_gets() {
    for variant in [&[][..], &["ejection"], &["round-robin"]] {
        assert_expected(
            &library("cluster/black-hole-replica.toml", variant, &[]),
            0..4,
        );
    }
    // Close to saturation: (1/bad) / (1/bad + 9/100 ms) of the calls.
    for (bad, cpu, rate) in [(0.005, "0.05", "286/s"), (0.001, "0.01", "1075/s")] {
        let exact = (1.0 / bad) / (1.0 / bad + 90.0);
        let rate = format!("workload.shop.cluster.arrivals.rate={rate}");
        let cpu = format!("workload.shop.cluster.version.cpu={cpu}");
        let set = [rate.as_str(), &cpu, "fault.fast failer.at=0s"];
        let run = run(
            &library("cluster/black-hole-replica.toml", &[], &set),
            3,
            true,
        );
        let failed = events(&run, "shop.failed") as f64;
        let share = failed / (failed + events(&run, "shop.ok") as f64);
        println!("{bad} s: share {share:.4}, formula {exact:.4}");
        assert!(
            (share / exact - 1.0).abs() < 0.03,
            "{share} against {exact}"
        );
    }
}

/// The founding example: the storm alone makes the difference.
#[test]
fn the_deploy_is_innocent() {
    let seeds = || 0..3;
    assert_expected(&library(SWAP, &[], &[]), seeds());
    assert_expected(&library(SWAP, &["no-storm"], &[]), seeds());
    assert_expected(&library(SWAP, &["no-deploy"], &[]), seeds());
    assert_expected(&library(SWAP, &["rollback"], &[]), 0..1);
    assert_expected(&library(SWAP, &["fast-swap"], &[]), 0..1);
    // Not only do both fail: the run is the same, request by request.
    let storm = run(&library(SWAP, &[], &[]), 1, true);
    let alone = run(&library(SWAP, &["no-deploy"], &[]), 1, true);
    let latency = |run| samples(run, "shop.latency");
    assert_eq!(latency(&storm), latency(&alone));
}

/// Mean of a host signal of the gateway that swaps, in a part of the run. A signal is recorded when it
/// changes, is zero before, and holds in between; it is sampled every second.
fn signal(run: &SeedRun, name: &str, from: u32, until: u32) -> f64 {
    let all = samples(run, &format!("gateway-0.{name}"));
    let at = |second: u32| {
        let held = all.iter().rev().find(|(at, _)| *at <= f64::from(second));
        held.map_or(0.0, |(_, value)| *value)
    };
    (from..until).map(at).sum::<f64>() / f64::from(until - from)
}

#[test]
fn what_an_operator_sees_of_the_swapping_host() {
    let ready = library(SWAP, &[], &[]);
    for seed in 0..3 {
        let run = run(&ready, seed, true);
        let at = |name: &str| {
            let name = format!("rate({name})");
            (signal(&run, &name, 20, 100), signal(&run, &name, 110, 130))
        };
        let cpu = at("node_cpu_seconds_total{mode=\"user\"}");
        let io = at("node_pressure_io_waiting_seconds_total");
        let memory = at("node_pressure_memory_waiting_seconds_total");
        let (faults, swapped) = (at("node_vmstat_pgmajfault"), at("node_vmstat_pswpin"));
        println!("seed {seed}: cpu {cpu:.3?} io {io:.3?} memory {memory:.3?} faults {faults:.0?}");
        assert!(cpu.1 < 0.8 * cpu.0, "CPU use falls: {cpu:?}");
        assert!(io.0 < 0.01 && io.1 > 0.9, "I/O pressure rises: {io:?}");
        assert!(memory.1 < 0.05, "memory pressure stays calm: {memory:?}");
        assert!(faults.0 < 1.0 && faults.1 > 150.0, "{faults:?}");
        assert!(swapped.0 < 1.0 && swapped.1 > 150.0, "{swapped:?}");
    }
}

/// Time of a span and of all below it, by part; waiting for a peer is what the peer's span splits.
#[derive(Default)]
struct Tree {
    start: u64,
    end: u64,
    fault: u64,
    other: u64,
}

/// The requests of a run with their trees. The parts of a visit that outlives its request count as
/// well: they are why it did.
fn requests(run: &SeedRun) -> Vec<Tree> {
    let recording = run.recording.as_ref().expect("records were kept");
    let request = recording.header.names.find("shop.request");
    let request = request.expect("requests have spans");
    let mut root_of = BTreeMap::new();
    let mut trees: BTreeMap<u32, Tree> = BTreeMap::new();
    for record in &recording.records {
        let now = record.at.as_nanos();
        match record.what {
            What::SpanStart {
                span, parent, name, ..
            } => {
                let root = root_of.get(&parent.0).copied().unwrap_or(span.0);
                root_of.insert(span.0, root);
                if name == request {
                    trees.entry(span.0).or_default().start = now;
                }
            }
            What::SpanTime { span, part, ns } => {
                if let Some(tree) = trees.get_mut(&root_of[&span.0]) {
                    match part {
                        Part::PageFault => tree.fault += ns,
                        Part::Peer => {}
                        _ => tree.other += ns,
                    }
                }
            }
            What::SpanEnd { span, .. } => {
                if let Some(tree) = trees.get_mut(&span.0) {
                    tree.end = now;
                }
            }
            _ => {}
        }
    }
    trees.into_values().filter(|tree| tree.end > 0).collect()
}

#[test]
fn slow_requests_spent_their_time_in_page_faults() {
    let ready = library(SWAP, &[], &[]);
    for seed in 0..2 {
        let run = run(&ready, seed, true);
        // Visits outlive their requests by tens of seconds, and their time is written at their end.
        let all = requests(&run);
        let old = all.iter().filter(|tree| tree.start < 120_000_000_000);
        let latency = samples(&run, "shop.latency");
        let before: Vec<f64> = latency.iter().filter(|s| s.0 < 40.0).map(|s| s.1).collect();
        let baseline = before.iter().sum::<f64>() / before.len() as f64 * 1e9;
        let slow: Vec<&Tree> = old
            .filter(|tree| (tree.end - tree.start) as f64 > 10.0 * baseline)
            .collect();
        let blamed = slow.iter().filter(|tree| tree.fault > tree.other);
        let (slow_count, blamed) = (slow.len(), blamed.count());
        let fault: u64 = slow.iter().map(|tree| tree.fault).sum();
        let other: u64 = slow.iter().map(|tree| tree.other).sum();
        let share = fault as f64 / (fault + other) as f64;
        println!("seed {seed}: {slow_count} slow requests, {blamed} mostly in faults, {share:.4}");
        assert!(slow_count > 1000 && blamed as f64 > 0.95 * slow_count as f64);
        assert!(share > 0.95, "{share}");
    }
}
