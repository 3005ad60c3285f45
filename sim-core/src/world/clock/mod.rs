//! The clocks of a node, and the timers that go by them.
//!
//! ```text
//! wall(t)      = t + sum of offsets + integral of (oscillator + slew)
//! monotonic(t) = t +                  integral of  oscillator
//! ```
//!
//! Rates are whole parts per billion and their integrals whole billionths of a nanosecond, so that no
//! reading depends on how an interval was split. A node whose clocks are right and stay right has no
//! [`Clock`] at all.
//!
//! Events are ordered by virtual time, whatever a clock says: a wrong clock changes what a node reads
//! and when its timers fire.

mod hands;
mod timers;

#[cfg(test)]
mod tests;

use super::kernel::Kernel;
use crate::plan::Entry;
use crate::{EntryId, NodeId, WallTime};
pub(super) use hands::Clock;
use serde::{Deserialize, Serialize};
pub(super) use timers::{ClockTimer, Due};

/// What is wrong with the clocks of a node without any fault.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct ClockSpec {
    /// What its wall clock is ahead, in nanoseconds; below 0 behind.
    pub offset_ns: i64,
    /// Parts per million by which its oscillator is fast, -100,000 to 100,000.
    pub drift_ppm: f64,
}

impl Kernel {
    /// Nodes whose clocks a plan changes need some.
    pub(super) fn plan_clocks(&mut self) {
        for node in self.plan.clock_nodes() {
            self.clocked = true;
            let clock = &mut self.nodes[node.index()].clock;
            clock.get_or_insert_with(|| Box::new(Clock::new(ClockSpec::default())));
        }
    }

    /// The clock of a node, if it can be wrong.
    #[inline]
    pub(super) fn clock(&mut self, node: NodeId) -> Option<&mut Clock> {
        if !self.clocked {
            return None;
        }
        self.nodes[node.index()].clock.as_deref_mut()
    }

    /// Reads the wall clock. Overlays that make it wrong have landed.
    pub(super) fn read_wall(&mut self, node: NodeId) -> WallTime {
        let (now, mut landed) = (self.now, core::mem::take(&mut self.landed_now));
        let Some(clock) = self.clock(node) else {
            self.landed_now = landed;
            return WallTime::from(self.time());
        };
        clock.wall_errors(now, &mut landed);
        let wall = clock.wall(now);
        self.landed_now = landed;
        self.land_collected();
        WallTime::from_nanos(wall)
    }

    /// Reads the monotonic clock, in nanoseconds. Overlays that make it wrong have landed.
    pub(super) fn read_monotonic(&mut self, node: NodeId) -> u64 {
        let (now, mut landed) = (self.now, core::mem::take(&mut self.landed_now));
        let Some(clock) = self.clock(node) else {
            self.landed_now = landed;
            return now;
        };
        clock.monotonic_errors(now, &mut landed);
        let monotonic = clock.monotonic(now);
        self.landed_now = landed;
        self.land_collected();
        monotonic
    }

    /// What the wall clock of a node is ahead, in nanoseconds; for whoever looks from outside.
    pub(super) fn clock_offset(&self, node: NodeId) -> i64 {
        let clock = self.nodes[node.index()].clock.as_deref();
        clock.map_or(0, |clock| {
            clock.wall(self.now) - WallTime::from(self.time()).as_nanos()
        })
    }

    /// An overlay on a clock comes or goes.
    pub(super) fn clock_overlay(&mut self, id: EntryId, entry: &Entry, start: bool) {
        let node = entry.primitive.node().expect("a clock belongs to a node");
        let now = self.now;
        let clock = self.clock(node).expect("a plan's clocks were made with it");
        if clock.overlay(now, (id, entry), start) {
            self.clock_timers_due(node);
        }
    }
}
