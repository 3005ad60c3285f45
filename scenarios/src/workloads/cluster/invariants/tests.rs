//! Each invariant holds on a good history and breaks on its mutations.

use super::super::shared::Events;
use super::*;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Metrics, Monitor, Monitored, RunEnd, Verdict};
use squall_core::{NameId, VirtualTime};

pub(super) const NAMES: Events = Events {
    request: NameId(0),
    retried: NameId(1),
    ok: NameId(2),
    failed: NameId(3),
    shed: NameId(4),
    timed_out: NameId(5),
    queue_full: NameId(6),
    dropped: NameId(7),
    hop_retried: NameId(8),
    ejected: NameId(9),
    latency: NameId(10),
    goodput: NameId(11),
    attempts: NameId(12),
    queue: NameId(13),
};
const S: u64 = 1_000_000_000;

/// Events as (second, name, request), each attempt with a time-out of one second; the run ends
/// at 10 s. The invariant holds on the first history and breaks on the others, each of which is
/// a mutation of it.
fn check<I: Invariant + 'static>(
    new: impl Fn() -> I,
    good: &[(u64, NameId, u64)],
    bad: &[&[(u64, NameId, u64)]],
) {
    let verdict = |history: &[(u64, NameId, u64)]| {
        let mut monitor = Monitored::new(Box::new(new()));
        for &(s, name, a) in history {
            let at = VirtualTime::from_nanos(s * S);
            let node = NodeId(0);
            let what = match name {
                NameId(13) => What::Sample {
                    name,
                    node,
                    value: a as f64,
                },
                name => What::Event {
                    name,
                    node,
                    a,
                    b: S,
                },
            };
            monitor.observe(&Record { at, what });
        }
        let metrics = Metrics::default();
        let at = VirtualTime::from_nanos(10 * S);
        monitor
            .finish(&RunEnd {
                at,
                complete: true,
                metrics: &metrics,
                first_fault: None,
                last_heal: VirtualTime::ZERO,
            })
            .verdict
    };
    assert_eq!(verdict(good), Verdict::Pass);
    for bad in bad {
        assert_eq!(verdict(bad), Verdict::Fail, "{bad:?}");
    }
}

#[test]
fn conservation_breaks_when_a_request_is_lost_or_counted_twice() {
    let n = NAMES;
    let new = || Conservation {
        events: NAMES,
        clients: vec![NodeId(0)],
        patience_ns: 1e9,
        open: BTreeMap::new(),
        paused: BTreeSet::new(),
        resumed: BTreeMap::new(),
    };
    let good = [
        (1, n.request, 1),
        (2, n.retried, 1),
        (2, n.ok, 1),
        (9, n.request, 2),
    ];
    check(
        new,
        &good,
        &[
            &[(1, n.request, 1), (7, n.request, 2), (8, n.ok, 2)],
            &[(1, n.request, 1), (2, n.ok, 1), (2, n.ok, 1)],
            &[(1, n.request, 1), (2, n.ok, 1), (2, n.failed, 1)],
            &[(1, n.request, 1), (1, n.request, 1), (2, n.ok, 1)],
            &[(1, n.request, 1), (2, n.timed_out, 1), (2, n.retried, 1)],
            &[(1, n.request, 1), (2, n.ok, 1), (2, n.shed, 7)],
        ],
    );
    // A client that crashes takes its requests with it.
    let mut monitor = Monitored::new(Box::new(new()));
    let node = NodeId(0);
    let (name, a, b) = (n.request, 3, S);
    for what in [
        What::Event {
            name: n.request,
            node,
            a: 1,
            b,
        },
        What::Event {
            name: n.ok,
            node,
            a: 1,
            b: 0,
        },
        What::Event { name, node, a, b },
        What::Node {
            node,
            change: NodeChange::Down,
        },
    ] {
        monitor.observe(&Record {
            at: VirtualTime::ZERO,
            what,
        });
    }
    let metrics = Metrics::default();
    let at = VirtualTime::from_nanos(10 * S);
    let outcome = monitor.finish(&RunEnd {
        at,
        complete: true,
        metrics: &metrics,
        first_fault: None,
        last_heal: VirtualTime::ZERO,
    });
    assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:?}");
}

#[test]
fn amplification_breaks_when_there_is_a_retry_too_many() {
    let n = NAMES;
    let twice = || Amplification::new(NAMES, Limit::Attempts(2), Vec::new());
    let good = [
        (1, n.request, 1),
        (2, n.retried, 1),
        (3, n.request, 2),
        (4, n.retried, 2),
    ];
    check(
        twice,
        &good,
        &[&[
            (1, n.request, 1),
            (1, n.request, 2),
            (2, n.retried, 1),
            (3, n.retried, 1),
        ]],
    );
    let budget = || {
        Amplification::new(
            NAMES,
            Limit::Budget {
                share: 0.5,
                saved: 1.0,
                burst: 1.0,
                of_requests: false,
            },
            Vec::new(),
        )
    };
    let good = [
        (1, n.request, 1),
        (2, n.retried, 1),
        (3, n.ok, 1),
        (3, n.request, 2),
        (3, n.ok, 2),
        (4, n.request, 3),
        (5, n.retried, 3),
    ];
    let early = [good[0], good[1], good[2], good[5], good[6]];
    check(budget, &good, &[&early]);
}

#[test]
fn queues_and_late_successes() {
    let n = NAMES;
    let queue = || QueueBound {
        queue: n.queue,
        capacity: 3.0,
    };
    check(
        queue,
        &[(1, n.queue, 3)],
        &[&[(1, n.queue, 2), (2, n.queue, 4)]],
    );
    let late = || NoLateSuccess {
        events: NAMES,
        open: BTreeMap::new(),
    };
    let good = [(1, n.request, 1), (3, n.retried, 1), (4, n.ok, 1)];
    check(late, &good, &[&[(1, n.request, 1), (3, n.ok, 1)]]);
}
