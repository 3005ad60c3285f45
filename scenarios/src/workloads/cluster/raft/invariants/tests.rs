//! The oracle on made-up records: each invariant is broken by the shortest story that should break it, and by
//! that one first.

use super::*;
use crate::workloads::cluster::oracle::{Oracle as _, Slug as _};
use squall_core::history::{FaultChange, Outcome};
use squall_core::{EntryId, NameId, Names, VirtualTime};

const SETTLE: VirtualDuration = VirtualDuration::from_secs(4);

/// An oracle over three replicas, and a clock of milliseconds.
struct Story {
    oracle: Oracle,
    events: Events,
    ms: u64,
}

/// A place: term and index.
const fn at(term: u32, index: u32) -> u64 {
    LogId::new(term, index).packed()
}

impl Story {
    fn new() -> Self {
        let mut names = Names::default();
        let events = Events::new(|slug| names.intern(slug));
        let setting = Setting {
            nodes: (0..3).map(NodeId).collect(),
            count: 3,
            voters: Voters::first(3),
            settle: SETTLE,
            steps_max: 10_000,
            hosting: None,
        };
        Self {
            oracle: Oracle::new(events, setting),
            events,
            ms: 0,
        }
    }
    fn record(&mut self, what: What) -> &mut Self {
        self.ms += 1;
        let at = VirtualTime::ZERO + VirtualDuration::from_millis(self.ms);
        self.oracle.observe(&Record { at, what });
        self
    }
    fn event(&mut self, member: u32, name: NameId, a: u64, b: u64) -> &mut Self {
        let node = NodeId(member);
        self.record(What::Event { name, node, a, b })
    }
    fn begin(&mut self) -> &mut Self {
        let events = self.events;
        for member in 0..3 {
            self.event(member, events.recovered, 0, 0);
            self.event(member, events.membership, 0, 0b111);
            self.event(member, events.restored, 0, 0);
        }
        self
    }
    fn elect(&mut self, member: u32, term: u32) -> &mut Self {
        let events = self.events;
        let t = u64::from(term);
        // The votes of the others, whatever their own stories are.
        let candidate = Member::try_from(member).expect("few");
        let votes = Voters::first(3);
        self.oracle.truth.votes.insert((term, candidate), votes);
        self.event(member, events.term, t, 0);
        self.event(member, events.voted, t, u64::from(member));
        self.event(member, events.elected, t, 0)
    }
    fn append(&mut self, members: &[u32], at: u64, command: u64) -> &mut Self {
        let appended = self.events.appended;
        for member in members {
            self.event(*member, appended, at, command);
        }
        self
    }
    fn commit(&mut self, member: u32, at: u64, digest: u64) -> &mut Self {
        let events = self.events;
        self.event(member, events.committed, at, 0);
        self.event(member, events.applied, at, digest)
    }
    /// A client's operation, as command 9/1 or so.
    fn invoke(&mut self, op: u32, name: NameId, value: u64, command: u64) -> &mut Self {
        let session = self.events.session;
        let node = NodeId(7);
        self.record(What::Invoke {
            op,
            node,
            name,
            key: 1,
            value,
        });
        self.record(What::Event {
            name: session,
            node,
            a: u64::from(op),
            b: command,
        })
    }
    fn returned(&mut self, op: u32, value: u64) -> &mut Self {
        let outcome = Outcome::Ok;
        self.record(What::Return { op, outcome, value })
    }
    fn broken(&self) -> Vec<&'static str> {
        let broken = Slug::ALL
            .iter()
            .filter(|s| self.oracle.findings.of(**s).violations > 0);
        broken.map(|slug| slug.name()).collect()
    }
    fn text(&self, slug: Slug) -> String {
        let first = self.oracle.findings.of(slug).first.clone();
        first.map_or_else(String::new, |(_, text)| text)
    }
}

const COMMAND: u64 = (9 << 32) | 1;

/// A tutorial: an election, a write, and nothing is wrong.
#[test]
fn a_story_without_a_bug_breaks_nothing() {
    let mut story = Story::new();
    let (put, get) = (story.events.put, story.events.get);
    story.begin().elect(0, 1).append(&[0, 1, 2], at(1, 1), 0);
    story.commit(0, at(1, 1), 5).invoke(0, put, 3, COMMAND);
    story
        .append(&[0, 1], at(1, 2), COMMAND)
        .commit(0, at(1, 2), 6)
        .returned(0, 3);
    story.invoke(1, get, 0, COMMAND + 1).returned(1, 3);
    story.oracle.clients.check(1000, &mut story.oracle.findings);
    assert_eq!(story.broken(), [""; 0]);
    for slug in [
        Slug::Linearizable,
        Slug::Session,
        Slug::NoLostWrite,
        Slug::Quorum,
    ] {
        assert!(story.oracle.findings.of(slug).checked > 0, "{slug:?}");
    }
}

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
