//! Caches: hit rates, stampedes, flushes, restarts.

use crate::common::samples;
use crate::lab::{count, fault, go, verdict};
use squall_core::property::Verdict;
use squall_scenarios::SeedRun;

/// A cache before a store that takes 20 ms and carries 100 visits a second of the 400 that come.
const CACHED: &str = "graph.chain = 2\nservices.s0 = { replicas = 1, concurrency = 1000, cpu = \"100us\" }\n\
                      services.s1 = { replicas = 1, concurrency = 2, cpu = \"20ms\" }\narrivals.rate = \"400/s\"\n\
                      timeout = \"2s\"\nitems = { count = 200, zipf = 1.0 }";

fn cached(cache: &str, more: &str) -> SeedRun {
    let workload = CACHED.replace(
        "cpu = \"100us\"",
        &format!("cpu = \"100us\", cache = {cache}"),
    );
    go(&workload, more, 1)
}

#[test]
fn what_is_in_the_cache_costs_no_work() {
    let plain = go(CACHED, "", 1);
    let with = cached("{ ttl = \"60s\" }", "");
    println!(
        "ok {} without and {} with a cache, {} fills",
        count(&plain, "ok"),
        count(&with, "ok"),
        count(&with, "fill")
    );
    assert!(count(&plain, "ok") < 1400 && count(&with, "ok") > 4500);
    // Every item once.
    assert!((195..=200).contains(&count(&with, "fill")));
    assert_eq!(count(&with, "fill"), count(&with, "filled"));
}

/// 80/s ask for one item whose fill takes half a second: forty fills at once, or one.
#[test]
fn one_fill_at_a_time_stops_a_stampede() {
    let slow = CACHED
        .replace("cpu = \"20ms\"", "cpu = \"500ms\"")
        .replace("concurrency = 2", "concurrency = 1000")
        .replace("count = 200", "count = 1")
        .replace("400/s", "80/s");
    let with = |cache: &str| {
        go(
            &slow.replace(
                "cpu = \"100us\"",
                &format!("cpu = \"100us\", cache = {cache}"),
            ),
            "",
            1,
        )
    };
    let single = with("{ ttl = \"4s\" }");
    let herd = with("{ ttl = \"4s\", single_flight = false }");
    println!(
        "fills: {} single, {} without",
        count(&single, "fill"),
        count(&herd, "fill")
    );
    assert!((2..=3).contains(&count(&single, "fill")));
    assert_eq!(verdict(&single, "single-flight"), Verdict::Pass);
    assert_eq!(verdict(&herd, "single-flight"), Verdict::NotExercised);
    // lambda x fill time, at every expiry; more, as the herd slows itself down.
    assert!(
        count(&herd, "fill") >= 2 * 40 - 15,
        "{}",
        count(&herd, "fill")
    );
    // An early refresh hides the fill from all but the one who does it.
    let slow = |run: &SeedRun| {
        let late = samples(run, "shop.latency")
            .into_iter()
            .filter(|(at, time)| *at > 2.0 && *time > 0.1);
        late.count()
    };
    let early = with("{ ttl = \"4s\", early = 1.0 }");
    println!(
        "slow requests at expiry: {} and {} with an early refresh",
        slow(&single),
        slow(&early)
    );
    assert!(slow(&single) > 30 && slow(&early) < 10);
}

#[test]
fn a_flush_empties_it_once_and_a_restart_too() {
    let fills = |more: &str| {
        let run = cached("{ ttl = \"60s\", filled = true }", more);
        count(&run, "fill")
    };
    let calm = fills("");
    let flushed = fills(&fault("cache-flush = { workload = \"shop\" }"));
    let half = fills(&fault("cache-flush = { workload = \"shop\", share = 0.5 }"));
    println!("fills: {calm} in the calm, {flushed} after a flush, {half} after half of one");
    // Entries of all ages: a fifth of 200 ends in twelve seconds.
    assert!((20..=60).contains(&calm), "{calm}");
    assert!(
        flushed > calm + 120 && half > calm + 50 && half < flushed - 40,
        "{calm} {half} {flushed}"
    );
    let crash = "[[fault]]\nat = \"4s\"\nfor = \"1s\"\ninject.node-loss = { nodes = \"host[0]\" }";
    let restarted = fills(crash);
    assert!(restarted > calm + 120, "{restarted}");
}
