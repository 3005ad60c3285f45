//! Where the time of slow operations went.

use super::*;
use squall_core::Names;
use squall_core::history::{Digest, History, Outcome};
use squall_core::outcome::{ENGINE_EPOCH, Stop};
use squall_core::plan::Plan;
use squall_core::recording::{Header, RECORDING_FORMAT};
use squall_core::{NodeId, Seed};

/// Requests that are given up after 2,000 ns, each of which but the last `unserved` waited in the queue of
/// its server for so long that it was served afterwards; and as many quick ones.
fn overloaded(count: u64, unserved: u64) -> Recording {
    let mut names = Names::default();
    let [front, back] = ["shop.request", "shop.s0"].map(|n| names.intern(n));
    let mut history = History::new(true);
    let at = VirtualTime::from_nanos;
    let mut spans = 0;
    let mut span = |history: &mut History, parent, name, (from, until), (part, ns)| {
        let (span, node) = (SpanId(spans), NodeId(u32::from(name == back)));
        spans += 1;
        let start = What::SpanStart {
            span,
            parent,
            node,
            name,
        };
        history.push(at(from), start);
        history.push(at(until), What::SpanTime { span, part, ns });
        let outcome = Outcome::Info;
        history.push(at(until), What::SpanEnd { span, outcome });
        span
    };
    for request in 0..count {
        let now = 10_000 * request;
        span(
            &mut history,
            SpanId::NONE,
            front,
            (now, now + 100),
            (Part::Run, 100),
        );
        let given_up = (now + 1_000, now + 3_000);
        let root = span(
            &mut history,
            SpanId::NONE,
            front,
            given_up,
            (Part::Peer, 2_000),
        );
        if request < count - unserved {
            let served = (now + 5_000, now + 5_001);
            span(&mut history, root, back, served, (Part::Queue, 4_000));
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
        end: at(10_000 * count),
        nodes: vec!["n0".into(), "n1".into()],
        plan: Plan::default(),
        names,
        digest: Digest::default(),
        checkpoints: Vec::new(),
    };
    let records = history.take_records();
    Recording { header, records }
}

#[test]
fn calls_that_were_given_up_do_not_hide_the_queue() {
    let slow = slow(&overloaded(200, 40));
    assert_eq!(
        (slow[0].count, slow[0].slow),
        (400, 200),
        "all that were given up"
    );
    let share = |wanted: Part| {
        let found = slow[0].shares.iter().find(|(part, _)| *part == wanted);
        found.map_or(0.0, |(_, share)| *share)
    };
    assert!(
        (share(Part::Queue) - 0.8).abs() < 1e-9,
        "{:?}",
        slow[0].shares
    );
    assert!(
        (share(Part::Peer) - 0.2).abs() < 1e-9,
        "nobody served these"
    );
}
