//! Elections: time-outs, pre-votes, votes, and what ends a leadership.

use super::super::mutant::Mutant;
use super::{Answer, Command};
use super::{Body, Leader, LogId, Member, Note, Raft, Role, Voters};

impl Raft {
    /// Nobody led for too long.
    pub(super) fn time_out(&mut self) {
        self.reset_timer();
        let removed = !self.voters().has(self.rules.me);
        // One that was removed, or not added yet, has nobody to ask.
        if (removed && !self.is(Mutant::B22)) || self.hard.blank {
            return;
        }
        self.leader = None;
        if self.rules.pre_vote {
            self.ask_to_stand();
        } else {
            self.stand();
        }
    }
    fn ask_to_stand(&mut self) {
        let own = Voters::default().with(self.rules.me);
        self.role = Role::PreCandidate(own);
        let term = self.hard.term + 1;
        self.out.notes.push(Note::Campaigned(term, true));
        if self.voters().won_by(own) {
            return self.stand();
        }
        let last = self.log.last();
        for peer in self.peers() {
            self.send_in(term, peer, Body::PreVote { last });
        }
    }
    fn stand(&mut self) {
        let me = self.rules.me;
        self.set_term(self.hard.term + 1);
        self.vote_for(me);
        let own = Voters::default().with(me);
        self.role = Role::Candidate(own);
        self.reset_timer();
        self.out.notes.push(Note::Campaigned(self.hard.term, false));
        if self.voters().won_by(own) {
            return self.lead();
        }
        let last = self.log.last();
        for peer in self.peers() {
            self.send(peer, Body::Vote { last });
        }
    }
    /// The other voters.
    fn peers(&self) -> impl Iterator<Item = Member> + use<> {
        self.voters().without(self.rules.me).members()
    }
    fn vote_for(&mut self, member: Member) {
        self.hard.voted = Some(member);
        self.out.save.hard = true;
        self.out.notes.push(Note::Voted(self.hard.term, member));
    }
    /// A later term began. Its time-out is drawn here, once: resets of the timer keep it.
    fn set_term(&mut self, term: u32) {
        self.hard.term = term;
        self.hard.voted = None;
        self.out.save.hard = true;
        self.out.notes.push(Note::Term(term));
        self.draw_timeout();
    }
    /// Follows, in this term or a later one.
    pub(super) fn follow(&mut self, term: u32, leader: Option<Member>) {
        if matches!(self.role, Role::Leader(_)) {
            self.step_down();
        }
        self.role = Role::Follower;
        if term > self.hard.term {
            self.set_term(term);
        }
        self.leader = leader;
    }
    /// Leads no more. Who waits is told to ask another: what was proposed may still happen.
    pub(super) fn step_down(&mut self) {
        let Role::Leader(leader) = core::mem::replace(&mut self.role, Role::Follower) else {
            return;
        };
        self.leader = None;
        self.out.notes.push(Note::SteppedDown(self.hard.term));
        let reads = leader.reads.iter().map(|read| read.ticket);
        let waiting: Vec<u64> = reads.chain(leader.proposals.values().copied()).collect();
        for ticket in waiting {
            self.answer(ticket, Answer::NotLeader(None));
        }
        self.reset_timer();
    }

    /// Whether those who stand are ignored: a leader was heard less than the shortest time-out ago.
    /// Leases rest on it, so one that has just begun, and may have promised it before, keeps it too.
    fn has_a_leader(&self) -> bool {
        let heard = self.now < self.heard_at.saturating_add(self.rules.election_ns.0);
        self.rules.pre_vote && (heard || matches!(self.role, Role::Leader(_)))
    }
    fn is_up_to_date(&self, last: LogId) -> bool {
        let own = self.log.last();
        if self.hard.blank {
            return false;
        }
        if self.is(Mutant::B03) {
            return true;
        }
        if self.is(Mutant::B05) {
            return (last.index, last.term) >= (own.index, own.term);
        }
        last >= own
    }
    /// A rejection must not keep the timer from running out: whoever stands may be unable to win.
    const fn rejected_a_vote(&mut self) {
        if matches!(self.rules.mutant, Some(Mutant::B06)) {
            self.reset_timer();
        }
    }

    pub(super) fn on_pre_vote(&mut self, from: Member, term: u32, last: LogId) {
        let granted = !self.has_a_leader() && term > self.hard.term && self.is_up_to_date(last);
        if !granted {
            self.rejected_a_vote();
        }
        let reply = if granted { term } else { self.hard.term };
        self.send_in(reply, from, Body::PreVoteReply { granted });
    }
    pub(super) fn on_pre_vote_reply(&mut self, from: Member, term: u32, granted: bool) {
        if !granted {
            if term > self.hard.term {
                self.follow(term, None);
            }
            return;
        }
        let voters = self.voters();
        let asked = self.hard.term + 1;
        if let Role::PreCandidate(votes) = &mut self.role
            && term == asked
        {
            *votes = votes.with(from);
            if voters.won_by(*votes) {
                self.stand();
            }
        }
    }

    pub(super) fn on_vote(&mut self, from: Member, term: u32, last: LogId) {
        if self.has_a_leader() {
            return self.rejected_a_vote();
        }
        if term > self.hard.term {
            self.follow(term, None);
        }
        let free = self.hard.voted.is_none_or(|voted| voted == from);
        let granted = term == self.hard.term && free && self.is_up_to_date(last);
        if granted {
            if self.hard.voted.is_none() {
                self.vote_for(from);
            }
            self.reset_timer();
        } else {
            self.rejected_a_vote();
        }
        self.send(from, Body::VoteReply { granted });
    }
    pub(super) fn on_vote_reply(&mut self, from: Member, term: u32, granted: bool) {
        if term > self.hard.term {
            return self.follow(term, None);
        }
        if term < self.hard.term && !self.is(Mutant::B14) {
            return;
        }
        let voters = self.voters();
        if let Role::Candidate(votes) = &mut self.role
            && granted
        {
            *votes = votes.with(from);
            if voters.won_by(*votes) {
                self.lead();
            }
        }
    }

    /// Won. The first entry of the term commits what earlier leaders left.
    fn lead(&mut self) {
        let next = self.log.last().index + 1;
        let mut leader = Leader::new(next, self.now);
        for peer in self.peers() {
            leader.follow(peer, next, self.leader_clock(), false);
        }
        self.leader = Some(self.rules.me);
        self.role = Role::Leader(Box::new(leader));
        self.out.notes.push(Note::Elected(self.hard.term));
        if !self.is(Mutant::B04) {
            self.append(Command::Noop);
        }
        self.heartbeat();
        self.release();
    }

    /// Whether a message comes from the leader of this term, which is followed from now on.
    pub(super) fn hears_leader(
        &mut self,
        from: Member,
        term: u32,
        round: super::types::Round,
    ) -> bool {
        if term < self.hard.term {
            if self.is(Mutant::B06) {
                self.reset_timer();
            }
            // The answer has this term in it: the old leader steps down.
            let matched = 0;
            self.send(from, Body::Appended { matched, round });
            return false;
        }
        // Where two lead one term by a bug, each goes its way.
        if matches!(self.role, Role::Leader(_)) && term == self.hard.term {
            return false;
        }
        self.follow(term, Some(from));
        self.heard_at = self.now;
        self.reset_timer();
        self.release();
        true
    }
}
