//! Groups, floors, roles and `never` where they meet.

use crate::{WORLD, errors, of, plan, scenario, times};
use squall_core::Seed;
use squall_core::plan::{LinkTarget, Plan, Primitive};
use squall_scenarios::{Settings, parse};
use std::collections::BTreeSet;

/// Nodes that are down at an instant, in seconds, by the plan.
fn down(plan: &Plan, at: u64) -> usize {
    let at = at * 1_000_000_000;
    let down = plan.entries().iter().filter_map(|entry| {
        let holds =
            entry.from.as_nanos() <= at && entry.until.is_none_or(|until| until.as_nanos() > at);
        match entry.primitive {
            Primitive::Crash { node, .. } if holds => Some(node),
            _ => None,
        }
    });
    down.collect::<BTreeSet<_>>().len()
}

#[test]
fn the_floor_of_a_group_holds_for_all_its_members() {
    let group = |floor: &str| {
        format!(
            r#"
[[fault]]
name = "g"
at = "10s"
{floor}
parallel = [
  {{ inject.node-loss = {{ nodes = "any 2 of web", restart_after = "5s" }} }},
  {{ name = "more", inject.node-loss = {{ nodes = "any 2 of web", restart_after = "5s" }} }},
]
"#
        )
    };
    let all = scenario(&group(""))
        .topology
        .nodes_where(|n| n.group == "web")
        .len();
    for seed in 0..20 {
        let floor = all - 1;
        let plan = plan(&group(&format!("keep_healthy = {floor}")), seed);
        assert!(
            down(&plan, 12) <= 1,
            "seed {seed}: the floor of a group is {floor} of {all}"
        );
    }
    assert!((0..20).any(|seed| down(&plan(&group(""), seed), 12) > 1));
    for wrong in ["\"most\"", "0", "2.5", "true"] {
        let found = errors(&group(&format!("keep_healthy = {wrong}")));
        assert!(
            found.contains("write a number of nodes, or \"quorum\""),
            "{found}"
        );
    }
    let nested = r#"
[[fault]]
at = "10s"
serial = [{ name = "q", keep_healthy = 1, parallel = [{ inject.node-pause = { nodes = "web" }, for = "1s" }] }]
"#;
    assert!(errors(nested).contains("goes with the group at the top, or with a fault"));
}

#[test]
fn a_floor_that_leaves_too_few_is_a_miss_and_no_error() {
    let plan = plan(
        r#"
[[fault]]
name = "first"
at = "10s"
inject.node-loss = { nodes = "web[4]", restart_after = "20s" }
[[fault]]
name = "split"
at = "12s"
for = "5s"
keep_healthy = 3
inject.partition = { nodes = "web", split = "halves" }
"#,
        3,
    );
    // One is down, three must be left: of the five one may be hit, and a partition needs two.
    assert!(of(&plan, "split").is_empty());
    let split = plan.faults.iter().find(|fault| fault.label == "split");
    let notes = split.expect("it is planned").notes.join("; ");
    assert!(notes.contains("its floor leaves too few"), "{notes}");
    assert_eq!(times(&of(&plan, "first")), [(10_000, 30_000)]);
}

#[test]
fn never_spares_links_that_a_fault_chooses_itself() {
    let text = r#"
[[fault]]
name = "cut"
at = "10s"
inject.zombie-worker = { nodes = "web[1]", stall = "5s", cause = "partition" }
"#;
    let spared = scenario(text)
        .topology
        .nodes_where(|node| node.name == "web-0")[0];
    let links = |before: &str| -> Vec<LinkTarget> {
        let text = format!("{before}{WORLD}{text}");
        let scenario = parse("test.toml", &text, &Settings::default());
        let scenario = scenario.unwrap_or_else(|report| panic!("{report}"));
        let plan = scenario
            .plan(Seed(1))
            .unwrap_or_else(|report| panic!("{report}"));
        plan.entries()
            .iter()
            .filter_map(|entry| entry.primitive.link())
            .collect()
    };
    let touches = |all: &[LinkTarget]| all.iter().any(|l| l.from == spared || l.to == spared);
    assert!(touches(&links("")));
    let never = links("never = [\"web[0]\"]\n");
    assert!(!touches(&never) && !never.is_empty());
}
