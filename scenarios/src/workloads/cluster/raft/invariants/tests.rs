//! The oracle on made-up records: each invariant is broken by the shortest story that should break it, and by
//! that one first.

mod clients;
mod elections;
mod liveness;
mod log;

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
