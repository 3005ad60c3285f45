//! States that logs and snapshots come to.

use super::super::replica::Replica;
use super::super::{LogId, Member, Oracle, Place, Slug, Voters};

impl Oracle {
    pub(super) fn applied(&mut self, place: Place, member: Member, at: LogId, digest: u64) {
        let replica = &mut self.replicas[usize::from(member)];
        let before = replica.applied;
        replica.applied = at.index;
        self.findings
            .test(Slug::Monotone, at.index == before + 1, place, || {
                format!("replica {member} applies entry {} after {before}", at.index)
            });
        self.bounds(place, member);
        if let Some(known) = self.truth.at(at.index) {
            let first = known.digest.is_none();
            let same = *known.digest.get_or_insert(digest) == digest && known.term == at.term;
            let (was, command) = (*known, known.command);
            self.findings.test(Slug::StateMachine, same, place, || {
                format!(
                    "replica {member} applies entry {} of term {}: its state is {digest:#x}; with the entry of term {} \
                     others came to {:#x}",
                    at.index, at.term, was.term, was.digest.unwrap_or(0)
                )
            });
            if first {
                self.clients.applied(at.index, command);
            }
        }
    }
    /// A state up to an index, from a snapshot.
    fn state(&mut self, place: Place, member: Member, at: LogId, digest: u64) {
        let Some(known) = self.truth.at(at.index) else {
            return;
        };
        let same = known.term == at.term && known.digest.is_none_or(|known| known == digest);
        self.findings.test(Slug::StateMachine, same, place, || {
            format!(
                "replica {member} has a snapshot up to {} with another state than others had there",
                at.index
            )
        });
    }
    pub(super) fn snapshot(
        &mut self,
        place: Place,
        member: Member,
        (at, digest): (LogId, u64),
        restored: bool,
    ) {
        let replica = &mut self.replicas[usize::from(member)];
        let before = replica.snapshot;
        replica.snapshot = at.index;
        if restored {
            (replica.commit, replica.applied) = (at.index, at.index);
        }
        self.findings
            .test(Slug::Monotone, at.index >= before, place, || {
                format!(
                    "replica {member} had a snapshot up to {before}, then one up to {}",
                    at.index
                )
            });
        if !restored {
            self.bounds(place, member);
        }
        self.state(place, member, at, digest);
    }
    pub(super) fn installed(&mut self, place: Place, member: Member, at: LogId, digest: u64) {
        let replica = &mut self.replicas[usize::from(member)];
        let before = replica.applied;
        if replica.term_at(at.index) == Some(at.term) {
            replica.purge(at);
        } else {
            replica.begin_after(at);
        }
        replica.snapshot = at.index;
        (replica.commit, replica.applied) = (at.index, at.index);
        self.findings
            .test(Slug::Monotone, at.index > before, place, || {
                format!(
                    "replica {member} has applied {before} and takes over a snapshot up to {}",
                    at.index
                )
            });
        self.state(place, member, at, digest);
    }
    /// Emptied, or begun again after that, which says so once more.
    pub(super) fn wiped(&mut self, member: Member, removal: u32) {
        let replica = &mut self.replicas[usize::from(member)];
        if removal > replica.wiped {
            let (term, voted) = (replica.term, replica.voted);
            *replica = Replica::new(Voters::default());
            (replica.term, replica.voted, replica.wiped) = (term, voted, removal);
        }
    }
    pub(super) fn bounds(&mut self, place: Place, member: Member) {
        let r = &self.replicas[usize::from(member)];
        let all = [r.base.index, r.snapshot, r.applied, r.commit, r.last()];
        self.findings.test(Slug::Bounds, all.is_sorted(), place, || {
            let [purged, snapshot, applied, committed, last] = all;
            format!(
                "replica {member}: purged {purged}, snapshot {snapshot}, applied {applied}, committed {committed}, \
                 last {last}"
            )
        });
    }
}
