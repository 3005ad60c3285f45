//! What can be read off a domain: gauges, counters, and whom the kernel would kill.

use super::domain::Domain;
use super::{PAGE_BYTES, whole};
use crate::VirtualTime;

/// Who owns pages.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Victim {
    /// The class with this index.
    Class(usize),
    /// The intruder with this id.
    Intruder(u32),
}

impl Domain {
    /// Pages in use at the last tick, or existing at `now` on a calm node.
    pub fn used_pages(&self, now: VirtualTime) -> u64 {
        whole(if self.busy {
            self.used()
        } else {
            self.appeared(now.as_secs_f64())
        })
    }

    /// Pages of data that may be resident.
    pub fn budget_pages(&self) -> u64 {
        whole(self.budget())
    }

    /// Swap space in bytes.
    pub fn swap_bytes(&self) -> u64 {
        self.swap.map_or(0, |swap| swap.bytes)
    }

    /// Bytes swapped out, as of the last tick.
    pub fn swapped_bytes(&self) -> u64 {
        if !self.busy {
            return 0;
        }
        let exist: f64 = self.all().map(|class| class.ticked.1).sum();
        whole(exist - self.used()) * PAGE_BYTES
    }

    /// Bytes of one class that are swapped out, as of the last tick.
    ///
    /// # Panics
    /// If there is no such class.
    pub fn class_swapped_bytes(&self, class: usize) -> u64 {
        let class = &self.classes[class];
        whole(class.ticked.1 - class.survey.resident) * PAGE_BYTES
    }

    /// Major faults so far (`pgmajfault`, `pswpin`, `workingset_refault_anon`): each swaps in.
    pub const fn faults(&self) -> u64 {
        self.faults
    }

    /// Pages read beside those that faulted, by faults of passes in order: `pswpin` counts them too.
    pub const fn read_ahead_pages(&self) -> u64 {
        self.read_ahead
    }

    /// Pages of a group in use, as of the last tick; 0 is the node.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn group_used_pages(&self, group: usize) -> u64 {
        whole(self.groups[group].used)
    }

    /// Of the faults, pages that went to the active list at once (`workingset_activate_anon`): they
    /// came back soon. None before the domain has settled after an onset (measured in storms: 0.003 to
    /// 0.05 a fault).
    pub const fn activated_faults(&self) -> u64 {
        whole(self.activated)
    }

    /// Of those, pages that had been active before (`workingset_restore_anon`): their wait counts as
    /// memory pressure.
    pub const fn restored_faults(&self) -> u64 {
        whole(self.restored)
    }

    /// Pages evicted so far; with an intruder: pages it displaced.
    pub const fn evicted_pages(&self) -> u64 {
        whole(self.evicted)
    }

    /// Pages written to swap so far (`pswpout`).
    pub const fn swapped_out_pages(&self) -> u64 {
        whole(self.swapped_out)
    }

    /// The horizon in seconds of virtual time (minus infinity before the first onset; a settled domain
    /// has one before the run) and the surviving share of the old generation, for reports.
    pub fn front(&self) -> (f64, f64) {
        let front = self.groups[0].front;
        (front.horizon, front.survive)
    }

    /// Who owns most pages, resident and swapped out: whom the kernel kills first.
    pub fn largest(&self, now: VirtualTime) -> Option<Victim> {
        self.largest_in(now, 0)
    }

    /// The same inside a group; 0 is the node.
    ///
    /// # Panics
    /// If there is no such group.
    pub fn largest_in(&self, now: VirtualTime, group: usize) -> Option<Victim> {
        let at = now.as_secs_f64();
        let classes = self
            .classes
            .iter()
            .enumerate()
            .map(|(i, c)| (Victim::Class(i), c));
        let intruders = self
            .intruders
            .iter()
            .map(|(id, c)| (Victim::Intruder(*id), c));
        let mut largest = (0.0, None);
        let all = classes.chain(intruders);
        for (victim, class) in all.filter(|(_, class)| self.within(class.group, group)) {
            let pages = class.appeared(at);
            if pages > largest.0 {
                largest = (pages, Some(victim));
            }
        }
        largest.1
    }
}
