//! A replica as its records tell of it.

use super::{LogId, Member, Voters};
use std::collections::VecDeque;

/// What is durable in a replica, and what it said since it began.
#[derive(Clone, Debug)]
pub(super) struct Replica {
    pub(super) term: u32,
    pub(super) voted: Option<Member>,
    pub(super) base: LogId,
    /// Terms and commands after the base.
    log: VecDeque<(u32, u64)>,
    configs: Vec<(u32, Voters)>,
    pub(super) snapshot: u32,
    pub(super) commit: u32,
    pub(super) applied: u32,
    /// The removal after which it was emptied last.
    pub(super) wiped: u32,
    /// The term in which it leads.
    pub(super) leads: Option<u32>,
}

impl Replica {
    pub(super) fn new(voters: Voters) -> Self {
        Self {
            term: 0,
            voted: None,
            base: LogId::default(),
            log: VecDeque::new(),
            configs: vec![(0, voters)],
            snapshot: 0,
            commit: 0,
            applied: 0,
            wiped: 0,
            leads: None,
        }
    }
    /// Its log has nothing but what stands before `base`.
    pub(super) fn begin_after(&mut self, base: LogId) {
        self.base = base;
        self.log.clear();
        self.configs.clear();
    }
    pub(super) fn last(&self) -> u32 {
        self.base.index + u32::try_from(self.log.len()).unwrap_or(0)
    }
    fn get(&self, index: u32) -> Option<(u32, u64)> {
        let offset = index.checked_sub(self.base.index + 1)?;
        self.log.get(offset as usize).copied()
    }
    /// The term at an index: of an entry, or of the base.
    pub(super) fn term_at(&self, index: u32) -> Option<u32> {
        if index == self.base.index {
            return Some(self.base.term);
        }
        self.get(index).map(|(term, _)| term)
    }
    pub(super) fn command_at(&self, index: u32) -> Option<u64> {
        self.get(index).map(|(_, command)| command)
    }
    /// Whether it holds the entry with this term, in its log or in its snapshot.
    pub(super) fn holds(&self, at: LogId) -> bool {
        at.index <= self.base.index || self.term_at(at.index) == Some(at.term)
    }
    pub(super) fn push(&mut self, term: u32, command: u64) {
        self.log.push_back((term, command));
    }
    pub(super) fn truncate(&mut self, from: u32) {
        let keep = from.saturating_sub(self.base.index + 1);
        self.log.truncate(keep as usize);
        let last = self.last();
        self.configs.retain(|(index, _)| *index <= last);
    }
    pub(super) fn purge(&mut self, upto: LogId) {
        let count = upto.index.saturating_sub(self.base.index) as usize;
        self.log.drain(..count.min(self.log.len()));
        let before = self.config_at(upto.index);
        self.base = upto;
        self.configs.retain(|(index, _)| *index > upto.index);
        self.configs.insert(0, (upto.index, before));
    }
    pub(super) fn configure(&mut self, index: u32, voters: Voters) {
        self.configs.retain(|(at, _)| *at < index);
        self.configs.push((index, voters));
    }
    fn config_at(&self, index: u32) -> Voters {
        let known = self.configs.iter().rev().find(|(at, _)| *at <= index);
        known.map_or(Voters::default(), |(_, voters)| *voters)
    }
    /// Who votes by the last entry that says so.
    pub(super) fn voters(&self) -> Voters {
        self.configs
            .last()
            .map_or(Voters::default(), |(_, voters)| *voters)
    }
}
