//! Explanations: the founding example names its cause and acquits the deploy; alternatives, causes that
//! need each other and failures without any fault are told apart.

use squall::core::Seed;
use squall::explain::{Explanation, Limit, Request, Role, document, explain, headline, report};
use squall::scenarios::{Ready, Settings, parse};
use squall::{Place, load};
use std::path::Path;

fn request(seed: u64) -> Request<'static> {
    Request {
        seeds: 2,
        runs_max: 500,
        thresholds: false,
        ..Request::of(Seed(seed))
    }
}

fn shipped(path: &str) -> Ready {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    load(&path, &Settings::default()).unwrap_or_else(|e| panic!("{e}"))
}

fn role(explanation: &Explanation, label: &str) -> Role {
    let found = explanation.faults.iter().find(|fault| fault.label == label);
    found.unwrap_or_else(|| panic!("no fault {label}")).role
}

#[test]
fn the_founding_example_names_the_storm_and_acquits_the_deploy() {
    let path = "scenarios/library/cross/swap-blamed-on-deploy.toml";
    let ready = shipped(path);
    let found = explain(&ready, Path::new(path), &request(0)).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(role(&found, "storm"), Role::Necessary);
    assert_eq!(role(&found, "deploy"), Role::Irrelevant);
    assert_eq!(found.sets, [["storm"]]);
    assert_eq!((found.seeds.len(), found.without_any), (2, 0));
    let first = headline(&found);
    assert_eq!(
        first.lines().collect::<Vec<_>>(),
        [
            "CAUSE      storm (swap-storm on gateway-0): without it 0 of 2 failing seeds fail, with it alone 2",
            "ACQUITTED  deploy (config-push): without it 2 of 2 fail all the same",
        ]
    );
    let outlives = found.outlives.as_ref().expect("latency is a metric");
    assert!(
        outlives.ill_for.as_secs_f64() >= 20.0,
        "the latency outlives the storm: {outlives:?}"
    );
    let text = report(&found);
    for part in [
        "latency recovers",
        "page-fault",
        "operator   gateway-0 saw",
        "rate(node_vmstat_pgmajfault)",
        "outlives   its faults: shop.latency is ill for ",
        "squall shrink scenarios/library/cross/swap-blamed-on-deploy.toml --seed 0x0 --write",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

/// A service on one of two hosts, called from the other; nothing fails by itself.
const SHOP: &str = "\
name = 'shop'
seeds = '0..8'
stop = { at = '20s' }
[topology]
nodes.web = { cores = 2 }
nodes.client = {}
nodes.idle = { count = 2 }
links.default = { delay = '1ms' }
[workload.shop.cluster]
on = 'web'
clients = 'client'
arrivals.rate = '20/s'
timeout = '2s'
graph.edges = ['front']
[[property]]
name = 'it'
";

fn with(promise: &str, faults: &[(&str, &str, &str)]) -> Ready {
    let mut text = format!("{SHOP}{promise}\n");
    for (name, at, inject) in faults {
        text.push_str(&format!(
            "[[fault]]\nname = '{name}'\nat = '{at}'\nfor = '4s'\nland = 'optional'\ninject.{inject}\n"
        ));
    }
    let scenario =
        parse("shop.toml", &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    scenario
        .ready(&Place::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

const CUT: &str = "link-cut = { links = 'client -> web' }";
const IDLE: &str = "node-pause = { nodes = 'idle' }";
const FAR: &str = "link-delay = { links = 'client -> web', delay = '400ms' }";
const SLOW: &str = "call-delay = { service = 'shop.request', delay = '400ms' }";

fn explained(ready: &Ready) -> Explanation {
    explain(ready, Path::new("shop.toml"), &request(1)).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn either_of_two_is_enough_and_neither_is_necessary() {
    let faults = [
        ("early", "2s", CUT),
        ("idle", "3s", IDLE),
        ("late", "9s", CUT),
    ];
    let found = explained(&with("never = 'shop.timed-out'", &faults));
    assert_eq!(found.sets, [["early"], ["late"]]);
    let roles = ["early", "idle", "late"].map(|label| role(&found, label));
    assert_eq!(
        roles,
        [Role::Contributes, Role::Irrelevant, Role::Contributes]
    );
    assert_eq!(found.sets_limit, Limit::None);
    let text = report(&found);
    assert!(text.contains("enough     early, or late"), "{text}");
    assert!(
        text.starts_with(
            "EACH ALONE IS ENOUGH: early (link-cut on client-0 -> web-0) in 2 of 2, late (link-cut on client-0 -> web-0) in 2 of 2 failing seeds\n\
             ACQUITTED  idle"
        ),
        "{text}"
    );
}

/// A service that is slow for 40 ms, in which a request comes or not, by the seed: alone that is enough in
/// some, and another fault is in all of them.
#[test]
fn what_is_enough_alone_in_one_seed_is_not_acquitted_in_another() {
    let slow = "inject.call-delay = { service = 'shop.request', delay = '900ms' }";
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '600ms' }";
    let mut text = format!("{SHOP}{promise}\n");
    for (name, at, length) in [("sure", "9s", "4s"), ("rare", "5s", "40ms")] {
        text.push_str(&format!(
            "[[fault]]\nname = '{name}'\nat = '{at}'\nfor = '{length}'\nland = 'optional'\n{slow}\n"
        ));
    }
    let scenario =
        parse("shop.toml", &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let ready = scenario
        .ready(&Place::default())
        .unwrap_or_else(|e| panic!("{e}"));
    let alone = |seed: u64| {
        let found = explain(
            &ready,
            Path::new("shop.toml"),
            &Request {
                seeds: 1,
                ..request(seed)
            },
        );
        let found = found.unwrap_or_else(|e| panic!("{e}"));
        found
            .faults
            .iter()
            .find(|f| f.label == "rare")
            .expect("it acts")
            .fail_alone
    };
    let without = (0..8)
        .find(|seed| alone(*seed) == 0)
        .expect("a seed in which no request meets it");
    let with = (0..8)
        .find(|seed| alone(*seed) == 1)
        .expect("a seed in which one does");
    let others = [Seed(with)];
    let request = Request {
        others: &others,
        ..request(without)
    };
    let found = explain(&ready, Path::new("shop.toml"), &request).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        found.seeds,
        [Seed(without), Seed(with)],
        "the seeds that were asked for"
    );
    assert_eq!(
        role(&found, "rare"),
        Role::Contributes,
        "{}",
        headline(&found)
    );
    assert_eq!(found.sets, [["sure"], ["rare"]]);
}

/// Four delays that need each other, and one that does not matter.
#[test]
fn more_than_three_causes_are_one_set_and_the_rest_is_acquitted() {
    let far = "link-delay = { links = 'client -> web', delay = '200ms' }";
    let back = "link-delay = { links = 'web -> client', delay = '200ms' }";
    let slow = "call-delay = { service = 'shop.request', delay = '200ms' }";
    let faults = [
        ("far", "2s", far),
        ("back", "2s", back),
        ("slow", "2s", slow),
        ("slower", "2s", slow),
        ("idle", "2s", IDLE),
    ];
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '700ms' }";
    let found = explained(&with(promise, &faults));
    assert_eq!(found.sets, [["far", "back", "slow", "slower"]]);
    assert_eq!(found.sets_limit, Limit::None);
    assert_eq!(role(&found, "slower"), Role::Necessary);
    assert_eq!(role(&found, "idle"), Role::Irrelevant);
}

/// A set that is too large for what is tried is told as that: more runs would not find it.
#[test]
fn what_limits_the_sets_is_told_truly() {
    let slow = "call-delay = { service = 'shop.request', delay = '200ms' }";
    let faults: Vec<(String, &str, &str)> =
        (0..6).map(|n| (format!("slow {n}"), "2s", slow)).collect();
    let faults: Vec<(&str, &str, &str)> = faults
        .iter()
        .map(|(name, at, what)| (name.as_str(), *at, *what))
        .collect();
    // Any four of six.
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '700ms' }";
    let found = explained(&with(promise, &faults));
    assert_eq!((found.sets.len(), found.sets_limit), (0, Limit::Size(3)));
    let text = headline(&found);
    assert!(
        text.contains("UNDECIDED  6 faults: no 3 of the faults are enough"),
        "{text}"
    );
    let few = Request {
        runs_max: 10,
        ..request(1)
    };
    let ready = with(promise, &faults);
    let found = explain(&ready, Path::new("shop.toml"), &few).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(found.sets_limit, Limit::Runs);
    assert!(
        headline(&found).contains("more with --runs"),
        "{}",
        headline(&found)
    );
}

/// A request that was under way when the fault healed ends late, and nothing keeps the failure going.
#[test]
fn a_request_that_was_under_way_at_the_heal_is_no_failure_that_goes_on() {
    let slow = "call-delay = { service = 'shop.request', delay = '1900ms' }";
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '600ms' }";
    let found = explained(&with(promise, &[("slow", "2s", slow)]));
    let outlives = found.outlives.as_ref().expect("a metric");
    assert!(outlives.ill_for.is_zero(), "{outlives:?}");
    let drained = outlives.drained.as_secs_f64();
    assert!((1.0..2.0).contains(&drained), "{outlives:?}");
    let text = report(&found);
    assert!(
        text.contains("is well when what was under way has ended"),
        "{text}"
    );
    assert!(
        !text.contains("outlives") && !text.contains("loop "),
        "{text}"
    );
}

#[test]
fn two_that_need_each_other_are_both_the_cause() {
    let faults = [
        ("far", "2s", FAR),
        ("idle", "2s", IDLE),
        ("slow", "2s", SLOW),
    ];
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '600ms' }";
    let ready = with(promise, &faults);
    let mut request = request(1);
    request.thresholds = true;
    let found = explain(&ready, Path::new("shop.toml"), &request).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(found.sets, [["far", "slow"]]);
    let roles = ["far", "idle", "slow"].map(|label| role(&found, label));
    assert_eq!(roles, [Role::Necessary, Role::Irrelevant, Role::Necessary]);
    // 600 ms less the other's 400 ms, two links of 1 ms and the service: a little below 200 ms.
    let threshold = found
        .thresholds
        .iter()
        .find(|t| t.label == "far" && t.of == "delay");
    let threshold = threshold.expect("a delay has a strength");
    let (least, median, most) = threshold.shares;
    assert!((0.35..0.52).contains(&median), "{threshold:?}");
    assert!(
        least <= median && median <= most && threshold.seeds == 2,
        "{threshold:?}"
    );
    assert!(
        found
            .thresholds
            .iter()
            .any(|t| t.label == "slow" && t.of == "length")
    );
    // Well when the requests of before have gone: nothing holds it up.
    let outlives = found.outlives.as_ref().expect("a metric");
    assert!(
        outlives.ill_for.as_secs_f64() <= 1.0 && !outlives.to_the_end,
        "{outlives:?}"
    );
    let again = explain(&ready, Path::new("shop.toml"), &request).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(
        report(&found),
        report(&again),
        "the same question has the same answer"
    );
    let json = document(&found, "squall");
    assert_eq!(json["faults"][0]["role"], "necessary");
    assert_eq!(json["sufficient_sets"][0][1], "slow");
    assert_eq!(json["seed"], "0x1");
}

#[test]
fn a_failure_without_any_fault_blames_none() {
    let promise = "threshold = { metric = 'shop.latency', stat = 'max', below = '1us' }";
    let found = explained(&with(promise, &[("cut", "2s", CUT)]));
    assert_eq!(found.without_any, 2);
    assert_eq!(role(&found, "cut"), Role::Irrelevant);
    assert!(
        headline(&found).starts_with("CAUSE      no fault"),
        "{}",
        headline(&found)
    );
}

/// A term is measured when somebody is elected: where nobody is any more, nobody knows whether it is well. Both
/// broken promises are named, and who is deaf is.
#[test]
fn what_was_not_measured_after_the_heal_is_not_called_well() {
    let path = "scenarios/library/cluster/raft-flap.toml";
    let ready = shipped(path);
    let request = Request {
        seeds: 1,
        ..request(0)
    };
    let found = explain(&ready, Path::new(path), &request).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(found.symptom.name(), "terms do not run away");
    assert_eq!(found.outlives, None);
    let deaf = found.faults.iter().find(|fault| fault.label == "one deaf");
    assert_eq!(deaf.expect("it acts").targets, ["kv-1..4 -> kv-0"]);
    let text = report(&found);
    let also = format!(
        "also       kv.linearizable is broken too: squall explain {path} --seed 0x0 --property kv.linearizable\n"
    );
    assert!(text.contains(&also), "{text}");
}
