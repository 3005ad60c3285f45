//! The queue against a sorted list.

use super::*;
use crate::{Key, Sample, Seed};
use proptest::prelude::*;
use std::collections::BTreeSet;

/// Runs `operations` pushes and pops, with delays from `delay`, against a set in (time, sequence)
/// order.
fn compare(
    seed: u64,
    operations: u64,
    pending: usize,
    mut delay: impl FnMut(&mut dyn FnMut() -> f64) -> u64,
) {
    let key = Key::new(Seed(seed), "queue", "test");
    let mut queue = Queue::new();
    let mut model = BTreeSet::new();
    let mut now = 0;
    for i in 0..operations {
        let mut draw = key.at(i);
        let grow = model.len() < pending;
        if model.is_empty() || draw.chance(if grow { 0.7 } else { 0.45 }) {
            let time = now + delay(&mut || draw.unit());
            model.insert((time, i));
            queue.push(Pending {
                time,
                sequence: i,
                word: i,
                target: 0,
                kind: 0,
            });
        } else {
            let limit = if draw.chance(0.1) { now + 1 } else { u64::MAX };
            let first = model.first().copied().filter(|(time, _)| *time <= limit);
            let popped = queue.pop_until(limit).map(|e| e.key());
            assert_eq!(popped, first, "operation {i}");
            if let Some(first) = first {
                model.remove(&first);
                now = first.0;
            }
        }
        assert_eq!(queue.len(), model.len());
    }
    while let Some(event) = queue.pop_until(u64::MAX) {
        assert_eq!(model.pop_first(), Some(event.key()));
    }
    assert!(model.is_empty() && queue.is_empty());
}

#[expect(clippy::cast_possible_truncation, reason = "test delays are small")]
fn ns(x: f64) -> u64 {
    x as u64
}

#[test]
fn order_holds_for_uniform_clustered_far_apart_and_equal_times() {
    for pending in [3, 60, 200, 5_000, 100_000] {
        let n = 400_000;
        compare(1, n, pending, |unit| ns(unit() * 1e9));
        compare(2, n, pending, |unit| ns(-libm::log(unit()) * 1e9));
        compare(3, n, pending, |unit| ns(unit() * 4.0));
        compare(4, n, pending, |_| 0);
        compare(5, n, pending, |unit| {
            if unit() < 0.01 {
                ns(unit() * 1e15)
            } else {
                ns(unit() * 1e3)
            }
        });
        compare(6, n, pending, |unit| ns(libm::exp(unit() * 28.0)));
        compare(7, n, pending, |unit| {
            ns(libm::floor(unit() * 10.0)) * 1_000_000
        });
    }
}

#[test]
fn a_cleared_queue_behaves_like_a_new_one() {
    let mut queue = Queue::new();
    let event = |time, sequence| Pending {
        time,
        sequence,
        word: 0,
        target: 0,
        kind: 0,
    };
    for i in 0..10_000 {
        queue.push(event(i * 37 % 1_000, i));
    }
    for _ in 0..500 {
        queue.pop_until(u64::MAX);
    }
    queue.clear();
    assert!(queue.is_empty() && queue.next_time().is_none());
    queue.push(event(5, 1));
    queue.push(event(3, 2));
    assert_eq!(queue.next_time(), Some(3));
}

proptest! {
    #[test]
    fn any_mix_of_pushes_and_pops_keeps_the_order(
        delays in prop::collection::vec((0u64..5, 0u32..50), 1..2_000),
        drains in prop::collection::vec(0usize..200, 1..20),
    ) {
        let mut queue = Queue::new();
        let mut model = BTreeSet::new();
        let (mut now, mut sequence) = (0, 0);
        for (chunk, drain) in delays.chunks(100).zip(drains.iter().cycle()) {
            for &(small, exponent) in chunk {
                let time = now + (small << exponent);
                model.insert((time, sequence));
                queue.push(Pending { time, sequence, word: 0, target: 0, kind: 0 });
                sequence += 1;
            }
            for _ in 0..*drain {
                let popped = queue.pop_until(u64::MAX).map(|e| e.key());
                prop_assert_eq!(popped, model.pop_first());
                now = popped.map_or(now, |(time, _)| time);
            }
        }
    }
}

/// Bursts that fall into other buckets each time do not leave room for a burst in each of them.
#[test]
fn bursts_leave_no_memory_behind() {
    let mut queue = Queue::new();
    let mut sequence = 0;
    for round in 0..400u64 {
        let begin = round * 1_000_000;
        // Spread over the round, and ten thousand at one instant of it: where, differs from round to round.
        let spread = (0..2_000).map(|i| begin + i * 500);
        let burst = (0..10_000).map(|_| begin + round * 7_919 % 1_000_000);
        for time in spread.chain(burst) {
            sequence += 1;
            queue.push(Pending {
                time,
                sequence,
                word: 0,
                target: 0,
                kind: 0,
            });
        }
        match round % 8 {
            0 => queue.clear(),
            _ => while queue.pop_until(u64::MAX).is_some() {},
        }
    }
    let rungs = || queue.rungs.iter().chain(&queue.spare);
    let room: usize = rungs().map(rung::Rung::room).sum();
    assert!(
        room < 50_000,
        "room for {room} events in {} rungs",
        rungs().count()
    );
}
