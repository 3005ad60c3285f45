//! A replica's log: entries after a base, which a snapshot stands for.

use super::types::{Command, Entry, LogId, Voters};
use std::collections::VecDeque;

/// Entries in order, without a gap.
#[derive(Clone, Debug, Default)]
pub(crate) struct Log {
    base: LogId,
    entries: VecDeque<Entry>,
    /// Who votes, from which index on: the base's at first, then one for each entry that changes it.
    configs: Vec<(u32, Voters)>,
}

impl Log {
    /// A log without entries after `base`, where `voters` vote.
    pub(crate) fn after(base: LogId, voters: Voters) -> Self {
        Self {
            base,
            entries: VecDeque::new(),
            configs: vec![(base.index, voters)],
        }
    }
    /// The place before the first entry.
    pub(crate) const fn base(&self) -> LogId {
        self.base
    }
    /// The last place.
    pub(crate) fn last(&self) -> LogId {
        self.entries.back().map_or(self.base, |entry| entry.at)
    }
    fn position(&self, index: u32) -> Option<usize> {
        let offset = index.checked_sub(self.base.index + 1)?;
        Some(offset as usize)
    }
    /// The entry at `index`.
    pub(crate) fn get(&self, index: u32) -> Option<&Entry> {
        self.entries.get(self.position(index)?)
    }
    /// The term at `index`, if it is the base or has an entry.
    pub(crate) fn term(&self, index: u32) -> Option<u32> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|entry| entry.at.term)
    }
    /// At most `max` entries from `from` on.
    pub(crate) fn slice(&self, from: u32, max: usize) -> Vec<Entry> {
        let skip = self.position(from).unwrap_or(0);
        self.entries.iter().skip(skip).take(max).copied().collect()
    }
    /// All entries from `from` on.
    pub(crate) fn since(&self, from: u32) -> impl Iterator<Item = &Entry> {
        let skip = self.position(from).unwrap_or(0);
        self.entries.iter().skip(skip)
    }
    /// The first index of the term that `index` has.
    pub(crate) fn first_of_term(&self, index: u32) -> u32 {
        let term = self.term(index);
        let mut first = index;
        while first > self.base.index + 1 && self.term(first - 1) == term {
            first -= 1;
        }
        first
    }
    /// The last index of `term`, if it has an entry.
    pub(crate) fn last_of_term(&self, term: u32) -> Option<u32> {
        let found = self
            .entries
            .iter()
            .rev()
            .find(|entry| entry.at.term <= term);
        found.filter(|e| e.at.term == term).map(|e| e.at.index)
    }

    /// Adds an entry at the end.
    ///
    /// # Panics
    /// If it leaves a gap.
    pub(crate) fn push(&mut self, entry: Entry) {
        assert_eq!(entry.at.index, self.last().index + 1, "a log has no gap");
        if let Command::Config { voters, .. } = entry.command {
            self.configs.push((entry.at.index, voters));
        }
        self.entries.push_back(entry);
    }
    /// Drops the entries from `from` on. What a snapshot stands for stays.
    pub(crate) fn truncate(&mut self, from: u32) {
        let keep = self.position(from.max(self.base.index + 1)).unwrap_or(0);
        self.entries.truncate(keep);
        let last = self.last().index;
        // The base's is always known.
        while self.configs.len() > 1 && self.configs.last().is_some_and(|(i, _)| *i > last) {
            self.configs.pop();
        }
    }
    /// Drops the entries up to `index`, which becomes the base.
    pub(crate) fn purge(&mut self, index: u32) {
        let Some(term) = self.term(index) else {
            return;
        };
        let (_, voters) = self.config_at(index);
        let count = (index - self.base.index) as usize;
        self.entries.drain(..count);
        self.base = LogId::new(term, index);
        self.configs.retain(|(at, _)| *at > index);
        self.configs.insert(0, (index, voters));
    }
    /// Who votes by the last entry that says so, committed or not, and its index.
    pub(crate) fn config(&self) -> (u32, Voters) {
        *self.configs.last().expect("the base has a configuration")
    }
    /// Who votes at `index`, and since when.
    pub(crate) fn config_at(&self, index: u32) -> (u32, Voters) {
        let upto = self.configs.partition_point(|(at, _)| *at <= index);
        self.configs[upto.max(1) - 1]
    }
}
