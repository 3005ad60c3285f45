//! The active and inactive list of Linux, as `mm/vmscan.c` and `mm/workingset.c` keep them.

use super::{PageCounts, Ring};

/// Pages a scan takes at once, and the least that a reclaim frees.
const CHUNK: u32 = 32;
/// Priority at which a reclaim starts; at 0 it scans everything.
const PRIORITY: u32 = 12;
/// Share of the inactive list that a scan at one priority looks at, beside the power of two
/// (assumed: the balance of anonymous and file pages at swappiness 60); 1 at priority 0.
const SHARE: f64 = 0.176;

const INACTIVE: u32 = 0;
const ACTIVE: u32 = 1;

#[derive(Clone, Copy, Debug, Default)]
struct Page {
    resident: bool,
    active: bool,
    /// Touched since a scan looked at it.
    accessed: bool,
    /// A scan found it accessed on the inactive list once.
    referenced: bool,
    /// It left the active list at some time since it was last fresh.
    workingset: bool,
    dirty: bool,
    /// The age at which it left; 0 if it never did.
    shadow: u64,
}

#[derive(Debug)]
pub(super) struct Lists {
    ring: Ring,
    pages: Vec<Page>,
    budget: u32,
    /// Pages on the inactive and on the active list.
    size: [u32; 2],
    /// Counts evictions and activations.
    age: u64,
    /// A page came back soon: the active list is to be challenged.
    challenged: bool,
}

impl Lists {
    pub(super) fn new(pages: u32, budget: u32) -> Self {
        Self {
            ring: Ring::new(pages, 2),
            pages: vec![Page::default(); pages as usize],
            budget,
            size: [0; 2],
            age: 0,
            challenged: false,
        }
    }

    /// Active and inactive pages.
    pub(super) const fn sizes(&self) -> (u32, u32) {
        (self.size[1], self.size[0])
    }

    fn enter(&mut self, list: u32, page: u32) {
        self.ring.push_front(list, page);
        self.size[list as usize] += 1;
        self.pages[page as usize].active = list == ACTIVE;
    }
    /// Takes the last page of a list.
    fn leave(&mut self, list: u32) -> u32 {
        let page = self.ring.last(list);
        self.ring.unlink(page);
        self.size[list as usize] -= 1;
        page
    }

    pub(super) fn touch(&mut self, page: u32, write: bool, counts: &mut PageCounts) {
        if !self.pages[page as usize].resident {
            self.fault(page, counts);
        }
        let touched = &mut self.pages[page as usize];
        touched.accessed = true;
        touched.dirty |= write;
    }

    fn fault(&mut self, page: u32, counts: &mut PageCounts) {
        counts.faults += 1;
        if self.size[0] + self.size[1] >= self.budget {
            self.reclaim(counts);
        }
        let old = self.pages[page as usize];
        let soon = old.shadow > 0 && self.age - old.shadow <= u64::from(self.size[1]);
        self.pages[page as usize] = Page {
            resident: true,
            workingset: soon && old.workingset,
            ..Page::default()
        };
        if soon {
            self.age += 1;
            self.challenged = true;
            counts.activated += 1;
            counts.restored += u64::from(old.workingset);
            self.enter(ACTIVE, page);
        } else {
            self.enter(INACTIVE, page);
        }
    }

    /// Frees at least a chunk. Both lists are scanned by the same share, the active one only if it
    /// is the longer one or a page came back soon.
    fn reclaim(&mut self, counts: &mut PageCounts) {
        let goal = counts.evicted + u64::from(CHUNK);
        for priority in (0..=PRIORITY).rev() {
            let share = if priority == 0 { 1.0 } else { SHARE };
            let share = share / f64::from(1_u32 << priority);
            let scans = self
                .size
                .map(|size| super::super::whole(f64::from(size) * share));
            let [mut inactive, mut active] = scans;
            if !self.challenged && self.size[1] <= self.size[0] {
                active = 0;
            }
            while inactive + active > 0 && counts.evicted < goal {
                for _ in 0..take(&mut active) {
                    self.deactivate();
                }
                for _ in 0..take(&mut inactive) {
                    self.scan_inactive(counts);
                }
            }
            if self.size[1] > self.size[0] {
                for _ in 0..CHUNK {
                    self.deactivate();
                }
            }
            if counts.evicted >= goal {
                break;
            }
        }
        self.challenged = false;
    }

    fn scan_inactive(&mut self, counts: &mut PageCounts) {
        if self.size[0] == 0 {
            return;
        }
        let page = self.leave(INACTIVE);
        let state = &mut self.pages[page as usize];
        match (state.accessed, state.referenced) {
            (true, true) => {
                state.accessed = false;
                self.age += 1;
                self.enter(ACTIVE, page);
            }
            (true, false) => {
                state.accessed = false;
                state.referenced = true;
                self.enter(INACTIVE, page);
            }
            (false, _) => {
                counts.evicted += 1;
                counts.written += u64::from(state.dirty);
                self.age += 1;
                state.resident = false;
                state.shadow = self.age;
            }
        }
    }

    /// Moves the tail of the active list over.
    fn deactivate(&mut self) {
        if self.size[1] == 0 {
            return;
        }
        let page = self.leave(ACTIVE);
        let state = &mut self.pages[page as usize];
        state.accessed = false;
        state.workingset = true;
        self.enter(INACTIVE, page);
    }
}

/// Takes a chunk off what is left to scan.
fn take(left: &mut u64) -> u64 {
    let chunk = (*left).min(u64::from(CHUNK));
    *left -= chunk;
    chunk
}
