//! What replicas and clients record: all that the invariants know.

use super::machine::{LogId, Note};
use crate::workloads::{Word, word};
use squall_core::NameId;
use squall_core::world::Cx;

/// The events, for the kind's table. A place packs a term in the upper and an index in the lower half.
pub(super) const WORDS: &[Word] = &[
    word(
        "recovered",
        "a replica begins with its disk's log (a: place before it, b: term, and vote + 1)",
    ),
    word(
        "restored",
        "it begins with its disk's snapshot (a: place, b: digest of the state)",
    ),
    word("term", "a replica enters a term (a: term)"),
    word("voted", "it votes (a: term, b: member)"),
    word(
        "campaigned",
        "it stands for election (a: term, b: 1 if it only asks whether it may)",
    ),
    word("leader-elected", "it won (a: term)"),
    word("stepped-down", "it leads no more (a: term)"),
    word(
        "appended",
        "an entry is in its log, durably (a: place, b: command)",
    ),
    word("truncated", "entries of its log are gone (a: first index)"),
    word(
        "membership",
        "its log says who votes from here on (a: place, b: bit set of members)",
    ),
    word(
        "committed",
        "it knows that entries are committed (a: place)",
    ),
    word(
        "applied",
        "it applied an entry (a: place, b: digest of the state after it)",
    ),
    word(
        "snapshot",
        "it took a snapshot (a: place, b: digest of the state)",
    ),
    word(
        "installed",
        "it took over a snapshot of the leader (a: place, b: digest of the state)",
    ),
    word(
        "purged",
        "entries of its log are in the snapshot only (a: place of the last)",
    ),
    word(
        "wiped",
        "the operator emptied it, said again whenever it begins (a: index of its removal)",
    ),
    word(
        "disk-error",
        "it stops for a while (a: position of the error in `DiskError::ALL`)",
    ),
    word(
        "contradicted",
        "as leader it hears that a member lacks what it acknowledged (a: member, b: index)",
    ),
    word(
        "disk-waits",
        "its disk makes it wait for long (a: 1), or does so no more (a: 0)",
    ),
    word(
        "session",
        "the client of an operation (a: operation, b: session and serial)",
    ),
    word("expected", "what a `cas` expects (a: operation, b: value)"),
    word("retried", "a client tries again (a: operation, b: attempt)"),
    word(
        "gave-up",
        "a client does not know the outcome (a: operation)",
    ),
    word(
        "changed",
        "a change of membership is done (a: member, b: 1 if it was added)",
    ),
    word(
        "hosted",
        "a replica that a scheduler places begins on this node, or ends (a: member, b: 1 or 0)",
    ),
];

/// Numbers of the names in records.
#[derive(Clone, Copy, Debug)]
pub(super) struct Events {
    pub(super) recovered: NameId,
    pub(super) restored: NameId,
    pub(super) term: NameId,
    pub(super) voted: NameId,
    pub(super) campaigned: NameId,
    pub(super) elected: NameId,
    pub(super) stepped_down: NameId,
    pub(super) appended: NameId,
    pub(super) truncated: NameId,
    pub(super) membership: NameId,
    pub(super) committed: NameId,
    pub(super) applied: NameId,
    pub(super) snapshot: NameId,
    pub(super) installed: NameId,
    pub(super) purged: NameId,
    pub(super) wiped: NameId,
    pub(super) disk_error: NameId,
    pub(super) contradicted: NameId,
    pub(super) disk_waits: NameId,
    pub(super) session: NameId,
    pub(super) expected: NameId,
    pub(super) retried: NameId,
    pub(super) gave_up: NameId,
    pub(super) changed: NameId,
    pub(super) get: NameId,
    pub(super) put: NameId,
    pub(super) cas: NameId,
    pub(super) append: NameId,
    pub(super) latency: NameId,
    pub(super) leaderless: NameId,
    pub(super) term_of_leader: NameId,
    /// Only where replicas are placed.
    pub(super) hosted: Option<NameId>,
}

impl Events {
    /// The names, from whoever gives numbers to them.
    pub(super) fn new(placed: bool, mut name: impl FnMut(&'static str) -> NameId) -> Self {
        Self {
            recovered: name("recovered"),
            restored: name("restored"),
            term: name("term"),
            voted: name("voted"),
            campaigned: name("campaigned"),
            elected: name("leader-elected"),
            stepped_down: name("stepped-down"),
            appended: name("appended"),
            truncated: name("truncated"),
            membership: name("membership"),
            committed: name("committed"),
            applied: name("applied"),
            snapshot: name("snapshot"),
            installed: name("installed"),
            purged: name("purged"),
            wiped: name("wiped"),
            disk_error: name("disk-error"),
            contradicted: name("contradicted"),
            disk_waits: name("disk-waits"),
            session: name("session"),
            expected: name("expected"),
            retried: name("retried"),
            gave_up: name("gave-up"),
            changed: name("changed"),
            get: name("get"),
            put: name("put"),
            cas: name("cas"),
            append: name("append"),
            latency: name("latency"),
            leaderless: name("leaderless"),
            term_of_leader: name("election-term"),
            hosted: placed.then(|| name("hosted")),
        }
    }
    /// The event of a replica that begins or ends where it was placed.
    pub(super) fn hosted(&self) -> NameId {
        self.hosted
            .expect("only replicas that are placed begin and end so")
    }
    /// Records what happened in the replica of this process.
    pub(super) fn record(&self, cx: &Cx, note: &Note) {
        let place = LogId::packed;
        let (name, a, b) = match *note {
            Note::Recovered { base, term, voted } => {
                let voted = voted.map_or(0, |member| u64::from(member) + 1);
                (self.recovered, place(base), (u64::from(term) << 32) | voted)
            }
            Note::Restored(at, digest) => (self.restored, place(at), digest),
            Note::Term(term) => (self.term, u64::from(term), 0),
            Note::Voted(term, member) => (self.voted, u64::from(term), u64::from(member)),
            Note::Campaigned(term, asks) => (self.campaigned, u64::from(term), u64::from(asks)),
            Note::Elected(term) => (self.elected, u64::from(term), 0),
            Note::SteppedDown(term) => (self.stepped_down, u64::from(term), 0),
            Note::Appended(at, id) => (self.appended, place(at), id.packed()),
            Note::Truncated(from) => (self.truncated, u64::from(from), 0),
            Note::Membership(at, voters) => (self.membership, place(at), voters.0),
            Note::Committed(at) => (self.committed, place(at), 0),
            Note::Applied(at, digest) => (self.applied, place(at), digest),
            Note::Snapshot(at, digest) => (self.snapshot, place(at), digest),
            Note::Installed(at, digest) => (self.installed, place(at), digest),
            Note::Purged(at) => (self.purged, place(at), 0),
            Note::Contradicted(member, index) => {
                (self.contradicted, u64::from(member), u64::from(index))
            }
            Note::Wiped(removal) => (self.wiped, u64::from(removal), 0),
        };
        cx.event(name, a, b);
    }
}
