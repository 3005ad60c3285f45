//! Page-exact mode: every page by itself, for validation of the equations at small sizes.
//!
//! One domain, one class, touches drawn one by one from an alias table: minutes of a real service
//! take seconds here, so never in a campaign. [`Policy::Lru`] is what the equations of a
//! [`Domain`](super::Domain) describe, [`Policy::TwoList`] what Linux does and
//! [`TwoList`](super::TwoList) describes. They differ by up to 4 % from each other, and that is
//! Linux, not an error.

mod alias;
mod lru;
mod two_list;

use crate::{Key, Seed};
use alias::Alias;
use lru::Lru;
use two_list::Lists;

/// Which page leaves when room is needed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Policy {
    /// The one that was touched longest ago.
    Lru,
    /// The active and inactive list of Linux, with activation of pages that come back soon.
    TwoList,
}

/// What is run page by page.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PageSpec {
    /// Pages of the class.
    pub pages: u32,
    /// Pages that may be resident, at least 64.
    pub budget: u32,
    /// Zipf exponent of the touches; 0 is uniform.
    pub zipf: f64,
    /// Share of the touches that write.
    pub write_share: f64,
    /// Which page leaves.
    pub policy: Policy,
}

/// Counters since the start or since the last [`Pages::reset`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct PageCounts {
    /// Touches.
    pub touches: u64,
    /// Touches of pages that were not resident.
    pub faults: u64,
    /// Pages that left.
    pub evicted: u64,
    /// Pages that were written when they left.
    pub written: u64,
    /// Faults whose page went to the active list at once (two lists only).
    pub activated: u64,
    /// Of those, pages that had been on the active list before (two lists only).
    pub restored: u64,
}

impl PageCounts {
    /// Faults a touch.
    pub fn miss(&self) -> f64 {
        self.faults as f64 / self.touches.max(1) as f64
    }
}

/// A page-exact run.
#[derive(Debug)]
pub struct Pages {
    spec: PageSpec,
    alias: Alias,
    key: Key,
    drawn: u64,
    lists: Kind,
    counts: PageCounts,
}

#[derive(Debug)]
enum Kind {
    Lru(Lru),
    Two(Lists),
}

impl Pages {
    /// Nothing is resident yet.
    ///
    /// # Panics
    /// If there are no pages, or the budget is below 64.
    pub fn new(spec: PageSpec, seed: Seed) -> Self {
        assert!(
            spec.pages > 0 && spec.budget >= 64,
            "a budget of two chunks"
        );
        let lists = match spec.policy {
            Policy::Lru => Kind::Lru(Lru::new(spec.pages, spec.budget)),
            Policy::TwoList => Kind::Two(Lists::new(spec.pages, spec.budget)),
        };
        Self {
            spec,
            alias: Alias::zipf(spec.pages, spec.zipf),
            key: Key::new(seed, "memory/pages", "touch"),
            drawn: 0,
            lists,
            counts: PageCounts::default(),
        }
    }

    /// Touches `count` pages.
    pub fn touch(&mut self, count: u64) {
        for _ in 0..count {
            let mut draw = self.key.at(self.drawn);
            self.drawn += 1;
            let (page, write) = self.alias.draw(&mut draw, self.spec.write_share);
            match &mut self.lists {
                Kind::Lru(lru) => lru.touch(page, write, &mut self.counts),
                Kind::Two(lists) => lists.touch(page, write, &mut self.counts),
            }
        }
        self.counts.touches += count;
    }

    /// Touches until `faults` more faults have happened, at most `touches_max` times; counting begins
    /// anew. Gives the counts.
    pub fn measure(&mut self, faults: u64, touches_max: u64) -> PageCounts {
        self.reset();
        while self.counts.faults < faults && self.counts.touches < touches_max {
            self.touch(1_024);
        }
        self.counts
    }

    /// Counts from here on.
    pub fn reset(&mut self) {
        self.counts = PageCounts::default();
    }

    /// The counters.
    pub const fn counts(&self) -> PageCounts {
        self.counts
    }

    /// Pages on the active and on the inactive list; of one list, nothing and all.
    pub const fn lists(&self) -> (u32, u32) {
        match &self.lists {
            Kind::Lru(lru) => (0, lru.resident()),
            Kind::Two(lists) => lists.sizes(),
        }
    }
}

/// A ring of pages round a sentinel, as arrays of neighbours: page `n` is the sentinel of list 0,
/// `n + 1` that of list 1.
#[derive(Debug)]
struct Ring {
    next: Vec<u32>,
    previous: Vec<u32>,
    pages: u32,
}

impl Ring {
    fn new(pages: u32, lists: u32) -> Self {
        let all: Vec<u32> = (0..pages + lists).collect();
        Self {
            next: all.clone(),
            previous: all,
            pages,
        }
    }
    fn unlink(&mut self, page: u32) {
        let (before, after) = (self.previous[page as usize], self.next[page as usize]);
        self.next[before as usize] = after;
        self.previous[after as usize] = before;
    }
    fn push_front(&mut self, list: u32, page: u32) {
        let head = self.pages + list;
        let first = self.next[head as usize];
        self.next[page as usize] = first;
        self.previous[page as usize] = head;
        self.next[head as usize] = page;
        self.previous[first as usize] = page;
    }
    /// The page at the end of a list, which must not be empty.
    fn last(&self, list: u32) -> u32 {
        self.previous[(self.pages + list) as usize]
    }
}
