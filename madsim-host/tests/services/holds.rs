//! Overlapping overlays: a target opens when its *last* holder is gone.

use squall_core::history::{FaultChange, NodeChange, What};
use squall_core::plan::{Plan, Primitive};
use squall_core::{NodeId, Seed};
use squall_madsim::{Cx, Hosted, HostedRun, planned};

use super::ping::{count, run};
use super::plans::{crash, cut, link, ms, pause, plan};

/// Two holds of one kind, 2 to 5 s and 4 to 7 s: answers stop from the first start to the last end.
fn held(first: Vec<Primitive>, second: Vec<Primitive>) -> Hosted {
    let hosted = run(plan(vec![(2_000, 5_000, first), (4_000, 7_000, second)]));
    assert!(count(&hosted, "ping.answered", 0, 2_000) > 80, "before");
    // One round trip of grace for what was under way; answers of a burst at the end are outside.
    assert_eq!(count(&hosted, "ping.answered", 2_010, 7_000), 0, "during");
    assert!(
        count(&hosted, "ping.answered", 7_050, 10_000) > 120,
        "after"
    );
    hosted
}

fn changes(hosted: &Hosted, of: u32) -> Vec<(u64, NodeChange)> {
    let changes = hosted
        .records
        .iter()
        .filter_map(|record| match record.what {
            What::Node { node, change } if node == NodeId(of) => {
                Some((record.at.as_nanos() / 1_000_000, change))
            }
            _ => None,
        });
    changes.collect()
}

#[test]
fn two_cuts_of_one_link() {
    held(vec![cut(1, 0)], vec![cut(1, 0)]);
}

#[test]
fn a_cut_and_a_hold_of_one_link() {
    held(
        vec![Primitive::LinkHold { link: link(1, 0) }],
        vec![cut(1, 0)],
    );
}

#[test]
fn two_crashes_of_one_node() {
    let hosted = held(vec![crash(0)], vec![crash(0)]);
    let (up, down) = (NodeChange::Up, NodeChange::Down);
    assert_eq!(changes(&hosted, 0), [(0, up), (2_000, down), (7_000, up)]);
    // The second crash met a node that was down already.
    let landed: Vec<u64> = hosted.result.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [1, 0]);
}

#[test]
fn two_pauses_of_one_node() {
    let hosted = held(vec![pause(0)], vec![pause(0)]);
    let (up, paused, resumed) = (NodeChange::Up, NodeChange::Paused, NodeChange::Resumed);
    let wanted = [(0, up), (2_000, paused), (7_000, resumed)];
    assert_eq!(changes(&hosted, 0), wanted);
}

#[test]
fn a_node_that_restarts_inside_a_pause_stays_paused() {
    // Down 2 to 4 s, paused 1.9 to 7 s.
    let hosted = run(plan(vec![
        (1_900, 7_000, vec![pause(0)]),
        (2_000, 4_000, vec![crash(0)]),
    ]));
    assert_eq!(count(&hosted, "ping.answered", 1_910, 7_000), 0);
    assert!(count(&hosted, "ping.answered", 7_050, 10_000) > 120);
    let (up, down) = (NodeChange::Up, NodeChange::Down);
    let (paused, resumed) = (NodeChange::Paused, NodeChange::Resumed);
    let wanted = [
        (0, up),
        (1_900, paused),
        (2_000, down),
        (4_000, up),
        (4_000, paused),
        (7_000, resumed),
    ];
    assert_eq!(changes(&hosted, 0), wanted);
}

#[test]
fn a_cut_holds_in_its_own_direction_only() {
    // Requests pass, answers do not.
    let hosted = run(plan(vec![(2_000, 5_000, vec![cut(0, 1)])]));
    assert!(count(&hosted, "ping.echoed", 2_010, 5_000) > 120);
    assert_eq!(count(&hosted, "ping.answered", 2_010, 5_000), 0);
}

#[test]
fn what_the_plan_says_for_time_zero_holds_before_the_first_line_of_a_service() {
    let first_line = |cx: Cx| async move { cx.recorder().event("first-line", 0, 0) };
    let hosted = HostedRun::new(Seed(1))
        .node("late", first_line)
        .node("early", first_line)
        .plan(plan(vec![(0, 3_000, vec![crash(0)])]))
        .until(ms(10_000))
        .run()
        .expect("madsim can do this plan");
    assert_eq!(count(&hosted, "first-line", 0, 1), 1, "the early one");
    assert_eq!(count(&hosted, "first-line", 1, 3_000), 0);
    assert_eq!(
        count(&hosted, "first-line", 3_000, 10_000),
        1,
        "the late one"
    );
}

#[test]
fn steps_at_the_end_of_a_run_are_taken_and_later_ones_are_not() {
    let hosted = run(plan(vec![
        (9_000, 10_000, vec![cut(1, 0)]),
        (9_000, 10_001, vec![cut(1, 0)]),
        (10_000, 11_000, vec![pause(0)]),
        (10_001, 11_000, vec![pause(0)]),
    ]));
    let (active, healed) = (FaultChange::Active, FaultChange::Healed);
    let steps = planned(&hosted.records);
    let steps: Vec<_> = steps
        .iter()
        .map(|(entry, change, _)| (entry.0, *change))
        .collect();
    assert_eq!(steps, [(0, active), (1, active), (0, healed), (2, active)]);
    // The end is observed some nanoseconds late, like all that the nemesis does.
    assert_eq!(hosted.result.end.as_nanos() / 1_000, 10_000_000);
}

#[test]
fn a_fault_that_lasts_for_ever_is_never_healed() {
    let mut entries = plan(vec![(2_000, 5_000, vec![cut(1, 0)])])
        .entries()
        .to_vec();
    entries[0].until = None;
    let faults = plan(vec![(2_000, 5_000, vec![])]).faults;
    let hosted = run(Plan::new(faults, entries));
    assert_eq!(count(&hosted, "ping.answered", 2_010, 10_000), 0);
    assert_eq!(planned(&hosted.records).len(), 1);
}
