//! What cannot be lowered, and what the messages say.

use crate::common::{fault, integer, minute, number, plan, text};
use crate::draws::named;
use squall_faults::FaultUse;
use squall_faults::param::Node;

/// Messages of everything that is wrong with these faults.
pub(crate) fn wrong(faults: &[FaultUse]) -> Vec<String> {
    let errors = plan(faults).expect_err("these faults cannot be lowered");
    errors
        .into_iter()
        .map(|e| format!("{}: {} | {}", e.fault, e.issue.message, e.issue.label))
        .collect()
}

#[test]
fn what_cannot_be_lowered_is_refused_and_all_of_it_is_reported() {
    let kv = || vec![("nodes", text("kv"))];
    let faults = [
        fault(
            "node-pause",
            &kv(),
            &[("at", text("10m")), ("for", text("1s"))],
        ),
        fault(
            "node-pause",
            &kv(),
            &[("at", text("1m")), ("for", text("0s"))],
        ),
        fault("node-pause", &kv(), &[("at", text("1m"))]),
        fault(
            "node-loss",
            &[("nodes", text("kv")), ("restart_after", text("1s"))],
            &[("for", text("1s"))],
        ),
        fault("node-pause", &[("nodes", text("clustr"))], &minute()),
        fault("partition", &[("nodes", text("kv[0]"))], &minute()),
        fault(
            "partition",
            &[("nodes", text("kv")), ("split", text("by-zone"))],
            &minute(),
        ),
        fault("call-hang", &[("service", text("shop.chekout"))], &minute()),
        fault(
            "disk-error",
            &[
                ("nodes", text("kv")),
                ("mode", text("detach")),
                ("p", number(0.5)),
            ],
            &minute(),
        ),
        fault(
            "fail-slow-disk",
            &[("nodes", text("kv")), ("cycle", text("1ms"))],
            &minute(),
        ),
        fault(
            "knob-set",
            &[("name", text("shop.load")), ("value", number(11.0))],
            &minute(),
        ),
        fault(
            "knob-set",
            &[("name", text("shop.mode")), ("value", text("ajar"))],
            &minute(),
        ),
    ];
    assert_eq!(
        wrong(&faults),
        [
            "0: fault starts after the run has stopped | the run stops at 10m",
            "1: fault has no length | ",
            "2: fault has no end | ",
            "3: fault has two lengths | it lasts 1s by its own parameters",
            "4: selector names an unknown node group `clustr` | groups here: gateway, kv, model",
            "5: a partition needs two nodes | 1 here",
            "6: these nodes are all in one zone | ",
            "7: unknown service `shop.chekout` | ",
            "8: `mode` says what `p` would say | ",
            "9: more than 10000 rounds | ",
            "10: `shop.load` cannot take this value | expected from 0 to 10",
            "11: `shop.mode` cannot take this value | expected one of open, closed",
        ]
    );
}

#[test]
fn two_sets_of_one_knob_at_one_instant_must_agree() {
    let set = |value, at: &str, label: &str| {
        let when = [("at", text(at)), ("for", text("1m"))];
        let args = [("name", text("shop.load")), ("value", number(value))];
        named(fault("knob-set", &args, &when), label)
    };
    assert!(plan(&[set(2.0, "1m", "a"), set(2.0, "1m", "b")]).is_ok());
    assert!(plan(&[set(2.0, "1m", "a"), set(3.0, "61s", "b")]).is_ok());
    assert_eq!(
        wrong(&[set(2.0, "1m", "a"), set(3.0, "1m", "b")]),
        [
            "1: `a` and `b` set `shop.load` to different values at the same instant | `a` in line 1 sets it too"
        ]
    );
}

#[test]
fn an_occurrence_that_overlaps_the_one_before_is_skipped_queued_stacked_or_refused() {
    let run = |overlap: &str| {
        let every = Node::table(vec![
            ("mean", text("10s")),
            ("count", integer(3)),
            ("overlap", text(overlap)),
        ]);
        let when = [("at", text("0s")), ("for", text("15s")), ("every", every)];
        plan(&[fault("node-pause", &[("nodes", text("kv[0]"))], &when)])
    };
    let starts = |overlap| {
        let plan = run(overlap).unwrap();
        plan.entries()
            .iter()
            .map(|e| e.from.as_nanos() / 1_000_000_000)
            .collect::<Vec<_>>()
    };
    assert_eq!(starts("skip"), [0, 20, 40]);
    assert_eq!(starts("queue"), [0, 15, 30]);
    assert_eq!(starts("stack"), [0, 10, 20]);
    let errors = run("error").unwrap_err();
    assert_eq!(errors[0].issue.message, "occurrences overlap");
}
