use super::*;
use squall_core::history::{FaultChange, History, NodeChange, Outcome, What};
use squall_core::outcome::{ENGINE_EPOCH, Stop};
use squall_core::plan::{Entry, Land, Plan, PlannedFault, Primitive};
use squall_core::recording::{Header, RECORDING_FORMAT};
use squall_core::{EntryId, NameId, Names, NodeId, Seed, SpanId, VirtualTime};

const RECORDS: u64 = 200_000;

fn at(ns: u64) -> VirtualTime {
    VirtualTime::from_nanos(ns)
}

fn tick(value: u64) -> What {
    What::Event {
        name: NameId(0),
        node: NodeId(1),
        a: value,
        b: 0,
    }
}

/// A recording with a node, a fault, a span in a span, and then ticks; `change` may change any.
fn recording(count: u64, change: impl Fn(u64, What) -> What) -> Recording {
    let mut history = History::new(true);
    let start = |span, parent| What::SpanStart {
        span: SpanId(span),
        parent,
        node: NodeId(1),
        name: NameId(1),
    };
    for index in 0..count {
        let what = match index {
            0 => What::Node {
                node: NodeId(1),
                change: NodeChange::Up,
            },
            1 => What::Fault {
                entry: EntryId(0),
                change: FaultChange::Active,
                planned: at(1),
            },
            2 => start(0, SpanId::NONE),
            3 => start(1, SpanId(0)),
            n if n == RECORDS / 2 => What::SpanEnd {
                span: SpanId(1),
                outcome: Outcome::Ok,
            },
            n => tick(n),
        };
        history.push(at(index), change(index, what));
    }
    let mut names = Names::default();
    for name in ["tick", "work"] {
        names.intern(name);
    }
    let fault = PlannedFault {
        kind: "node-pause".into(),
        label: "nap".into(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entry = Entry {
        fault: 0,
        part: 0,
        from: at(1),
        until: None,
        firing: None,
        primitive: Primitive::Pause { node: NodeId(0) },
    };
    Recording {
        header: Header {
            format: RECORDING_FORMAT,
            epoch: ENGINE_EPOCH,
            scenario: "planted".into(),
            path: "planted.toml".into(),
            text: String::new(),
            seed: Seed(0x2a),
            stop: Stop::Finished,
            end: at(count),
            nodes: vec!["n0".into(), "n1".into()],
            plan: Plan::new(vec![fault], vec![entry]),
            names,
            digest: history.digest(),
            checkpoints: history.checkpoints().to_vec(),
        },
        records: history.take_records(),
    }
}

fn same(_: u64, what: What) -> What {
    what
}

/// Wherever the difference is, it is found by comparing about log2 of the rolling digests, and no
/// more records than lie between two of them.
#[test]
fn a_planted_difference_is_found_by_bisection() {
    let one = recording(RECORDS, same);
    let planted = [0, 1, 1023, 1024, 1025, 48_212, 131_072, RECORDS - 1];
    for planted in planted {
        let two = recording(RECORDS, |index, what| match index {
            n if n == planted => tick(u64::MAX),
            _ => what,
        });
        let found = first(&one, &two).expect("they differ");
        assert_eq!(found.at as u64, planted);
        // 195 rolling digests: 8 comparisons. A walk would compare up to 200,000 records.
        assert!(found.digests <= 8, "{found:?}");
        assert!(u64::from(found.records) <= CHECKPOINT_RECORDS, "{found:?}");
        assert_eq!(
            u64::from(found.records),
            planted % CHECKPOINT_RECORDS + 1,
            "{found:?}"
        );
    }
    assert_eq!(first(&one, &one), None);
}

#[test]
fn a_run_that_ends_earlier_differs_where_it_ends() {
    let (one, two) = (recording(5_000, same), recording(3_000, same));
    let found = first(&one, &two).expect("they differ");
    assert_eq!(found.at, 3_000);
    let text = text(&one, &two, 0);
    assert!(text.contains("run 2    ends here"), "{text}");
    assert!(text.contains("stopped earlier"), "{text}");
}

#[test]
fn a_sample_that_is_no_number_equals_itself() {
    let sample = |value| {
        move |index, what| match index {
            2_000 => What::Sample {
                name: NameId(0),
                node: NodeId(1),
                value,
            },
            2_040 if value.is_sign_negative() => tick(0),
            _ => what,
        }
    };
    let [one, mut two] = [
        recording(4_000, sample(f64::NAN)),
        recording(4_000, sample(f64::NAN)),
    ];
    assert_eq!(first(&one, &two), None);
    two.records[2_040].what = tick(0);
    two.header.digest = Digest::default();
    two.header.checkpoints[1] = Digest::default();
    assert_eq!(first(&one, &two).map(|found| found.at), Some(2_040));
}

#[test]
fn the_report_shows_the_records_their_parents_and_the_records_before() {
    let end = RECORDS / 2;
    let one = recording(RECORDS, same);
    let two = recording(RECORDS, |index, what| match (index == end, what) {
        (true, What::SpanEnd { span, .. }) => What::SpanEnd {
            span,
            outcome: Outcome::Fail,
        },
        _ => what,
    });
    let prefix = recording(end, same).header.digest;
    let text = text(&one, &two, 2);
    let expected = format!(
        "NONDETERMINISM   planted.toml   seed 0x2a   two runs, same inputs   exit code 102
  equal      records 0..=99,999   digest {prefix}
  differs    record 100,000   at 00:00.000 100
    run 1    00:00.000 100  span 1  ends: ok
    run 2    00:00.000 100  span 1  ends: failed
  before     99,998  00:00.000 099 998  n1  event tick  99998 0
             99,999  00:00.000 099 999  n1  event tick  99999 0
             99,998 more with --context
  part of    span       3  00:00.000 000 003  n1  work begins (span 1, in span 0)
             span       2  00:00.000 000 002  n1  work begins (span 0)
             node       0  00:00.000  n1  up
             fault      1  00:00.000 000 001  fault nap  in force (plan entry 0, planned at \
         00:00.000 000 001)
  likely     the same step with another value: it came from an address, a clock, the environment, \
         or a static that outlives the run; docs/determinism.md#order
"
    );
    assert_eq!(text, expected);
}

/// Two things of one instant in another order: the mark of a hash map.
#[test]
fn swapped_records_of_one_instant_are_called_so() {
    let swapped = |swap: bool| {
        let mut run = recording(3_000, same);
        for index in [2_000, 2_001] {
            run.records[index].at = at(2_000);
        }
        if swap {
            run.records.swap(2_000, 2_001);
            run.header.digest = Digest::default();
            run.header.checkpoints[1] = Digest::default();
        }
        run
    };
    let text = text(&swapped(false), &swapped(true), 0);
    assert!(text.contains("in another order at one instant"), "{text}");
}

#[test]
fn numbers_are_grouped() {
    for (number, text) in [
        (0, "0"),
        (999, "999"),
        (1_000, "1,000"),
        (1_234_567, "1,234,567"),
    ] {
        assert_eq!(grouped(number), text);
    }
}
