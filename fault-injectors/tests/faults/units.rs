//! Units, laws and selectors: what prints parses back, nothing panics, errors point at the word.

use crate::common::world;
use proptest::prelude::*;
use squall_core::plan::LinkTarget;
use squall_core::{Law, NodeId, Seed, VirtualDuration};
use squall_faults::param::{
    Unit, device, duration, law, law_text, length, moment, rate, rate_text, size, size_text,
};
use squall_faults::{Draws, Issue, LinkSelector, Selector};

/// The word an issue points at, and its message.
fn point(text: &str, issue: &Issue) -> String {
    format!("{} @ {}", issue.message, &text[issue.range.clone()])
}

#[test]
fn durations() {
    let ok = |text: &str, ns: u64| {
        assert_eq!(
            duration(text),
            Ok(VirtualDuration::from_nanos(ns)),
            "{text}"
        )
    };
    ok("250ms", 250_000_000);
    ok("1h30m", 5_400_000_000_000);
    ok("1.5s", 1_500_000_000);
    ok("0s", 0);
    let bad =
        |text: &str, expect: &str| assert_eq!(point(text, &duration(text).unwrap_err()), expect);
    bad("45", "duration has no unit @ 45");
    bad("1h30", "duration has no unit @ 30");
    bad("10sec", "unknown unit `sec` of a duration @ sec");
    bad("5m1h", "units of a duration go from large to small @ h");
    bad("1.5ns", "`1.5ns` is not a whole number of ns @ 1.5");
    bad("99999999h", "duration is too large @ 99999999");
    bad("soon", "`soon` is not a duration @ soon");
    bad("", "`` is not a duration @ ");
    bad("1 s", "blank before the unit of a duration @  s");
    assert_eq!(
        duration("45").unwrap_err().help.unwrap(),
        "write \"45s\"; units are ns, us, ms, s, m, h, d"
    );
}

#[test]
fn sizes_rates_moments_and_devices() {
    assert_eq!(size("8GiB"), Ok(8 << 30));
    assert_eq!(size("1.5KiB"), Ok(1536));
    assert_eq!(
        point("8GB", &size("8GB").unwrap_err()),
        "unknown unit `GB` of a size @ GB"
    );
    assert_eq!(rate("20/s"), Ok(20.0));
    assert_eq!(rate("30/m"), Ok(0.5));
    assert_eq!(rate("86400/d"), Ok(1.0));
    assert_eq!(
        point("20/w", &rate("20/w").unwrap_err()),
        "unknown unit `w` of a rate @ w"
    );
    assert_eq!(
        rate("20").unwrap_err().help.unwrap(),
        "write \"20/s\"; units are /ms, /s, /m, /h, /d"
    );
    assert_eq!(
        moment("1s..3s"),
        Ok(Law::Uniform {
            low: 1e9,
            high: 3e9
        })
    );
    assert_eq!(
        point("3m..1m", &moment("3m..1m").unwrap_err()),
        "range ends before it begins @ 3m..1m"
    );
    assert_eq!(
        point("1m..3", &moment("1m..3").unwrap_err()),
        "duration has no unit @ 3"
    );
    assert!(device("800 iops").is_ok() && device("nvme").is_ok());
    assert_eq!(
        point("floppy", &device("floppy").unwrap_err()),
        "unknown swap device `floppy` @ floppy"
    );
}

#[test]
fn laws() {
    let ok = |text: &str| assert!(law(text, Unit::Time).is_ok(), "{text}");
    ok("50ms");
    ok("uniform 10ms 90ms");
    ok("normal 50ms sd 10ms");
    ok("exponential mean 60ms");
    ok("lognormal median 400us p99 2ms");
    ok("pareto xm 10ms alpha 1.46");
    ok("loguniform 11ms 288s");
    ok("quantiles p0 12ms p50 17ms p99.9 230ms p100 282ms");
    assert_eq!(
        law("uniform 1 5", Unit::Plain),
        Ok(Law::Uniform {
            low: 1.0,
            high: 5.0
        })
    );
    let bad = |text: &str, expect: &str| {
        assert_eq!(point(text, &law(text, Unit::Time).unwrap_err()), expect);
    };
    bad("normal 50ms 10ms", "expected `sd`, found `10ms` @ 10ms");
    bad("lognormal median 400us", "distribution lacks `p99` @ 400us");
    bad(
        "unifrom 1ms 2ms",
        "unknown distribution `unifrom` @ unifrom",
    );
    bad("quantiles", "quantiles go from p0 to p100 @ quantiles");
    bad(
        "quantiles p5 1ms p100 2ms",
        "quantiles go from p0 to p100 @ 2ms",
    );
    bad(
        "quantiles p0 1ms p50 2ms",
        "quantiles go from p0 to p100 @ 2ms",
    );
    bad(
        "quantiles p0 1ms p101 2ms",
        "expected a quantile, found `p101` @ p101",
    );
    bad(
        "quantiles p0 1ms p50 3ms p40 4ms p100 9ms",
        "quantiles do not ascend @ p40 4ms",
    );
    bad(
        "quantiles p0 3ms p100 2ms",
        "quantiles do not ascend @ p100 2ms",
    );
    bad(
        "quantiles p0 1ms p100",
        "distribution lacks the value of p100 @ p100",
    );
    bad("uniform 10ms 9x", "unknown unit `x` of a duration @ x");
    bad("50ms 60ms", "unexpected `60ms` after a distribution @ 60ms");
    bad(
        "lognormal median 2ms p99 1ms",
        "p99 is below the median @ 1ms",
    );
}

fn names(text: &str, seed: u64) -> Result<Vec<String>, String> {
    let world = world();
    let draws = Draws::new(Seed(seed), "test");
    let selector = Selector::parse(text).map_err(|e| point(text, &e))?;
    let nodes = selector
        .resolve(&world, &draws)
        .map_err(|e| point(text, &e))?;
    Ok(nodes
        .into_iter()
        .map(|id| world.node(id).name.clone())
        .collect())
}

#[test]
fn static_selectors() {
    let ok =
        |text: &str, expect: &str| assert_eq!(names(text, 1).unwrap().join(" "), expect, "{text}");
    ok("gateway", "gateway-0 gateway-1 gateway-2");
    ok("all of model", "model-0 model-1");
    ok("gateway[2]", "gateway-2");
    ok("kv-3", "kv-3");
    ok("zone=b", "gateway-1");
    ok("gateway zone c", "gateway-2");
    ok(
        "model + gateway - gateway-1",
        "gateway-0 gateway-2 model-0 model-1",
    );
    ok("gateway except {gateway-0, gateway[1]}", "gateway-2");
    ok("host of shop not zone=a", "gateway-1 gateway-2");
}

#[test]
fn picks_have_their_sizes_and_keep_their_order_when_a_node_comes() {
    let count = |text: &str| names(text, 1).unwrap().len();
    assert_eq!(count("any 2 of kv"), 2);
    assert_eq!(count("20% of kv"), 1);
    assert_eq!(count("21% of kv"), 2);
    assert_eq!(count("minority of kv"), 2);
    assert_eq!(count("majority of kv"), 3);
    let sizes: Vec<usize> = (0..40)
        .map(|seed| names("up to 60% of kv", seed).unwrap().len())
        .collect();
    assert!(sizes.iter().all(|n| (1..=3).contains(n)) && sizes.contains(&1) && sizes.contains(&3));
    let mut more = world();
    more.add_group("late", 1);
    for seed in 0..40 {
        let draws = Draws::new(Seed(seed), "test");
        let all = Selector::parse("any 6 of kv + late")
            .unwrap()
            .resolve(&more, &draws)
            .unwrap();
        let kept: Vec<NodeId> = all
            .into_iter()
            .filter(|id| more.node(*id).group == "kv")
            .collect();
        let less = Selector::parse("any 5 of kv")
            .unwrap()
            .resolve(&more, &draws)
            .unwrap();
        assert_eq!(kept, less);
    }
    let zones = names("any 3 of gateway spread zone", 5).unwrap();
    assert_eq!(zones.len(), 3);
}

#[test]
fn selectors_that_match_nothing_are_errors_at_the_word() {
    let bad = |text: &str, expect: &str| assert_eq!(names(text, 1).unwrap_err(), expect);
    bad(
        "minority of clustr",
        "selector names an unknown node group `clustr` @ clustr",
    );
    bad("kv[9]", "`kv` has no member 9 @ kv[9]");
    bad("gateway zone d", "no node has zone `d` @ zone d");
    bad(
        "any 4 of gateway",
        "selector picks more than there are @ any 4 of gateway",
    );
    bad(
        "minority of model",
        "selector picks nobody @ minority of model",
    );
    bad(
        "gateway - gateway",
        "selector matches no node @ gateway - gateway",
    );
    bad("any x of gateway", "`x` is not a number of nodes @ x");
    bad("120% of kv", "`120%` is not a share @ 120%");
    bad("host of shpo", "unknown workload `shpo` @ host of shpo");
    bad(
        "leader of kv",
        "nobody is ever leader of `kv` @ leader of kv",
    );
    bad("gateway model", "unexpected `model` in a selector @ model");
    bad("a -> b", "`->` names links, but nodes are wanted here @ ->");
    bad("any 1 of", "selector ends where a name is expected @ of");
}

#[test]
fn links_have_directions() {
    let links = |text: &str| {
        let draws = Draws::new(Seed(1), "test");
        LinkSelector::parse(text)
            .and_then(|s| s.resolve(&world(), &draws))
            .map_err(|e| point(text, &e))
    };
    let link = |a, b| LinkTarget {
        from: NodeId(a),
        to: NodeId(b),
    };
    assert_eq!(
        links("gateway-0 -> model"),
        Ok(vec![link(0, 8), link(0, 9)])
    );
    assert_eq!(
        links("gateway-0 <-> model-1"),
        Ok(vec![link(0, 9), link(9, 0)])
    );
    assert_eq!(links("kv -> kv").unwrap().len(), 20);
    assert_eq!(
        links("kv-0 -> kx"),
        Err("selector names an unknown node group `kx` @ kx".into())
    );
    assert_eq!(
        links("kv-0 -> kv-0").unwrap_err(),
        "selector matches no link @ kv-0 ->"
    );
    assert_eq!(links("kv").unwrap_err(), "links have two ends @ kv");
}

#[test]
fn both_ends_of_a_drawn_link_differ() {
    let links = LinkSelector::parse("any 1 of kv -> any 1 of kv").unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for seed in 0..200 {
        let found = links
            .resolve(&world(), &Draws::new(Seed(seed), "test"))
            .unwrap();
        assert_eq!(found.len(), 1);
        seen.insert(found[0]);
    }
    assert_eq!(seen.len(), 20);
}

fn laws_in(unit: Unit) -> impl Strategy<Value = Law> {
    let value = move || match unit {
        Unit::Time => (1u64..1 << 40).prop_map(|ns| ns as f64).boxed(),
        Unit::Plain => (0.001f64..1e6).boxed(),
    };
    let ordered = move || (value(), value()).prop_map(|(a, b)| (a.min(b), a.max(b)));
    prop_oneof![
        value().prop_map(Law::Constant),
        ordered().prop_map(|(low, high)| Law::Uniform { low, high }),
        ordered().prop_map(|(low, high)| Law::Loguniform { low, high }),
        (value(), value()).prop_map(|(mean, sd)| Law::Normal { mean, sd }),
        value().prop_map(|mean| Law::Exponential { mean }),
        (value(), 0.01f64..5.0).prop_map(|(median, sigma)| Law::Lognormal { median, sigma }),
        (value(), 1.0f64..100.0).prop_map(|(mean, cv2)| Law::Hyperexponential { mean, cv2 }),
        (value(), 0.1f64..9.0).prop_map(|(scale, alpha)| Law::Pareto { scale, alpha }),
        (ordered(), 1u32..999).prop_map(|((low, high), thousandths)| {
            let point = (f64::from(thousandths) / 10.0 / 100.0, low);
            Law::Empirical([(0.0, low), point, (1.0, high)].into())
        }),
    ]
}

proptest! {
    #[test]
    fn what_prints_parses_back(ns in any::<u64>(), bytes in any::<u64>(), r in 0.0f64..1e12) {
        let d = VirtualDuration::from_nanos(ns);
        prop_assert_eq!(duration(&d.to_string()), Ok(d));
        prop_assert_eq!(size(&size_text(bytes)), Ok(bytes));
        prop_assert_eq!(rate(&rate_text(r)), Ok(r));
    }

    #[test]
    fn laws_print_and_parse_back(time in laws_in(Unit::Time), plain in laws_in(Unit::Plain)) {
        prop_assert_eq!(law(&law_text(&time, Unit::Time), Unit::Time), Ok(time));
        prop_assert_eq!(law(&law_text(&plain, Unit::Plain), Unit::Plain), Ok(plain));
    }

    #[test]
    fn nothing_panics_and_errors_lie_inside(
        text in prop_oneof![
            any::<String>(),
            "[0-9a-zA-Z.%/ ]{0,12}",
            "((any|up|to|of|all|not|except|spread|zone|kv|gateway\\[1\\]|host|leader|2|20%|\\{|\\}|,|->|<->|\\+|-) ?){0,9}",
        ]
    ) {
        let inside = |issue: Option<Issue>| match issue {
            Some(issue) => text.get(issue.range.clone()).is_some(),
            None => true,
        };
        prop_assert!(inside(duration(&text).err()));
        prop_assert!(inside(size(&text).err()));
        prop_assert!(inside(rate(&text).err()));
        prop_assert!(inside(moment(&text).err()));
        prop_assert!(inside(length(&text).err()));
        prop_assert!(inside(device(&text).err()));
        prop_assert!(inside(law(&text, Unit::Time).err()));
        prop_assert!(inside(law(&text, Unit::Plain).err()));
        let draws = Draws::new(Seed(1), "test");
        let nodes = Selector::parse(&text).and_then(|s| s.resolve(&world(), &draws));
        prop_assert!(inside(nodes.err()));
        let links = LinkSelector::parse(&text).and_then(|s| s.resolve(&world(), &draws));
        prop_assert!(inside(links.err()));
    }
}
