//! Queues, admission, threads, deadlines, warm-up.

use crate::common::{metric, samples};
use crate::lab::{count, fault, go, verdict};
use squall_core::property::Verdict;

/// One replica that serves 200 visits a second, asked twice as often from 4 s to 8 s.
const CROWD: &str = "replicas = 1\nconcurrency = 1\ncpu = \"5ms\"\narrivals.rate = \"150/s\"\n\
                     timeout = \"1s\"\nqueue.capacity = 100_000\nvisits = true";

fn crowd(more: &str) -> squall_scenarios::SeedRun {
    let load = fault("load-step = { workload = \"shop\", factor = 3 }");
    go(&format!("{CROWD}\n{more}"), &load, 1)
}

/// Goodput of the seconds in which too many ask.
fn in_the_crowd(run: &squall_scenarios::SeedRun) -> f64 {
    let goodput = samples(run, "shop.goodput");
    let inside = goodput.iter().filter(|(at, _)| (6.0..=8.0).contains(at));
    inside.map(|(_, value)| value).sum::<f64>() / 3.0
}

#[test]
fn codel_keeps_waits_short_where_a_queue_stands() {
    let (without, with) = (crowd(""), crowd("queue.codel = {}"));
    println!(
        "goodput {:.0} and {:.0}",
        in_the_crowd(&without),
        in_the_crowd(&with)
    );
    assert!(in_the_crowd(&without) < 80.0, "most are served too late");
    assert!(in_the_crowd(&with) > 150.0, "most of 200/s");
    assert_eq!(count(&without, "sloughed"), 0);
    let sloughed = count(&with, "sloughed");
    // 250/s too many for four seconds.
    assert!((700..1300).contains(&sloughed), "{sloughed}");
    // Nobody waits much longer than twice the target and the visits before.
    let slow = samples(&with, "shop.latency")
        .into_iter()
        .filter(|(_, time)| *time > 0.1);
    assert!(slow.count() < 60, "but in the first intervals");
    assert_eq!(verdict(&with, "service-conservation"), Verdict::Pass);
}

#[test]
fn adaptive_lifo_serves_the_latest_only_while_many_wait() {
    let lifo = crowd("queue.discipline = \"lifo\"");
    let adaptive = crowd("queue.discipline = \"adaptive-lifo\"\nqueue.lifo_above = 20");
    assert!(in_the_crowd(&adaptive) > 150.0 && in_the_crowd(&lifo) > 150.0);
    // Before the crowd a first-come order has shorter tails: nobody is overtaken.
    let tail = |run: &squall_scenarios::SeedRun| {
        let calm = samples(run, "shop.latency")
            .into_iter()
            .filter(|(at, _)| *at < 4.0);
        calm.map(|(_, time)| time).fold(0.0, f64::max)
    };
    let (one, other) = (tail(&lifo), tail(&adaptive));
    println!("longest wait in the calm: lifo {one:.4} s, adaptive {other:.4} s");
    assert!(other < 0.9 * one);
}

#[test]
fn admission_keeps_what_is_inside_small() {
    let fixed = crowd("admission.limit = 20");
    assert!(in_the_crowd(&fixed) > 170.0, "{}", in_the_crowd(&fixed));
    assert!(count(&fixed, "refused") > 700);
    assert!(
        samples(&fixed, "shop.queue")
            .iter()
            .all(|(_, waiting)| *waiting <= 19.0)
    );
    // A limit that follows the delay finds a short queue by itself.
    let adaptive = crowd("admission = { limit = 200, delay = \"50ms\" }");
    let late = samples(&adaptive, "shop.queue");
    let late: Vec<f64> = late
        .iter()
        .filter(|(at, _)| (7.0..=8.0).contains(at))
        .map(|s| s.1)
        .collect();
    println!("queues with a limit that adapts: {late:?}");
    assert!(late.iter().all(|waiting| *waiting < 40.0), "{late:?}");
    assert!(in_the_crowd(&adaptive) > 150.0);
}

/// A reserve and a queue of their own keep critical requests well.
#[test]
fn critical_requests_go_first() {
    let with = |more: &str| crowd(&format!("critical = 0.2\n{more}"));
    let plain = with("admission = { limit = 40 }");
    let kept = with("admission = { limit = 40, reserve = 0.5 }\nqueue.critical_first = true");
    let of = |run: &squall_scenarios::SeedRun| (count(run, "ok"), count(run, "shed"));
    println!("plain {:?}, with a reserve {:?}", of(&plain), of(&kept));
    // Of 450/s a fifth is critical, 90/s: all of them fit into 200/s.
    let critical = |run: &squall_scenarios::SeedRun| shed_critical(run);
    let (plain, kept) = (critical(&plain), critical(&kept));
    println!("critical requests shed: {plain} and {kept}");
    assert!(plain > 100 && kept == 0, "{plain} {kept}");
}

/// Requests that were shed and are critical: the same draw as the workload's.
fn shed_critical(run: &squall_scenarios::SeedRun) -> usize {
    use squall_core::history::What;
    use squall_core::{Key, Sample, Seed};
    let recording = run.recording.as_ref().expect("records are kept");
    let key = Key::new(Seed(1), "workload/shop", "critical");
    let is = |what: &What| match what {
        What::Event { name, a, .. } => {
            recording.header.names.text(*name) == "shop.shed" && key.at(*a).chance(0.2)
        }
        _ => false,
    };
    recording
        .records
        .iter()
        .filter(|record| is(&record.what))
        .count()
}

/// Replicas of two services on one node share its threads: what one takes the other has not.
#[test]
fn threads_are_shared_by_the_replicas_of_a_node() {
    let graph = "graph.edges = [\"a\", \"b\"]\nservices.a = { on = \"host[0]\", replicas = 1, cpu = \"1ms\" }\n\
                 services.b = { on = \"host[0]\", replicas = 1, cpu = \"1ms\" }\narrivals.rate = \"100/s\"\n\
                 visits = true";
    let free = go(graph, "", 1);
    let few = go(&format!("{graph}\nthreads = 1"), "", 1);
    assert!(count(&free, "ok") > 1100 && count(&few, "ok") + 3 > count(&free, "ok"));
    let taken = |run: &squall_scenarios::SeedRun| metric(&run.result, "shop.latency").0;
    assert!(
        taken(&few) > taken(&free),
        "one thread serves one visit at a time"
    );
    let knob = fault("resource-limit = { workload = \"shop\", kind = \"threads\", value = 0 }");
    let none = go(graph, &knob, 1);
    let lost = 1200 - count(&none, "ok");
    assert!(lost > 250, "nothing is served for four seconds: {lost}");
}

/// 150 of 200 ms are gone when a service calls another, which takes 80 ms: nobody would wait for it. If
/// the deadline is passed on it is dropped before any work, if not the work is done for nobody.
#[test]
fn a_deadline_that_is_passed_on_saves_work_below() {
    let chain = "graph.chain = 2\nservices.s0.cpu = \"150ms\"\nservices.s1.cpu = \"80ms\"\n\
                 arrivals.rate = \"10/s\"\ntimeout = \"200ms\"\nqueue.deadline_drop = true\nvisits = true";
    let on = go(chain, "", 1);
    let own = go(&format!("{chain}\nhop.deadline = \"own\""), "", 1);
    let [on, own] = [on, own].map(|run| (count(&run, "dropped"), count(&run, "visit-ok")));
    println!("passed on {on:?}, own {own:?}: dropped, served to the end");
    assert!(on.0 > 90 && on.1 == 0, "{on:?}");
    assert!(own.0 == 0 && own.1 > 90, "{own:?}");
}

#[test]
fn a_restarted_replica_is_slow_at_first() {
    let workload =
        "replicas = 1\nservices.s0.on = \"host[0]\"\ncpu = \"2ms\"\narrivals.rate = \"50/s\"";
    let crash = fault("node-loss = { nodes = \"host[0]\" }");
    let mean = |more: &str| {
        let run = go(&format!("{workload}\n{more}"), &crash, 1);
        let window = |from: f64, until: f64| {
            let all = samples(&run, "shop.latency");
            let inside: Vec<f64> = all
                .iter()
                .filter(|s| (from..until).contains(&s.0))
                .map(|s| s.1)
                .collect();
            inside.iter().sum::<f64>() / inside.len() as f64
        };
        [window(0.0, 4.0), window(9.5, 10.5)]
    };
    let cold = mean("warm_up = { for = \"8s\", factor = 5 }");
    let warm = mean("");
    println!("before and after the restart: {cold:?} with a warm-up, {warm:?} without");
    assert!((warm[1] / warm[0] - 1.0).abs() < 0.1);
    assert!(
        (cold[0] / warm[0] - 1.0).abs() < 1e-9,
        "the first start is warm"
    );
    // A factor of 5 that falls for eight seconds is 4 after two; the way there and back stays.
    assert!(cold[1] / cold[0] > 3.2 && cold[1] / cold[0] < 4.5);
}
