use super::*;
use squall_core::VirtualDuration;
use squall_core::history::Digest;
use squall_core::outcome::PropertyResult;
use squall_core::property::{PropertyKind, PropertyOutcome, PropertySpec, Violation};

fn spec(name: &str) -> PropertySpec {
    PropertySpec {
        name: name.into(),
        kind: PropertyKind::Always {
            invariant: name.into(),
        },
        line: 1,
        optional: false,
    }
}

fn property(name: &str, broken: Option<(u64, &str)>) -> PropertyResult {
    let verdict = match broken {
        Some(_) => Verdict::Fail,
        None => Verdict::Pass,
    };
    let first = broken.map(|(s, text)| Violation {
        at: VirtualTime::ZERO + VirtualDuration::from_secs(s),
        node: None,
        text: text.into(),
    });
    let outcome = PropertyOutcome {
        verdict,
        checked: 1,
        violations: u64::from(broken.is_some()),
        margin: None,
        measured: None,
        first,
    };
    PropertyResult {
        spec: spec(name),
        outcome,
    }
}

fn seed(seed: u64, events: u64, properties: Vec<PropertyResult>) -> SeedResult {
    SeedResult {
        seed: Seed(seed),
        stop: Stop::Finished,
        verdict: properties
            .iter()
            .map(|p| p.outcome.verdict)
            .max()
            .unwrap_or(Verdict::Pass),
        digest: Digest::default(),
        end: VirtualTime::ZERO,
        events,
        records: 0,
        properties,
        metrics: Vec::new(),
        faults: Vec::new(),
    }
}

fn campaign(seeds: Vec<SeedResult>) -> Campaign {
    Campaign::new(seeds, &[spec("late"), spec("twice")], &[])
}

#[test]
fn failures_are_grouped_by_what_was_broken_first() {
    let both = |late: (u64, &'static str), twice: (u64, &'static str)| {
        vec![property("late", Some(late)), property("twice", Some(twice))]
    };
    let statistics = Statistics::of(
        &campaign(vec![
            seed(3, 10, vec![property("late", None), property("twice", None)]),
            // Both are broken: the earlier one is the cause, though it is second in the file.
            seed(4, 30, both((9, "job 7 late"), (5, "effect 1 twice"))),
            seed(5, 20, both((2, "job 8 late"), (5, "effect 2 twice"))),
            seed(6, 30, both((8, "job 9 late"), (8, "effect 2 twice"))),
            seed(7, 5, vec![property("late", Some((1, "no job at all")))]),
        ]),
        &[0.5, 0.1, 0.9, 0.2, 0.3],
    );
    let causes: Vec<_> = statistics
        .causes
        .iter()
        .map(|c| (c.property.as_str(), c.signature.as_str(), c.seeds.clone()))
        .collect();
    let (late, twice) = ("late", "twice");
    assert_eq!(
        causes,
        [
            (late, "job # late", vec![Seed(5), Seed(6)]),
            (twice, "effect # twice", vec![Seed(4)]),
            (late, "no job at all", vec![Seed(7)]),
        ]
    );
    assert_eq!(statistics.causes[0].example, "job 8 late");
    assert_eq!(statistics.causes[0].also, [(twice.to_owned(), 2)]);
    assert_eq!((statistics.seeds, statistics.failing), (5, 4));
    assert_eq!(statistics.most_events, Some(of(Seed(4), 30)));
    assert_eq!(statistics.median_events, Some(of(Seed(5), 20)));
    assert_eq!(statistics.slowest_wall, Some(of(Seed(5), 0.9)));
    assert_eq!(statistics.median_wall, Some(of(Seed(7), 0.3)));
}

#[test]
fn a_panic_is_a_cause_and_nothing_has_no_rate() {
    let mut broken = seed(1, 1, vec![property("late", None)]);
    broken.stop = Stop::Panicked("index 17 out of 9".into());
    broken.verdict = Verdict::Fail;
    let statistics = Statistics::of(&campaign(vec![broken]), &[]);
    let cause = &statistics.causes[0];
    assert_eq!((cause.property.as_str(), cause.kind), (PANIC, PANIC));
    assert_eq!(cause.signature, "index # out of #");
    assert_eq!(statistics.slowest_wall, None, "nobody measured");
    let none = Statistics::of(&campaign(Vec::new()), &[]);
    assert_eq!((none.rate, none.most_events), (None, None));
}
