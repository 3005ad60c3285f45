//! Stories of logs, and of what is committed in them.

use super::*;

#[test]
fn a_member_that_lacks_what_it_acknowledged() {
    let mut story = Story::new();
    let contradicted = story.events.contradicted;
    story.begin().elect(0, 1).event(0, contradicted, 2, 7);
    assert_eq!(story.broken(), ["progress"]);
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 1)
        .elect(1, 2)
        .event(0, contradicted, 2, 7);
    assert_eq!(story.broken(), [""; 0], "a later leader removed it");
}

#[test]
fn a_leader_that_drops_its_entries() {
    let mut story = Story::new();
    let truncated = story.events.truncated;
    story
        .begin()
        .elect(0, 1)
        .append(&[0], at(1, 1), 0)
        .event(0, truncated, 1, 0);
    assert_eq!(story.broken(), ["leader-append-only"]);
}

#[test]
fn logs_that_agree_at_an_entry_and_not_before() {
    let mut story = Story::new();
    story
        .begin()
        .append(&[0], at(1, 1), 0)
        .append(&[1], at(2, 1), 0);
    story.append(&[0, 1], at(3, 2), 4);
    assert_eq!(story.broken(), ["log-matching"]);
    let mut story = Story::new();
    story
        .begin()
        .append(&[0], at(1, 1), 4)
        .append(&[1], at(1, 1), 5);
    assert_eq!(story.broken(), ["log-matching"]);
}

#[test]
fn states_that_differ() {
    let mut story = Story::new();
    story.begin().elect(0, 1).append(&[0, 1], at(1, 1), 0);
    story.commit(0, at(1, 1), 5).commit(1, at(1, 1), 6);
    assert_eq!(story.broken(), ["state-machine-safety"]);
}

#[test]
fn committed_by_less_than_a_quorum() {
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 1)
        .append(&[0], at(1, 1), 0)
        .commit(0, at(1, 1), 5);
    assert_eq!(story.broken(), ["quorum-commit"]);
    assert_eq!(
        story.text(Slug::Quorum),
        "replica 0 commits entry 1 with [0] of [0, 1, 2] holding it"
    );
    // A change of membership counts from the entry on.
    let mut story = Story::new();
    let membership = story.events.membership;
    story
        .begin()
        .elect(0, 1)
        .append(&[0], at(1, 1), 0)
        .event(0, membership, at(1, 1), 1);
    story.commit(0, at(1, 1), 5);
    assert_eq!(story.broken(), [""; 0]);
}

#[test]
fn another_entry_where_one_is_committed() {
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 1)
        .append(&[0, 1], at(1, 1), 0)
        .commit(0, at(1, 1), 5);
    story.append(&[2], at(2, 1), 0);
    let committed = story.events.committed;
    story.event(2, committed, at(2, 1), 0);
    assert_eq!(story.broken(), ["committed-immutable"]);
    let mut story = Story::new();
    let truncated = story.events.truncated;
    story
        .begin()
        .append(&[0, 1], at(1, 1), 0)
        .commit(0, at(1, 1), 5);
    story.event(0, truncated, 1, 0);
    assert_eq!(story.broken(), ["committed-immutable"]);
}

#[test]
fn what_must_not_go_back() {
    let events = Story::new().events;
    let vote = |term: u64, member: u64| (term << 32) | (member + 1);
    type Tail = fn(&mut Story, Events, fn(u64, u64) -> u64);
    let tails: [(&str, Tail); 5] = [
        ("term", |s, e, _| _ = s.event(1, e.term, 0, 0)),
        ("second vote", |s, e, _| _ = s.event(0, e.voted, 1, 2)),
        ("vote lost", |s, e, _| {
            _ = s.event(0, e.recovered, 0, 1 << 32)
        }),
        ("term lost", |s, e, _| _ = s.event(0, e.recovered, 0, 0)),
        ("old snapshot", |s, e, _| {
            s.append(&[0, 1], at(1, 1), 0).commit(0, at(1, 1), 5);
            s.event(0, e.installed, at(1, 1), 5);
        }),
    ];
    for (name, tail) in tails {
        let mut story = Story::new();
        story.begin().elect(0, 1);
        tail(&mut story, events, |term, member| {
            (term << 32) | (member + 1)
        });
        assert_eq!(story.broken(), ["monotone"], "{name}");
    }
    let mut story = Story::new();
    story
        .begin()
        .elect(0, 1)
        .event(0, events.recovered, 0, vote(1, 0));
    assert_eq!(story.broken(), [""; 0], "the same vote");
}

#[test]
fn committed_beyond_the_log() {
    let mut story = Story::new();
    let committed = story.events.committed;
    story
        .begin()
        .elect(0, 1)
        .append(&[0, 1], at(1, 1), 0)
        .event(0, committed, at(1, 2), 0);
    assert!(
        story.broken().contains(&"log-bounds"),
        "{:?}",
        story.broken()
    );
    let mut story = Story::new();
    let purged = story.events.purged;
    story
        .begin()
        .elect(0, 1)
        .append(&[0, 1], at(1, 1), 0)
        .commit(0, at(1, 1), 5);
    story.event(0, purged, at(1, 1), 0);
    assert_eq!(story.broken(), ["log-bounds"], "without a snapshot");
}
