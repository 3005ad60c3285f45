//! A domain: a node, or a memory group with a limit, and the pages that compete for it.

use super::class::{Class, ClassSpec, Front};
use super::{PAGE_BYTES, TwoList, che, whole};
use crate::{VirtualDuration, VirtualTime};

/// Time between ticks while pages are missing or arriving; fitted (50 ms and more flatten an onset).
pub const TICK: VirtualDuration = VirtualDuration::from_millis(20);

/// Seconds without reclaim after which every page looks recently used; fitted.
const RECENCY_LOST_S: f64 = 1.0;
/// Least time between two solutions of the two lists, in seconds.
const LISTS_AGE_MIN_S: f64 = 5.0;
/// Halvings of the interval in which the horizon is looked for.
const HALVINGS: u32 = 14;
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
    /// Pages that left since the last tick because new ones appeared, not because of faults: who brings
    /// the new ones reclaims for them.
    pub displaced: u32,
    /// Swap is full or off and the pages do not fit: somebody must be killed, see
    /// [`Domain::largest`].
    pub out_of_memory: bool,
}

/// Residency of all pages of a domain, as equations: a horizon, a surviving share, touch curves.
#[derive(Clone, Debug)]
pub struct Domain {
    limit_bytes: u64,
    pub(super) swap: Option<SwapSpace>,
    pub(super) budget: f64,
    pub(super) classes: Vec<Class>,
    pub(super) intruders: Vec<(u32, Class)>,
    pub(super) front: Front,
    reclaimed_at: f64,
    /// The last onset, in seconds; long ago in a settled domain.
    onset_at: f64,
    pub(super) ticked_at: f64,
    pub(super) busy: bool,
    pub(super) used: f64,
    dirty: f64,
    background: f64,
    /// The two lists of the settled domain, and when they were solved, in seconds.
    lists: Option<(f64, TwoList)>,
    pub(super) activated: f64,
    pub(super) restored: f64,
    pub(super) faults: u64,
    pub(super) evicted: f64,
    pub(super) swapped_out: f64,
}

impl Domain {
    /// An empty domain that may hold `limit_bytes`; without swap it kills instead of evicting.
    pub fn new(limit_bytes: u64, swap: Option<SwapSpace>) -> Self {
        let mut domain = Self {
            limit_bytes,
            swap,
            budget: 0.0,
            classes: Vec::new(),
            intruders: Vec::new(),
            front: Front {
                horizon: f64::NEG_INFINITY,
                survive: 1.0,
            },
            reclaimed_at: f64::NEG_INFINITY,
            onset_at: f64::NEG_INFINITY,
            ticked_at: 0.0,
            busy: false,
            used: 0.0,
            dirty: 1.0,
            background: 0.0,
            lists: None,
            activated: 0.0,
            restored: 0.0,
            faults: 0,
            evicted: 0.0,
            swapped_out: 0.0,
        };
        domain.budget = domain.budget_now();
        domain
    }

    /// Adds a class whose pages are there, before the run begins. Returns its index.
    pub fn add_class(&mut self, spec: ClassSpec) -> usize {
        let mut class = Class::new(spec);
        if let Some(like) = self.classes.iter().find(|c| c.spec == spec) {
            class.share_bins(like);
        }
        self.classes.push(class);
        self.budget = self.budget_now();
        self.used += spec.pages as f64;
        self.busy |= self.used > self.budget;
        self.classes.len() - 1
    }

    /// Puts an over-committed domain into its steady state (the fixed point of Che) for constant
    /// rates, in touches a second, one for each class. Does nothing if the pages fit. Without this
    /// call an over-committed domain begins with an onset.
    ///
    /// # Panics
    /// If there is not one rate for each class, or an intruder is there already.
    pub fn settle(&mut self, now: VirtualTime, rates: &[f64]) {
        self.settle_after(now, rates, VirtualDuration::MAX);
    }

    /// As [`Domain::settle`], for classes that were populated `warmed` ago, one page after the other,
    /// and touched at these rates since. If that is less than the horizon, what was not touched since
    /// is resident by chance: the youngest of it, whatever its popularity (measured: runs warmed up
    /// for half a horizon fault 7 to 13 % more than settled ones; this explains 9 of 12 %).
    ///
    /// # Panics
    /// If there is not one rate for each class, or an intruder is there already.
    pub fn settle_after(&mut self, now: VirtualTime, rates: &[f64], warmed: VirtualDuration) {
        assert_eq!(rates.len(), self.classes.len(), "one rate for each class");
        assert!(
            self.intruders.is_empty(),
            "a domain settles before it is pressed"
        );
        if self.used <= self.budget || self.swap.is_none() {
            return;
        }
        let at = now.as_secs_f64();
        let horizon = self.horizon_under(self.budget, rates);
        let age = horizon.min(warmed.as_secs_f64());
        for (class, rate) in self.classes.iter_mut().zip(rates) {
            class.record_past(at, age, *rate);
        }
        self.front.horizon = at - age;
        let settled = age >= horizon && age < che::HORIZON_MAX;
        self.front.survive = if settled { 0.0 } else { 1.0 };
        if !settled {
            self.onset_at = at;
        }
        self.reclaimed_at = at;
        self.ticked_at = at;
        self.reclaim(at);
        self.measure(at);
        self.follow_lists(at);
    }

    /// The two lists of Linux in the steady state of these rates, in touches a second, one for each
    /// class; `None` if the pages fit.
    ///
    /// # Panics
    /// If there is not one rate for each class.
    pub fn two_list(&mut self, rates: &[f64]) -> Option<TwoList> {
        assert_eq!(rates.len(), self.classes.len(), "one rate for each class");
        let bins: Vec<_> = self.classes.iter_mut().map(|c| c.bins().clone()).collect();
        let present = bins.iter().zip(rates).zip(&self.classes);
        let present = present.filter(|(_, class)| class.present);
        let with_rates: Vec<_> = present
            .map(|((bins, rate), _)| (&bins[..], *rate))
            .collect();
        TwoList::solve(&with_rates, self.budget)
    }

    /// Horizon in seconds of the present classes under a budget of `pages`.
    pub(super) fn horizon_under(&mut self, pages: f64, rates: &[f64]) -> f64 {
        let bins: Vec<_> = self.classes.iter_mut().map(|c| c.bins().clone()).collect();
        let with_rates: Vec<_> = bins
            .iter()
            .zip(rates)
            .zip(&self.classes)
            .filter(|(_, class)| class.present)
            .map(|((bins, rate), _)| (&bins[..], *rate))
            .collect();
        che::horizon(&with_rates, pages)
    }

    /// Counts `n` touches of a class.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn touch(&mut self, class: usize, n: u64) {
        self.classes[class].touches += n;
    }

    /// Probability that a touch of this class faults, as of the last tick.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn miss(&self, class: usize) -> f64 {
        self.classes[class].survey.miss
    }

    /// Counts `n` major faults that requests had.
    pub fn fault(&mut self, n: u32) {
        self.faults += u64::from(n);
        if let Some((_, lists)) = self.lists {
            self.activated += f64::from(n) * lists.activated;
            self.restored += f64::from(n) * lists.restored;
        }
    }

    /// Whether pages are missing or must be evicted: only then can a touch fault.
    pub const fn busy(&self) -> bool {
        self.busy
    }

    /// Whether a fault must make room first, so that it may have to pay for reclaim.
    pub fn reclaiming(&self) -> bool {
        self.busy && self.used >= self.budget - 1.0
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

    /// Whether the horizon has moved by its own length since the last onset: what was thrown out
    /// then has come back and been through the lists.
    fn settled(&self) -> bool {
        let since_onset = self.front.horizon - self.onset_at;
        since_onset >= self.ticked_at - self.front.horizon
    }

    /// Keeps the two lists up to date: solved once the domain has settled, and again every half
    /// horizon, for the touches since the horizon.
    fn follow_lists(&mut self, at: f64) {
        if !self.settled() || !self.reclaiming() {
            self.lists = None;
            return;
        }
        let age = at - self.front.horizon;
        let fresh = LISTS_AGE_MIN_S.max(age / 2.0);
        if self.lists.is_some_and(|(solved, _)| at - solved < fresh) || age <= 0.0 {
            return;
        }
        let horizon = self.front.horizon;
        let rate = |class: &Class| (class.touched(at) - class.touched(horizon)) / age;
        for class in self.all_mut() {
            class.bins();
        }
        let classes: Vec<_> = self
            .all()
            .filter(|class| class.present)
            .map(|class| (class.bins_made(), rate(class)))
            .collect();
        let lists = TwoList::solve(&classes, self.budget);
        self.lists = lists.map(|lists| (at, lists));
    }

    /// When [`Domain::tick`] is due next, asked at `now`; `None` on a calm node. While pages only
    /// arrive, this is the instant at which they stop fitting.
    pub fn next_tick(&self, now: VirtualTime) -> Option<VirtualTime> {
        if self.busy {
            return Some(now.saturating_add(TICK));
        }
        let at = now.as_secs_f64();
        let arriving = self.all().filter(|class| class.arriving(at));
        let (mut rate, mut last) = (0.0, at);
        for class in arriving {
            let birth = class.birth.expect("an arriving class has an interval");
            rate += class.spec.pages as f64 * (1.0 - birth.burst) / (birth.to - birth.from);
            last = birth.to.max(last);
        }
        if rate <= 0.0 {
            return None;
        }
        let room = (self.budget - self.appeared(at)).max(0.0) / rate;
        let wait = VirtualDuration::from_secs_f64(room.min(last - at));
        Some(now.saturating_add(wait.max(TICK)))
    }

    /// Advances the equations to `now`; call it when [`Domain::next_tick`] said, or earlier.
    pub fn tick(&mut self, now: VirtualTime) -> Tick {
        let at = now.as_secs_f64();
        if !self.busy && self.appeared(at) <= self.budget {
            return Tick::default();
        }
        for class in &mut self.classes {
            class.record(at);
            class.bins();
        }
        for (_, class) in &mut self.intruders {
            class.bins();
        }
        let out_of_memory = self.reclaim(at);
        let (background_reads, displaced) = self.account(at);
        self.measure(at);
        self.follow_lists(at);
        Tick {
            background_reads,
            displaced,
            out_of_memory: out_of_memory || self.swap_is_full(),
        }
    }

    /// Moves the front so that the resident pages fit. Returns true if they cannot.
    fn reclaim(&mut self, at: f64) -> bool {
        if self.resident(at, self.front) <= self.budget {
            return false;
        }
        if self.swap.is_none() {
            return true;
        }
        if at - self.reclaimed_at > RECENCY_LOST_S {
            self.onset(at);
        }
        self.reclaimed_at = at;
        self.thin(at);
        if self.front.survive <= 0.0 && self.resident(at, self.front) > self.budget {
            self.advance(at);
        }
        false
    }

    /// Nothing was reclaimed for a while, so every accessed bit is set: age is lost, and the old
    /// generation is thinned at random.
    fn onset(&mut self, at: f64) {
        let front = self.front;
        let mut horizon = at;
        self.onset_at = at;
        for class in self.all_mut() {
            match class.birth {
                Some(birth) if birth.to >= at - RECENCY_LOST_S => horizon = birth.from.min(horizon),
                _ => class.grow_old(at, front),
            }
        }
        self.front = Front {
            horizon: horizon.max(front.horizon),
            survive: 1.0,
        };
    }

    /// Lowers the surviving share of the old generation until the rest fits, at most to zero.
    fn thin(&mut self, at: f64) {
        let (mut kept, mut left) = (0.0, 0.0);
        for class in self.all() {
            if class.birth.is_some() {
                kept += class.survey(at, self.front).resident;
            } else {
                let (touched, old) = class.survivors(at, self.front);
                kept += touched;
                left += old;
            }
        }
        let share = if left > 0.0 {
            (self.budget - kept) / left
        } else {
            0.0
        };
        self.front.survive = share.clamp(0.0, self.front.survive);
    }

    /// Moves the horizon forward until the rest fits: exact LRU under independent touches.
    fn advance(&mut self, at: f64) {
        let fits = |horizon: f64| {
            let front = Front {
                horizon,
                survive: 0.0,
            };
            self.resident(at, front) <= self.budget
        };
        let mut low = self.front.horizon;
        let mut step = TICK.as_secs_f64();
        // Bracket by doubling, so that the halvings are spent on a short interval.
        let mut high = (low + step).min(at);
        for _ in 0..64 {
            if high >= at || fits(high) {
                break;
            }
            low = high;
            step *= 2.0;
            high = (low + step).min(at);
        }
        for _ in 0..HALVINGS {
            let middle = (low + high) / 2.0;
            if fits(middle) {
                high = middle;
            } else {
                low = middle;
            }
        }
        self.front.horizon = high;
    }

    /// Evictions, writes and background reads since the last tick. Returns the reads, and the pages
    /// that new ones displaced.
    fn account(&mut self, at: f64) -> (u32, u32) {
        let front = self.front;
        let no_copies = self.swap.is_some_and(|swap| swap.no_copies);
        let all_dirty = no_copies || front.survive > 0.0;
        // Without reclaim nothing left: what the sums below would say is rounding.
        let reclaimed = self.reclaimed_at >= at;
        let (mut evicted, mut written, mut background) = (0.0, 0.0, 0.0);
        let mut arrived = 0.0;
        for class in self.all_mut() {
            let (touched, appeared) = class.ticked;
            let faults = (class.touched(at) - touched).max(0.0) * class.survey.miss;
            let growth = class.survey(at, front).resident - class.survey.resident;
            arrived += class.appeared(at) - appeared;
            let balance = (faults + class.appeared(at) - appeared - growth).max(0.0);
            let gone = if reclaimed { balance } else { 0.0 };
            let dirty = if all_dirty {
                1.0
            } else {
                class.dirty_share(at, front)
            };
            evicted += gone;
            written += gone * dirty;
            if class.period.is_some() {
                background += faults;
            }
        }
        self.evicted += evicted;
        self.swapped_out += written;
        self.dirty = if all_dirty {
            1.0
        } else if evicted > 0.0 {
            written / evicted
        } else {
            self.dirty
        };
        self.background += background;
        let reads = u32::try_from(whole(self.background)).unwrap_or(u32::MAX);
        self.background -= f64::from(reads);
        self.faults += u64::from(reads);
        let displaced = whole(evicted.min(arrived));
        (reads, u32::try_from(displaced).unwrap_or(u32::MAX))
    }

    /// Caches what requests and gauges read until the next tick.
    pub(super) fn measure(&mut self, at: f64) {
        let front = self.front;
        let mut used = 0.0;
        for class in self.all_mut() {
            class.survey = class.survey(at, front);
            class.ticked = (class.touched(at), class.appeared(at));
            used += class.survey.resident;
        }
        for class in &mut self.classes {
            class.forget_before(front.horizon);
        }
        self.used = used;
        self.ticked_at = at;
        self.busy = used > self.budget || self.appeared(at) - used >= SLACK_PAGES;
        // A reclaim of a moment ago keeps what is known about recency.
        self.busy |= at - self.reclaimed_at <= RECENCY_LOST_S;
        if !self.busy {
            self.front.survive = 1.0;
            for class in self.all_mut().filter(|class| !class.arriving(at)) {
                class.calm_down();
            }
        }
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
        self.classes
            .iter_mut()
            .chain(self.intruders.iter_mut().map(|(_, class)| class))
    }

    fn resident(&self, at: f64, front: Front) -> f64 {
        self.all()
            .map(|class| class.survey(at, front).resident)
            .sum()
    }

    /// Pages that exist at `at`, resident or swapped out.
    pub(super) fn appeared(&self, at: f64) -> f64 {
        self.all().map(|class| class.appeared(at)).sum()
    }

    /// Pages for data under the limit: page tables and what the kernel charges are taken off
    /// (fitted).
    fn budget_now(&self) -> f64 {
        (self.limit_bytes as f64 / PAGE_BYTES as f64 - self.overhead()).max(0.0)
    }

    /// Pages of the limit that hold no data.
    pub(super) fn overhead(&self) -> f64 {
        let pages = self.classes.iter().map(|c| c.spec.pages as f64);
        pages.map(|pages| pages / 512.0).sum::<f64>() + 0.15 * 256.0 + 8.0
    }

    /// Changes the limit.
    pub fn set_limit(&mut self, now: VirtualTime, limit_bytes: u64) {
        self.limit_bytes = limit_bytes;
        self.budget = self.budget_now();
        self.changed(now);
    }

    /// Changes the swap space, `None`: off. What is swapped out stays out.
    pub fn set_swap(&mut self, swap: Option<SwapSpace>) {
        self.swap = swap;
    }

    /// Brings the state up to date after pages came, went or lost their room.
    pub(super) fn changed(&mut self, now: VirtualTime) {
        let at = now.as_secs_f64();
        let calm = !self.busy;
        let fits = self.appeared(at) <= self.budget;
        if calm {
            // Recency counts from here on.
            for class in &mut self.classes {
                class.record(at);
            }
            for class in self.all_mut() {
                class.survey.resident = class.ticked.1;
                class.ticked = (class.touched(at), class.ticked.1);
            }
            self.ticked_at = at;
        }
        self.used = self.all().map(|class| class.survey.resident).sum();
        self.busy |= !fits;
    }

    /// The process of a class has gone: its pages are free at once.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn free_class(&mut self, now: VirtualTime, class: usize) {
        let class = &mut self.classes[class];
        class.present = false;
        class.birth = None;
        class.ticked.1 = 0.0;
        class.survey = super::class::Survey::default();
        self.changed(now);
    }
}
