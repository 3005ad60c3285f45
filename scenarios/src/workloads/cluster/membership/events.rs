//! What members and routers record: all that the invariants know.

use super::swim::{Note, Verdict};
use crate::workloads::{Word, word};
use squall_core::NameId;
use squall_core::world::Cx;

/// The events, for the kind's table.
pub(super) const WORDS: &[Word] = &[
    word(
        "began",
        "a member's process begins (a: its incarnation, b: 1 if it takes part from the start)",
    ),
    word("joined", "it has the view of another one and takes part"),
    word("left", "it goes of its own will (a: its incarnation)"),
    word(
        "incarnation",
        "it is in a higher incarnation, to refute what is said of it (a: incarnation)",
    ),
    word(
        "alive",
        "it holds a member for alive: one that joined, refuted or is back (a: member, b: incarnation)",
    ),
    word(
        "suspected",
        "it suspects a member (a: member, b: incarnation)",
    ),
    word(
        "buried",
        "it holds a member for dead since somebody said so (a: member, b: incarnation)",
    ),
    word(
        "convicted",
        "it holds a member for dead since a suspicion ran out (a: member, b: incarnation)",
    ),
    word(
        "silent",
        "it holds a member for dead since that did not answer, without suspicion (a: member, b: incarnation)",
    ),
    word(
        "gone",
        "it knows that a member left (a: member, b: incarnation)",
    ),
    word(
        "telling",
        "it has news to tell (a: 1), or none any more (a: 0)",
    ),
    word(
        "routed",
        "a router sends a request to a member (a: member, b: request)",
    ),
    word("failed", "no member answered a request (a: request)"),
];

/// Numbers of the names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    pub(super) began: NameId,
    pub(super) joined: NameId,
    pub(super) left: NameId,
    pub(super) incarnation: NameId,
    pub(super) alive: NameId,
    pub(super) suspected: NameId,
    pub(super) buried: NameId,
    pub(super) convicted: NameId,
    pub(super) silent: NameId,
    pub(super) gone: NameId,
    pub(super) telling: NameId,
    pub(super) routed: NameId,
    pub(super) failed: NameId,
    pub(super) request: NameId,
    pub(super) latency: NameId,
    pub(super) first_detection: NameId,
    pub(super) detection: NameId,
    pub(super) false_kill: NameId,
    pub(super) messages: NameId,
    pub(super) health: NameId,
}

impl Events {
    /// The names, from whoever gives numbers to them.
    pub(super) fn new(mut name: impl FnMut(&'static str) -> NameId) -> Self {
        Self {
            began: name("began"),
            joined: name("joined"),
            left: name("left"),
            incarnation: name("incarnation"),
            alive: name("alive"),
            suspected: name("suspected"),
            buried: name("buried"),
            convicted: name("convicted"),
            silent: name("silent"),
            gone: name("gone"),
            telling: name("telling"),
            routed: name("routed"),
            failed: name("failed"),
            request: name("request"),
            latency: name("latency"),
            first_detection: name("first-detection"),
            detection: name("detection"),
            false_kill: name("false-kill"),
            messages: name("messages"),
            health: name("health"),
        }
    }
    /// Records what happened in the member of this process. Periods and probes are not
    /// recorded: they are many, and what comes of them is.
    pub(super) fn record(&self, cx: &Cx, note: Note) {
        let (name, a, b) = match note {
            Note::Joined => (self.joined, 0, 0),
            Note::Left(incarnation) => (self.left, u64::from(incarnation), 0),
            Note::Incarnation(incarnation) => (self.incarnation, u64::from(incarnation), 0),
            Note::Alive(member, i) => (self.alive, u64::from(member), u64::from(i)),
            Note::Suspected(member, i, _) => (self.suspected, u64::from(member), u64::from(i)),
            Note::Dead(member, i, verdict) => {
                let name = match verdict {
                    Verdict::Heard => self.buried,
                    Verdict::Expired => self.convicted,
                    Verdict::Silent => self.silent,
                };
                (name, u64::from(member), u64::from(i))
            }
            Note::Gone(member, i) => (self.gone, u64::from(member), u64::from(i)),
            Note::Telling(telling) => (self.telling, u64::from(telling), 0),
            Note::Period | Note::Probed(..) => return,
        };
        cx.event(name, a, b);
    }
}
