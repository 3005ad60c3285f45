//! What replicas and clients record: all that the invariants know.
//!
//! A place packs a term in the upper and an index in the lower half.

use super::machine::{LogId, Note};
use crate::workloads::cluster::recorded::recorded;
use squall_core::world::Cx;

recorded! {
    /// Numbers of the names in records.
    Events {
        events {
            recovered "recovered":
                "a replica begins with its disk's log (a: place before it, b: term, and vote + 1)",
            restored "restored": "it begins with its disk's snapshot (a: place, b: digest of the state)",
            term "term": "a replica enters a term (a: term)",
            voted "voted": "it votes (a: term, b: member)",
            campaigned "campaigned": "it stands for election (a: term, b: 1 if it only asks whether it may)",
            elected "leader-elected": "it won (a: term)",
            stepped_down "stepped-down": "it leads no more (a: term)",
            appended "appended": "an entry is in its log, durably (a: place, b: command)",
            truncated "truncated": "entries of its log are gone (a: first index)",
            membership "membership": "its log says who votes from here on (a: place, b: bit set of members)",
            committed "committed": "it knows that entries are committed (a: place)",
            applied "applied": "it applied an entry (a: place, b: digest of the state after it)",
            snapshot "snapshot": "it took a snapshot (a: place, b: digest of the state)",
            installed "installed": "it took over a snapshot of the leader (a: place, b: digest of the state)",
            purged "purged": "entries of its log are in the snapshot only (a: place of the last)",
            wiped "wiped": "the operator emptied it, said again whenever it begins (a: index of its removal)",
            disk_error "disk-error": "it stops for a while (a: position of the error in `DiskError::ALL`)",
            contradicted "contradicted":
                "as leader it hears that a member lacks what it acknowledged (a: member, b: index)",
            disk_waits "disk-waits": "its disk makes it wait for long (a: 1), or does so no more (a: 0)",
            session "session": "the client of an operation (a: operation, b: session and serial)",
            expected "expected": "what a `cas` expects (a: operation, b: value)",
            retried "retried": "a client tries again (a: operation, b: attempt)",
            gave_up "gave-up": "a client does not know the outcome (a: operation)",
            changed "changed": "a change of membership is done (a: member, b: 1 if it was added)",
        }
        operations {
            get "get",
            put "put",
            cas "cas",
            append "append",
        }
        metrics {
            latency "latency" "s": "time of an operation to its answer or to giving up",
            leaderless "leaderless" "s": "time from the end of a leadership to the next leader",
            term_of_leader "election-term" "1": "term of a new leader",
        }
    }
    /// The same where replicas are placed.
    HostEvents {
        events {
            hosted "hosted":
                "a replica that a scheduler places begins on this node, or ends (a: member, b: 1 or 0)",
        }
    }
}

impl Events {
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
