//! Snapshots: taken when enough was applied, and sent to those who are further behind than the log goes.

use super::super::mutant::Mutant;
use super::types::Round;
use super::{Body, Log, LogId, Member, Note, Raft, Snapshot};
use std::rc::Rc;

impl Raft {
    /// Takes a snapshot if it is time, and drops what it stands for but for a few entries. The driver asks
    /// when all that was applied is recorded.
    pub(crate) fn compact(&mut self) {
        let due = self
            .snapshot
            .last
            .index
            .saturating_add(self.rules.snapshot_every);
        if self.applied < due {
            return;
        }
        let index = self.applied - u32::from(self.is(Mutant::B16));
        let Some(term) = self.log.term(index) else {
            return;
        };
        let last = LogId::new(term, index);
        let (_, voters) = self.log.config_at(index);
        let kv = self.kv.clone();
        self.out.notes.push(Note::Snapshot(last, kv.digest));
        self.snapshot = Rc::new(Snapshot { last, voters, kv });
        self.out.save.snapshot = true;
        let upto = index.saturating_sub(self.rules.snapshot_keep);
        if upto > self.log.base().index {
            self.log.purge(upto);
            self.out.notes.push(Note::Purged(self.log.base()));
            self.out.save.rewrite = true;
        }
    }

    /// A snapshot came from the leader. What is committed here is not news, however it looks there.
    pub(super) fn on_install(&mut self, from: Member, snapshot: &Rc<Snapshot>, round: Round) {
        let last = snapshot.last;
        let matched = last.index;
        let reply = Body::Appended { matched, round };
        let careless = self.is(Mutant::B17);
        if last.index <= self.commit && !careless {
            return self.send(from, reply);
        }
        // Entries after it that agree with it stay: some may have been acknowledged.
        if self.log.term(last.index) == Some(last.term) && !careless {
            self.log.purge(last.index);
        } else {
            if self.log.last().index > last.index {
                self.out.notes.push(Note::Truncated(last.index + 1));
            }
            self.log = Log::after(last, snapshot.voters);
        }
        self.kv = snapshot.kv.clone();
        (self.commit, self.applied) = (last.index, last.index);
        self.snapshot = Rc::clone(snapshot);
        self.got_back(last.index);
        let save = &mut self.out.save;
        (save.snapshot, save.rewrite) = (true, true);
        self.out.notes.push(Note::Installed(last, self.kv.digest));
        self.out.notes.push(Note::Membership(last, snapshot.voters));
        self.send(from, reply);
    }
}
