//! Background reclaim, kswapd: what a host does before its tasks have to (not validated).
//!
//! Free memory between the marks is the host's: below `low` a thread of the kernel wakes up and
//! reclaims until `high` is free; below `min` who allocates reclaims for itself. A group has none of
//! this: its limit knows only direct reclaim. The caller runs the thread: it asks how many pages are
//! [wanted](Domain::background_wanted), spends processor time for them, and says when they are
//! [done](Domain::background_done); the tick after that evicts them.

use super::*;
use crate::memory::whole;
use serde::{Deserialize, Serialize};

/// Free pages at which background reclaim wakes up and stops, and below which tasks reclaim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Watermarks {
    /// Pages below which who allocates reclaims; `low` is 1.25 and `high` 1.5 times that.
    pub min_pages: u64,
}

/// The machine of the calibration: 5636 pages on 24 GiB.
const MEASURED: (f64, f64) = (5_636.0, (24_u64 << 30) as f64);
/// Bounds of `min_free_kbytes` in the kernel: 128 KiB and 256 MiB.
const MIN_PAGES: (f64, f64) = (32.0, 65_536.0);

impl Watermarks {
    /// Those of a host with this much memory: the marks of the machine of the calibration, scaled with
    /// the square root of memory as the kernel scales `min_free_kbytes`.
    pub fn of(memory_bytes: u64) -> Self {
        let (pages, bytes) = MEASURED;
        let scaled = pages * libm::sqrt(memory_bytes as f64 / bytes);
        Self {
            min_pages: whole(libm::round(scaled.clamp(MIN_PAGES.0, MIN_PAGES.1))),
        }
    }
    /// Free pages below which background reclaim wakes up.
    pub const fn low_pages(self) -> u64 {
        self.min_pages + self.min_pages / 4
    }
    /// Free pages at which it stops.
    pub const fn high_pages(self) -> u64 {
        self.min_pages + self.min_pages / 2
    }
}

/// The thread at work.
#[derive(Clone, Debug)]
pub(super) struct Background {
    marks: Watermarks,
    awake: bool,
    /// Pages beyond its goal at the last tick.
    short: f64,
    /// Pages for which it has spent its time.
    credit: f64,
    /// Pages that it took in the last tick.
    freed: f64,
}

impl Background {
    /// Pages that tasks never get.
    pub(super) const fn kept(&self) -> f64 {
        self.marks.min_pages as f64
    }
    /// Pages in use, of a budget without what is kept, up to which it sleeps, and until which it works.
    pub(super) const fn calm_up_to(&self, budget: f64) -> f64 {
        budget - (self.marks.low_pages() - self.marks.min_pages) as f64
    }
    const fn works_until(&self, budget: f64) -> f64 {
        budget - (self.marks.high_pages() - self.marks.min_pages) as f64
    }
    pub(super) const fn is_awake(&self) -> bool {
        self.awake
    }
    pub(super) const fn freed(&self) -> f64 {
        self.freed
    }
    /// The pages that stay of `resident` ones: it takes those it has worked for, tasks the rest that
    /// is beyond the budget.
    pub(super) fn room(&mut self, resident: f64, budget: f64) -> f64 {
        let credit = core::mem::take(&mut self.credit);
        let over = (resident - self.works_until(budget)).max(0.0);
        self.freed = credit.min(over);
        let room = (resident - self.freed).min(budget);
        // It has done what it saw at the last tick: what came meanwhile is for the next time.
        if credit + SLACK_PAGES >= self.short {
            self.awake = false;
        }
        self.awake |= room > self.calm_up_to(budget);
        self.short = (room - self.works_until(budget)).max(0.0);
        room
    }
}

impl Domain {
    /// The node reclaims in the background from now on.
    pub fn set_watermarks(&mut self, now: VirtualTime, marks: Option<Watermarks>) {
        self.background = marks.map(|marks| Background {
            marks,
            awake: false,
            short: 0.0,
            credit: 0.0,
            freed: 0.0,
        });
        self.set_budgets();
        self.changed(now);
    }

    /// Pages that background reclaim would still evict, as of the last tick; none while it sleeps, or
    /// where there is no swap to put them.
    pub fn background_wanted(&self) -> u64 {
        let awake = self.background.as_ref();
        let awake = awake.filter(|b| b.awake && self.swap.is_some());
        awake.map_or(0, |b| whole(libm::ceil((b.short - b.credit).max(0.0))))
    }

    /// Background reclaim has spent its time on these pages: they go at the next tick.
    pub fn background_done(&mut self, pages: u64) {
        if let Some(background) = &mut self.background {
            background.credit += pages as f64;
        }
    }
}
