//! W1 on a standard binary heap: the yardstick that every machine has.

use crate::generator::{Rng, ns};
use crate::workload::Workload;
use squall::core::queue::{Pending, Queue};
use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::hint::black_box;

const HOLDS: u64 = 1_000_000;

fn heap(n: u64) -> impl FnMut() -> u64 {
    let mut rng = Rng::new(1);
    let mut heap = BinaryHeap::new();
    let mut sequence = 0u64;
    for _ in 0..n {
        heap.push(Reverse((ns(rng.exp(1.0)) + 1, sequence)));
        sequence += 1;
    }
    move || {
        let Reverse((time, _)) = heap.pop().expect("never empty");
        heap.push(Reverse((time + ns(rng.exp(1.0)), sequence)));
        sequence += 1;
        time
    }
}

fn queue(n: u64) -> impl FnMut() -> u64 {
    let mut rng = Rng::new(1);
    let mut queue = Queue::new();
    let event = |time, sequence| Pending {
        time,
        sequence,
        word: 0,
        target: 0,
        kind: 0,
    };
    let mut sequence = 0u64;
    for _ in 0..n {
        queue.push(event(ns(rng.exp(1.0)) + 1, sequence));
        sequence += 1;
    }
    move || {
        let time = queue.pop_until(u64::MAX).expect("never empty").time;
        queue.push(event(time + ns(rng.exp(1.0)), sequence));
        sequence += 1;
        time
    }
}

fn run(hold: &mut impl FnMut() -> u64, holds: u64) -> u64 {
    let mut last = 0;
    for _ in 0..holds {
        last = hold();
    }
    last
}

/// Warmed up, and checked to pop its event number `HOLDS` at `golden`, where that is known.
fn warm(mut hold: impl FnMut() -> u64, n: u64, golden: u64) -> impl FnMut() {
    run(&mut hold, (2 * n).max(100_000));
    let end = run(&mut hold, HOLDS);
    assert!(
        golden == 0 || end == golden,
        "W1 ends at {end} instead of {golden}"
    );
    move || {
        black_box(run(&mut hold, HOLDS));
    }
}

pub(crate) fn workloads() -> Vec<Workload> {
    let sizes = [
        (1_000, 1_099_137_922_008),
        (100_000, 11_992_811_051),
        (1_000_000, 0),
    ];
    let both = |(n, golden)| {
        [
            Workload::new(format!("W1 hold {n}, std heap"), HOLDS, move || {
                warm(heap(n), n, golden)
            }),
            Workload::new(format!("W1 hold {n}, our queue"), HOLDS, move || {
                warm(queue(n), n, golden)
            }),
        ]
    };
    sizes.into_iter().flat_map(both).collect()
}
