//! Groups: limits inside limits.
//!
//! A page counts against its group and every group around that; a group that is over its limit reclaims
//! inside itself. Each has a front of its own, and a page leaves behind the latest of the fronts it is
//! under (not validated).

use super::*;
use serde::{Deserialize, Serialize};

/// What a group inside a node may use.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct GroupLimit {
    /// Most bytes, `memory.max`; beyond that it kills inside itself if it cannot reclaim.
    pub max_bytes: Option<u64>,
    /// Bytes above which who charges it is throttled and reclaims, `memory.high`.
    pub high_bytes: Option<u64>,
}

/// A limit, and the front behind which its pages leave.
#[derive(Clone, Debug)]
pub(in crate::memory) struct Group {
    /// The group it is in; the node is in itself.
    pub(super) parent: usize,
    pub(super) limit_bytes: u64,
    pub(super) high_bytes: Option<u64>,
    /// Pages for data under the limit.
    pub(in crate::memory) budget: f64,
    /// Pages to which reclaim brings it: fewer under `memory.high`.
    pub(super) target: f64,
    pub(in crate::memory) front: Front,
    pub(super) reclaimed_at: f64,
    /// The last onset, in seconds; long ago in a settled domain.
    pub(super) onset_at: f64,
    /// Resident pages, as of the last tick.
    pub(in crate::memory) used: f64,
    /// Pages evicted so far.
    pub(super) evicted: f64,
    /// Evicted by the start of the current window of statistics, when that began, and in the last one.
    pub(super) window: (f64, f64, f64),
    /// Pages charged while it was over `memory.high`, not paid for.
    pub(super) charged: f64,
}

impl Group {
    pub(super) const fn new(parent: usize, limit_bytes: u64) -> Self {
        Self {
            parent,
            limit_bytes,
            high_bytes: None,
            budget: 0.0,
            target: 0.0,
            front: Front {
                horizon: f64::NEG_INFINITY,
                survive: 1.0,
            },
            reclaimed_at: f64::NEG_INFINITY,
            onset_at: f64::NEG_INFINITY,
            used: 0.0,
            evicted: 0.0,
            window: (0.0, 0.0, 0.0),
            charged: 0.0,
        }
    }
    /// Pages that may stay: those beyond `memory.high` only where there is nowhere to put them.
    pub(in crate::memory) const fn room(&self, swaps: bool) -> f64 {
        if swaps { self.target } else { self.budget }
    }
}

/// The front behind which the pages of a class leave: the latest horizon of the groups it is in, and
/// what all of them that know its old generation let survive.
pub(in crate::memory) fn front_of(groups: &[Group], class: &Class) -> Front {
    front_if(groups, class, None)
}

/// The same, with another front for one of the groups.
pub(super) fn front_if(groups: &[Group], class: &Class, other: Option<(usize, Front)>) -> Front {
    let mut front = Front {
        horizon: f64::NEG_INFINITY,
        survive: 1.0,
    };
    let mut group = class.group;
    loop {
        let own = match other {
            Some((changed, front)) if changed == group => front,
            _ => groups[group].front,
        };
        front.horizon = front.horizon.max(own.horizon);
        if own.horizon >= class.aged_at {
            front.survive *= own.survive;
        }
        if group == 0 {
            return front;
        }
        group = groups[group].parent;
    }
}

impl Domain {
    /// Adds a group inside another (0 is the node), before the run begins. Returns its index.
    ///
    /// # Panics
    /// If there is no such group around it.
    pub fn add_group(&mut self, parent: usize, limit: GroupLimit) -> usize {
        assert!(parent < self.groups.len(), "a group is in one that exists");
        let mut group = Group::new(parent, limit.max_bytes.unwrap_or(u64::MAX));
        group.high_bytes = limit.high_bytes;
        self.groups.push(group);
        self.set_budgets();
        self.groups.len() - 1
    }

    /// How many groups there are, the node included.
    pub const fn groups(&self) -> usize {
        self.groups.len()
    }

    /// Sets `memory.high` of a group, in bytes; 0 is the node.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn set_high(&mut self, now: VirtualTime, group: usize, bytes: Option<u64>) {
        self.groups[group].high_bytes = bytes;
        self.set_budgets();
        self.changed(now);
    }

    /// The group of a class.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn group_of(&self, class: usize) -> usize {
        self.classes[class].group
    }

    /// Whether a group is in another, or is it.
    pub fn within(&self, mut group: usize, outer: usize) -> bool {
        // A group stands behind the one it is in.
        while group > outer {
            group = self.groups[group].parent;
        }
        group == outer
    }

    /// The groups from one outwards to the node.
    pub(in crate::memory) fn path(&self, group: usize) -> impl Iterator<Item = usize> {
        let outwards = |group: &usize| (*group > 0).then(|| self.groups[*group].parent);
        core::iter::successors(Some(group), outwards)
    }

    /// Pages of data that may be resident on the node.
    pub(in crate::memory) fn budget(&self) -> f64 {
        self.groups[0].budget
    }

    /// Resident pages of the node, as of the last tick.
    pub(in crate::memory) fn used(&self) -> f64 {
        self.groups[0].used
    }

    /// Up to how many pages nothing has to be done for a group.
    pub(super) fn calm_up_to(&self, group: usize) -> f64 {
        let own = self.groups[group].target;
        match &self.background {
            Some(background) if group == 0 && self.swap.is_some() => {
                own.min(background.calm_up_to(self.budget()))
            }
            _ => own,
        }
    }

    /// Whether everything that exists at `at` fits everywhere.
    pub(super) fn fits(&self, at: f64) -> bool {
        let mut groups = 0..self.groups.len();
        groups.all(|group| self.appeared_in(group, at) <= self.calm_up_to(group))
    }

    /// Whether what was resident at the last tick fits everywhere.
    pub(super) fn used_fits(&self) -> bool {
        let mut groups = 0..self.groups.len();
        groups.all(|group| self.groups[group].used <= self.calm_up_to(group))
    }

    /// Pages of a group that exist at `at`.
    pub(in crate::memory) fn appeared_in(&self, group: usize, at: f64) -> f64 {
        let inside = self.all().filter(|c| self.within(c.group, group));
        inside.map(|class| class.appeared(at)).sum()
    }

    /// Pages for data under the limits: page tables and what the kernel charges are taken off
    /// (fitted), on the node also what it keeps free for itself.
    pub(super) fn set_budgets(&mut self) {
        for group in 0..self.groups.len() {
            let overhead = self.overhead_of(group);
            let kept = if group == 0 { self.kept() } else { 0.0 };
            let pages = |bytes: u64| bytes as f64 / PAGE_BYTES as f64 - overhead;
            let own = &mut self.groups[group];
            own.budget = (pages(own.limit_bytes) - kept).max(0.0);
            // What is kept free is not used, and `memory.high` bounds what is.
            own.target = own
                .high_bytes
                .map_or(own.budget, |bytes| own.budget.min(pages(bytes).max(0.0)));
        }
    }

    /// Pages that the node keeps free for itself.
    pub(in crate::memory) fn kept(&self) -> f64 {
        self.background.as_ref().map_or(0.0, Background::kept)
    }

    /// Pages of the node's memory that hold no data.
    pub(in crate::memory) fn overhead(&self) -> f64 {
        self.overhead_of(0)
    }

    /// Pages of a limit that hold no data.
    pub(super) fn overhead_of(&self, group: usize) -> f64 {
        let inside = self.classes.iter().filter(|c| self.within(c.group, group));
        let pages = inside.map(|c| c.spec.pages as f64);
        pages.map(|pages| pages / 512.0).sum::<f64>() + 0.15 * 256.0 + 8.0
    }

    /// Adds to the pages in use of a group and those around it.
    pub(super) fn use_on_path(&mut self, mut group: usize, pages: f64) {
        loop {
            self.groups[group].used += pages;
            if group == 0 {
                return;
            }
            group = self.groups[group].parent;
        }
    }

    /// Sums up what is resident, by group.
    pub(super) fn sum_used(&mut self) {
        for group in 0..self.groups.len() {
            let inside = self.all().filter(|c| self.within(c.group, group));
            self.groups[group].used = inside.map(|class| class.survey.resident).sum();
        }
    }

    /// Whether a fault of this class must make room first, so that it may have to pay for reclaim.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn reclaiming(&self, class: usize) -> bool {
        self.busy
            && self
                .path(self.group_of(class))
                .any(|group| self.full(group))
    }

    /// Whether a group has no room for another page.
    pub(super) fn full(&self, group: usize) -> bool {
        let group = &self.groups[group];
        group.used >= group.room(self.swap.is_some()) - 1.0
    }
}
