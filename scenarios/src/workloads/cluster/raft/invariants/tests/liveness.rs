//! Stories of a cluster that should do better when nothing is wrong.

use super::*;

#[test]
fn nobody_leads_or_too_many_do_though_nothing_is_wrong() {
    let later = |story: &mut Story, seconds: u64| story.ms += 1000 * seconds;
    let mut story = Story::new();
    story.begin();
    later(&mut story, 5);
    let term = story.events.term;
    story.event(0, term, 1, 0);
    assert_eq!(story.broken(), ["one-leader"]);
    // A fault is an excuse while it is in force, and for a while after it.
    let fault = |change| What::Fault {
        entry: EntryId(0),
        change,
        planned: VirtualTime::ZERO,
    };
    let mut story = Story::new();
    story.begin().record(fault(FaultChange::Active));
    later(&mut story, 50);
    story.record(fault(FaultChange::Healed));
    later(&mut story, 3);
    story.elect(0, 1);
    assert_eq!(story.broken(), [""; 0]);
    later(&mut story, 5);
    story.elect(1, 2);
    assert_eq!(story.broken(), ["one-leader"], "another, in the quiet");
}

/// A sync that began under a fault may end long after it.
#[test]
fn who_waits_for_its_disk_is_no_quiet() {
    let later = |story: &mut Story, seconds: u64| story.ms += 1000 * seconds;
    let mut story = Story::new();
    let waits = story.events.disk_waits;
    story.begin().elect(0, 1).event(1, waits, 1, 0);
    later(&mut story, 10);
    story.elect(2, 2).event(1, waits, 0, 0);
    later(&mut story, 3);
    story.elect(0, 3);
    assert_eq!(story.broken(), [""; 0], "it may settle after the wait");
    later(&mut story, 2);
    story.elect(2, 4);
    assert_eq!(story.broken(), ["one-leader"]);
    // A crash ends the wait.
    let mut story = Story::new();
    story.begin().event(1, waits, 1, 0);
    let (node, change) = (NodeId(1), NodeChange::Down);
    story.record(What::Node { node, change });
    story.event(1, story.events.recovered, 0, 0);
    later(&mut story, 5);
    story.event(0, story.events.term, 1, 0);
    assert_eq!(story.broken(), ["one-leader"]);
}

/// Who waited for its disk says late that it had won, and that it leads no more: another leads since.
#[test]
fn an_old_leader_does_not_hide_the_one_of_today() {
    let later = |story: &mut Story, seconds: u64| story.ms += 1000 * seconds;
    let mut story = Story::new();
    let events = story.events;
    story.begin().event(2, events.disk_waits, 1, 0).elect(0, 5);
    story.event(2, events.disk_waits, 0, 0).elect(2, 3);
    story.event(2, events.stepped_down, 3, 0);
    later(&mut story, 6);
    story.event(2, events.term, 5, 0);
    assert_eq!(story.broken(), [""; 0], "replica 0 leads");
    story.event(0, events.stepped_down, 5, 0);
    later(&mut story, 5);
    story.event(0, events.term, 6, 0);
    assert_eq!(story.broken(), ["one-leader"]);
}

#[test]
fn a_voter_that_stays_behind() {
    let mut story = Story::new();
    story.begin().elect(0, 1).append(&[0, 1, 2], at(1, 1), 0);
    story.commit(0, at(1, 1), 5).commit(1, at(1, 1), 5);
    let end = VirtualTime::ZERO + VirtualDuration::from_secs(20);
    story.oracle.converged(end);
    assert_eq!(story.broken(), ["converged"]);
    assert!(
        story
            .text(Slug::Converged)
            .starts_with("replica 2 has applied 0; 1 was committed")
    );
}
