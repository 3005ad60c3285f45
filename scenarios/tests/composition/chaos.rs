//! Climates that are drawn from the seed.

use super::{WORLD, assert_lines, errors, scenario, times};
use squall_core::outcome::{Campaign, SeedResult};
use squall_core::plan::{Family, Land, Plan, Primitive};
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_core::{NodeId, Seed, VirtualTime};
use squall_faults::{Topology, catalog, chaos};
use squall_scenarios::{Files, Scenario, Settings, parse};

fn plan_of(scenario: &Scenario, seed: u64) -> Plan {
    scenario
        .plan(Seed(seed))
        .unwrap_or_else(|report| panic!("{report}"))
}

fn text_of(scenario: &Scenario, seed: u64) -> String {
    let chaos = scenario.chaos.as_ref().expect("it has a climate");
    chaos::text(&chaos.draw(Seed(seed), &scenario.topology))
}

/// Every fault of the catalogue is drawn or says why not; what is drawn lowers, whatever the seed.
#[test]
fn every_fault_that_can_be_drawn_lowers() {
    let mut drawn = 0;
    for kind in catalog::ALL {
        let page = kind.describe();
        let line = page
            .lines()
            .find(|line| line.starts_with("  chaos "))
            .expect("its page says so");
        let text = format!("[chaos]\nkinds = [\"{}\"]\ndown_max = 2\n", kind.name);
        // Nobody has a role in this world: spells.rs draws those.
        if line.contains("not drawn") || line.contains("if `roles = true`") {
            let wrong = errors(&text);
            assert!(
                wrong.contains(&format!("{} cannot be drawn", kind.name)),
                "{wrong}"
            );
            continue;
        }
        let scenario = scenario(&text);
        let mut acted = false;
        for seed in 0..40 {
            let plan = plan_of(&scenario, seed);
            assert!(plan.faults.iter().all(|fault| fault.kind == kind.name));
            acted |= !plan.entries().is_empty();
        }
        assert!(acted, "{} never acts", kind.name);
        drawn += 1;
    }
    assert!(drawn >= 50, "most faults can be drawn, not {drawn}");
}

/// The words of a climate stand for the same plan as the climate.
#[test]
fn what_was_drawn_can_be_pasted() {
    let whole = scenario("[chaos]\nfaults = 6\ndown_max = 2\n");
    for seed in 0..60 {
        let pasted = scenario(&text_of(&whole, seed));
        let (plan, again) = (plan_of(&whole, seed), plan_of(&pasted, seed));
        assert_eq!(plan, again, "seed {seed}\n{}", text_of(&whole, seed));
        assert!(!plan.faults.is_empty());
    }
}

/// Nodes that a primitive stops or cuts off.
fn out(primitive: &Primitive) -> Vec<NodeId> {
    match primitive {
        Primitive::Crash { node, .. }
        | Primitive::PowerLoss { node, .. }
        | Primitive::OomKill { node }
        | Primitive::Pause { node } => vec![*node],
        Primitive::LinkCut { link, .. } | Primitive::LinkHold { link } => vec![link.from, link.to],
        _ => Vec::new(),
    }
}

/// The nodes that explain a set of hit nodes and links: those alone, and the end that most links share.
fn blamed(primitives: &[&Primitive]) -> Vec<NodeId> {
    let alone = primitives.iter().filter(|p| p.link().is_none());
    let mut nodes: Vec<NodeId> = alone.filter_map(|p| p.node()).collect();
    let mut links: Vec<_> = primitives.iter().filter_map(|p| p.link()).collect();
    links.retain(|link| !nodes.contains(&link.from) && !nodes.contains(&link.to));
    while !links.is_empty() {
        let ends = |node: NodeId| {
            links
                .iter()
                .filter(|l| l.from == node || l.to == node)
                .count()
        };
        let all = links.iter().flat_map(|l| [l.from, l.to]);
        let worst = all
            .max_by_key(|node| (ends(*node), core::cmp::Reverse(*node)))
            .expect("a link has ends");
        nodes.push(worst);
        links.retain(|l| l.from != worst && l.to != worst);
    }
    nodes.sort_unstable();
    nodes.dedup();
    nodes
}

#[test]
fn the_budget_is_kept() {
    let scenario = scenario(
        "[chaos]\nfaults = 7\nconcurrent = 2\nnodes_max = 3\ndown_max = 1\nkeep_healthy = 4\nfrom = \"1m\"\nuntil = \"7m\"\n",
    );
    let (from, until) = (
        VirtualTime::from_nanos(60_000_000_000),
        VirtualTime::from_nanos(420_000_000_000),
    );
    let mut counts = [0usize; 8];
    for seed in 0..300 {
        let plan = plan_of(&scenario, seed);
        counts[plan.faults.len()] += 1;
        for entry in plan.entries() {
            assert!(entry.from >= from, "{seed}");
            assert!(
                entry.until.is_some_and(|end| end <= until),
                "{seed}: {entry:?}"
            );
        }
        // Faults of calls and load hit a service, whoever serves it.
        let of_nodes = |e: &&squall_core::plan::Entry| {
            let kind = catalog::find(&plan.faults[e.fault as usize].kind);
            !kind.is_some_and(|kind| {
                let service = kind
                    .params
                    .iter()
                    .any(|p| ["service", "peer"].contains(&p.key));
                service || matches!(kind.family, Family::Call | Family::Knob)
            })
        };
        let entries = plan.entries().iter().filter(of_nodes);
        let all: Vec<&Primitive> = entries.map(|e| &e.primitive).collect();
        let partition = plan.faults.iter().any(|fault| fault.kind == "partition");
        assert!(
            partition || blamed(&all).len() <= 3,
            "{seed}: {:?} {:?}",
            blamed(&all),
            plan.faults
        );
        for step in plan.timeline() {
            let now = |e: &&squall_core::plan::Entry| {
                e.from <= step.at && e.until.is_none_or(|u| u > step.at)
            };
            let active: Vec<_> = plan.entries().iter().filter(now).collect();
            let mut faults: Vec<u32> = active.iter().map(|e| e.fault).collect();
            faults.dedup();
            faults.sort_unstable();
            faults.dedup();
            assert!(faults.len() <= 2, "seed {seed}: {faults:?} at {}", step.at);
            let gone: Vec<&Primitive> = active
                .iter()
                .map(|e| &e.primitive)
                .filter(|p| !out(p).is_empty())
                .collect();
            assert!(blamed(&gone).len() <= 1, "seed {seed}: {:?}", blamed(&gone));
        }
    }
    assert!(
        counts[1..].iter().all(|n| *n > 0),
        "every number of faults is drawn: {counts:?}"
    );
}

/// Seeds have different climates, and all families and orders come up.
#[test]
fn swarms_differ() {
    let scenario = scenario("[chaos]\n");
    let (mut kinds, mut sole) = (Vec::new(), 0);
    for seed in 0..400 {
        let plan = plan_of(&scenario, seed);
        sole += usize::from(plan.faults.len() == 1);
        kinds.extend(plan.faults.into_iter().map(|fault| fault.kind));
    }
    assert!(
        (60..140).contains(&sole),
        "two of three slots are there in every other seed: {sole}"
    );
    let never = |page: &str| page.contains("not drawn") || page.contains("if `roles = true`");
    let possible = catalog::ALL.iter().filter(|kind| !never(&kind.describe()));
    let unseen: Vec<_> = possible
        .filter(|kind| !kinds.iter().any(|k| k == kind.name))
        .collect();
    assert!(unseen.is_empty(), "never drawn in 400 seeds: {unseen:?}");
}

/// A slot draws for itself: others may go, other faults may come.
#[test]
fn a_drawn_fault_depends_on_its_slot_alone() {
    let (three, six) = (
        scenario("[chaos]\nfaults = 3\n"),
        scenario("[chaos]\nfaults = 6\n"),
    );
    let more =
        "[[fault]]\nat = \"1m\"\nfor = \"1s\"\ninject.node-pause = { nodes = \"any 1 of web\" }\n";
    let beside = scenario(&format!("{more}[chaos]\nfaults = 3\n"));
    for seed in 0..60 {
        let part = |scenario: &Scenario, label: &str| {
            let plan = plan_of(scenario, seed);
            let fault = plan.faults.iter().position(|f| f.label == label)?;
            let entries = plan.entries().iter().filter(|e| e.fault as usize == fault);
            Some(
                entries
                    .map(|e| (e.from, e.until, e.primitive.clone()))
                    .collect::<Vec<_>>(),
            )
        };
        for label in ["chaos/1", "chaos/2", "chaos/3"] {
            assert_eq!(part(&three, label), part(&beside, label), "{seed} {label}");
            assert_eq!(part(&three, label), part(&six, label), "{seed} {label}");
        }
        let kept = text_of(&three, seed);
        let cut = kept.rfind("[[fault]]").expect("a climate has a fault");
        if kept.matches("[[fault]]").count() > 1 {
            let shorter = scenario(&kept[..cut]);
            assert_eq!(part(&shorter, "chaos/1"), part(&three, "chaos/1"));
        }
    }
}

#[test]
fn kinds_and_families_are_chosen() {
    let some = scenario(
        "[chaos]\nkinds = [\"link\", \"cpu-slow\"]\nwithout = [\"link-cut\", \"partition\"]\n",
    );
    for seed in 0..100 {
        for fault in plan_of(&some, seed).faults {
            let kind = catalog::find(&fault.kind).expect("a fault");
            let link = kind.family == squall_core::plan::Family::Link;
            assert!(
                (link || kind.name == "cpu-slow")
                    && !["link-cut", "partition"].contains(&kind.name)
            );
        }
    }
    let one = scenario("[chaos]\nkinds = [\"node-loss\"]\nnodes = \"web[2]\"\n");
    for seed in 0..20 {
        let plan = plan_of(&one, seed);
        assert!(
            plan.entries()
                .iter()
                .all(|e| e.primitive.node() == Some(NodeId(2)))
        );
        assert!(
            times(&plan.entries().iter().collect::<Vec<_>>())
                .iter()
                .all(|(_, until)| *until <= 450_000)
        );
    }
}

#[test]
fn the_climate_must_land_as_a_whole() {
    let lands = scenario("[chaos]\nland = \"every seed\"\n").lands();
    assert_eq!(lands, [("chaos".to_owned(), Land::EverySeed)]);
    assert_eq!(
        scenario("[chaos]\n").lands(),
        [("chaos".to_owned(), Land::Any)]
    );
}

#[test]
fn everything_wrong_with_a_climate_is_shown_where_it_stands() {
    let wrong = errors(
        r#"
[chaos]
kinds = ["linkk", "node-los", "knob-set"]
without = ["cpu"]
nodes = "any 2 of web"
from = "5m"
until = "4m"
keep_healthy = 7
faults = 0
"#,
    );
    assert_lines(&wrong, &["error: 0 is out of range"]);
    let wrong = errors(
        r#"
[chaos]
kinds = ["linkk", "node-los", "knob-set"]
nodes = "any 2 of web"
from = "5m"
until = "4m"
keep_healthy = 7
"#,
    );
    assert_lines(
        &wrong,
        &[
            "error: unknown fault or family `linkk`",
            "14 | kinds = [\"linkk\", \"node-los\", \"knob-set\"]",
            "   |           ^^^^^ no fault and no family of this name",
            "help: did you mean `link`?",
            "help: did you mean `node-loss`?",
            "error: knob-set cannot be drawn",
            "help: give it a `[[fault]]` of its own",
            "error: nothing is drawn here",
            "error: no time is left for faults",
            "error: nobody is left to be hit",
        ],
    );
    assert_lines(
        &errors("[chaos]\nkinds = [\"call\"]\nwithout = [\"call\"]\n"),
        &["error: no fault can be drawn"],
    );
    let named = "[[fault]]\nname = \"chaos\"\nat = \"1m\"\nfor = \"1s\"\ninject.node-pause = { nodes = \"web\" }\n";
    assert_lines(
        &errors(&format!("{named}[chaos]\n")),
        &["error: `chaos` is the name of the drawn faults"],
    );
}

/// A world with one node, or with nothing that serves, has a climate all the same.
#[test]
fn small_worlds_have_climates() {
    let lone = "name = \"lone\"\nstop = { at = \"1m\" }\ntopology.nodes.only = {}\n[chaos]\n";
    let lone =
        parse("lone.toml", lone, &Settings::default()).unwrap_or_else(|report| panic!("{report}"));
    assert_eq!(lone.topology.nodes().len(), 1);
    for seed in 0..100 {
        let plan = plan_of(&lone, seed);
        assert!(!plan.faults.is_empty());
        assert!(
            plan.entries()
                .iter()
                .all(|e| e.primitive.node() == Some(NodeId(0)))
        );
    }
    assert_ne!(Topology::default(), lone.topology);
    assert!(WORLD.contains("web"));
}

struct NoFiles;

impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

fn results(scenario: &Scenario, seeds: core::ops::Range<u64>) -> Vec<SeedResult> {
    let ready = scenario
        .clone()
        .ready(&NoFiles)
        .unwrap_or_else(|report| panic!("{report}"));
    let run = |seed| {
        let mut world = World::new(Seed(seed), false);
        let run = ready.run(Seed(seed), false, &mut world);
        run.unwrap_or_else(|report| panic!("{report}")).result
    };
    seeds.map(run).collect()
}

/// The run is the same too, to the last record: labels key the draws of the run as they do the plan's.
#[test]
fn a_pasted_climate_runs_the_same() {
    let short = |faults: &str| {
        let text =
            format!("{WORLD}arrivals.rate = \"20/s\"\n{faults}").replace("\"10m\"", "\"1m\"");
        parse("short.toml", &text, &Settings::default()).unwrap_or_else(|report| panic!("{report}"))
    };
    let whole = short("[chaos]\nfaults = 5\n");
    for seed in 0..6 {
        let pasted = short(&text_of(&whole, seed));
        let [one, two] =
            [&whole, &pasted].map(|scenario| results(scenario, seed..seed + 1).remove(0));
        assert_eq!(one.digest, two.digest, "seed {seed}");
        assert_eq!(one.faults, two.faults);
    }
}

/// A climate that never had an effect proves nothing, however many faults were drawn.
#[test]
fn a_climate_that_never_lands_is_inconclusive() {
    let idle = "name = \"idle\"\nstop = { at = \"1m\" }\ntopology.nodes.only = { count = 3 }\n";
    let promise = "[[property]]\nnever = \"shop.failed\"\n";
    let verdict = |chaos: &str, busy: &str| {
        let text = format!(
            "{idle}{busy}{chaos}{}",
            if busy.is_empty() { "" } else { promise }
        );
        let scenario = parse("idle.toml", &text, &Settings::default());
        let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
        let campaign = Campaign::new(
            results(&scenario, 0..6),
            &scenario.properties,
            &scenario.lands(),
        );
        let row = campaign
            .faults
            .first()
            .map(|row| (row.label.clone(), row.planned, row.landed));
        (campaign.verdict, row)
    };
    let chaos =
        |kind: &str, land: &str| format!("[chaos]\nkinds = [\"{kind}\"]\nland = \"{land}\"\n");
    let shop =
        "[workload.shop.cluster]\non = \"only\"\nclients = \"only\"\narrivals.rate = \"20/s\"\n";
    let row = |landed| Some(("chaos".to_owned(), 6, landed));
    let idle_net = verdict(&chaos("link-loss", "any"), "");
    assert_eq!(idle_net, (Verdict::Inconclusive, row(0)));
    assert_eq!(
        verdict(&chaos("link-loss", "optional"), "").0,
        Verdict::NotExercised
    );
    let (busy, landed) = verdict(&chaos("link-delay", "every seed"), shop);
    assert_eq!((busy, landed), (Verdict::Pass, row(6)));
}
