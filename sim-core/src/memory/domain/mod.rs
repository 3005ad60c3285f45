//! A domain: the memory of a node, the groups with limits inside it, and the pages that compete for it.
//!
//! `group` holds the limits and the fronts behind which pages leave, `settle` the steady state before a
//! run, `reclaim` the eviction of a tick and `account` what it counted, `background` kswapd, `high` the
//! throttling of `memory.high`.

mod account;
mod background;
mod change;
mod group;
mod high;
mod reclaim;
mod settle;

#[cfg(test)]
mod tests;

use super::class::{Class, ClassSpec, Front};
use super::{PAGE_BYTES, TwoList};
use crate::{VirtualDuration, VirtualTime};
use background::Background;
pub use background::Watermarks;
use group::Group;
pub use group::GroupLimit;
pub(super) use group::front_of;
pub use high::high_delay;

/// Time between ticks while pages are missing or arriving; fitted (50 ms and more flatten an onset).
pub const TICK: VirtualDuration = VirtualDuration::from_millis(20);

/// Seconds without reclaim after which every page looks recently used; fitted.
const RECENCY_LOST_S: f64 = 1.0;
/// Pages of slack in comparisons with the budget, and in "nothing is missing".
const SLACK_PAGES: f64 = 0.5;

/// Where evicted pages go.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct SwapSpace {
    /// Size in bytes; more swapped out than this is out of memory.
    pub bytes: u64,
    /// Whether a page that comes back leaves no copy behind, so that every eviction writes (zram).
    pub no_copies: bool,
    /// Write bandwidth in bytes a second: bounds how fast an intruder displaces pages.
    pub write_bytes_per_s: f64,
}

/// What a tick reports.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tick {
    /// Reads that intruders caused since the last tick, to be submitted to the device now.
    pub background_reads: u32,
    /// Pages that left since the last tick because new ones appeared, not because of faults.
    pub displaced: u32,
    /// Of those, what background reclaim did not take: who brings the new pages reclaims for them.
    pub displaced_directly: u32,
    /// Swap is full or off and the pages of this group do not fit (0 is the node): somebody in it must
    /// be killed, see [`Domain::largest`].
    pub out_of_memory: Option<usize>,
}

/// Residency of all pages of a domain, as equations: a horizon, a surviving share, touch curves.
#[derive(Clone, Debug)]
pub struct Domain {
    pub(super) swap: Option<SwapSpace>,
    pub(super) classes: Vec<Class>,
    pub(super) intruders: Vec<(u32, Class)>,
    /// The node itself, then its groups, each behind the one it is in.
    pub(super) groups: Vec<Group>,
    background: Option<Background>,
    pub(super) ticked_at: f64,
    pub(super) busy: bool,
    dirty: f64,
    /// Reads of intruders that are not whole yet.
    background_reads: f64,
    /// The two lists of the settled domain, and when they were solved, in seconds.
    lists: Option<(f64, TwoList)>,
    pub(super) activated: f64,
    pub(super) restored: f64,
    pub(super) faults: u64,
    pub(super) read_ahead: u64,
    pub(super) evicted: f64,
    pub(super) swapped_out: f64,
}

impl Domain {
    /// An empty domain that may hold `limit_bytes`; without swap it kills instead of evicting.
    pub fn new(limit_bytes: u64, swap: Option<SwapSpace>) -> Self {
        let mut domain = Self {
            swap,
            classes: Vec::new(),
            intruders: Vec::new(),
            groups: vec![Group::new(0, limit_bytes)],
            background: None,
            ticked_at: 0.0,
            busy: false,
            dirty: 1.0,
            background_reads: 0.0,
            lists: None,
            activated: 0.0,
            restored: 0.0,
            faults: 0,
            read_ahead: 0,
            evicted: 0.0,
            swapped_out: 0.0,
        };
        domain.set_budgets();
        domain
    }

    /// Adds a class whose pages are there, before the run begins. Returns its index.
    pub fn add_class(&mut self, spec: ClassSpec) -> usize {
        self.add_class_in(0, spec)
    }

    /// As [`Domain::add_class`], in a group; 0 is the node itself.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn add_class_in(&mut self, group: usize, spec: ClassSpec) -> usize {
        assert!(
            group < self.groups.len(),
            "a class is in a group that exists"
        );
        let mut class = Class::new(spec);
        class.group = group;
        if let Some(like) = self.classes.iter().find(|c| c.spec == spec) {
            class.share_bins(like);
        }
        self.classes.push(class);
        self.set_budgets();
        self.use_on_path(group, spec.pages as f64);
        self.busy |= !self.used_fits();
        self.classes.len() - 1
    }

    /// Counts `n` touches of a class.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn touch(&mut self, class: usize, n: u64) {
        self.classes[class].touches += n;
    }

    /// Counts `n` touches in the order of the pages, which go on where the last pass ended, round and
    /// round.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn scan(&mut self, class: usize, n: u64) {
        self.classes[class].scan_on(self.ticked_at, n);
    }

    /// Probability that a touch of this class faults, as of the last tick.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn miss(&self, class: usize) -> f64 {
        self.classes[class].survey.miss
    }

    /// Probability that the next page of a pass through this class is missing, as of the last tick. A
    /// pass that comes back to a page later than the horizon finds it gone: with more pages than room
    /// that is every page, the worst case of LRU.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn scan_miss(&self, class: usize) -> f64 {
        self.classes[class].scan_miss()
    }

    /// Faults of a pass over `missing` pages of this class that are swapped out, if each reads `cluster`
    /// pages, at least one: what the last one read beside its page is there already.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn scan_faults(&mut self, class: usize, missing: u32, cluster: u32) -> u32 {
        self.classes[class].scan_faults(missing, cluster)
    }

    /// Counts `n` major faults that requests had.
    pub fn fault(&mut self, n: u32) {
        self.faults += u64::from(n);
        if let Some((_, lists)) = self.lists {
            self.activated += f64::from(n) * lists.activated;
            self.restored += f64::from(n) * lists.restored;
        }
    }

    /// Counts pages that were read beside those that faulted.
    pub const fn read_ahead(&mut self, pages: u64) {
        self.read_ahead += pages;
    }

    /// Whether pages are missing or must be evicted: only then can a touch fault.
    pub const fn busy(&self) -> bool {
        self.busy
    }

    /// Share of the evicted pages that must be written first.
    pub const fn dirty_share(&self) -> f64 {
        self.dirty
    }

    /// Share of the faults that count as memory stall too while they wait for the device. None until
    /// an episode is two horizons old: what an onset throws out was never on the active list after a
    /// fault (measured: 0.000 to 0.003 in the storms). This is why a saturated swap device shows
    /// calm memory pressure.
    pub fn restored_share(&self) -> f64 {
        self.lists.map_or(0.0, |(_, lists)| lists.restored)
    }

    /// When [`Domain::tick`] is due next, asked at `now`; `None` on a calm node. While pages only
    /// arrive, this is the instant at which they stop fitting.
    pub fn next_tick(&self, now: VirtualTime) -> Option<VirtualTime> {
        if self.busy {
            return Some(now.saturating_add(TICK));
        }
        let at = now.as_secs_f64();
        let mut wait = f64::INFINITY;
        for group in 0..self.groups.len() {
            let (mut rate, mut last) = (0.0, at);
            for class in self.all().filter(|class| class.arriving(at)) {
                if self.within(class.group, group) {
                    let birth = class.birth.expect("an arriving class has an interval");
                    rate += class.spec.pages as f64 * (1.0 - birth.burst) / (birth.to - birth.from);
                    last = birth.to.max(last);
                }
            }
            if rate > 0.0 {
                let room = (self.calm_up_to(group) - self.appeared_in(group, at)).max(0.0) / rate;
                wait = wait.min(room.min(last - at));
            }
        }
        if wait == f64::INFINITY {
            return None;
        }
        let wait = VirtualDuration::from_secs_f64(wait);
        Some(now.saturating_add(wait.max(TICK)))
    }

    /// Advances the equations to `now`; call it when [`Domain::next_tick`] said, or earlier.
    pub fn tick(&mut self, now: VirtualTime) -> Tick {
        let at = now.as_secs_f64();
        if !self.busy && self.fits(at) {
            return Tick::default();
        }
        for class in &mut self.classes {
            class.record(at);
            class.bins();
        }
        for (_, class) in &mut self.intruders {
            class.bins();
        }
        let short = self.reclaim(at);
        let mut tick = self.account(at);
        self.measure(at);
        self.follow_lists(at);
        let full = || self.swap_is_full().then(|| self.reclaimed_group(at));
        tick.out_of_memory = short.or_else(full);
        tick
    }

    fn swap_is_full(&self) -> bool {
        self.swap
            .is_some_and(|swap| self.swapped_bytes() > swap.bytes)
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Class> {
        self.classes
            .iter()
            .chain(self.intruders.iter().map(|(_, class)| class))
    }

    pub(super) fn all_mut(&mut self) -> impl Iterator<Item = &mut Class> {
        self.parts_mut().1
    }

    /// The groups, and all classes to change.
    fn parts_mut(&mut self) -> (&[Group], impl Iterator<Item = &mut Class>) {
        let intruders = self.intruders.iter_mut().map(|(_, class)| class);
        (&self.groups, self.classes.iter_mut().chain(intruders))
    }

    /// Pages that exist at `at`, resident or swapped out.
    pub(super) fn appeared(&self, at: f64) -> f64 {
        self.all().map(|class| class.appeared(at)).sum()
    }
}
