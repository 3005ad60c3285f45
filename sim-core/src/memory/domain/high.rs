//! `memory.high`: who charges a group that is over it is put to sleep (not validated).

use super::*;
use crate::memory::whole;

/// Pages that a task charges at once (`MEMCG_CHARGE_BATCH`): it takes them in stock, so that one page in
/// so many is a charge of the group.
const BATCH_PAGES: u64 = 64;
/// Fractional bits of the overage in the kernel, and those that are dropped of its square.
const PRECISION_BITS: u32 = 20;
const SCALING_BITS: u32 = 14;
/// Milliseconds up to which a sleep is not worth it, and the longest sleep.
const IGNORED_MS: u64 = 10;
const LONGEST_MS: u64 = 2_000;

/// How long a charge of `charged` pages sleeps in a group that uses `usage` pages of `high` ones, before
/// both bounds: 64 o^2 s for a batch of 64 pages, o = (usage - high) / high.
///
/// In the integers of the kernel at 1000 ticks a second, so that its own table comes out: 5 % over is an
/// overage of floor(0.05 x 2^20) = 52428, whose square times 1000, shifted by 20 and 14 bits, is 159 ms;
/// the formula in real numbers gives 160.
fn penalty_ms(usage: u64, high: u64, charged: u64) -> u64 {
    let over = u128::from(usage.saturating_sub(high));
    let overage = (over << PRECISION_BITS) / u128::from(high.max(1));
    let ms = overage.saturating_mul(overage).saturating_mul(1_000);
    let ms = (ms >> PRECISION_BITS) >> SCALING_BITS;
    let ms = ms.saturating_mul(u128::from(charged)) / u128::from(BATCH_PAGES);
    u64::try_from(ms).unwrap_or(u64::MAX)
}

/// The sleep of a charge of `charged` pages in a group that uses `usage` pages of `high` ones: none up
/// to 10 ms, 2 s at most.
pub fn high_delay(usage: u64, high: u64, charged: u64) -> VirtualDuration {
    match penalty_ms(usage, high, charged).min(LONGEST_MS) {
        0..=IGNORED_MS => VirtualDuration::ZERO,
        ms => VirtualDuration::from_millis(ms),
    }
}

impl Domain {
    /// Usage and `memory.high` of a group in pages, if it is over it.
    fn over_high(&self, group: usize) -> Option<(u64, u64)> {
        let own = &self.groups[group];
        let high = own.high_bytes? / PAGE_BYTES;
        let usage = whole(own.used + self.overhead_of(group));
        (usage > high).then_some((usage, high))
    }

    /// Pages are charged to a group. It counts if that or one around it is over `memory.high`.
    pub fn charge(&mut self, group: usize, pages: f64) {
        if pages > 0.0 && self.path(group).any(|g| self.over_high(g).is_some()) {
            self.groups[group].charged += pages;
        }
    }

    /// How long the task sleeps that returns from a charge of this group now: for all batches that were
    /// charged and not paid for, by the group on the way to the node that is furthest over.
    pub fn high_stall(&mut self, group: usize) -> VirtualDuration {
        if self.groups[group].charged < BATCH_PAGES as f64 {
            return VirtualDuration::ZERO;
        }
        let batches = whole(self.groups[group].charged) / BATCH_PAGES * BATCH_PAGES;
        let over = self.path(group).filter_map(|group| self.over_high(group));
        let sleep = over.map(|(usage, high)| high_delay(usage, high, batches));
        let sleep = sleep.max();
        // Once nothing is over any more, nothing is owed.
        self.groups[group].charged -= sleep.map_or(self.groups[group].charged, |_| batches as f64);
        sleep.unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The table in the kernel's source (`mm/memcontrol.c`): a group of 100 MiB, a batch of 64 pages.
    #[test]
    fn the_table_of_the_kernel() {
        let table = [
            (100, 0),
            (101, 6),
            (102, 25),
            (103, 57),
            (104, 102),
            (105, 159),
            (106, 230),
            (107, 313),
            (108, 409),
            (109, 518),
            (110, 639),
            (111, 774),
            (112, 921),
            (113, 1_081),
            (114, 1_254),
            (115, 1_439),
            (116, 1_638),
            (117, 1_849),
        ];
        for (mib, ms) in table {
            assert_eq!(penalty_ms(mib * 256, 100 * 256, 64), ms, "{mib} MiB");
        }
    }

    #[test]
    fn a_sleep_is_ignored_below_10_ms_and_at_most_2_s() {
        let at = |mib: u64, charged| high_delay(mib * 256, 100 * 256, charged);
        let ms = VirtualDuration::from_millis;
        for under in [0, 50, 100] {
            assert_eq!(at(under, 1_000_000), ms(0), "{under} MiB");
        }
        assert_eq!(at(101, 64), ms(0), "6 ms");
        assert_eq!(
            (at(105, 64), at(105, 128), at(105, 4)),
            (ms(159), ms(318), ms(0))
        );
        assert_eq!(
            (at(117, 64), at(118, 64), at(100_000, 64)),
            (ms(1_849), ms(2_000), ms(2_000))
        );
        assert_eq!(high_delay(u64::MAX, 0, u64::MAX), ms(2_000));
    }
}
