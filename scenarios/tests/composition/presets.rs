//! Presets: what they become, what can be changed in them, what is wrong with them.

use super::{assert_lines, errors, of, plan, scenario, times};
use squall_core::Seed;
use squall_core::plan::{Land, Primitive};
use squall_faults::preset;

/// A record that uses a preset; the world has one service.
fn using(name: &str, more: &str) -> String {
    format!("[[fault]]\nuse = \"{name}\"\nat = \"1m\"\nfor = \"5m\"\n{more}\n")
}

/// Jepsen's values as they were published, 10 s on and 10 s off, one kind after the other.
#[test]
fn jepsen_net_has_the_published_values() {
    let plan = plan(&using("jepsen-net", ""), 3);
    // Nobody leads a group here.
    let parts = preset::find("jepsen-net").expect("a preset").parts.iter();
    let slugs = parts.map(|p| p.slug).filter(|slug| *slug != "primaries");
    for (turn, slug) in (0u64..).zip(slugs) {
        let entries = of(&plan, &format!("jepsen-net/{slug}"));
        let from = 60_000 + 20_000 * turn;
        assert_eq!(times(&entries)[0], (from, from + 10_000), "{slug}");
    }
    let effects: Vec<String> = plan
        .entries()
        .iter()
        .map(|e| squall_faults::effect(&e.primitive, &scenario("").topology))
        .collect();
    for effect in [
        "delay + normal 50ms sd 10ms, correlation 0.25",
        "loss 0.2, correlation 0.75",
        "0.2 damaged, detected",
        "0.2 held back by 10ms",
    ] {
        assert!(effects.iter().any(|e| e == effect), "{effect}: {effects:?}");
    }
    // Eleven kinds in 220 s: in five minutes the first four have a second turn.
    let delays = times(&of(&plan, "jepsen-net/delay"));
    assert_eq!((delays[0].0, delays[delays.len() - 1].0), (60_000, 280_000));
}

#[test]
fn targets_settings_and_parts_can_be_chosen() {
    let text = using(
        "jepsen-net",
        "nodes = \"web[0]\"\nwithout = [\"one\", \"majority\", \"minority-third\", \"bridge\", \"ring\"]\ngap = \"1s\"\n\
         set.\"loss.p\" = 0.4\nset.\"delay.for\" = \"3s\"\nset.\"delay.factor\" = 7",
    );
    let plan = plan(&text, 0);
    for entry in plan.entries() {
        let link = entry.primitive.link().expect("packet faults hit links");
        assert!(link.from.index() == 0 || link.to.index() == 0);
    }
    assert_eq!(times(&of(&plan, "jepsen-net/delay"))[0], (60_000, 63_000));
    assert_eq!(times(&of(&plan, "jepsen-net/loss"))[0], (64_000, 74_000));
    let has = |words: &str| {
        plan.entries()
            .iter()
            .any(|e| format!("{:?}", e.primitive).contains(words))
    };
    assert!(has("share: 0.4") && has("delay: Constant(7.0), mode: Scale"));
    assert!(
        plan.faults
            .iter()
            .all(|fault| fault.label != "jepsen-net/ring")
    );
}

/// Parts of a gray node are on one node, whichever that is.
#[test]
fn parts_that_belong_together_hit_the_same_node() {
    let scenario = scenario(&using(
        "gray-node",
        "nodes = \"any 1 of web\"\nservice = \"shop.request\"",
    ));
    let mut hit = [false; 5];
    for seed in 0..32 {
        let plan = scenario
            .plan(Seed(seed))
            .unwrap_or_else(|report| panic!("{report}"));
        let node = of(&plan, "gray-node/slow")[0]
            .primitive
            .node()
            .expect("a node");
        hit[node.index()] = true;
        for entry in of(&plan, "gray-node/lie") {
            let Primitive::Call { only, .. } = &entry.primitive else {
                panic!("{entry:?}")
            };
            assert_eq!(only.server, Some(node));
        }
        for entry in of(&plan, "gray-node/link") {
            let link = entry.primitive.link().expect("a link");
            assert!(link.from == node || link.to == node);
        }
    }
    assert_eq!(hit, [true; 5]);
}

/// A swarm draws its numbers once a seed, inside the published ranges; other faults move none.
#[test]
fn a_swarm_is_drawn_a_seed() {
    let more =
        "[[fault]]\nat = \"1m\"\nfor = \"1s\"\ninject.link-loss = { links = \"client -> web\" }\n";
    let (bare, with) = (
        scenario(&using("vopr-swarm", "")),
        scenario(&format!("{more}{}", using("vopr-swarm", ""))),
    );
    let shares = |scenario: &squall_scenarios::Scenario, seed| {
        let plan = scenario
            .plan(Seed(seed))
            .unwrap_or_else(|report| panic!("{report}"));
        let loss = of(&plan, "vopr-swarm/loss");
        let share = |e: &squall_core::plan::Entry| match e.primitive {
            Primitive::LinkLoss { share, .. } => share,
            _ => f64::NAN,
        };
        assert!(
            loss.iter().all(|e| share(e) == share(loss[0])),
            "one draw for all links"
        );
        share(loss[0])
    };
    let drawn: Vec<f64> = (0..64).map(|seed| shares(&bare, seed)).collect();
    assert!(drawn.iter().all(|p| (0.0..=0.3).contains(p)), "{drawn:?}");
    let spread = drawn
        .iter()
        .fold((1.0f64, 0.0f64), |(a, b), p| (a.min(*p), b.max(*p)));
    assert!(spread.0 < 0.05 && spread.1 > 0.25, "{spread:?}");
    assert_eq!(
        drawn[..8],
        (0..8).map(|seed| shares(&with, seed)).collect::<Vec<_>>()
    );
}

/// Rates a node: the mean time between failures of the group is that of a node over their number.
#[test]
fn failure_rates_are_those_of_the_source() {
    let scenario = scenario(
        "[[fault]]\nuse = \"meta-rsc1\"\nnodes = \"web\"\nfor = \"forever\"\nscale = 100_000\n",
    );
    let seeds = 400;
    let mut count = 0.0;
    for seed in 0..seeds {
        let plan = scenario
            .plan(Seed(seed))
            .unwrap_or_else(|report| panic!("{report}"));
        count += plan.entries().len() as f64;
    }
    // 6.50e-3 a node and day, five nodes, ten minutes, 100,000 times more often.
    let expected = 6.50e-3 * 5.0 * (600.0 / 86_400.0) * 1e5 * seeds as f64;
    let sd = f64::sqrt(expected);
    assert!((count - expected).abs() < 4.0 * sd, "{count} of {expected}");
}

#[test]
fn what_must_land_is_said() {
    let lands = |text: &str| scenario(text).lands();
    let rotation = lands(&using("jepsen-net", ""));
    assert_eq!(rotation[0], ("jepsen-net".to_owned(), Land::Any));
    assert!(
        rotation[1..]
            .iter()
            .all(|(_, land)| *land == Land::Optional)
    );
    let cut = lands(&using(
        "power-cut",
        "nodes = \"zone=b\"\nland = \"every seed\"",
    ));
    let cut: Vec<_> = cut
        .iter()
        .map(|(label, land)| (label.as_str(), *land))
        .collect();
    assert_eq!(
        cut,
        [
            ("power-cut/torn", Land::Optional),
            ("power-cut/power", Land::EverySeed)
        ]
    );
}

#[test]
fn everything_wrong_with_a_preset_is_shown_where_it_stands() {
    let wrong = errors(
        r#"
[[fault]]
use = "jepsen-nett"
for = "1m"
[[fault]]
use = "jepsen-clock"
[[fault]]
use = "jepsen-net"
nodes = "client"
for = "1m"
[[fault]]
use = "gray-node"
nodes = "wbe"
[[fault]]
use = "maelstrom"
for = "1m"
without = ["flakey"]
set."slow.factr" = 3
set."flaky.p" = 1.5
set."loss" = 1
[[fault]]
use = "hot-day"
links = "client -> web"
[[fault]]
use = "tool-errors"
for = "1m"
[[fault]]
use = "hot-day"
service = "shop.x"
[[fault]]
use = "hot-day"
ramp = { param = "factor", from = 0.5, to = 0.6, over = "1s" }
"#,
    );
    assert_lines(
        &wrong,
        &[
            "error: unknown preset `jepsen-nett`",
            "14 | use = \"jepsen-nett\"",
            "   |        ^^^^^^^^^^^ no preset of this name",
            "help: did you mean `jepsen-net`?",
            "error: preset has no end",
            "error: `bridge` of jepsen-net needs 3 nodes",
            "help: name more, or leave it out: without = [\"bridge\"]",
            "error: selector names an unknown node group `wbe`",
            "error: unknown part `flakey` of maelstrom",
            "help: did you mean `flaky`?",
            "error: unknown parameter `factr` of link-delay",
            "help: did you mean `factor`?",
            "error: 1.5 is out of range",
            "error: `loss` is no parameter of a part",
            "error: hot-day hits no links",
            "error: preset needs a `service`",
            "error: hot-day hits no calls",
            "error: `ramp` does not belong here",
        ],
    );
}
