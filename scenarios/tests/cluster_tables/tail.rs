//! Rows T01, T02, T05 to T08 (Dean and Barroso, CACM 56(2), 2013): the slowest of many leaves decides, and a
//! second request to another replica cuts that.
//!
//! The published distribution of a leaf is not known. The surrogate is 98 % U(1,10) ms and 2 % Pareto from 10 ms
//! on; with replicas that are independent a hedge makes 41 ms of 1,800 ms, and the published 74 ms are for
//! shape only: they imply replicas that are slow together.

use crate::common::{events, metric, ready, run, samples};
use crate::table::{Estimate, rows};
use squall_core::{Key, Law, Sample, Seed};

/// Requests whose slowest leaf is looked at.
const REQUESTS: u64 = 200_000;

/// The share of requests with a slow leaf: the exact number and a drawn one.
#[test]
fn the_slowest_of_many_leaves_is_often_slow() {
    for (id, leaves, p) in [("T01", 100, 0.01), ("T02", 2000, 1e-4)] {
        let Some(rows) = rows(id, "the_slowest_of_many_leaves_is_often_slow") else {
            return;
        };
        let exact = 1.0 - libm::pow(1.0 - p, f64::from(leaves));
        // Leaves until the next slow one: a geometric number, so that it takes few draws.
        let key = Key::new(Seed(1), "tail", id);
        let slow = |request: u64| {
            let skip = libm::log(key.at(request).unit()) / libm::log1p(-p);
            skip < f64::from(leaves)
        };
        let batch = |n: u64| {
            let all = REQUESTS / 20;
            let hit = (0..all).filter(|i| slow(n * all + i)).count();
            hit as f64 / all as f64
        };
        let drawn = Estimate::of(&(0..20).map(batch).collect::<Vec<_>>());
        assert_eq!(rows.len(), 1);
        for found in [
            Estimate {
                mean: exact,
                error: 0.0,
            },
            drawn,
        ] {
            assert!(rows[0].check(found));
        }
    }
}

const LEAVES: u64 = 100;
const HEDGE_MS: f64 = 10.0;

/// Time of a leaf in ms.
fn leaf(draw: &mut impl Sample) -> f64 {
    let law = if draw.chance(0.02) {
        Law::Pareto {
            scale: 10.0,
            alpha: 1.4637,
        }
    } else {
        Law::Uniform {
            low: 1.0,
            high: 10.0,
        }
    };
    law.sample(draw)
}

/// The 99.9 % quantile.
fn p999(times: &mut [f64]) -> f64 {
    let at = times.len() * 999 / 1000;
    *times.select_nth_unstable_by(at, f64::total_cmp).1
}

#[test]
fn the_surrogate_has_the_tail_of_the_table() {
    let test = "the_surrogate_has_the_tail_of_the_table";
    let Some(without) = rows("T06", test) else {
        return;
    };
    let [with, more] = ["T07", "T08"].map(|id| rows(id, test).expect("it is there"));
    let key = Key::new(Seed(7), "tail", "surrogate");
    let (mut plain, mut hedged, mut extra) = (Vec::new(), Vec::new(), 0u64);
    for request in 0..REQUESTS {
        let (mut slowest, mut hedge) = (0.0f64, 0.0f64);
        for n in 0..LEAVES {
            let mut draw = key.child(request).at(n);
            let first = leaf(&mut draw);
            slowest = slowest.max(first);
            hedge = hedge.max(if first > HEDGE_MS {
                extra += 1;
                first.min(HEDGE_MS + leaf(&mut draw))
            } else {
                first
            });
        }
        plain.push(slowest);
        hedged.push(hedge);
    }
    let batches = |times: &mut [f64]| {
        let each = times.len() / 10;
        Estimate::of(&times.chunks_mut(each).map(p999).collect::<Vec<_>>())
    };
    // The quantile of all of them, with the error of ten batches.
    let error = |times: &mut Vec<f64>| {
        let error = batches(times).error;
        Estimate {
            mean: p999(times),
            error,
        }
    };
    assert!(without[0].check(error(&mut plain)));
    assert!(with[0].check(error(&mut hedged)));
    let mean = extra as f64 / (REQUESTS * LEAVES) as f64;
    assert!(more[0].check(Estimate { mean, error: 0.0 }));
}

/// The same in the workload: a root that asks 100 leaves, and its hedges. Times are those of calls, not of
/// processors. Row T05 is for shape: at least ten times lower with at most 2.5 % more.
#[test]
fn hedges_of_the_workload_have_that_shape() {
    let with = |hedge: &str| {
        let text = format!(
            "name = \"tail\"\nstop = {{ at = \"80s\", events_max = 1_000_000_000 }}\n\
             [topology]\nnodes.leaf = {{ count = 2 }}\nnodes.root = {{}}\nlinks.default = {{ delay = \"0s\" }}\n\
             [workload.q.cluster]\non = \"leaf\"\nclients = \"root\"\ngraph.fan = 100\nreplicas = 2\n\
             services.s0 = {{ on = \"root\", replicas = 1 }}\ncpu = \"0s\"\nconcurrency = 1_000_000\n\
             timeout = \"1h\"\narrivals.rate = \"100/s\"\n{hedge}\n\
             [[fault]]\nat = \"0s\"\nfor = \"forever\"\ninject.call-delay = {{ service = \"q.service\", \
             mode = \"replace\", delay = \"uniform 1ms 10ms\" }}\n\
             [[fault]]\nat = \"0s\"\nfor = \"forever\"\ninject.call-delay = {{ service = \"q.service\", \
             mode = \"replace\", p = 0.02, delay = \"pareto xm 10ms alpha 1.4637\" }}\n\
             [[property]]\nalways = \"q.conservation\"\n"
        );
        let run = run(&ready("tail.toml", &text, &[], &[]), 1, true);
        let mut times: Vec<f64> = samples(&run, "q.latency")
            .iter()
            .map(|s| s.1 * 1e3)
            .collect();
        let (requests, hedged) = (times.len() as f64, events(&run, "q.hedged") as f64);
        let above = [21.8, 40.6, 77.0].map(|ms| times.iter().filter(|t| **t > ms).count());
        println!("above 21.8, 40.6, 77 ms: {above:?} of {}", times.len());
        let mean = metric(&run.result, "q.latency").0;
        (
            p999(&mut times),
            hedged / (100.0 * requests),
            mean,
            requests,
        )
    };
    let (plain, none, ..) = with("");
    let (hedged, extra, _, requests) = with("hedge = { after = \"10ms\", calls = \"services\" }");
    println!(
        "{requests} requests: p99.9 {plain:.0} ms, hedged {hedged:.1} ms for {:.2} % more calls",
        100.0 * extra
    );
    assert!((extra - 0.02).abs() < 0.001, "{extra}");
    let shape = rows("T05", "hedges_of_the_workload_have_that_shape");
    let (times, more) = shape.map_or((10.0, 0.025), |row| {
        (row[0].bound(">="), row[0].bound("<=") / 100.0)
    });
    assert!(none == 0.0 && plain > times * hedged, "{plain} {hedged}");
    assert!(extra <= more, "{extra}");
    // Eight thousand requests know their 99.9 % quantile to some 15 %.
    assert!((hedged / 41.0 - 1.0).abs() < 0.25, "{hedged}");
}
