//! A replica as a state machine without input and output of its own.
//!
//! ```text
//! time, message, request --step--> Outputs: what to save, what to say, what happened
//!                                     | the driver saves, then sends
//!                        <--saved-----+
//! ```
//!
//! The contract of the driver, in this order: give inputs with the reading of the node's monotonic
//! clock; take the outputs; make durable what [`Save`] says; record the notes; send messages and
//! answers; say [`Raft::saved`], which may give more outputs. Until something is saved nothing that
//! depends on it leaves the machine's driver: votes, acknowledgements, and the leader's own share of a
//! quorum all wait for the disk.

mod election;
#[cfg(test)]
mod elections;
mod held;
mod kv;
mod log;
mod membership;
mod output;
mod progress;
mod reads;
mod replication;
mod snapshot;
#[cfg(test)]
mod tests;
mod types;

pub(crate) use kv::{Kv, Last, appended};
pub(crate) use log::Log;
pub(crate) use output::{Note, Outputs, Save};
pub(crate) use types::{
    Answer, Body, Command, CommandId, Entry, Hard, LogId, MEMBERS_MAX, Member, Message, Op,
    Request, Snapshot, Ticket, Voters,
};

use super::mutant::Mutant;
use held::Held;
use progress::{Leader, Progress};
use squall_core::{Key, Sample};
use std::collections::VecDeque;
use std::rc::Rc;

/// What a replica goes by. Times are of its monotonic clock, in nanoseconds.
#[derive(Clone, Debug)]
pub(crate) struct Rules {
    pub(crate) me: Member,
    /// Shortest and longest time without a leader after which it stands for election.
    pub(crate) election_ns: (u64, u64),
    pub(crate) heartbeat_ns: u64,
    /// How long a lease lasts from the sending of the heartbeat that a quorum answered.
    pub(crate) lease_ns: u64,
    /// Whether it asks before it stands, and ignores those who stand while it hears a leader.
    pub(crate) pre_vote: bool,
    /// Whether a leader that hears no quorum steps down.
    pub(crate) check_quorum: bool,
    /// Whether a leader answers reads without making sure that it still is one.
    pub(crate) unchecked_reads: bool,
    /// Most entries in one message.
    pub(crate) batch: usize,
    /// Entries applied between two snapshots, and those kept for the slow before one.
    pub(crate) snapshot_every: u32,
    pub(crate) snapshot_keep: u32,
    /// No removal leaves fewer voters.
    pub(crate) voters_min: usize,
    /// How long a request waits where nobody is known to lead.
    pub(crate) hold_ns: u64,
    pub(crate) mutant: Option<Mutant>,
}

/// What a replica finds on its disk.
#[derive(Clone, Debug)]
pub(crate) struct Stored {
    pub(crate) hard: Hard,
    pub(crate) snapshot: Snapshot,
    pub(crate) log: Log,
}

#[derive(Debug)]
enum Role {
    Follower,
    /// Asks whether it may stand.
    PreCandidate(Voters),
    Candidate(Voters),
    Leader(Box<Leader>),
}

/// A replica.
#[derive(Debug)]
pub(crate) struct Raft {
    rules: Rules,
    /// Draws of election time-outs, by their number.
    key: Key,
    draws: u64,
    hard: Hard,
    log: Log,
    snapshot: Rc<Snapshot>,
    /// Up to where the log is known to be durable here.
    saved: u32,
    commit: u32,
    applied: u32,
    kv: Kv,
    role: Role,
    leader: Option<Member>,
    /// Requests that wait for one, the oldest first.
    held: VecDeque<Held>,
    now: u64,
    /// What the wall clock reads: nothing that is right goes by it.
    wall: u64,
    /// The time-out of this term, and when it ends.
    timeout: u64,
    election_at: u64,
    /// When it heard from a leader last, or began: nobody gets a vote for a while.
    heard_at: u64,
    out: Outputs,
}

impl Raft {
    /// A replica that begins with what is on its disk.
    pub(crate) fn new(rules: Rules, stored: Stored, key: Key, now: u64) -> Self {
        let snapshot = Rc::new(stored.snapshot);
        let mut raft = Self {
            rules,
            key,
            draws: 0,
            hard: stored.hard,
            saved: stored.log.last().index,
            log: stored.log,
            commit: snapshot.last.index,
            applied: snapshot.last.index,
            kv: snapshot.kv.clone(),
            snapshot,
            role: Role::Follower,
            leader: None,
            held: VecDeque::new(),
            now,
            wall: now,
            timeout: 0,
            election_at: 0,
            heard_at: now,
            out: Outputs::default(),
        };
        raft.draw_timeout();
        raft.reset_timer();
        raft.note_recovery();
        raft
    }
    fn note_recovery(&mut self) {
        let (base, hard) = (self.log.base(), self.hard);
        // It may have crashed before it could say so.
        if hard.wiped > 0 {
            self.out.notes.push(Note::Wiped(hard.wiped));
        }
        self.out.notes.push(Note::Recovered {
            base,
            term: hard.term,
            voted: hard.voted,
        });
        let (snapshot, digest) = (self.snapshot.last, self.snapshot.kv.digest);
        let voters = self.log.config_at(base.index).1;
        self.out.notes.push(Note::Membership(base, voters));
        self.out.notes.push(Note::Restored(snapshot, digest));
        for entry in self.log.since(base.index + 1) {
            self.out.note_entry(entry);
        }
    }

    /// The reading of the clock by which it wants to be woken, with [`Raft::tick`].
    pub(crate) fn deadline(&self) -> u64 {
        match &self.role {
            Role::Leader(leader) => leader.heartbeat_at,
            _ => {
                let held = self.held.front().map_or(u64::MAX, |held| held.until);
                self.election_at.min(held)
            }
        }
    }
    /// What the steps so far led to.
    pub(crate) fn take_outputs(&mut self) -> Outputs {
        core::mem::take(&mut self.out)
    }
    /// Whether there is something to take.
    pub(crate) const fn has_outputs(&self) -> bool {
        !self.out.is_empty()
    }
    /// Whether it leads.
    pub(crate) const fn leads(&self) -> bool {
        matches!(self.role, Role::Leader(_))
    }
    pub(crate) const fn hard(&self) -> Hard {
        self.hard
    }
    pub(crate) const fn log(&self) -> &Log {
        &self.log
    }
    pub(crate) const fn snapshot(&self) -> &Rc<Snapshot> {
        &self.snapshot
    }
    fn is(&self, mutant: Mutant) -> bool {
        self.rules.mutant == Some(mutant)
    }

    /// What the wall clock of the node reads, in nanoseconds from whenever.
    pub(crate) const fn see_wall(&mut self, wall: u64) {
        self.wall = wall;
    }
    /// Time has passed.
    pub(crate) fn tick(&mut self, now: u64) {
        self.now = now;
        self.let_go();
        if matches!(self.role, Role::Leader(_)) {
            self.tick_leader();
        } else if now >= self.election_at {
            self.time_out();
        }
    }
    /// All that was to be saved is durable.
    pub(crate) fn saved(&mut self, now: u64) {
        self.now = now;
        self.saved = self.log.last().index;
        if matches!(self.role, Role::Leader(_)) {
            self.advance_commit();
        }
    }
    /// A message has come.
    pub(crate) fn receive(&mut self, now: u64, message: &Message) {
        self.now = now;
        let (from, term) = (message.from, message.term);
        match &message.body {
            Body::PreVote { last } => self.on_pre_vote(from, term, *last),
            Body::PreVoteReply { granted } => self.on_pre_vote_reply(from, term, *granted),
            Body::Vote { last } => self.on_vote(from, term, *last),
            Body::VoteReply { granted } => self.on_vote_reply(from, term, *granted),
            Body::Append {
                prev,
                entries,
                commit,
                round,
            } => {
                if self.hears_leader(from, term, *round) {
                    self.on_append(from, *prev, entries, (*commit, *round));
                }
            }
            Body::Install { snapshot, round } => {
                if self.hears_leader(from, term, *round) {
                    self.on_install(from, snapshot, *round);
                }
            }
            Body::Appended { matched, round } => {
                self.on_appended((from, term), *matched, *round);
            }
            Body::Conflict {
                prev,
                next,
                term: conflict,
                round,
            } => self.on_conflict((from, term), (*prev, *next, *conflict), *round),
        }
    }
    /// A client or operator asks.
    pub(crate) fn request(&mut self, now: u64, ticket: Ticket, request: Request) {
        self.now = now;
        match request {
            Request::Wipe { removal } => self.wipe(ticket, removal),
            _ if !matches!(self.role, Role::Leader(_)) => self.elsewhere(ticket, request),
            Request::Get { key, lease } => self.read(ticket, key, lease),
            Request::Write { id, key, op } => {
                self.propose(ticket, Command::Write { id, key, op });
            }
            Request::Add { id, member } => self.change(ticket, id, member, true),
            Request::Remove { id, member } => self.change(ticket, id, member, false),
        }
    }

    fn answer(&mut self, ticket: Ticket, answer: Answer) {
        self.out.answers.push((ticket, answer));
    }
    fn send(&mut self, to: Member, body: Body) {
        self.send_in(self.hard.term, to, body);
    }
    fn send_in(&mut self, term: u32, to: Member, body: Body) {
        let from = self.rules.me;
        let message = Rc::new(Message { from, term, body });
        self.out.messages.push((to, message));
    }
    /// Who votes, as far as this replica knows.
    fn voters(&self) -> Voters {
        self.log.config().1
    }
    /// A time-out for this term, after Ongaro: the spread breaks ties between those who stand.
    fn draw_timeout(&mut self) {
        let (min, max) = self.rules.election_ns;
        let spread = (max - min).max(1);
        self.timeout = match self.is(Mutant::B07) {
            true => min,
            false => min + self.key.at(self.draws).below(spread),
        };
        self.draws += 1;
    }
    const fn reset_timer(&mut self) {
        self.election_at = self.now.saturating_add(self.timeout);
    }
}
