//! Replication: from a proposal to a committed entry.

use super::super::mutant::Mutant;
use super::types::Round;
use super::{Answer, Body, Command, Entry, LogId, Member, Note, Progress, Raft, Role, Ticket};
use std::rc::Rc;

impl Raft {
    /// Adds an entry of this term to the log.
    pub(super) fn append(&mut self, command: Command) -> u32 {
        let index = self.log.last().index + 1;
        let at = LogId::new(self.hard.term, index);
        self.push(Entry { at, command });
        index
    }
    fn push(&mut self, entry: Entry) {
        self.log.push(entry);
        self.out.save_from(entry.at.index);
        self.out.note_entry(&entry);
    }
    /// Proposes a command; its client hears when it was applied.
    pub(super) fn propose(&mut self, ticket: Ticket, command: Command) {
        let index = self.append(command);
        if let Role::Leader(leader) = &mut self.role {
            leader.proposals.insert(index, ticket);
        }
        self.replicate();
    }

    pub(super) fn tick_leader(&mut self) {
        let group = (self.voters(), self.rules.me);
        let Role::Leader(leader) = &self.role else {
            return;
        };
        if self.rules.check_quorum {
            let since = self
                .leader_clock()
                .saturating_sub(2 * self.rules.election_ns.1);
            if leader.quorum(group, u64::MAX, |p| p.active_at, true) < since {
                return self.step_down();
            }
        }
        if self.now >= leader.heartbeat_at {
            self.heartbeat();
        }
    }
    /// Tells everybody that this leader leads, and what is new.
    pub(super) fn heartbeat(&mut self) {
        let reading = self.leader_clock();
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        leader.heartbeat_at = self.now.saturating_add(self.rules.heartbeat_ns);
        leader.begin_round(reading);
        let members: Vec<Member> = leader.progress.keys().copied().collect();
        for member in members {
            self.send_append(member, true);
        }
    }
    /// Sends what is new to whom it is new.
    pub(super) fn replicate(&mut self) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let members: Vec<Member> = leader.progress.keys().copied().collect();
        for member in members {
            self.send_append(member, false);
        }
    }
    /// Sends a member its next entries; without any only if `always`.
    pub(super) fn send_append(&mut self, member: Member, always: bool) {
        let raises = self.is(Mutant::B13);
        let (last, base) = (self.log.last().index, self.log.base().index);
        let Role::Leader(leader) = &mut self.role else {
            return;
        };
        let round = leader.round_for(member);
        let Some(progress) = leader.progress.get_mut(&member) else {
            return;
        };
        if progress.next <= base {
            let again = progress
                .snapshot_at
                .is_none_or(|at| self.now >= at.saturating_add(self.rules.election_ns.1));
            if again {
                progress.snapshot_at = Some(self.now);
                let snapshot = Rc::clone(&self.snapshot);
                return self.send(member, Body::Install { snapshot, round });
            }
            if !always {
                return;
            }
        }
        // One that waits for a snapshot still hears that there is a leader.
        let from = progress.next.max(base + 1);
        if from > last && !always {
            return;
        }
        let entries = match progress.snapshot_at {
            Some(_) => Vec::new(),
            None => self.log.slice(from, self.rules.batch),
        };
        if let Some(sent) = entries.last() {
            progress.next = sent.at.index + 1;
            if raises {
                progress.matched = sent.at.index;
            }
        }
        let prev = LogId::new(self.log.term(from - 1).unwrap_or(0), from - 1);
        let commit = self.commit;
        let body = Body::Append {
            prev,
            entries,
            commit,
            round,
        };
        self.send(member, body);
    }

    pub(super) fn on_append(
        &mut self,
        from: Member,
        prev: LogId,
        entries: &[Entry],
        (commit, round): (u32, Round),
    ) {
        let base = self.log.base().index;
        // What the snapshot stands for is committed: it agrees.
        let agrees = prev.index < base || self.log.term(prev.index) == Some(prev.term);
        if !agrees {
            if entries.is_empty() && self.is(Mutant::B12) {
                self.commit_to(commit.min(self.log.last().index));
            }
            return self.reject(from, prev.index, round);
        }
        if self.is(Mutant::B11) {
            self.truncate(prev.index + 1);
        }
        for entry in entries.iter().filter(|entry| entry.at.index > base) {
            match self.log.term(entry.at.index) {
                Some(term) if term == entry.at.term => continue,
                Some(_) => self.truncate(entry.at.index),
                None => {}
            }
            self.push(*entry);
        }
        let matched = prev.index + u32::try_from(entries.len()).unwrap_or(0);
        let known = if self.is(Mutant::B15) {
            commit
        } else {
            commit.min(matched)
        };
        self.commit_to(known);
        let matched = self.vouched(matched);
        self.send(from, Body::Appended { matched, round });
    }
    /// Up to where a replica says that its log agrees: one that was emptied says less until it may vote
    /// again, so that it is no voter before.
    pub(super) fn vouched(&self, matched: u32) -> u32 {
        match self.hard.blank {
            true => matched.min(self.hard.wiped - 1),
            false => matched,
        }
    }
    /// The log does not agree at `prev`: says where it may.
    fn reject(&mut self, from: Member, prev: u32, round: Round) {
        let last = self.log.last().index;
        let (next, term) = match self.log.term(prev) {
            Some(term) => (self.log.first_of_term(prev), term),
            None => (last + 1, 0),
        };
        let body = Body::Conflict {
            prev,
            next,
            term,
            round,
        };
        self.send(from, body);
    }
    pub(super) fn truncate(&mut self, from: u32) {
        let from = from.max(self.log.base().index + 1);
        if from > self.log.last().index {
            return;
        }
        self.log.truncate(from);
        self.saved = self.saved.min(from - 1);
        self.out.save_cut(from);
        self.out.notes.push(Note::Truncated(from));
    }

    /// The progress that an answer is about, if it is an answer to this leadership, in which this member
    /// was not removed and added since.
    fn progress_of(&mut self, (from, term): (Member, u32), round: Round) -> Option<&mut Progress> {
        if term > self.hard.term {
            self.follow(term, None);
            return None;
        }
        let any_session = self.is(Mutant::B19);
        let (now, current) = (self.leader_clock(), self.hard.term);
        let Role::Leader(leader) = &mut self.role else {
            return None;
        };
        let progress = leader.progress.get_mut(&from)?;
        if term != current || (progress.session != round.session && !any_session) {
            return None;
        }
        progress.active_at = now;
        progress.round = progress.round.max(round.round);
        Some(progress)
    }
    pub(super) fn on_appended(&mut self, from: (Member, u32), matched: u32, round: Round) {
        let last = self.log.last().index;
        let latest = match &self.role {
            Role::Leader(leader) => leader.round,
            _ => 0,
        };
        let Some(progress) = self.progress_of(from, round) else {
            return;
        };
        let news = matched > progress.matched;
        progress.matched = progress.matched.max(matched);
        if news {
            progress.since = latest;
        }
        progress.next = progress.next.max(progress.matched + 1);
        if progress.matched > 0 && progress.snapshot_at.is_some() && news {
            progress.snapshot_at = None;
        }
        let behind = progress.next <= last;
        self.heard_round();
        if news {
            self.advance_commit();
        }
        if behind {
            self.send_append(from.0, false);
        }
    }
    pub(super) fn on_conflict(
        &mut self,
        from: (Member, u32),
        (prev, next, term): (u32, u32, u32),
        round: Round,
    ) {
        let known = self
            .log
            .last_of_term(term)
            .map_or(next, |last| (last + 1).min(prev));
        let Some(progress) = self.progress_of(from, round) else {
            return;
        };
        // An answer to what was sent before the last agreement says nothing, and one to what was sent after
        // it is about a log that lost what it had.
        let contradicted = prev <= progress.matched && round.round > progress.since;
        if prev > progress.matched && progress.snapshot_at.is_none() {
            let hint = if term == 0 { next } else { known };
            progress.next = hint.min(prev).max(progress.matched + 1);
            self.send_append(from.0, true);
        }
        if contradicted {
            self.out.notes.push(Note::Contradicted(from.0, prev));
        }
        self.heard_round();
    }

    /// Commits what a quorum holds: entries of this term only, and with them what is before.
    pub(super) fn advance_commit(&mut self) {
        let Role::Leader(leader) = &self.role else {
            return;
        };
        let group = (self.voters(), self.rules.me);
        let sorted = !self.is(Mutant::B21);
        let held = leader.quorum(
            group,
            u64::from(self.saved),
            |p| u64::from(p.matched),
            sorted,
        );
        let held = u32::try_from(held).unwrap_or(0);
        // Figure 8 of the Raft paper: an entry of an earlier term that a quorum holds can still be
        // overwritten.
        let current = self.log.term(held) == Some(self.hard.term) || self.is(Mutant::B04);
        if held > self.commit && current {
            self.commit_to(held);
            self.config_committed();
            self.serve_reads();
        }
    }
    /// Commits up to `index` and applies.
    pub(super) fn commit_to(&mut self, index: u32) {
        self.got_back(index);
        if index > self.commit {
            self.commit = index;
            let term = self.log.term(index).unwrap_or(0);
            self.out
                .notes
                .push(Note::Committed(LogId::new(term, index)));
        }
        self.apply();
    }
    /// What is committed up to `index` is here: one that was emptied may vote again.
    pub(super) fn got_back(&mut self, index: u32) {
        if self.hard.blank && index >= self.hard.wiped {
            self.hard.blank = false;
            self.out.save.hard = true;
        }
    }
    fn apply(&mut self) {
        while self.applied < self.commit {
            let Some(entry) = self.log.get(self.applied + 1).copied() else {
                break;
            };
            self.applied += 1;
            let answer = self.kv.apply(&entry);
            self.out.notes.push(Note::Applied(entry.at, self.kv.digest));
            if let Role::Leader(leader) = &mut self.role
                && let Some(ticket) = leader.proposals.remove(&entry.at.index)
            {
                self.answer(ticket, answer.map_or(Answer::Stale, Answer::Done));
            }
        }
    }
}
