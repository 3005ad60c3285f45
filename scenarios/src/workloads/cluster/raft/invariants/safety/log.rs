//! Logs, and what of them is committed.

use super::super::{LogId, Member, Oracle, Place, Slug, Voters};
use super::Committed;

impl Oracle {
    pub(super) fn appended(&mut self, place: Place, member: Member, at: LogId, command: u64) {
        let replica = &mut self.replicas[usize::from(member)];
        let last = replica.last();
        let over = at.index <= last;
        if over {
            replica.truncate(at.index);
        }
        if over || replica.leads.is_some() {
            self.findings.test(Slug::AppendOnly, !over, place, || {
                format!(
                    "replica {member} writes entry {} over its log, which ends at {last}",
                    at.index
                )
            });
        }
        let gap = at.index > last + 1;
        let before = replica.term_at(at.index.saturating_sub(1));
        let entry = (command, before);
        let known = *self.truth.entries.entry(at.packed()).or_insert(entry);
        let same =
            known.0 == command && (known.1 == before || known.1.is_none() || before.is_none());
        replica.push(at.term, command);
        self.findings.test(Slug::LogMatching, same && !gap, place, || {
            format!(
                "replica {member} has command {command:#x} at term {}, index {}, after term {before:?}; another \
                 log had {:#x} there, after {:?}",
                at.term, at.index, known.0, known.1
            )
        });
    }
    pub(super) fn truncated(&mut self, place: Place, member: Member, from: u32) {
        let replica = &mut self.replicas[usize::from(member)];
        let (leads, commit) = (replica.leads, replica.commit);
        replica.truncate(from);
        self.findings
            .test(Slug::AppendOnly, leads.is_none(), place, || {
                format!("replica {member} leads and drops its entries from {from} on")
            });
        self.findings
            .test(Slug::Immutable, from > commit, place, || {
                format!("replica {member} drops entry {from}; it knew {commit} to be committed")
            });
    }
    pub(super) fn committed(&mut self, place: Place, member: Member, at: LogId) {
        let replica = &mut self.replicas[usize::from(member)];
        let before = replica.commit;
        replica.commit = replica.commit.max(at.index);
        self.findings
            .test(Slug::Monotone, at.index > before, place, || {
                format!(
                    "replica {member} knows {before} to be committed, then {}",
                    at.index
                )
            });
        self.bounds(place, member);
        let last = self.truth.last();
        let replica = &self.replicas[usize::from(member)];
        let mut other = None;
        for index in before + 1..=at.index {
            let (Some(term), Some(command)) = (replica.term_at(index), replica.command_at(index))
            else {
                continue;
            };
            match self.truth.committed.get(index as usize - 1) {
                Some(known) if known.term == term && known.command == command => {}
                Some(known) => other = other.or(Some((index, known.term, term))),
                None if index == self.truth.last() + 1 => self.truth.committed.push(Committed {
                    term,
                    command,
                    by: replica.term,
                    digest: None,
                    acknowledged: false,
                }),
                None => {}
            }
        }
        self.findings.test(Slug::Immutable, other.is_none(), place, || {
            let (index, was, is) = other.unwrap_or_default();
            format!("replica {member} commits entry {index} of term {is}, where one of term {was} is committed")
        });
        if self.truth.last() > last {
            self.truth.growth.push((place.0, self.truth.last()));
            self.quorum(place, member, at);
        }
    }
    /// An entry is committed for the first time: a quorum must hold it.
    fn quorum(&mut self, place: Place, member: Member, at: LogId) {
        let voters = self.replicas[usize::from(member)].voters();
        let known = |m: &Member| {
            self.replicas
                .get(usize::from(*m))
                .is_some_and(|r| r.holds(at))
        };
        let holders = voters
            .members()
            .filter(known)
            .fold(Voters::default(), Voters::with);
        self.findings
            .test(Slug::Quorum, voters.won_by(holders), place, || {
                let all: Vec<Member> = voters.members().collect();
                let some: Vec<Member> = holders.members().collect();
                format!(
                    "replica {member} commits entry {} with {some:?} of {all:?} holding it",
                    at.index
                )
            });
    }
}
