//! Safety: what holds at every record, whatever goes wrong.

mod elections;
mod log;
mod states;

use super::{LogId, Member, Oracle, Voters};
use squall_core::history::Record;
use squall_core::{NameId, NodeId, VirtualTime};
use std::collections::BTreeMap;

/// What is committed at an index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Committed {
    pub(super) term: u32,
    pub(super) command: u64,
    /// In which term it was committed: leaders of later terms have it.
    by: u32,
    /// The state after it, once somebody applied it.
    pub(super) digest: Option<u64>,
    /// Whether its client was told.
    pub(super) acknowledged: bool,
}

/// What is true of the cluster as a whole.
#[derive(Debug, Default)]
pub(super) struct Truth {
    /// Who was elected, by term.
    leaders: BTreeMap<u32, Member>,
    /// Who voted, by term and candidate.
    pub(super) votes: BTreeMap<(u32, Member), Voters>,
    /// Command and term before, of every entry that any log had.
    entries: BTreeMap<u64, (u64, Option<u32>)>,
    /// By index, from 1 on.
    committed: Vec<Committed>,
    /// When the commit index grew, and to what.
    pub(super) growth: Vec<(VirtualTime, u32)>,
}

impl Truth {
    pub(super) fn last(&self) -> u32 {
        u32::try_from(self.committed.len()).unwrap_or(u32::MAX)
    }
    fn vote(&mut self, term: u32, candidate: Member, voter: Member) {
        let votes = self.votes.entry((term, candidate)).or_default();
        *votes = votes.with(voter);
    }
    pub(super) fn at(&mut self, index: u32) -> Option<&mut Committed> {
        let place = index.checked_sub(1)?;
        self.committed.get_mut(place as usize)
    }
}

fn half(word: u64) -> u32 {
    u32::try_from(word).unwrap_or(u32::MAX)
}

impl Oracle {
    pub(super) fn event(
        &mut self,
        record: &Record,
        (name, node): (NameId, NodeId),
        (a, b): (u64, u64),
    ) {
        let events = self.events;
        if self.clients.event(&events, name, (a, b)) {
            return;
        }
        let Some(member) = self.member(node) else {
            return;
        };
        let place = (record.at, Some(node));
        let at = LogId::unpacked(a);
        if name == events.appended {
            self.appended(place, member, at, b);
        } else if name == events.applied {
            self.applied(place, member, at, b);
        } else if name == events.committed {
            self.committed(place, member, at);
        } else if name == events.term || name == events.voted {
            self.voted(place, member, half(a), (name == events.voted).then_some(b));
        } else if name == events.elected {
            self.elected(place, member, half(a));
        } else if name == events.stepped_down {
            self.replicas[usize::from(member)].leads = None;
            self.liveness.lost_leader(record.at, member);
        } else if name == events.truncated {
            self.truncated(place, member, half(a));
        } else if name == events.membership {
            self.replicas[usize::from(member)].configure(at.index, Voters(b));
            self.liveness.disturbed(record.at);
        } else if name == events.recovered {
            self.recovered(place, member, at, b);
        } else if name == events.restored || name == events.snapshot {
            self.snapshot(place, member, (at, b), name == events.restored);
        } else if name == events.installed {
            self.installed(place, member, at, b);
        } else if name == events.purged {
            self.replicas[usize::from(member)].purge(at);
            self.bounds(place, member);
        } else if name == events.wiped {
            self.wiped(member, half(a));
            self.liveness.disturbed(record.at);
        } else if name == events.contradicted {
            self.contradicted(place, member, (a, b));
        } else if name == events.disk_waits {
            self.liveness.waits(record.at, member, a > 0);
        } else if name == events.disk_error {
            self.replicas[usize::from(member)].leads = None;
            self.liveness.stopped(record.at, member);
        }
    }
}
