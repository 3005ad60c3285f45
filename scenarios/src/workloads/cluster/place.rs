//! A replica's turn of affairs: who is served, who waits, who is next.

use super::config::{Config, Discipline};
use super::guard::admission::Admission;
use super::guard::cache::Cache;
use super::guard::codel::Codel;
use super::shared::CRITICAL;
use squall_core::VirtualTime;
use squall_core::world::{Incoming, MemorySet};
use std::collections::VecDeque;

/// A visit that waits.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) incoming: Incoming,
    /// Its number in records, where visits are recorded.
    pub(super) number: u64,
}

impl Waiting {
    pub(super) const fn is_critical(&self) -> bool {
        self.incoming.request.args[3] & CRITICAL != 0
    }
}

/// A replica.
#[derive(Debug)]
pub(super) struct Place {
    pub(super) set: Option<MemorySet>,
    pub(super) busy: u32,
    /// Critical visits where they go first, then all others.
    queues: [VecDeque<Waiting>; 2],
    pub(super) codel: Codel,
    pub(super) admission: Option<Admission>,
    pub(super) cache: Option<Cache>,
}

impl Place {
    pub(super) fn new(config: &Config, set: Option<MemorySet>, cache: Option<Cache>) -> Self {
        Self {
            set,
            busy: 0,
            queues: [VecDeque::new(), VecDeque::new()],
            codel: Codel::new(),
            admission: config.admission.map(Admission::new),
            cache,
        }
    }
    /// How many wait.
    pub(super) fn waiting(&self) -> usize {
        self.queues.iter().map(VecDeque::len).sum()
    }
    /// When the one arrived who waits longest.
    pub(super) fn oldest(&self) -> Option<VirtualTime> {
        let fronts = self.queues.iter().filter_map(VecDeque::front);
        fronts.map(|first| first.incoming.arrived).min()
    }
    pub(super) fn push(&mut self, config: &Config, waiting: Waiting) {
        let others = !(config.critical_first && waiting.is_critical());
        self.queues[usize::from(others)].push_back(waiting);
    }
    /// The one who came first.
    pub(super) fn first(&mut self) -> Option<Waiting> {
        self.queues.iter_mut().find_map(VecDeque::pop_front)
    }
    /// The next one, as the discipline says.
    pub(super) fn next(&mut self, config: &Config) -> Option<Waiting> {
        let latest = match config.discipline {
            Discipline::Fifo => false,
            Discipline::Lifo => true,
            Discipline::Adaptive(above) => self.waiting() > above || self.codel.stands(),
        };
        if latest {
            self.queues.iter_mut().find_map(VecDeque::pop_back)
        } else {
            self.first()
        }
    }
}
