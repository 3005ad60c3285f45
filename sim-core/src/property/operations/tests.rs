//! Short stories of a store, each with the promises that it breaks.

use super::*;
use crate::VirtualDuration;
use crate::property::{Metrics, Monitor, Monitored, Verdict};

const READ: NameId = NameId(0);
const WRITE: NameId = NameId(1);

/// A record of a story: (operation, client, what) for a call, (operation, value) for its end.
#[derive(Clone, Copy)]
enum Step {
    Write(u32, u32, u64),
    Read(u32, u32),
    Ok(u32, u64),
    Fail(u32),
    Unknown(u32),
}
use Step::{Fail, Ok, Read, Unknown, Write};

fn verdict(promise: Consistency, story: &[Step], steps_max: u64) -> (Verdict, String) {
    let store = Operations::new(promise, (vec![READ], vec![WRITE]), (0, steps_max));
    let mut monitor = Monitored::new(Box::new(store));
    let mut at = VirtualTime::ZERO;
    for step in story {
        at += VirtualDuration::from_millis(1);
        let call = |op, node, name, value| What::Invoke {
            op,
            node: NodeId(node),
            name,
            key: 1,
            value,
        };
        let end = |op, outcome, value| What::Return { op, outcome, value };
        let what = match *step {
            Write(op, node, value) => call(op, node, WRITE, value),
            Read(op, node) => call(op, node, READ, 0),
            Ok(op, value) => end(op, Outcome::Ok, value),
            Fail(op) => end(op, Outcome::Fail, 0),
            Unknown(op) => end(op, Outcome::Info, 0),
        };
        monitor.observe(&Record { at, what });
    }
    let metrics = Metrics::default();
    let outcome = monitor.finish(&RunEnd {
        at,
        complete: true,
        metrics: &metrics,
        first_fault: None,
        last_heal: VirtualTime::ZERO,
    });
    let text = outcome.first.map_or_else(String::new, |first| first.text);
    (outcome.verdict, text)
}

/// Asserts which of the promises a story breaks: linearizable, session-guarantees, no-lost-write.
fn breaks(why: &str, story: &[Step], wanted: [bool; 3]) {
    let all = [
        Consistency::Linearizable,
        Consistency::SessionGuarantees,
        Consistency::NoLostWrite,
    ];
    for (promise, wanted) in all.into_iter().zip(wanted) {
        let (verdict, text) = verdict(promise, story, 1000);
        assert_eq!(verdict == Verdict::Fail, wanted, "{why}: {promise}: {text}");
        assert!(
            wanted || verdict == Verdict::Pass,
            "{why}: {promise}: {verdict}"
        );
    }
}

#[test]
fn stories_of_a_store() {
    let two = [Write(0, 1, 5), Ok(0, 0), Write(1, 1, 6), Ok(1, 0)];
    let then = |more: &[Step]| [&two[..], more].concat();
    breaks(
        "what was written last",
        &then(&[Read(2, 2), Ok(2, 6)]),
        [false; 3],
    );
    breaks(
        "its own write is gone",
        &then(&[Read(2, 1), Ok(2, 5)]),
        [true, true, true],
    );
    breaks(
        "another client reads the old value",
        &then(&[Read(2, 2), Ok(2, 5)]),
        [true, false, true],
    );
    breaks(
        "what was there at first",
        &then(&[Read(2, 2), Ok(2, 0)]),
        [true, false, true],
    );
    breaks(
        "what nobody wrote",
        &then(&[Read(2, 2), Ok(2, 9)]),
        [true; 3],
    );
    breaks(
        "reads go back",
        &then(&[Read(2, 2), Ok(2, 6), Read(3, 2), Ok(3, 5)]),
        [true, true, true],
    );
    let slow = [Write(0, 1, 5), Ok(0, 0), Write(1, 1, 6), Read(2, 2)];
    let then = |more: &[Step]| [&slow[..], more].concat();
    breaks(
        "two writes at one time as the read began",
        &then(&[Ok(1, 0), Ok(2, 5)]),
        [false; 3],
    );
    breaks(
        "reads go back while a write is under way",
        &then(&[Ok(2, 6), Read(3, 2), Ok(3, 5), Ok(1, 0)]),
        [true, true, false],
    );
    breaks(
        "nobody knows whether it was written",
        &then(&[Unknown(1), Ok(2, 6), Read(3, 3), Ok(3, 6)]),
        [false; 3],
    );
    breaks(
        "a write that did not happen is read",
        &then(&[Fail(1), Ok(2, 6)]),
        [true; 3],
    );
    breaks(
        "a value that is written twice",
        &[
            Write(0, 1, 5),
            Ok(0, 0),
            Write(1, 1, 6),
            Ok(1, 0),
            Write(2, 2, 5),
            Ok(2, 0),
            Read(3, 1),
            Ok(3, 5),
        ],
        [false; 3],
    );
}

#[test]
fn nothing_tested_and_not_decided() {
    let promise = Consistency::Linearizable;
    assert_eq!(verdict(promise, &[], 10).0, Verdict::NotExercised);
    let story = [Write(0, 1, 5), Ok(0, 0), Read(1, 2), Ok(1, 5)];
    assert_eq!(verdict(promise, &story, 0).0, Verdict::Inconclusive);
    let (_, text) = verdict(promise, &[Read(0, 2), Ok(0, 7)], 10);
    assert!(
        text.starts_with("no order explains operation 0, key 1: read -> 7; "),
        "{text}"
    );
}

/// The two other promises take the same time for each operation, however long the history is.
#[test]
fn long_histories() {
    let mut story = Vec::new();
    for op in 0..100_000 {
        story.push(match op % 2 {
            0 => Write(op, 1, u64::from(op)),
            _ => Read(op, 2),
        });
        story.push(Ok(op, u64::from(op - op % 2)));
    }
    for promise in [Consistency::SessionGuarantees, Consistency::NoLostWrite] {
        assert_eq!(verdict(promise, &story, 0).0, Verdict::Pass);
    }
}
