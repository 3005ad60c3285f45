//! Each invariant of guards and objectives holds on a good history and breaks on its mutations.

use super::super::guard::breaker;
use super::super::names::{GuardNames, VisitNames};
use super::service::{
    Allowed, Below, BreakerLegal, EjectionShare, HopAmplification, ServiceConservation,
    SingleFlight,
};
use super::tests::NAMES;
use super::users::{BlastRadius, GoodputRecovers};
use super::*;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Metrics, Monitor, Monitored, RunEnd, Verdict};
use squall_core::{NameId, VirtualTime};

const NODE: NodeId = NodeId(0);

/// At this second, this event with these arguments; or, without a name, the node goes down.
type Happened = (u64, Option<NameId>, u64, u64);

fn at(second: u64) -> VirtualTime {
    VirtualTime::from_nanos(second * 1_000_000_000)
}

/// The verdict on a history that ends at 100 s and healed at 10 s.
fn verdict<I: Invariant + 'static>(invariant: I, history: &[Happened]) -> Verdict {
    let mut monitor = Monitored::new(Box::new(invariant));
    for &(second, name, a, b) in history {
        let what = match name {
            Some(name) => What::Event {
                name,
                node: NODE,
                a,
                b,
            },
            None => What::Node {
                node: NODE,
                change: NodeChange::Down,
            },
        };
        monitor.observe(&Record {
            at: at(second),
            what,
        });
    }
    let metrics = Metrics::default();
    let end = RunEnd {
        at: at(100),
        complete: true,
        metrics: &metrics,
        first_fault: None,
        last_heal: at(10),
    };
    monitor.finish(&end).verdict
}

fn check<I: Invariant + 'static>(new: impl Fn() -> I, good: &[Happened], bad: &[&[Happened]]) {
    assert_eq!(verdict(new(), good), Verdict::Pass);
    for bad in bad {
        assert_eq!(verdict(new(), bad), Verdict::Fail, "{bad:?}");
    }
}

const fn e(name: u32) -> Option<NameId> {
    Some(NameId(name))
}

/// No guard is there.
const NONE: GuardNames = GuardNames {
    sloughed: None,
    refused: None,
    breaker: None,
    probe: None,
    hedged: None,
    connected: None,
    pool_full: None,
    pool: None,
    hop_call: None,
    unhealthy: None,
    healthy: None,
    fill: None,
    filled: None,
    burn: None,
    breaches: None,
    visits: None,
};

#[test]
fn visits_that_are_lost_or_too_many_break_conservation() {
    let new = || ServiceConservation {
        names: Some(VisitNames {
            arrived: NameId(50),
            ok: NameId(51),
            failed: NameId(52),
            shed: NameId(53),
        }),
        room: BTreeMap::from([((3, NODE), 2)]),
        open: BTreeMap::new(),
        all: 0,
        ended: 0,
    };
    let good = [
        (1, e(50), 3, 7),
        (1, e(50), 3, 8),
        (1, e(50), 3, 9),
        (1, e(53), 3, 9),
        (2, e(51), 3, 7),
        (3, None, 0, 0),
        (4, e(50), 3, 10),
        (4, e(52), 3, 10),
    ];
    check(
        new,
        &good,
        &[
            &[(1, e(50), 3, 7), (1, e(50), 3, 7), (1, e(51), 3, 7)],
            &[(1, e(50), 3, 7), (1, e(51), 3, 7), (1, e(51), 3, 7)],
            &[(1, e(50), 3, 7), (2, None, 0, 0), (3, e(51), 3, 7)],
            // Four came, one ended, three do not fit.
            &[
                (1, e(50), 3, 1),
                (1, e(50), 3, 2),
                (1, e(50), 3, 3),
                (1, e(50), 3, 4),
                (1, e(51), 3, 4),
            ],
        ],
    );
}

#[test]
fn breakers_that_change_at_will_are_found() {
    let new = || BreakerLegal {
        names: GuardNames {
            breaker: e(1),
            probe: e(2),
            ..NONE
        },
        rules: Some(breaker::Rules::for_tests(VirtualDuration::from_secs(5), 2)),
        known: BTreeMap::new(),
    };
    let good = [
        (1, e(1), 0, 0x01),
        (6, e(1), 0, 0x12),
        (6, e(2), 0, 0),
        (6, e(2), 0, 0),
        (7, e(1), 0, 0x20),
        (8, e(1), 0, 0x01),
        // Another caller, the same service.
        (8, e(1), 0, 0x101),
        (9, None, 0, 0),
        (9, e(1), 0, 0x01),
    ];
    let open = good[0];
    check(
        new,
        &good,
        &[
            &[(1, e(1), 0, 0x02)],
            &[open, (9, e(1), 0, 0x10)],
            &[open, (3, e(1), 0, 0x12)],
            &[open, (9, e(1), 0, 0x01)],
            &[open, good[1], good[2], (7, e(1), 0, 0x20)],
            &[open, good[1], good[2], good[2], good[2], (7, e(1), 0, 0x20)],
            &[open, (2, e(2), 0, 0)],
        ],
    );
}

#[test]
fn shares_bounds_and_fills() {
    let ejection = || EjectionShare {
        ejected: NameId(1),
        length: VirtualDuration::from_secs(5),
        allowed: Allowed(BTreeMap::from([((3, NODE), 2.0)])),
        avoided: BTreeMap::new(),
    };
    let good = [(1, e(1), 3, 0), (2, e(1), 3, 1), (7, e(1), 3, 2)];
    check(
        ejection,
        &good,
        &[&[good[0], good[1], (3, e(1), 3, 2)], &[(1, e(1), 4, 0)]],
    );
    let flight = || SingleFlight {
        fill: e(1),
        filled: e(2),
        replicas: BTreeSet::from([3]),
        filling: BTreeSet::new(),
    };
    let good = [
        (1, e(1), 3, 9),
        (1, e(1), 3, 8),
        (2, e(2), 3, 9),
        (2, e(1), 3, 9),
        (3, None, 0, 0),
        (3, e(1), 3, 9),
        (3, e(1), 4, 1),
        (3, e(1), 4, 1),
    ];
    check(flight, &good, &[&[good[0], good[0]]]);
    let hops = || HopAmplification {
        call: e(1),
        retried: NameId(2),
        budget: (0.5, 1.0),
        callers: BTreeMap::from([(3, BTreeSet::from([NODE]))]),
        counts: BTreeMap::new(),
    };
    let call = (1, e(1), 3, 0);
    let again = (1, e(2), 3, 0);
    let restarted = [call, call, again, again, (2, None, 0, 0), again];
    check(hops, &restarted, &[&[call, call, again, again, again]]);
    let mut monitor = Monitored::new(Box::new(Below {
        bounds: vec![(NameId(1), 3.0)],
        what: "it",
    }));
    for value in [3.0, 3.5] {
        let what = What::Sample {
            name: NameId(1),
            node: NODE,
            value,
        };
        monitor.observe(&Record { at: at(1), what });
    }
    let metrics = Metrics::default();
    let outcome = monitor.finish(&RunEnd {
        at: at(9),
        complete: true,
        metrics: &metrics,
        first_fault: None,
        last_heal: at(0),
    });
    assert_eq!(outcome.verdict, Verdict::Fail);
    assert_eq!(
        outcome.first.expect("it is above").text,
        "it 3.500 is above 3"
    );
}

#[test]
fn a_radius_that_is_too_large_or_elsewhere_is_found() {
    let new = || BlastRadius {
        breached: e(1),
        services: ["a", "b", "c", "d"].map(str::to_owned).to_vec(),
        radius: 0.5,
        reach: Some(vec![0, 1, 2]),
        hit: BTreeSet::new(),
    };
    let good = [(1, e(1), 0, 0), (2, e(1), 1, 0), (3, e(1), 0, 0)];
    check(
        new,
        &good,
        &[&[good[0], good[1], (3, e(1), 2, 0)], &[(1, e(1), 3, 0)]],
    );
    assert_eq!(verdict(new(), &[]), Verdict::Pass, "nobody missed it");
    let none = || BlastRadius {
        breached: None,
        ..new()
    };
    assert_eq!(verdict(none(), &[]), Verdict::NotExercised);
}

#[test]
fn goodput_counts_from_its_time_after_the_heal() {
    let n = NAMES;
    let new = || GoodputRecovers {
        events: NAMES,
        rule: Some((0.9, VirtualDuration::from_secs(20))),
        open: BTreeMap::new(),
        seconds: Vec::new(),
    };
    let request = |second, id, end| {
        [
            (second, Some(n.request), id, 0),
            (second + 1, Some(end), id, 0),
        ]
    };
    let early = request(29, 1, n.failed);
    let late = request(30, 2, n.ok);
    let good = [early, late].concat();
    let bad = [early, late, request(31, 3, n.timed_out)].concat();
    check(new, &good, &[&bad]);
    assert_eq!(verdict(new(), &early), Verdict::NotExercised);
}
