//! Drawn faults that come again, and those that hit who has a role.

use super::{WORLD, assert_lines, errors};
use squall_core::history::Digest;
use squall_core::plan::{Plan, Primitive, Role, Whom};
use squall_core::world::World;
use squall_core::{NodeId, Seed};
use squall_faults::chaos;
use squall_scenarios::{Files, Scenario, Settings, parse};

const STORE: &str = r#"
name = "store"
seeds = "0..8"
stop = { at = "10s" }
[topology]
nodes.kv = { count = 5 }
nodes.client = {}
[workload.kv.raft]
on = "kv"
clients = "client"
load = { clients = 1, until = "6s" }
"#;

pub(super) fn store(faults: &str) -> Scenario {
    let text = format!("{STORE}{faults}");
    parse("store.toml", &text, &Settings::default()).unwrap_or_else(|report| panic!("{report}"))
}

pub(super) fn plan(scenario: &Scenario, seed: u64) -> Plan {
    let plan = scenario.plan(Seed(seed));
    plan.unwrap_or_else(|report| panic!("{report}"))
}

pub(super) fn text(scenario: &Scenario, seed: u64) -> String {
    let chaos = scenario.chaos.as_ref().expect("it has a climate");
    chaos::text(&chaos.draw(Seed(seed), &scenario.topology))
}

pub(super) const ALL: &str = "nodes = \"kv\"\nnodes_max = 5\ndown_max = 5\nkeep_healthy = 0\n";

/// Spells of a fault do not meet, stay in its time, and have targets of their own.
#[test]
fn a_fault_comes_again_and_hits_others() {
    let scenario = store(&format!(
        "[chaos]\nfaults = 4\nconcurrent = 2\nspells = 6\nkinds = [\"node-loss\"]\n{ALL}from = \"1s\"\nuntil = \"7s\"\n"
    ));
    let (mut again, mut moved) = (0, 0);
    for seed in 0..80 {
        let plan = plan(&scenario, seed);
        for (number, fault) in plan.faults.iter().enumerate() {
            let own = plan.entries().iter().filter(|e| e.fault as usize == number);
            let mut spells: Vec<(u64, u64, Vec<NodeId>)> = Vec::new();
            for entry in own {
                let until = entry.until.expect("it ends").as_nanos();
                let from = entry.from.as_nanos();
                let node = entry.primitive.node().expect("a node is lost");
                match spells.last_mut() {
                    Some((start, _, nodes)) if *start == from => nodes.push(node),
                    _ => spells.push((from, until, vec![node])),
                }
            }
            let slot: u64 = fault.label["chaos/".len()..].parse().expect("a slot");
            let begin = 1_000_000_000 + 3_000_000_000 * ((slot - 1) / 2);
            let inside = |(from, until, _): &(u64, u64, Vec<NodeId>)| {
                *from >= begin && *until <= begin + 3_000_000_000
            };
            assert!(spells.iter().all(inside), "{seed}: {spells:?}");
            let apart = spells.windows(2).all(|two| two[0].1 <= two[1].0);
            assert!(apart, "{seed}: {spells:?}");
            again += usize::from(spells.len() > 1);
            moved += usize::from(spells.windows(2).any(|two| two[0].2 != two[1].2));
        }
    }
    assert!(
        again > 40 && moved > 20,
        "{again} came again, {moved} elsewhere"
    );
}

fn asks(plan: &Plan, fault: usize) -> bool {
    let mut triggers = plan.triggers().iter().filter(|t| t.fault as usize == fault);
    triggers.any(|trigger| {
        let choices = trigger.firings.iter().flat_map(|f| &f.choices);
        let mut whom = choices.flat_map(|choice| &choice.terms);
        whom.any(
            |(_, whom)| matches!(whom, Whom::Role { role: Role::Leader, of, .. } if of == "kv"),
        )
    })
}

/// Leaders are hit where that is allowed; of those who may be down one place is theirs.
#[test]
fn whoever_leads_may_be_hit() {
    let climate = |roles: bool, down: usize| {
        store(&format!(
            "[chaos]\nfaults = 4\nroles = {roles}\nkinds = [\"node-loss\", \"node-pause\"]\nnodes = \"kv\"\nnodes_max = 5\n\
             keep_healthy = 0\ndown_max = {down}\n"
        ))
    };
    for down in [1, 2, 5] {
        let (with, without) = (climate(true, down), climate(false, down));
        let mut found = 0;
        for seed in 0..60 {
            let plan = plan(&with, seed);
            let asked: Vec<usize> = (0..plan.faults.len()).filter(|f| asks(&plan, *f)).collect();
            found += asked.len();
            let first = |fault: &usize| plan.faults[*fault].label == "chaos/1";
            assert!(down == 5 || asked.iter().all(first), "one leader at a time");
            let mut others: Vec<NodeId> = Vec::new();
            for entry in plan.entries().iter().filter(|e| e.firing.is_none()) {
                assert!(matches!(
                    entry.primitive,
                    Primitive::Crash { .. } | Primitive::Pause { .. }
                ));
                others.extend(entry.primitive.node());
            }
            others.sort_unstable();
            others.dedup();
            assert!(down == 5 || others.len() < down, "seed {seed}: {others:?}");
            let plan = super::spells::plan(&without, seed);
            assert!((0..plan.faults.len()).all(|fault| !asks(&plan, fault)));
        }
        assert!(found > 10, "{found} of leaders with {down} down");
    }
}

/// What is wrong with a climate over the store.
pub(super) fn refused(climate: &str) -> String {
    let text = format!("{STORE}{climate}");
    let wrong = parse("store.toml", &text, &Settings::default());
    wrong.expect_err("it is wrong").render(false)
}

/// Faults of leaders are drawn where leaders may be hit, and hit nobody else; peers lose them, clients do not.
#[test]
fn faults_of_leaders_are_drawn() {
    let climate = |kind: &str, down: usize| {
        format!(
            "[chaos]\nfaults = 3\nroles = true\nkinds = [\"{kind}\", \"link-loss\"]\nnodes = \"kv\"\nnodes_max = 5\n\
             keep_healthy = 0\ndown_max = {down}\n"
        )
    };
    for kind in ["leader-loss", "leader-isolate"] {
        for down in [1, 5] {
            let scenario = store(&climate(kind, down));
            let mut found = 0;
            for seed in 0..60 {
                let plan = plan(&scenario, seed);
                for (at, fault) in plan.faults.iter().enumerate() {
                    if fault.kind != kind {
                        continue;
                    }
                    found += 1;
                    assert!(asks(&plan, at), "seed {seed}");
                    assert!(
                        down == 5 || fault.label == "chaos/1",
                        "one leader at a time"
                    );
                }
                let text = text(&scenario, seed);
                let isolated = text.lines().filter(|line| line.contains("leader-isolate"));
                for line in isolated {
                    let peers = line.contains("peers = \"kv-0 + kv-1 + kv-2 + kv-3 + kv-4\"");
                    assert!(peers, "{line}");
                }
            }
            assert!(found > 15, "{found} of {kind}");
        }
        let without = climate(kind, 1).replace("roles = true", "roles = false");
        let wrong = refused(&without);
        assert!(
            wrong.contains(&format!("{kind} cannot be drawn")),
            "{wrong}"
        );
        assert!(wrong.contains("set `roles = true`"), "{wrong}");
    }
}

pub(super) struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("{path} is not there"))
    }
}

/// The digest of a run.
pub(super) fn digest(scenario: Scenario, seed: u64) -> Digest {
    let ready = scenario.ready(&NoFiles);
    let ready = ready.unwrap_or_else(|report| panic!("{report}"));
    let run = ready.run(Seed(seed), false, &mut World::new(Seed(0), false));
    let run = run.unwrap_or_else(|report| panic!("{report}"));
    run.result.digest
}

/// What is drawn is words: pasted they are the same plan, and where somebody asks for leaders the same run.
#[test]
fn spells_and_roles_can_be_pasted() {
    let climate = format!("[chaos]\nfaults = 5\nspells = 5\nroles = true\n{ALL}until = \"7s\"\n");
    let whole = store(&climate);
    let mut runs = 0;
    for seed in 0..60 {
        let text = text(&whole, seed);
        let pasted = store(&text);
        let (drawn, again) = (plan(&whole, seed), plan(&pasted, seed));
        assert_eq!(drawn, again, "seed {seed}\n{text}");
        if runs < 6 && (0..drawn.faults.len()).any(|fault| asks(&drawn, fault)) {
            runs += 1;
            assert_eq!(digest(whole.clone(), seed), digest(pasted, seed), "{seed}");
        }
    }
    assert_eq!(runs, 6);
}

#[test]
fn roles_that_cannot_be_hit() {
    let wrong = errors("[chaos]\nroles = true\n");
    assert_lines(&wrong, &["error: nobody who may be hit ever has a role"]);
    assert!(WORLD.contains("[workload.shop.cluster]"));
    let text = format!("{STORE}[chaos]\nroles = true\nnodes = \"kv\"\n");
    let wrong = parse("store.toml", &text, &Settings::default());
    let wrong = wrong.expect_err("one of them stays healthy").to_string();
    assert_lines(
        &wrong,
        &[
            "error: whoever has a role may be any of the nodes",
            "help: set `keep_healthy = 0` and `nodes_max = 5`, or leave it out",
        ],
    );
}
