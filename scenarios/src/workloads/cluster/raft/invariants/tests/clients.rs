//! Stories of what clients are told.

use super::*;

#[test]
fn acknowledged_writes_that_are_lost() {
    let mut story = Story::new();
    let put = story.events.put;
    story.begin().invoke(0, put, 3, COMMAND).returned(0, 3);
    let broken = story.broken();
    assert!(broken.contains(&"no-lost-write"), "{broken:?}");
    let mut story = Story::new();
    story.begin().elect(0, 1).invoke(0, put, 3, COMMAND);
    story
        .append(&[0, 1], at(1, 1), COMMAND)
        .commit(0, at(1, 1), 5)
        .returned(0, 3);
    assert_eq!(story.broken(), [""; 0]);
    story.elect(2, 2);
    assert_eq!(story.broken(), ["leader-completeness", "no-lost-write"]);
}

#[test]
fn reads_of_the_past_and_of_nothing() {
    let (put, get) = (Story::new().events.put, Story::new().events.get);
    for (value, wanted) in [
        (3, "value of entry 1; its client knew that of entry 2"),
        (8, "no committed write made"),
    ] {
        let mut story = Story::new();
        story.begin().elect(0, 1).invoke(0, put, 3, COMMAND);
        story
            .append(&[0, 1], at(1, 1), COMMAND)
            .commit(0, at(1, 1), 5)
            .returned(0, 3);
        story.invoke(1, put, 4, COMMAND + 1);
        story
            .append(&[0, 1], at(1, 2), COMMAND + 1)
            .commit(0, at(1, 2), 6)
            .returned(1, 4);
        story.invoke(2, get, 0, COMMAND + 2).returned(2, value);
        assert_eq!(story.broken(), ["session-guarantees"]);
        assert!(
            story.text(Slug::Session).contains(wanted),
            "{}",
            story.text(Slug::Session)
        );
        // And no order explains it.
        story.oracle.clients.check(1000, &mut story.oracle.findings);
        assert_eq!(story.broken(), ["session-guarantees", "linearizable"]);
        let text = story.text(Slug::Linearizable);
        assert!(text.contains("has 3 operations on the key"), "{text}");
        assert!(
            text.contains("operation 2 of session 9, key 1: get"),
            "{text}"
        );
    }
    // A search that is too long says nothing.
    let mut story = Story::new();
    story.begin().invoke(0, get, 0, COMMAND).returned(0, 0);
    story.oracle.clients.check(0, &mut story.oracle.findings);
    assert!(story.oracle.findings.of(Slug::Linearizable).undecided);
}
