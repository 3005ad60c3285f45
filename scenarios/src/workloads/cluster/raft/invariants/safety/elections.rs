//! Terms, votes, and who may lead.

use super::super::{LogId, Member, Oracle, Place, Slug, Voters};
use super::half;

impl Oracle {
    pub(super) fn recovered(&mut self, place: Place, member: Member, base: LogId, b: u64) {
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
    pub(super) fn voted(&mut self, place: Place, member: Member, term: u32, vote: Option<u64>) {
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
    pub(super) fn contradicted(
        &mut self,
        place: Place,
        leader: Member,
        (member, index): (u64, u64),
    ) {
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
    pub(super) fn elected(&mut self, place: Place, member: Member, term: u32) {
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
}
