//! The steady state: where a run begins that was over-committed before, and the two lists in it.

use super::*;
use crate::memory::che;

/// Least time between two solutions of the two lists, in seconds.
const LISTS_AGE_MIN_S: f64 = 5.0;

impl Domain {
    /// Puts an over-committed domain into its steady state (the fixed point of Che) for constant
    /// rates, in touches a second, one for each class. Does nothing if the pages fit. Without this
    /// call an over-committed domain begins with an onset, and so does one with groups inside.
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
        let room = self.calm_up_to(0);
        if self.used() <= room || self.swap.is_none() || self.groups.len() > 1 {
            return;
        }
        let at = now.as_secs_f64();
        let horizon = self.horizon_under(room, rates);
        let age = horizon.min(warmed.as_secs_f64());
        for (class, rate) in self.classes.iter_mut().zip(rates) {
            class.record_past(at, age, *rate);
        }
        let settled = age >= horizon && age < che::HORIZON_MAX;
        let node = &mut self.groups[0];
        node.front.horizon = at - age;
        node.front.survive = if settled { 0.0 } else { 1.0 };
        if !settled {
            node.onset_at = at;
        }
        node.reclaimed_at = at;
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
        TwoList::solve(&with_rates, self.budget())
    }

    /// Horizon in seconds of the present classes under a budget of `pages`.
    pub(in crate::memory) fn horizon_under(&mut self, pages: f64, rates: &[f64]) -> f64 {
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

    /// Whether the horizon has moved by its own length since the last onset: what was thrown out
    /// then has come back and been through the lists.
    fn settled(&self) -> bool {
        let node = &self.groups[0];
        let since_onset = node.front.horizon - node.onset_at;
        since_onset >= self.ticked_at - node.front.horizon
    }

    /// Keeps the two lists up to date: solved once the domain has settled, and again every half
    /// horizon, for the touches since the horizon. They are those of the node: a group has none.
    pub(super) fn follow_lists(&mut self, at: f64) {
        if !self.settled() || !self.busy || !self.listed() {
            self.lists = None;
            return;
        }
        let horizon = self.groups[0].front.horizon;
        let age = at - horizon;
        let fresh = LISTS_AGE_MIN_S.max(age / 2.0);
        if self.lists.is_some_and(|(solved, _)| at - solved < fresh) || age <= 0.0 {
            return;
        }
        let rate = |class: &Class| (class.touched(at) - class.touched(horizon)) / age;
        for class in self.all_mut() {
            class.bins();
        }
        let classes: Vec<_> = self
            .all()
            .filter(|class| class.present)
            .map(|class| (class.bins_made(), rate(class)))
            .collect();
        let lists = TwoList::solve(&classes, self.budget());
        self.lists = lists.map(|lists| (at, lists));
    }

    /// Whether the node itself evicts.
    fn listed(&self) -> bool {
        self.full(0) || self.background.as_ref().is_some_and(Background::is_awake)
    }
}
