//! What steps lead to.

use super::types::{Answer, Command, CommandId, Entry, LogId, Member, Message, Ticket, Voters};
use std::rc::Rc;

/// What happened in a replica, for the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Note {
    /// It begins with a log after `base`.
    Recovered {
        base: LogId,
        term: u32,
        voted: Option<Member>,
    },
    /// It begins with a snapshot, with the digest of its state.
    Restored(LogId, u64),
    Term(u32),
    Voted(u32, Member),
    /// It stands for a term, or asks whether it may.
    Campaigned(u32, bool),
    Elected(u32),
    SteppedDown(u32),
    Appended(LogId, CommandId),
    /// Entries from this index on are gone.
    Truncated(u32),
    /// These vote from here on.
    Membership(LogId, Voters),
    Committed(LogId),
    /// Applied, with the digest of the state after it.
    Applied(LogId, u64),
    /// It took a snapshot.
    Snapshot(LogId, u64),
    /// It got a snapshot from the leader.
    Installed(LogId, u64),
    /// Entries up to here are gone: the snapshot stands for them.
    Purged(LogId),
    /// The operator emptied it after the removal with this index.
    Wiped(u32),
    /// It leads, and a member lacks the entry at this index though it had acknowledged it.
    Contradicted(Member, u32),
}

/// What must be durable before anything else of the outputs leaves the node.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Save {
    pub(crate) hard: bool,
    /// Entries from here on were dropped.
    pub(crate) cut: Option<u32>,
    /// Entries from here on are new.
    pub(crate) from: Option<u32>,
    /// The snapshot is another one; the log begins elsewhere, so that its file is to be rewritten.
    pub(crate) snapshot: bool,
    pub(crate) rewrite: bool,
}

impl Save {
    pub(crate) const fn is_empty(&self) -> bool {
        !self.hard && self.cut.is_none() && self.from.is_none() && !self.snapshot && !self.rewrite
    }
}

/// What steps led to, each in its order.
#[derive(Debug, Default)]
pub(crate) struct Outputs {
    pub(crate) save: Save,
    pub(crate) notes: Vec<Note>,
    pub(crate) messages: Vec<(Member, Rc<Message>)>,
    pub(crate) answers: Vec<(Ticket, Answer)>,
}

impl Outputs {
    pub(crate) const fn is_empty(&self) -> bool {
        self.save.is_empty()
            && self.notes.is_empty()
            && self.messages.is_empty()
            && self.answers.is_empty()
    }
    /// An entry is in the log.
    pub(super) fn note_entry(&mut self, entry: &Entry) {
        self.notes
            .push(Note::Appended(entry.at, entry.command.id()));
        if let Command::Config { voters, .. } = entry.command {
            self.notes.push(Note::Membership(entry.at, voters));
        }
    }
    pub(super) fn save_from(&mut self, index: u32) {
        self.save.from = Some(self.save.from.map_or(index, |from| from.min(index)));
    }
    pub(super) fn save_cut(&mut self, index: u32) {
        self.save.cut = Some(self.save.cut.map_or(index, |cut| cut.min(index)));
    }
}
