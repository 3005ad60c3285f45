//! Reads without an entry in the log: by `ReadIndex`, or by a lease.
//!
//! A read must see every write that was acknowledged before it came. So the leader must have committed
//! an entry of its term, and must still have been the leader when the read came: either a quorum answers
//! a heartbeat sent since (`ReadIndex`), or it answered one so recently that none of it may have voted
//! for another (lease).

use super::super::mutant::Mutant;
use super::progress::Read;
use super::{Answer, Raft, Role, Ticket};

impl Raft {
    pub(super) fn read(&mut self, ticket: Ticket, key: u32, lease: bool) {
        let value = self.kv.get(key);
        let reading = self.leader_clock();
        let unchecked = self.rules.unchecked_reads || self.is(Mutant::B08);
        let commit = self.commit;
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let leased = lease && commit >= leader.first && reading < leader.lease_until;
        if unchecked || leased {
            return self.answer(ticket, Answer::Done(value));
        }
        let round = None;
        leader.reads.push_back(Read { ticket, key, round });
        self.serve_reads();
    }
    /// The clock by which a leader tells how long ago a quorum heard it: leases and the end of a
    /// leadership go by it. The wall clock may be set back.
    pub(super) const fn leader_clock(&self) -> u64 {
        match self.rules.mutant {
            Some(Mutant::B09) => self.wall,
            _ => self.now,
        }
    }
    /// A member answered a heartbeat: the lease may last longer, and reads may be served.
    pub(super) fn heard_round(&mut self) {
        let group = (self.voters(), self.rules.me);
        let lease = self.rules.lease_ns;
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let confirmed = leader.quorum(group, leader.round, |p| p.round, true);
        while let Some((round, sent)) = leader.rounds.front().copied()
            && round <= confirmed
        {
            leader.rounds.pop_front();
            leader.lease_until = leader.lease_until.max(sent.saturating_add(lease));
        }
        if !leader.reads.is_empty() {
            self.serve_reads();
        }
    }
    /// Answers the reads that a quorum has confirmed, and asks it about those it was not asked about.
    pub(super) fn serve_reads(&mut self) {
        let group = (self.voters(), self.rules.me);
        let commit = self.commit;
        let Role::Leader(leader) = &self.role else {
            return;
        };
        if commit < leader.first {
            return;
        }
        if leader.reads.iter().any(|read| read.round.is_none()) {
            self.heartbeat();
        }
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let round = leader.round;
        for read in leader.reads.iter_mut().rev() {
            match read.round {
                None => read.round = Some(round),
                Some(_) => break,
            }
        }
        let confirmed = leader.quorum(group, round, |p| p.round, true);
        let mut served = Vec::new();
        while let Some(read) = leader.reads.front()
            && read.round.is_some_and(|round| round <= confirmed)
        {
            served.extend(leader.reads.pop_front());
        }
        for read in served {
            let value = self.kv.get(read.key);
            self.answer(read.ticket, Answer::Done(value));
        }
    }
}
