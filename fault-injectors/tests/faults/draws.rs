//! Draws of lowering stand on their own.

use crate::common::{fault, number, stop, text, world};
use squall_core::plan::{Entry, Land, Plan};
use squall_core::{Seed, VirtualTime};
use squall_faults::param::Node;
use squall_faults::{FaultUse, lower};

pub(crate) fn named(mut fault: FaultUse, label: &str) -> FaultUse {
    fault.label = label.into();
    fault
}

/// Three faults with draws of every sort.
fn weather() -> Vec<FaultUse> {
    let every = Node::table(vec![("mean", text("40s")), ("dist", text("exponential"))]);
    vec![
        named(
            fault(
                "node-loss",
                &[("nodes", text("any 2 of kv"))],
                &[("every", every), ("for", text("uniform 1s 5s"))],
            ),
            "losses",
        ),
        named(
            fault(
                "partition",
                &[("nodes", text("kv")), ("split", text("uniform"))],
                &[("at", text("1m..5m")), ("for", text("10s..90s"))],
            ),
            "split",
        ),
        named(
            fault(
                "gc-pause",
                &[("nodes", text("20% of gateway"))],
                &[("for", text("forever"))],
            ),
            "pauses",
        ),
    ]
}

fn parts_of(plan: &Plan, label: &str) -> Vec<Entry> {
    let index = plan
        .faults
        .iter()
        .position(|f| f.label == label)
        .expect("the label is there");
    let own = plan.entries().iter().filter(|e| e.fault as usize == index);
    own.map(|e| Entry {
        fault: 0,
        ..e.clone()
    })
    .collect()
}

#[test]
fn removing_a_fault_or_adding_a_node_elsewhere_moves_no_draw() {
    for seed in 0..40 {
        let seed = Seed(seed);
        let whole = lower(seed, &weather(), &world(), stop()).unwrap();
        for gone in 0..3 {
            let mut rest = weather();
            rest.remove(gone);
            let less = lower(seed, &rest, &world(), stop()).unwrap();
            for fault in &rest {
                assert_eq!(
                    parts_of(&whole, &fault.label),
                    parts_of(&less, &fault.label)
                );
            }
        }
        let mut bigger = world();
        bigger.add_group("spare", 3);
        assert_eq!(whole, lower(seed, &weather(), &bigger, stop()).unwrap());
    }
}

#[test]
fn seeds_differ_and_a_seed_repeats() {
    let at = |seed| lower(Seed(seed), &weather(), &world(), stop()).unwrap();
    assert_eq!(at(1), at(1));
    assert_ne!(at(1), at(2));
}

#[test]
fn entries_lie_inside_the_run_and_parts_count_from_zero() {
    for seed in 0..40 {
        let plan = lower(Seed(seed), &weather(), &world(), stop()).unwrap();
        for entry in plan.entries() {
            assert!(
                entry.from < stop() && entry.until.is_none_or(|u| u <= stop() && u > entry.from)
            );
        }
        for label in ["losses", "split", "pauses"] {
            let parts: Vec<u32> = parts_of(&plan, label).iter().map(|e| e.part).collect();
            assert_eq!(
                parts,
                (0..u32::try_from(parts.len()).unwrap()).collect::<Vec<_>>()
            );
        }
    }
}

#[test]
fn a_fault_left_out_by_chance_says_so_and_moves_nothing_else() {
    let with = |chance| {
        let mut faults = weather();
        faults[0].timing.chance = chance;
        lower(Seed(3), &faults, &world(), stop()).unwrap()
    };
    let (all, none) = (with(1.0), with(0.0));
    assert_eq!(none.faults[0].notes, ["not drawn: its chance is 0"]);
    assert!(parts_of(&none, "losses").is_empty());
    assert_eq!(parts_of(&all, "split"), parts_of(&none, "split"));
    assert_eq!(all.last_heal().max(VirtualTime::ZERO), all.last_heal());
}

/// A fault that must land in every seed need not in one that its chance left it out of: the plan of that
/// seed, and the regression file that is made of it, ask for nothing.
#[test]
fn what_a_seed_does_not_draw_need_not_land_in_it() {
    let mut nap = fault(
        "node-pause",
        &[("nodes", text("kv[0]"))],
        &[
            ("at", text("1m")),
            ("for", text("1s")),
            ("chance", number(0.5)),
        ],
    );
    nap.land = Land::EverySeed;
    let mut drawn = 0;
    for seed in 0..40 {
        let plan = lower(Seed(seed), &[nap.clone()], &world(), stop()).expect("a plan");
        let there = !plan.entries().is_empty();
        let land = if there {
            Land::EverySeed
        } else {
            Land::Optional
        };
        assert_eq!(plan.faults[0].land, land, "seed {seed}");
        drawn += u32::from(there);
    }
    assert!((8..32).contains(&drawn), "{drawn} of 40");
}
