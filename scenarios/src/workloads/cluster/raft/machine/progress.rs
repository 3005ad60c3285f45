//! What a leader knows of the others.

use super::types::{Member, Round, Ticket, Voters};
use std::collections::{BTreeMap, VecDeque};

/// How far a follower is.
#[derive(Clone, Copy, Debug)]
pub(super) struct Progress {
    /// Its log agrees up to here.
    pub(super) matched: u32,
    /// Heartbeats after this one were sent when that was known.
    pub(super) since: u64,
    /// What it is sent next.
    pub(super) next: u32,
    /// Number of the change of membership since which it is followed.
    pub(super) session: u32,
    /// Whether it only catches up, to be added then.
    pub(super) learns: bool,
    /// The last heartbeat that it answered, and when it answered anything.
    pub(super) round: u64,
    pub(super) active_at: u64,
    /// When it was sent a snapshot that it has not answered yet.
    pub(super) snapshot_at: Option<u64>,
}

/// A read that waits until a quorum has said that this leader still is one.
#[derive(Clone, Copy, Debug)]
pub(super) struct Read {
    pub(super) ticket: Ticket,
    pub(super) key: u32,
    /// The heartbeat that a quorum must answer; none was sent since the read came if it is `None`.
    pub(super) round: Option<u64>,
}

/// A leader's state.
#[derive(Debug)]
pub(super) struct Leader {
    /// By member: those who vote, and those whose removal is not committed.
    pub(super) progress: BTreeMap<Member, Progress>,
    pub(super) sessions: u32,
    /// Index of the first entry of its term.
    pub(super) first: u32,
    pub(super) heartbeat_at: u64,
    /// Number of the last heartbeat, and when those were sent that no quorum has answered yet.
    pub(super) round: u64,
    pub(super) rounds: VecDeque<(u64, u64)>,
    pub(super) lease_until: u64,
    pub(super) reads: VecDeque<Read>,
    /// Who waits for an entry, by its index.
    pub(super) proposals: BTreeMap<u32, Ticket>,
}

impl Leader {
    pub(super) const fn new(first: u32, now: u64) -> Self {
        Self {
            progress: BTreeMap::new(),
            sessions: 0,
            first,
            heartbeat_at: now,
            round: 0,
            rounds: VecDeque::new(),
            lease_until: 0,
            reads: VecDeque::new(),
            proposals: BTreeMap::new(),
        }
    }
    /// A heartbeat begins; `reading` is of the clock that leases go by.
    pub(super) fn begin_round(&mut self, reading: u64) {
        // While no quorum answers, only the latest matter.
        const OPEN_MAX: usize = 64;
        self.round += 1;
        self.rounds.push_back((self.round, reading));
        if self.rounds.len() > OPEN_MAX {
            self.rounds.pop_front();
        }
    }
    /// Begins to follow a member.
    pub(super) fn follow(&mut self, member: Member, next: u32, now: u64, learns: bool) {
        self.sessions += 1;
        let progress = Progress {
            matched: 0,
            since: 0,
            next,
            session: self.sessions,
            learns,
            round: 0,
            active_at: now,
            snapshot_at: None,
        };
        self.progress.insert(member, progress);
    }
    /// The largest value that a quorum of `voters` has reached, where `own` is this leader's.
    pub(super) fn quorum(
        &self,
        (voters, me): (Voters, Member),
        own: u64,
        of: impl Fn(&Progress) -> u64,
        sorted: bool,
    ) -> u64 {
        let reached = |member| match member == me {
            true => own,
            false => self.progress.get(&member).map_or(0, &of),
        };
        let mut all: Vec<u64> = voters.members().map(reached).collect();
        if sorted {
            all.sort_unstable_by(|a, b| b.cmp(a));
        }
        all.get(voters.quorum() - 1).copied().unwrap_or(0)
    }
    pub(super) fn round_for(&self, member: Member) -> Round {
        let session = self.progress.get(&member).map_or(0, |p| p.session);
        Round {
            round: self.round,
            session,
        }
    }
}
