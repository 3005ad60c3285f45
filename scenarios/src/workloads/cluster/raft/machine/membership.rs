//! Membership: one server at a time.
//!
//! A change is proposed only when the one before is committed, and when this leader has committed an
//! entry of its own term (Ongaro's correction of 2015): otherwise two leaders can each have a quorum of
//! its own. It counts from the moment it is in the log. Who is added has caught up before.

use super::super::mutant::Mutant;
use super::Voters;
use super::{
    Answer, Command, CommandId, Kv, Log, LogId, Member, Note, Raft, Role, Snapshot, Ticket,
};
use std::rc::Rc;

impl Raft {
    /// Adds or removes a voter.
    pub(super) fn change(&mut self, ticket: Ticket, id: CommandId, member: Member, add: bool) {
        let answer = self.may_change(id, member, add);
        if let Some(answer) = answer {
            return self.answer(ticket, answer);
        }
        let before = self.voters();
        let voters = if add {
            before.with(member)
        } else {
            before.without(member)
        };
        if add && !before.has(member) && !self.caught_up(member) {
            return self.answer(ticket, Answer::Refused);
        }
        // One that only learns is followed no more either: it may be emptied after the answer.
        if let Role::Leader(leader) = &mut self.role
            && !add
            && let Some(progress) = leader.progress.get_mut(&member)
        {
            progress.learns = false;
        }
        // What is so already is proposed too: only a committed entry proves that this leader knows.
        self.propose(ticket, Command::Config { id, voters });
    }
    /// Whether a member that does not vote has all that is committed. If it is not followed yet, it is
    /// from now on: it becomes a voter once it can vote, so that it never costs a quorum.
    fn caught_up(&mut self, member: Member) -> bool {
        let (now, next, commit) = (self.leader_clock(), self.log.last().index + 1, self.commit);
        let Role::Leader(leader) = &mut self.role else {
            return false;
        };
        match leader.progress.get_mut(&member) {
            Some(progress) if progress.matched >= commit => {
                progress.learns = false;
                true
            }
            Some(_) => false,
            None => {
                leader.follow(member, next, now, true);
                self.send_append(member, true);
                false
            }
        }
    }
    /// The answer to a change that is not proposed.
    fn may_change(&self, id: CommandId, member: Member, add: bool) -> Option<Answer> {
        // A change counts at once, so that an old one must not get into the log.
        if let Some(last) = self.kv.sessions.get(&id.session) {
            if last.serial == id.serial {
                return Some(Answer::Done(last.answer));
            }
            if last.serial > id.serial {
                return Some(Answer::Stale);
            }
        }
        let (index, voters) = self.log.config();
        let Role::Leader(leader) = &self.role else {
            return Some(Answer::Refused);
        };
        let current = self.commit >= leader.first || self.is(Mutant::B18);
        if index > self.commit || !current {
            return Some(Answer::Refused);
        }
        if !add && voters.has(member) && voters.len() <= self.rules.voters_min {
            return Some(Answer::Refused);
        }
        None
    }
    /// After a commit: those who were removed hear of it, and are followed no more. A leader that was
    /// removed leads until here.
    pub(super) fn config_committed(&mut self) {
        let (index, voters) = self.log.config();
        let Role::Leader(leader) = &self.role else {
            return;
        };
        if index > self.commit {
            return;
        }
        let followed = leader.progress.iter();
        let gone = followed.filter(|(member, p)| !voters.has(**member) && !p.learns);
        let gone: Vec<Member> = gone.map(|(member, _)| *member).collect();
        for member in gone {
            self.send_append(member, true);
            if let Role::Leader(leader) = &mut self.role {
                leader.progress.remove(&member);
            }
        }
        if !voters.has(self.rules.me) {
            self.heartbeat();
            self.step_down();
        }
    }

    /// The operator empties this replica, which was removed. It keeps term and vote: those it gave
    /// count for ever. Copies of an order that was obeyed do nothing.
    ///
    /// Its log kept candidates from winning who have missed several changes of membership and still count
    /// it as a voter. So it gives no vote until it has back what was committed when it was removed.
    pub(super) fn wipe(&mut self, ticket: Ticket, removal: u32) {
        if removal > self.hard.wiped {
            self.step_down();
            self.role = Role::Follower;
            self.leader = None;
            (self.hard.wiped, self.hard.blank) = (removal, true);
            self.log = Log::after(LogId::default(), Voters::default());
            self.snapshot = Rc::new(Snapshot::default());
            self.kv = Kv::default();
            (self.commit, self.applied, self.saved) = (0, 0, 0);
            let save = &mut self.out.save;
            (save.hard, save.snapshot, save.rewrite) = (true, true, true);
            self.out.notes.push(Note::Wiped(removal));
        }
        self.answer(ticket, Answer::Done(0));
    }
}
