//! Planted bugs: each is found by the invariant that says so, in a world in which the intact controller holds all.

use super::common::{ready, run};
use super::promises::world;
use squall_core::property::Verdict;
use squall_scenarios::workloads::cluster::rollout::Mutant;

const CRASH: &str = "at = '45s'\nfor = '5s'\ninject.node-loss = { nodes = 'control' }";
const TWO_LOST: &str = "at = '5s'\nfor = '4m'\ninject.node-loss = { nodes = 'host[6] + host[7]' }";
const ONE_LOST: &str = "at = '5s'\nfor = '10m'\ninject.node-loss = { nodes = 'host[7]' }";
const PAUSE: &str =
    "at = '40s'\nfor = '80s'\ninject.knob-set = { name = 'roll.pause', value = 'on' }";
const LATE: &str = "at = '0s'\nfor = 'forever'\ninject.link-delay = { links = 'control -> host', \
                    delay = 'exponential mean 900ms' }";
const LOSSY: &str =
    "at = '0s'\nfor = '13m'\ninject.link-loss = { links = 'control -> host', p = 0.4 }";
const CALM: &str = "at = '13m'\nfor = '1s'\ninject.node-pause = { nodes = 'control' }";
const BAD: &str = "workload.shop.cluster.version.errors=0.3";

/// Name, world, settings, and what finds it.
const CASES: [(&str, &str, &str, &str); 11] = [
    ("R01", CALM, BAD, "roll.green-only"),
    ("R02", CRASH, "", "roll.baked"),
    (
        "R03",
        CALM,
        "workload.roll.rollout.min_available=0.3",
        "roll.max-unavailable",
    ),
    ("R04", CALM, "", "roll.max-unavailable"),
    ("R05", TWO_LOST, "", "roll.budget"),
    ("R06", LATE, "", "roll.epoch-monotone"),
    (
        "R07",
        CALM,
        "workload.roll.rollout.deadline=45s workload.roll.rollout.restart=20s",
        "roll.restored",
    ),
    ("R08", CALM, "", "roll.exposure"),
    ("R09", PAUSE, "", "roll.pause-holds"),
    ("R10", ONE_LOST, "", "roll.complete"),
    ("R11", LOSSY, "workload.roll.rollout.within=8m", "roll.ends"),
];

/// The first invariant that is violated, and what it says.
fn alarm(mutant: &str, fault: &str, set: &str) -> Option<(String, String)> {
    let planted = format!("workload.roll.rollout.mutant={mutant}");
    let planted = (!mutant.is_empty()).then_some(planted.as_str());
    let set: Vec<&str> = planted.into_iter().chain(set.split_whitespace()).collect();
    let ready = ready("mutant", &world(fault), &[], &set);
    (0..4).find_map(|seed| {
        let properties = run(&ready, seed, false).result.properties;
        let failed = properties
            .iter()
            .filter(|p| p.outcome.verdict == Verdict::Fail);
        let first = failed.min_by_key(|p| p.outcome.first.as_ref().map(|v| v.at))?;
        let text = first.outcome.first.as_ref().map(|v| v.text.clone());
        Some((first.spec.name.clone(), text.unwrap_or_default()))
    })
}

#[test]
fn planted_bugs_are_found_and_the_intact_controller_is_not_accused() {
    assert_eq!(CASES.map(|(mutant, ..)| mutant), Mutant::NAMES[..]);
    let mut wrong = Vec::new();
    for (mutant, fault, set, by) in CASES {
        let (found, intact) = (alarm(mutant, fault, set), alarm("", fault, set));
        println!("{mutant}: {found:?}");
        if found.as_ref().is_none_or(|(name, _)| name != by) || intact.is_some() {
            wrong.push((mutant, by, found, intact));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}
