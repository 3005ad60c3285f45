//! Budgets, breakers, hedges, pools, balancing, health checks.

use crate::common::{metric, samples};
use crate::lab::{count, fault, go, knob, verdict};
use squall_core::history::What;
use squall_core::property::Verdict;
use squall_scenarios::SeedRun;

/// The load of each replica: spans of visits by node.
fn visits_by_node(run: &SeedRun) -> Vec<usize> {
    let recording = run.recording.as_ref().expect("records are kept");
    let mut seen = vec![0; 4];
    for record in &recording.records {
        if let What::SpanStart { node, name, .. } = record.what
            && recording.header.names.text(name) == "shop.s0"
            && (node.0 as usize) < 4
        {
            seen[node.0 as usize] += 1;
        }
    }
    seen
}

/// Visits of a node from a second on.
fn visits_of(run: &SeedRun, host: u32, from: f64) -> usize {
    let recording = run.recording.as_ref().expect("records are kept");
    let is = |record: &&squall_core::history::Record| {
        matches!(record.what, What::SpanStart { node, name, .. }
            if node.0 == host && recording.header.names.text(name) == "shop.s0")
            && record.at.as_secs_f64() >= from
    };
    recording.records.iter().filter(is).count()
}

/// All calls fail for four seconds; each request is tried five times if it may.
#[test]
fn a_budget_of_the_load_bounds_the_attempts() {
    let error = fault("call-error = { service = \"shop.request\", status = 500, p = 1.0 }");
    let attempts = |retry: &str| {
        let workload = format!("arrivals.rate = \"200/s\"\nretry = {{ attempts = 5, {retry} }}");
        let run = go(&workload, &error, 1);
        let at = samples(&run, "shop.attempts");
        let inside: Vec<f64> = at
            .iter()
            .filter(|s| (6.0..=8.0).contains(&s.0))
            .map(|s| s.1)
            .collect();
        let all = count(&run, "retried");
        (inside.iter().sum::<f64>() / inside.len() as f64, all)
    };
    let (free, retries) = attempts("");
    println!("attempts without a budget {free:.0}/s, {retries} retries");
    assert!((free / 1000.0 - 1.0).abs() < 0.2, "five each: {free}");
    let (spent, all) = attempts("budget = 0.1, budget_of = \"requests\", accrual = \"1s\"");
    println!("attempts with a budget of the load {spent:.0}/s, {all} retries");
    // What one second of load earned, 20, and a tenth of the requests: 20/s.
    assert!((spent / 220.0 - 1.0).abs() < 0.2, "{spent}");
    assert!((80..=120).contains(&all), "{all}");
    let (bucket, all) = attempts("budget = 0.1, burst = 30");
    println!("attempts with a bucket that successes fill {bucket:.0}/s, {all} retries");
    assert!(
        (bucket / 200.0 - 1.0).abs() < 0.2 && all == 30,
        "{bucket} {all}"
    );
}

/// The fault retry-policy sets what a budget of the load earns, too.
#[test]
fn a_policy_for_a_time_reaches_the_budget() {
    let faults = format!(
        "{}\n{}",
        fault("call-error = { service = \"shop.request\", status = 500, p = 1.0 }"),
        fault("retry-policy = { workload = \"shop\", budget = 0.5 }")
    );
    let workload = "arrivals.rate = \"200/s\"\n\
                    retry = { attempts = 5, budget = 0.1, budget_of = \"requests\", accrual = \"1s\" }";
    let run = crate::lab::run_of(workload, &faults, 1);
    let retried = count(&run, "retried");
    println!("{retried} retries of 800 requests at half a retry each");
    assert!((370..=520).contains(&retried), "{retried}");
    assert_eq!(
        verdict(&run, "amplification"),
        Verdict::Fail,
        "the promise is that of the file"
    );
}

/// Services try again within a budget, whatever fails below.
#[test]
fn hops_have_a_budget_too() {
    let error = fault("call-error = { service = \"shop.service\", status = 500, p = 0.9 }");
    let chain = "graph.chain = 2\narrivals.rate = \"200/s\"\nhop.attempts = 4";
    let free = go(chain, &error, 1);
    let kept = go(
        &format!("{chain}\nhop.budget = 0.1\nhop.burst = 5"),
        &error,
        1,
    );
    let (many, few) = (count(&free, "hop-retried"), count(&kept, "hop-retried"));
    println!("{many} tries again without a budget, {few} with one");
    // Two and a half a call against a tenth; four hosts call.
    assert!(many > 1500 && few < 120 + 4 * 5, "{many} {few}");
    assert_eq!(verdict(&kept, "hop-amplification"), Verdict::Pass);
    assert_eq!(verdict(&free, "hop-amplification"), Verdict::NotExercised);
}

/// While a service is down a breaker answers for it; it lets a few calls through to see.
#[test]
fn a_breaker_spares_a_service_that_is_down() {
    let hang = fault("call-hang = { service = \"shop.service\" }");
    let chain =
        "graph.chain = 2\narrivals.rate = \"100/s\"\ntimeout = \"500ms\"\nhop.timeout = \"200ms\"";
    let plain = go(chain, &hang, 1);
    let with = format!(
        "{chain}\nbreaker = {{ errors = 0.5, calls = 10, window = \"2s\", open = \"1s\", probes = 2 }}"
    );
    let with = go(&with, &hang, 1);
    let hung = |run: &SeedRun| run.result.faults[0].landed;
    println!(
        "calls that hung: {} and {}, changes of breakers {}, probes {}",
        hung(&plain),
        hung(&with),
        count(&with, "breaker"),
        count(&with, "probe")
    );
    assert!(hung(&plain) > 350 && hung(&with) < 150);
    assert!(
        count(&with, "breaker") >= 8,
        "four callers, each opens and closes"
    );
    assert_eq!(verdict(&with, "breaker-legal"), Verdict::Pass);
    // It is closed again when all is well.
    let late = samples(&with, "shop.goodput");
    let late = late.iter().filter(|(at, _)| *at > 10.0);
    assert!(late.map(|s| s.1).sum::<f64>() > 160.0);
}

/// The latency that only a few calls have is cut by asking a second replica.
#[test]
fn a_hedge_cuts_the_tail_for_a_few_calls_more() {
    let slow =
        "arrivals.rate = \"300/s\"\ncpu = \"uniform 1ms 3ms\"\nreplicas = 4\ntimeout = \"5s\"";
    let stall = "[[fault]]\nat = \"0s\"\nfor = \"forever\"\n\
                 inject.call-delay = { service = \"shop.request\", delay = \"300ms\", p = 0.02 }";
    let tail = |hedge: &str| {
        let run = go(&format!("{slow}\n{hedge}"), stall, 1);
        let slow = samples(&run, "shop.latency")
            .into_iter()
            .filter(|(_, time)| *time > 0.1);
        (slow.count(), count(&run, "hedged"))
    };
    let (without, none) = tail("");
    let (fixed, few) = tail("hedge.after = \"20ms\"");
    let (adaptive, some) = tail("hedge.quantile = 0.95");
    println!(
        "slow: {without}; hedged after 20 ms {fixed} for {few} more calls; after p95 {adaptive} for {some}"
    );
    assert!(without > 50 && none == 0);
    assert!(
        fixed * 10 < without && few < 3 * without / 2,
        "{fixed} {few}"
    );
    assert!(adaptive * 5 < without && some < 400, "{adaptive} {some}");
    let (budgeted, most) = tail("hedge = { after = \"20ms\", budget = 0.01 }");
    println!("with a budget of 1 %: {budgeted} slow, {most} hedges");
    assert!(most <= 10 + 36 + 4 && budgeted > 5, "{most} {budgeted}");
}

#[test]
fn pools_bound_what_is_open_and_connections_cost() {
    // L = lambda W: 200/s x 50 ms are ten connections.
    let chain = "graph.chain = 2\nservices.s0 = { replicas = 1, concurrency = 1000 }\n\
                 services.s1 = { replicas = 1, concurrency = 1000, cpu = \"1us\" }\narrivals.rate = \"200/s\"\n\
                 timeout = \"1s\"";
    let slow = fault("call-delay = { service = \"shop.service\", delay = \"200ms\" }");
    let with = |pool: &str| go(&format!("{chain}\n{pool}"), &slow, 1);
    let large = with("pool = { size = 100, connect = \"100us\" }");
    let open = |run: &SeedRun| {
        samples(run, "shop.pool")
            .iter()
            .map(|s| s.1)
            .fold(0.0, f64::max)
    };
    println!("connections at 200/s and 200 ms: {}", open(&large));
    // Forty are in use on average; a new one takes twice as long, as its handshake is delayed too.
    assert!((40.0..100.0).contains(&open(&large)), "{}", open(&large));
    assert_eq!(verdict(&large, "pool-bound"), Verdict::Pass);
    let small = with("pool = { size = 20, wait = \"50ms\" }");
    assert!(open(&small) <= 20.0);
    let full = count(&small, "pool-full");
    // Twenty connections carry a hundred calls a second.
    assert!((250..550).contains(&full), "{full}");
    assert_eq!(count(&small, "failed") + count(&small, "shed"), full);
    let none = with("pool = { size = 20, wait = \"0s\" }");
    assert!(count(&none, "pool-full") > 250);
    let waits = with("pool = { size = 20 }");
    assert!(
        count(&waits, "timed-out") > 100,
        "they wait as long as they may"
    );
}

/// Connections that are dropped have to be made again, which the replicas feel.
#[test]
fn cold_clients_connect_again() {
    let workload =
        "arrivals.rate = \"200/s\"\ncpu = \"2ms\"\npool = { size = 50, connect = \"5ms\" }";
    let cold = fault("cold-clients = { workload = \"shop\" }");
    let connected = |more: &str| count(&go(workload, more, 1), "connected");
    let (calm, herd) = (connected(""), connected(&cold));
    println!("connections made: {calm} in the calm, {herd} with cold clients");
    assert!(herd > calm && calm < 60, "{calm} {herd}");
    let limit =
        fault("resource-limit = { workload = \"shop\", kind = \"connections\", value = 0 }");
    let run = go(&format!("{workload}\ntimeout = \"300ms\""), &limit, 1);
    assert!(count(&run, "timed-out") > 700, "no connection, no call");
}

#[test]
fn an_item_has_its_replica_and_a_hot_one_makes_it_hot() {
    let workload = "arrivals.rate = \"200/s\"\nreplicas = 4\nbalance = \"by-item\"\nitems = { count = 1000, zipf = 0 }";
    let even = visits_by_node(&go(workload, "", 1));
    println!("visits by replica {even:?}");
    assert!(even.iter().all(|n| (450..750).contains(n)), "{even:?}");
    let hot = "[[fault]]\nat = \"0s\"\nfor = \"forever\"\ninject.hot-key = { workload = \"shop\", share = 0.5 }";
    let hot = visits_by_node(&go(workload, hot, 1));
    let most = *hot.iter().max().expect("there are four");
    println!("with a hot item {hot:?}");
    // Half of 2,400 and a quarter of the rest.
    assert!((1300..1700).contains(&most), "{hot:?}");
}

#[test]
fn a_subset_is_all_that_a_caller_knows() {
    let workload = "arrivals.rate = \"200/s\"\nreplicas = 4\nsubset = 2";
    let seen = visits_by_node(&go(workload, "", 1));
    println!("one client, two replicas: {seen:?}");
    assert_eq!(seen.iter().filter(|n| **n > 0).count(), 2, "{seen:?}");
}

/// A failed call counts as outstanding for a time: a replica that fails fast gets its share and no more.
#[test]
fn what_fails_fast_does_not_look_idle() {
    let workload = "arrivals.rate = \"80/s\"\nreplicas = 4\nconcurrency = 1\ncpu = \"40ms\"\nbalance = \"least-loaded\"\n\
                    version = { cpu = 0.01, errors = 1.0 }";
    let bad = "[[fault]]\nat = \"2s\"\nfor = \"9s\"\n\
               inject.knob-set = { name = \"shop.version\", value = 2, nodes = \"host[0]\" }";
    let failed = |more: &str| count(&go(&format!("{workload}\n{more}"), bad, 1), "failed");
    let (greedy, fair) = (failed(""), failed("penalty = \"100ms\""));
    println!("failed {greedy} of 720, with a penalty {fair}");
    assert!(greedy > 300 && fair < 160, "{greedy} {fair}");
    // A penalty ends: the replica has its share again when it is well.
    let short = bad.replace("9s", "3s");
    let run = go(&format!("{workload}\npenalty = \"100ms\""), &short, 1);
    let late = visits_of(&run, 0, 6.0);
    println!("visits of the replica in its last six seconds {late}");
    assert!((80..=160).contains(&late), "a quarter of 480: {late}");
}

/// All replicas fail: half of them may be avoided, and no more.
#[test]
fn ejection_keeps_its_share() {
    let error = fault("call-error = { service = \"shop.request\", status = 500, p = 1.0 }");
    let ejection = "ejection = { errors = 2, for = \"1s\", share_max = 0.5 }";
    let run = go(
        &format!("arrivals.rate = \"200/s\"\nreplicas = 4\n{ejection}"),
        &error,
        1,
    );
    let ejected = count(&run, "ejected");
    println!("{ejected} times ejected");
    // Two at a time, a second each, for four seconds.
    assert!((6..=12).contains(&ejected), "{ejected}");
    assert_eq!(verdict(&run, "ejection-share"), Verdict::Pass);
}

/// One of four computes twenty times slower and answers all the same: its callers find out by the time.
#[test]
fn a_slow_replica_is_avoided_by_its_times() {
    let workload = "arrivals.rate = \"200/s\"\nreplicas = 4\ncpu = \"2ms\"\ntimeout = \"5s\"";
    let slow = fault("cpu-slow = { nodes = \"host[2]\", factor = 0.05 }");
    let late = |ejection: &str| {
        let run = go(&format!("{workload}\n{ejection}"), &slow, 1);
        let late = samples(&run, "shop.latency")
            .into_iter()
            .filter(|(_, time)| *time > 0.03);
        (late.count(), count(&run, "ejected"))
    };
    let (errors, none) = late("ejection = { errors = 5, for = \"10s\" }");
    let (times, some) = late("ejection = { errors = 5, slower = 4, for = \"10s\" }");
    println!("slow answers: {errors} by errors alone, {times} by times, ejected {some}");
    assert!(errors > 150 && none == 0, "{errors} {none}");
    assert!(times < 60 && some == 1, "{times} {some}");
}

/// With everything failing a client sends less and less.
#[test]
fn a_throttle_holds_attempts_back() {
    let error = fault("call-error = { service = \"shop.request\", status = 500, p = 1.0 }");
    let run = |retry: &str| go(&format!("arrivals.rate = \"200/s\"\n{retry}"), &error, 1);
    let sent = |run: &SeedRun| run.result.faults[0].landed;
    let (plain, held) = (
        run(""),
        run("retry = { throttle = 1.5, throttle_window = \"200ms\" }"),
    );
    println!(
        "calls that failed: {} and {} with a throttle",
        sent(&plain),
        sent(&held)
    );
    assert!(sent(&plain) > 750 && sent(&held) < 450);
    assert_eq!(count(&plain, "shed"), 0);
    // When all is well again what passes grows by the factor a window.
    let late: Vec<(f64, f64)> = samples(&held, "shop.goodput")
        .into_iter()
        .filter(|(at, _)| *at > 9.5)
        .collect();
    println!("goodput after the errors {late:?}");
    assert!(late.iter().map(|s| s.1).sum::<f64>() > 170.0 * late.len() as f64);
}

/// The replica of an item stands still: a hedge asks another one.
#[test]
fn a_hedge_goes_to_another_replica() {
    let workload =
        "arrivals.rate = \"100/s\"\nreplicas = 2\nbalance = \"by-item\"\ntimeout = \"500ms\"";
    let pause = fault("node-pause = { nodes = \"host[0]\" }");
    let lost = |hedge: &str| count(&go(&format!("{workload}\n{hedge}"), &pause, 1), "timed-out");
    let (plain, hedged) = (lost(""), lost("hedge.after = \"20ms\""));
    println!("timed out {plain}, with hedges {hedged}");
    assert!(plain > 120 && hedged == 0, "{plain} {hedged}");
}

/// Checks see a hung process; checks that are too strict see what is not there, and the bound holds.
#[test]
fn health_checks_find_the_dead_and_keep_a_bound() {
    let workload = "arrivals.rate = \"100/s\"\nreplicas = 4\ntimeout = \"1s\"";
    let pause = fault("node-pause = { nodes = \"host[1]\" }");
    let lost = |health: &str| {
        let run = go(&format!("{workload}\n{health}"), &pause, 1);
        (
            count(&run, "timed-out"),
            count(&run, "unhealthy"),
            count(&run, "healthy"),
        )
    };
    let (plain, ..) = lost("");
    let (checked, sick, well) =
        lost("health = { every = \"200ms\", timeout = \"100ms\", unhealthy = 2 }");
    println!("timed out {plain} of 1200, with checks {checked}; sick {sick}, well again {well}");
    // A quarter of the calls of three seconds, that of the last one ends with the pause.
    assert!(plain > 60 && checked < 20, "{plain} {checked}");
    assert_eq!((sick, well), (1, 1));
    let strict = "cpu = \"uniform 1ms 40ms\"\nhealth = { every = \"100ms\", timeout = \"2s\", unhealthy = 1, check = \"work\", \
                  share_max = 0.5 }";
    let eager = fault("eager-ejection = { workload = \"shop\", timeout = \"10ms\" }");
    let run = go(&format!("{workload}\n{strict}"), &eager, 1);
    println!("with eager checks: sick {}", count(&run, "unhealthy"));
    assert!(count(&run, "unhealthy") > 5);
    let most = most_sick(&run);
    assert_eq!(most, 2, "half of four, never more");
    let threshold = knob("health-failures", "1000");
    let patient = go(
        &format!("{workload}\nhealth = {{ timeout = \"100ms\" }}"),
        &format!("{pause}\n{threshold}"),
        1,
    );
    assert_eq!(count(&patient, "unhealthy"), 0);
}

/// The most replicas that the client avoided at a time for its checks.
fn most_sick(run: &SeedRun) -> usize {
    let recording = run.recording.as_ref().expect("records are kept");
    let (mut now, mut most) = (0, 0);
    for record in &recording.records {
        if let What::Event { name, .. } = record.what {
            match recording.header.names.text(name) {
                "shop.unhealthy" => now += 1,
                "shop.healthy" => now -= 1,
                _ => {}
            }
            most = most.max(now);
        }
    }
    most
}

/// A call that is soft may fail; a time-out of its own keeps it from taking all of the caller's time.
#[test]
fn a_soft_call_is_done_without() {
    let graph = "graph.edges = [\"front -> cart\", \"front -> ads\"]\nservices.ads.on = \"host[3]\"\n\
                 services.front.on = \"host[0]\"\nservices.cart.on = \"host[1]\"\ntimeout = \"500ms\"";
    let pause = fault("node-pause = { nodes = \"host[3]\" }");
    let hard = go(graph, &pause, 1);
    assert!(count(&hard, "timed-out") > 250);
    let soft = format!("{graph}\ngraph.soft = [\"front -> ads\"]\nhop.soft_timeout = \"50ms\"");
    let soft = go(&soft, &pause, 1);
    let lost = count(&soft, "timed-out") + count(&soft, "failed");
    println!(
        "timed out {} with a hard call, {lost} with a soft one",
        count(&hard, "timed-out")
    );
    assert_eq!(lost, 0);
    let slow = metric(&soft.result, "shop.latency").0;
    assert!(slow > 0.015, "but it waits for its time-out: {slow}");
}
