//! One list: the page that was touched longest ago leaves.

use super::{PageCounts, Ring};

#[derive(Debug)]
pub(super) struct Lru {
    ring: Ring,
    /// Resident, and written since it came.
    state: Vec<(bool, bool)>,
    budget: u32,
    resident: u32,
}

impl Lru {
    pub(super) fn new(pages: u32, budget: u32) -> Self {
        Self {
            ring: Ring::new(pages, 1),
            state: vec![(false, false); pages as usize],
            budget,
            resident: 0,
        }
    }

    pub(super) const fn resident(&self) -> u32 {
        self.resident
    }

    pub(super) fn touch(&mut self, page: u32, write: bool, counts: &mut PageCounts) {
        if self.state[page as usize].0 {
            self.ring.unlink(page);
        } else {
            counts.faults += 1;
            if self.resident == self.budget {
                let victim = self.ring.last(0);
                self.ring.unlink(victim);
                counts.evicted += 1;
                counts.written += u64::from(self.state[victim as usize].1);
                self.state[victim as usize] = (false, false);
                self.resident -= 1;
            }
            self.resident += 1;
            self.state[page as usize] = (true, false);
        }
        self.state[page as usize].1 |= write;
        self.ring.push_front(0, page);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_touched_longest_ago_leaves() {
        let (mut lru, mut counts) = (Lru::new(4, 2), PageCounts::default());
        let mut faults = Vec::new();
        for (page, write) in [
            (0, true),
            (1, false),
            (0, false),
            (2, false),
            (0, false),
            (1, false),
            (2, false),
        ] {
            let before = counts.faults;
            lru.touch(page, write, &mut counts);
            faults.push(counts.faults > before);
        }
        assert_eq!(faults, [true, true, false, true, false, true, true]);
        // 1 and 2 left clean, then 0 left dirty.
        assert_eq!((counts.evicted, counts.written), (3, 1));
        assert_eq!(lru.resident(), 2);
    }
}
