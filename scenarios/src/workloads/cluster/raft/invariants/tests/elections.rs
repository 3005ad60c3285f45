//! Stories of leaders.

use super::*;

#[test]
fn two_leaders_of_a_term() {
    let mut story = Story::new();
    story.begin().elect(0, 1).elect(1, 1);
    assert_eq!(story.broken(), ["election-safety"]);
    assert_eq!(
        story.text(Slug::ElectionSafety),
        "replica 1 is elected in term 1, in which 0 was elected"
    );
}

#[test]
fn a_leader_without_the_votes_of_its_term() {
    let wins = |votes: &[(u32, u64)]| {
        let mut story = Story::new();
        let events = story.events;
        story.begin();
        for (voter, term) in votes {
            story.event(*voter, events.term, *term, 0);
            story.event(*voter, events.voted, *term, 0);
        }
        story.event(0, events.elected, 2, 0);
        story.broken()
    };
    assert_eq!(wins(&[(0, 2), (1, 2)]), [""; 0]);
    assert_eq!(
        wins(&[(0, 2), (1, 1)]),
        ["election-safety"],
        "a vote of before"
    );
    assert_eq!(wins(&[(0, 2)]), ["election-safety"]);
    // Who crashed after it had voted, and before it said so, may say so again.
    let mut story = Story::new();
    let events = story.events;
    story
        .begin()
        .event(0, events.term, 2, 0)
        .event(0, events.voted, 2, 0);
    story.event(1, events.recovered, 0, (2 << 32) | 1);
    story.event(1, events.membership, 0, 0b111);
    story.event(0, events.elected, 2, 0);
    assert_eq!(story.broken(), [""; 0]);
}

#[test]
fn a_leader_without_a_committed_entry() {
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 1)
        .append(&[0, 1], at(1, 1), 0)
        .commit(0, at(1, 1), 5);
    story.elect(2, 2);
    assert_eq!(story.broken(), ["leader-completeness"]);
    // One that won an earlier term, and says so late, owes nothing.
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 2)
        .append(&[0, 1], at(2, 1), 0)
        .commit(0, at(2, 1), 5);
    story.elect(2, 1);
    assert_eq!(story.broken(), [""; 0]);
}
