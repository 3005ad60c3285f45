use super::*;
use squall_core::depends::Retries;
use squall_core::history::{History, Outcome};
use squall_core::outcome::{ENGINE_EPOCH, Stop};
use squall_core::plan::Plan;
use squall_core::recording::{Header, RECORDING_FORMAT};
use squall_core::{Names, NodeId, Seed};

const SECOND: u64 = 1_000_000_000;

fn at(s: u64) -> VirtualTime {
    VirtualTime::from_nanos(s * SECOND)
}

/// The fault lasts from second 100 to second 200, the failure to second 300.
fn times() -> Times {
    Times {
        begun: at(100),
        healed: at(200),
        until: at(300),
    }
}

fn map() -> DependencyMap {
    let mut map = DependencyMap::new(vec!["n0".into()], Vec::new(), Vec::new(), Vec::new());
    let cart = map.unit("service", "shop.cart");
    map.sign(cart, Sign::Operation("shop.cart".into()));
    map.tries_again(Retries {
        name: "retry loop of the clients of shop on shop.cart".into(),
        again: "shop.retried".into(),
        a: None,
        of: "shop.request".into(),
    });
    map
}

/// A request a second, of which from second 150 on each is `retried` so often; answers are `late` after
/// that; a host that has major faults and pushes pages out from then on.
fn recording(retried: u64, late: bool, (majfault, pswpout): (f64, f64)) -> Recording {
    let mut names = Names::default();
    let [request, again, outer, cart, up, fault, out] = [
        "shop.request",
        "shop.retried",
        "shop.call",
        "shop.cart",
        "n0.node_up",
        "n0.rate(node_vmstat_pgmajfault)",
        "n0.rate(node_vmstat_pswpout)",
    ]
    .map(|name| names.intern(name));
    let mut history = History::new(true);
    let node = NodeId(0);
    for s in 1..=300 {
        let ill = s >= 150;
        let event = |name| What::Event {
            name,
            node,
            a: s,
            b: 0,
        };
        history.push(at(s), event(request));
        // The operation is a span of the same name as well.
        let span = SpanId(1_000_000 + u32::try_from(s).expect("small"));
        let parent = SpanId::NONE;
        let name = request;
        history.push(
            at(s),
            What::SpanStart {
                span,
                parent,
                node,
                name,
            },
        );
        for _ in 0..if ill { retried } else { 0 } {
            history.push(at(s), event(again));
        }
        for (name, value) in [
            (up, 1.0),
            (fault, if ill { majfault } else { 0.0 }),
            (out, if ill { pswpout } else { 0.0 }),
        ] {
            history.push(at(s), What::Sample { name, node, value });
        }
        let number = u32::try_from(s).expect("small");
        let [caller, visit] = [2 * number, 2 * number + 1].map(SpanId);
        let start = |span, parent, name| What::SpanStart {
            span,
            parent,
            node,
            name,
        };
        history.push(at(s), start(caller, SpanId::NONE, outer));
        history.push(at(s), start(visit, caller, cart));
        let ends = if ill && late {
            [(caller, Outcome::Info), (visit, Outcome::Ok)]
        } else {
            [(visit, Outcome::Ok), (caller, Outcome::Ok)]
        };
        for (span, outcome) in ends {
            history.push(at(s), What::SpanEnd { span, outcome });
        }
    }
    let header = Header {
        format: RECORDING_FORMAT,
        epoch: ENGINE_EPOCH,
        scenario: "planted".into(),
        path: "planted.toml".into(),
        text: String::new(),
        seed: Seed(1),
        stop: Stop::Finished,
        end: at(300),
        nodes: vec!["n0".into()],
        plan: Plan::default(),
        names,
        digest: history.digest(),
        checkpoints: Vec::new(),
    };
    let records = history.take_records();
    Recording { header, records }
}

fn names(recording: &Recording) -> Vec<String> {
    let found = loops(&map(), recording, times());
    found.into_iter().map(|l| l.name).collect()
}

#[test]
fn a_loop_is_named_where_the_time_after_the_heal_shows_it() {
    assert!(names(&recording(0, false, (0.0, 0.0))).is_empty());
    let retries = loops(&map(), &recording(2, false, (0.0, 0.0)), times());
    let expected = Loop {
        name: "retry loop of the clients of shop on shop.cart".into(),
        evidence: "0 -> 2 retries each".into(),
    };
    assert_eq!(retries, [expected]);
    assert_eq!(
        names(&recording(0, true, (0.0, 0.0))),
        ["queue of shop.cart served stale"]
    );
    assert_eq!(
        names(&recording(0, false, (200.0, 50.0))),
        ["page-fault loop of host n0: reclaim -> refault"]
    );
    assert_eq!(
        names(&recording(0, false, (200.0, 0.0))),
        ["queue of page faults on host n0: pages come back one by one"],
        "nothing is reclaimed: no loop"
    );
    assert_eq!(names(&recording(1, true, (200.0, 50.0))).len(), 3);
}

/// What is there before the first fault as well keeps nothing going.
#[test]
fn what_was_there_before_is_no_loop() {
    let same = Times {
        begun: at(250),
        healed: at(250),
        until: at(300),
    };
    let recording = recording(2, true, (200.0, 50.0));
    let early = Times {
        begun: at(100),
        healed: at(101),
        until: at(149),
    };
    assert!(
        loops(&map(), &recording, early).is_empty(),
        "before it is ill"
    );
    let found = loops(&map(), &recording, same);
    assert_eq!(
        found.len(),
        3,
        "two fifths of the time before were ill: {found:?}"
    );
    let only = Times {
        begun: at(299),
        healed: at(299),
        until: at(300),
    };
    let found = loops(&map(), &recording, only);
    assert!(
        found.iter().all(|l| !l.name.starts_with("queue of shop")),
        "{found:?}"
    );
}
