//! Drawn faults that start at moments of the run.

use super::spells::{ALL, NoFiles, digest, plan, refused, store, text};
use super::{assert_lines, errors};
use squall_core::history::{FaultChange, What};
use squall_core::plan::On;
use squall_core::world::World;
use squall_core::{Seed, VirtualTime};
use squall_faults::chaos::Start;
use squall_faults::param::duration;
use std::collections::BTreeMap;

/// Lines of two turns, each of 3 s.
const CLIMATE: &str = "[chaos]\nfaults = 4\nconcurrent = 2\nspells = 4\nroles = true\nfrom = \"1s\"\nuntil = \"7s\"\n\
    moments = [\"kv.leader-elected\", \"kv.membership\", \"node-started\"]\n\
    kinds = [\"node-loss\", \"link-cut\", \"partition\", \"leader-isolate\"]\n";

/// Every other fault waits for one of the events, and all that are named come.
#[test]
fn every_other_fault_waits_for_a_moment() {
    let scenario = store(&format!("{CLIMATE}{ALL}"));
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let (mut waiting, mut all) = (0, 0);
    for seed in 0..100 {
        let plan = plan(&scenario, seed);
        all += plan.faults.len();
        let waits = plan
            .triggers()
            .iter()
            .filter(|t| !matches!(t.on, On::At(_)));
        for trigger in waits {
            waiting += 1;
            *seen.entry(format!("{:?}", trigger.on)).or_default() += 1;
        }
    }
    assert!(
        waiting * 5 > all * 2 && waiting * 5 < all * 3,
        "{waiting} of {all} wait"
    );
    assert_eq!(seen.len(), 3, "{seen:?}");
    let without = store(&format!("{CLIMATE}{ALL}").replace("moments", "# moments"));
    let timed = |seed| {
        let plan = plan(&without, seed);
        let mut on = plan.triggers().iter().map(|t| &t.on);
        on.all(|on| matches!(on, On::At(_)))
    };
    assert!((0..100).all(timed));
}

/// A fault that waits starts at most 100 ms after its event, never twice at a time, and has ended with its turn.
#[test]
fn moments_keep_their_turn() {
    // Something is applied all the time, so that faults also start at the latest moment that they may.
    let often = CLIMATE.replace("node-started", "kv.applied");
    let scenario = store(&format!("{often}{ALL}"));
    let ready = scenario.clone().ready(&NoFiles);
    let ready = ready.unwrap_or_else(|report| panic!("{report}"));
    let mut world = World::new(Seed(0), false);
    let mut started = 0;
    for seed in 0..80 {
        let run = ready.run(Seed(seed), true, &mut world);
        let run = run.unwrap_or_else(|report| panic!("{report}"));
        let recording = run.recording.expect("it was asked for");
        let plan = &recording.header.plan;
        let waits = plan
            .triggers()
            .iter()
            .filter(|t| !matches!(t.on, On::At(_)));
        for trigger in waits {
            let label = &plan.faults[trigger.fault as usize].label;
            let slot: u64 = label["chaos/".len()..].parse().expect("a slot");
            let begin = 1_000_000_000 + 3_000_000_000 * ((slot - 1) / 2);
            let mut moments: Vec<VirtualTime> = Vec::new();
            let mut open = BTreeMap::new();
            for record in &recording.records {
                let at = record.at.as_nanos();
                match (&record.what, &trigger.on) {
                    (What::Event { name, .. }, On::Event { name: wanted, .. })
                        if recording.header.names.text(*name) == wanted =>
                    {
                        moments.push(record.at);
                    }
                    (What::Node { change, .. }, On::Node { change: wanted, .. })
                        if change == wanted =>
                    {
                        moments.push(record.at);
                    }
                    (What::Fault { entry, change, .. }, _)
                        if plan.entry(*entry).fault == trigger.fault =>
                    {
                        match change {
                            FaultChange::Active => {
                                started += 1;
                                let apart = |start: &u64| *start == at;
                                assert!(
                                    open.values().all(apart),
                                    "seed {seed}: two spells at a time"
                                );
                                open.insert(*entry, at);
                                assert!(at >= begin, "seed {seed}");
                                let near = |moment: &VirtualTime| {
                                    let after = at.saturating_sub(moment.as_nanos());
                                    (1..=100_000_001).contains(&after)
                                };
                                assert!(
                                    moments.iter().any(near),
                                    "seed {seed}: {label} at {}",
                                    record.at
                                );
                            }
                            FaultChange::Healed => {
                                open.remove(entry);
                                assert!(
                                    at <= begin + 3_000_000_000,
                                    "seed {seed}: {label} ends at {}",
                                    record.at
                                );
                            }
                            _ => {}
                        }
                    }
                    _ => {}
                }
            }
            assert!(open.is_empty(), "seed {seed}: {label} goes on");
        }
    }
    assert!(started > 20, "{started} spells");
}

/// The latest moment leaves time for the longest delay and for the whole fault, and for little more.
#[test]
fn the_latest_moment_is_soon_enough() {
    let scenario = store(&format!("{CLIMATE}{ALL}"));
    let chaos = scenario.chaos.as_ref().expect("it has a climate");
    let time = |words: &str| duration(words).unwrap_or_else(|wrong| panic!("{wrong:?}"));
    let mut waiting = 0;
    for seed in 0..100 {
        for drawn in chaos.draw(Seed(seed), &scenario.topology) {
            let Start::On(moment) = &drawn.start else {
                continue;
            };
            waiting += 1;
            let (_, latest) = moment.within.split_once("..").expect("a range");
            let ends = time(latest) + time("100ms") + time(&drawn.length);
            let turn = time("1s") + time("3s") * u64::from((drawn.slot - 1) / 2 + 1);
            assert!(
                ends <= turn && ends + time("2ms") >= turn,
                "seed {seed}: {moment:?} for {}, of a turn until {turn}",
                drawn.length
            );
        }
    }
    assert!(waiting > 50, "{waiting} wait");
}

/// What waits is words as well, and pasted it is the same run.
#[test]
fn moments_can_be_pasted() {
    let whole = store(&format!("{CLIMATE}{ALL}"));
    let mut runs = 0;
    for seed in 0..40 {
        let text = text(&whole, seed);
        let pasted = store(&text);
        let (drawn, again) = (plan(&whole, seed), plan(&pasted, seed));
        assert_eq!(drawn, again, "seed {seed}\n{text}");
        if runs < 4 && text.contains("on = {") {
            runs += 1;
            assert_eq!(digest(whole.clone(), seed), digest(pasted, seed), "{seed}");
        }
    }
    assert_eq!(runs, 4);
}

#[test]
fn what_is_no_moment() {
    let wrong = refused(
        "[chaos]\nmoments = [\"kv.leader-elect\", \"call\", \"fault:a.ended\", \"kv.latency\", \"node-started\"]\n",
    );
    assert_lines(
        &wrong,
        &[
            "error: unknown event `kv.leader-elect`",
            "help: did you mean `kv.leader-elected`?",
            "error: `call` is no moment of a climate",
            "error: `fault:a.ended` is no moment of a climate",
            "error: `kv.latency` is no moment of a climate",
        ],
    );
    assert!(!wrong.contains("`node-started`"), "{wrong}");
    let wrong = errors("[chaos]\nmoments = [\"leader-elected\"]\n");
    assert_lines(&wrong, &["error: nobody is ever leader of anything"]);
}
