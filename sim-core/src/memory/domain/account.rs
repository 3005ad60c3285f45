//! What a tick counts, and what it leaves for the time up to the next one.

use super::*;
use crate::memory::whole;

/// Time between two flushes of a group's statistics, in seconds: decisions on aging read figures up to
/// this old.
const STATISTICS_S: f64 = 2.0;
/// A group churns if it evicts more than this share of half its pages in that time (inferred from one
/// trace of ten early kills, not proven).
const CHURN_SHARE: f64 = 0.3;

impl Domain {
    /// Evictions, writes and background reads since the last tick, and the pages that new ones
    /// displaced.
    pub(super) fn account(&mut self, at: f64) -> Tick {
        let no_copies = self.swap.is_some_and(|swap| swap.no_copies);
        let all_dirty = no_copies || self.groups.iter().all(|g| g.front.survive > 0.0);
        let (mut evicted, mut written, mut background) = (0.0, 0.0, 0.0);
        let (mut arrived, mut leaked) = (0.0, 0.0);
        let mut out = core::mem::take(&mut self.groups);
        let intruders = self.intruders.iter_mut().map(|(_, class)| class);
        for class in self.classes.iter_mut().chain(intruders) {
            let front = front_of(&out, class);
            let (touched, appeared) = class.ticked;
            let faults = (class.touched(at) - touched).max(0.0) * class.survey.miss;
            let faults = faults + class.scanned_faults(at);
            let growth = class.survey(at, front).resident - class.survey.resident;
            let new = class.appeared(at) - appeared;
            arrived += new;
            let balance = (faults + class.appeared(at) - appeared - growth).max(0.0);
            // Without reclaim nothing left: what the sums say is rounding.
            let gone = evict(&mut out, class.group, at, balance);
            let dirty = if no_copies || front.survive > 0.0 {
                1.0
            } else {
                class.dirty_share(at, front)
            };
            evicted += gone;
            written += gone * dirty;
            if class.period.is_some() {
                background += faults;
            }
            if class.leaks {
                leaked += new;
            }
        }
        self.groups = out;
        self.evicted += evicted;
        self.swapped_out += written;
        self.dirty = if all_dirty {
            1.0
        } else if evicted > 0.0 {
            written / evicted
        } else {
            self.dirty
        };
        self.background_reads += background;
        let reads = count(self.background_reads);
        self.background_reads -= f64::from(reads);
        self.faults += u64::from(reads);
        self.charge(0, leaked);
        let displaced = evicted.min(arrived);
        let freed = self.background.as_ref().map_or(0.0, Background::freed);
        Tick {
            background_reads: reads,
            displaced: count(displaced),
            displaced_directly: count((displaced - freed).max(0.0)),
            out_of_memory: None,
        }
    }

    /// Caches what requests and gauges read until the next tick.
    pub(super) fn measure(&mut self, at: f64) {
        let (groups, classes) = self.parts_mut();
        for class in classes {
            let front = front_of(groups, class);
            class.survey = class.survey(at, front);
            class.ticked = (class.touched(at), class.appeared(at));
            class.scan_ticked(at, front);
        }
        for class in &mut self.classes {
            class.forget_before(front_of(&self.groups, class).horizon);
        }
        self.sum_used();
        self.ticked_at = at;
        let missing = self.appeared(at) - self.used() >= SLACK_PAGES;
        self.busy = !self.used_fits() || missing;
        // A reclaim of a moment ago keeps what is known about recency.
        let mut groups = self.groups.iter();
        self.busy |= groups.any(|group| at - group.reclaimed_at <= RECENCY_LOST_S);
        for group in &mut self.groups {
            if at - group.window.1 >= STATISTICS_S {
                group.window = (group.evicted, at, group.evicted - group.window.0);
            }
        }
        if !self.busy {
            for group in &mut self.groups {
                group.front.survive = 1.0;
            }
            for class in self.all_mut().filter(|class| !class.arriving(at)) {
                class.calm_down();
            }
        }
    }

    /// Whether a group evicts so fast that statistics two seconds old mislead its aging (measured: ten
    /// of 59 warm-ups were killed then, with swap free). Never a node with background reclaim, whose
    /// aging goes by other counters.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn churns(&self, group: usize) -> bool {
        let own = &self.groups[group];
        let host = group == 0 && self.background.is_some();
        !host && self.busy && own.window.2 > CHURN_SHARE * own.target / 2.0
    }
}

/// Pages leave a group, and with it those around it: how many, if any of them reclaimed at `at`.
fn evict(groups: &mut [Group], group: usize, at: f64, pages: f64) -> f64 {
    let mut at_all = false;
    let mut inner = group;
    loop {
        at_all |= groups[inner].reclaimed_at >= at;
        if inner == 0 {
            break;
        }
        inner = groups[inner].parent;
    }
    if !at_all {
        return 0.0;
    }
    let mut inner = group;
    loop {
        groups[inner].evicted += pages;
        if inner == 0 {
            return pages;
        }
        inner = groups[inner].parent;
    }
}

fn count(pages: f64) -> u32 {
    u32::try_from(whole(pages)).unwrap_or(u32::MAX)
}
