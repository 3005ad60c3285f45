//! Safety: what holds at every record, whatever goes wrong.

use super::replica::Replica;
use super::{LogId, Member, Oracle, Place, Slug, Voters};
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

    fn recovered(&mut self, place: Place, member: Member, base: LogId, b: u64) {
        let (term, voted) = (half(b >> 32), half(b & u64::from(u32::MAX)));
        let voted = voted
            .checked_sub(1)
            .and_then(|voted| Member::try_from(voted).ok());
        let replica = &mut self.replicas[usize::from(member)];
        let (before, before_voted) = (replica.term, replica.voted);
        let kept =
            term > before || (term == before && (before_voted.is_none() || voted == before_voted));
        (replica.term, replica.voted) = (term, voted);
        replica.leads = None;
        replica.begin_after(base);
        self.liveness.started(place.0, member);
        // It may have crashed before it could say that it had voted, and may say so to its candidate again.
        if let Some(candidate) = voted {
            self.truth.vote(term, candidate, member);
        }
        self.findings.test(Slug::Monotone, kept, place, || {
            format!(
                "replica {member} was in term {before} and had voted for {before_voted:?}; it begins in term {term} \
                 with a vote for {voted:?}"
            )
        });
    }
    fn voted(&mut self, place: Place, member: Member, term: u32, vote: Option<u64>) {
        let replica = &mut self.replicas[usize::from(member)];
        let (before, voted) = (replica.term, replica.voted);
        let Some(vote) = vote else {
            (replica.term, replica.voted) = (term, None);
            return self
                .findings
                .test(Slug::Monotone, term > before, place, || {
                    format!("replica {member} goes from term {before} to {term}")
                });
        };
        let vote = Member::try_from(vote).ok();
        replica.voted = vote;
        if let Some(candidate) = vote {
            self.truth.vote(term, candidate, member);
        }
        let once = term == before && (voted.is_none() || voted == vote);
        self.findings.test(Slug::Monotone, once, place, || {
            format!("replica {member}, in term {before} with a vote for {voted:?}, votes for {vote:?} in term {term}")
        });
    }

    /// A member does not hold what it had acknowledged to the leader that asks. It may have been removed and
    /// emptied meanwhile by a later leader, of which this one does not know.
    fn contradicted(&mut self, place: Place, leader: Member, (member, index): (u64, u64)) {
        let Some(term) = self.replicas[usize::from(leader)].leads else {
            return;
        };
        let latest = self.truth.leaders.keys().next_back();
        let holds = latest.is_some_and(|latest| *latest > term);
        self.findings.test(Slug::Progress, holds, place, || {
            format!(
                "replica {leader}, which leads in term {term}, believes that replica {member} holds entry {index}, and \
                 it does not"
            )
        });
    }
    fn elected(&mut self, place: Place, member: Member, term: u32) {
        let replica = &mut self.replicas[usize::from(member)];
        replica.leads = Some(term);
        self.liveness
            .elected(place.0, (member, term), &mut self.findings);
        let first = self.truth.leaders.insert(term, member);
        self.findings
            .test(Slug::ElectionSafety, first.is_none(), place, || {
                let first = first.unwrap_or_default();
                format!("replica {member} is elected in term {term}, in which {first} was elected")
            });
        let replica = &self.replicas[usize::from(member)];
        let votes = self.truth.votes.get(&(term, member));
        let (voters, votes) = (replica.voters(), votes.copied().unwrap_or_default());
        self.findings
            .test(Slug::ElectionSafety, voters.won_by(votes), place, || {
                format!(
                    "replica {member} is elected in term {term} by {} votes of {} voters",
                    Voters(votes.0 & voters.0).len(),
                    voters.len()
                )
            });
        self.findings.checked(Slug::Progress);
        let mut missing: [Option<u32>; 2] = [None, None];
        for index in replica.base.index + 1..=self.truth.last() {
            let known = self.truth.committed[index as usize - 1];
            // One that wins late, in a term that is over elsewhere, owes nothing.
            if term > known.by && replica.term_at(index) != Some(known.term) {
                missing[0] = missing[0].or(Some(index));
                if known.acknowledged {
                    missing[1] = missing[1].or(Some(index));
                }
            }
        }
        self.findings.test(Slug::Completeness, missing[0].is_none(), place, || {
            let index = missing[0].unwrap_or_default();
            format!("replica {member}, elected in term {term}, does not have entry {index}, which is committed")
        });
        self.findings.test(Slug::NoLostWrite, missing[1].is_none(), place, || {
            let index = missing[1].unwrap_or_default();
            format!("replica {member}, elected in term {term}, does not have entry {index}, a write that was acknowledged")
        });
    }

    fn appended(&mut self, place: Place, member: Member, at: LogId, command: u64) {
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
    fn truncated(&mut self, place: Place, member: Member, from: u32) {
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

    fn committed(&mut self, place: Place, member: Member, at: LogId) {
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

    fn applied(&mut self, place: Place, member: Member, at: LogId, digest: u64) {
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
    fn snapshot(
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
    fn installed(&mut self, place: Place, member: Member, at: LogId, digest: u64) {
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
    fn wiped(&mut self, member: Member, removal: u32) {
        let replica = &mut self.replicas[usize::from(member)];
        if removal > replica.wiped {
            let (term, voted) = (replica.term, replica.voted);
            *replica = Replica::new(Voters::default());
            (replica.term, replica.voted, replica.wiped) = (term, voted, removal);
        }
    }

    fn bounds(&mut self, place: Place, member: Member) {
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
