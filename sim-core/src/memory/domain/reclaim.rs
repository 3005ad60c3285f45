//! Eviction: onset, thinning, the horizon.

use super::group::front_if;
use super::*;

/// Halvings of the interval in which the horizon is looked for.
const HALVINGS: u32 = 14;

impl Domain {
    /// Moves the fronts so that the resident pages fit, innermost groups first. Gives the group in
    /// which they cannot.
    pub(super) fn reclaim(&mut self, at: f64) -> Option<usize> {
        let mut short = None;
        for group in (0..self.groups.len()).rev() {
            let resident = self.resident(group, at, None);
            let Some(swap_to) = self.swap.map(|_| self.room(group, resident)) else {
                if resident > self.groups[group].budget {
                    short = short.or(Some(group));
                }
                continue;
            };
            if resident <= swap_to {
                continue;
            }
            if at - self.groups[group].reclaimed_at > RECENCY_LOST_S {
                self.onset(group, at);
            }
            self.groups[group].reclaimed_at = at;
            self.thin((group, swap_to), at);
            if self.groups[group].front.survive <= 0.0 && self.resident(group, at, None) > swap_to {
                self.advance((group, swap_to), at);
            }
        }
        short
    }

    /// The pages that a group keeps of `resident` ones.
    fn room(&mut self, group: usize, resident: f64) -> f64 {
        let target = self.groups[group].target;
        match &mut self.background {
            Some(background) if group == 0 => {
                background.room(resident, self.groups[0].budget).min(target)
            }
            _ => target,
        }
    }

    /// Nothing was reclaimed for a while, so every accessed bit is set: age is lost, and the old
    /// generation is thinned at random.
    fn onset(&mut self, group: usize, at: f64) {
        let mut horizon = at;
        self.groups[group].onset_at = at;
        let old = |class: &Class| {
            class
                .birth
                .is_none_or(|birth| birth.to < at - RECENCY_LOST_S)
        };
        for class in self.all().filter(|c| self.within(c.group, group)) {
            if let Some(birth) = class.birth.filter(|_| !old(class)) {
                horizon = birth.from.min(horizon);
            }
        }
        let horizon = horizon.max(self.groups[group].front.horizon);
        let inside: Vec<bool> = (0..self.groups.len())
            .map(|inner| self.within(inner, group))
            .collect();
        let (groups, classes) = self.parts_mut();
        for class in classes.filter(|class| inside[class.group]) {
            if old(class) {
                class.grow_old(at, front_of(groups, class));
                class.aged_at = horizon;
            }
        }
        // The groups inside go on from the same generation.
        for (own, _) in self.groups.iter_mut().zip(inside).filter(|(_, is)| *is) {
            own.front = Front {
                horizon: horizon.max(own.front.horizon),
                survive: 1.0,
            };
        }
    }

    /// Lowers the surviving share of the old generation until the rest fits, at most to zero.
    fn thin(&mut self, (group, room): (usize, f64), at: f64) {
        let own = self.groups[group].front;
        let alone = Front {
            survive: 1.0,
            ..own
        };
        let (mut kept, mut left) = (0.0, 0.0);
        for class in self.all().filter(|c| self.within(c.group, group)) {
            let front = front_of(&self.groups, class);
            if class.birth.is_some() || own.horizon < class.aged_at {
                kept += class.survey(at, front).resident;
            } else {
                let (touched, old) = class.survivors(at, front);
                kept += touched;
                // What the groups around and inside leave of it.
                left += old * front_if(&self.groups, class, Some((group, alone))).survive;
            }
        }
        let share = if left > 0.0 {
            (room - kept) / left
        } else {
            0.0
        };
        self.groups[group].front.survive = share.clamp(0.0, own.survive);
    }

    /// Moves the horizon forward until the rest fits: exact LRU under independent touches.
    fn advance(&mut self, (group, room): (usize, f64), at: f64) {
        let fits = |horizon: f64| {
            let front = Front {
                horizon,
                survive: 0.0,
            };
            self.resident(group, at, Some((group, front))) <= room
        };
        let mut low = self.groups[group].front.horizon;
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
        self.groups[group].front.horizon = high;
    }

    /// Resident pages of a group, with another front for one of them.
    fn resident(&self, group: usize, at: f64, other: Option<(usize, Front)>) -> f64 {
        let inside = self.all().filter(|c| self.within(c.group, group));
        inside
            .map(|class| {
                class
                    .survey(at, front_if(&self.groups, class, other))
                    .resident
            })
            .sum()
    }

    /// The innermost group that reclaimed at `at`; the node if none did.
    pub(super) fn reclaimed_group(&self, at: f64) -> usize {
        let last = self.groups.iter().rposition(|g| g.reclaimed_at >= at);
        last.unwrap_or(0)
    }
}
