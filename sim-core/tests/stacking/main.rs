//! Two primitives on one target, every pair of them: which of the two comes first in the plan does not
//! matter unless their rule says so, and what ends leaves exactly the effect of the other.
//!
//! The world is small and does a little of everything, so that each primitive has something to act on;
//! what it is seen to do, tick by tick, stands for the state of the engine.

mod memory;
mod probe;
mod samples;

use probe::{Seen, observe};
use samples::{Rule, samples};
use squall_core::plan::Primitive;

/// Both in force for two seconds, with starts and ends apart, since at one instant ends and starts act in
/// the order of the plan: the plan with the two exchanged does the same.
#[test]
fn the_order_of_two_overlays_does_not_matter() {
    let all = samples(0.5);
    let mut wrong = Vec::new();
    for (i, one) in all.iter().enumerate() {
        for (j, two) in all.iter().enumerate().skip(i) {
            let second = if i == j { &two.again } else { &two.primitive };
            let pair = [&one.primitive, second];
            let plan = |order: [usize; 2]| {
                let entry = |k: usize| {
                    (
                        k,
                        1_000 + 13 * k as u64,
                        3_000 + 11 * k as u64,
                        pair[k].clone(),
                    )
                };
                observe(order.map(entry).to_vec(), 5_000)
            };
            let same = plan([0, 1]) == plan([1, 0]);
            if !same && !by_order(one, two, i == j) {
                wrong.push((one.name, two.name));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "{} pairs depend on their order: {wrong:?}",
        wrong.len()
    );
}

/// Whether the rule of a pair names the first or the last in the plan.
fn by_order(one: &samples::Sample, two: &samples::Sample, same: bool) -> bool {
    match (one.rule, two.rule) {
        (Rule::Order(a), Rule::Order(b)) => a == b,
        _ => same && one.rule == Rule::OrderOfItself,
    }
}

/// One from 1 s to 9 s, the other from 2 s to 3 s: from 6 s on nothing is left of the other, and from
/// 11 s on nothing of both.
#[test]
fn what_ends_leaves_the_effect_of_the_other() {
    let all = samples(1.0);
    let calm = observe(Vec::new(), 13_000);
    let mut wrong = Vec::new();
    for (i, one) in all.iter().enumerate() {
        let long = |p: &Primitive| (0, 1_000, 9_000, p.clone());
        let alone = observe(vec![long(&one.primitive)], 13_000);
        for (j, two) in all.iter().enumerate() {
            let short = if i == j { &two.again } else { &two.primitive };
            let both = observe(
                vec![long(&one.primitive), (1, 2_000, 3_000, short.clone())],
                13_000,
            );
            let drawn = one.counts && two.removes;
            if !two.stays && !drawn && part(&both, 6_000, 9_000) != part(&alone, 6_000, 9_000) {
                wrong.push((one.name, two.name, "is not over"));
            }
            if !one.stays
                && !two.stays
                && part(&both, 11_000, 13_000) != part(&calm, 11_000, 13_000)
            {
                wrong.push((one.name, two.name, "leaves something"));
            }
        }
    }
    let mut few: Vec<String> = Vec::new();
    for (one, two, what) in &wrong {
        few.push(format!("{one}+{two} {what}"));
    }
    assert!(
        wrong.is_empty(),
        "{} pairs: {}",
        wrong.len(),
        few.join("; ")
    );
}

/// What was seen from `from` to `until`.
fn part(seen: &Seen, from: u64, until: u64) -> Vec<(String, Vec<String>)> {
    let inside = |key: &(u64, &'static str)| (from..until).contains(&key.0);
    let of = seen.iter().filter(|(key, _)| inside(key));
    of.map(|((at, what), values)| (format!("{at} {what}"), values.clone()))
        .collect()
}

/// A primitive that no probe feels would pass everything.
#[test]
fn every_primitive_is_felt() {
    let calm = observe(Vec::new(), 5_000);
    let unfelt: Vec<&str> = samples(1.0)
        .iter()
        .filter(|s| !s.quiet)
        .filter(|s| observe(vec![(0, 1_000, 3_000, s.primitive.clone())], 5_000) == calm)
        .map(|s| s.name)
        .collect();
    assert!(unfelt.is_empty(), "nothing differs under {unfelt:?}");
}

/// The table has every primitive: the match in `samples` has an arm for each, and each arm a sample.
#[test]
fn every_arm_has_a_sample() {
    let mut arms: Vec<usize> = samples(1.0)
        .iter()
        .map(|s| samples::arm(&s.primitive))
        .collect();
    arms.sort_unstable();
    arms.dedup();
    assert_eq!(arms, (0..samples::ARMS).collect::<Vec<_>>());
}
