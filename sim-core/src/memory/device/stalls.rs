//! Stalls of a device: instants at which all its servers stand still for a while.
//!
//! Measured beside the calibration: three stalls of 100 to 275 ms in some 480 s, each of which owns the
//! 99th percentile of its run. They are off unless asked for.

use crate::{Key, Sample, VirtualDuration};
use serde::{Deserialize, Serialize};
use std::collections::VecDeque;

/// How often a device stands still, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DeviceStalls {
    /// Mean time from the end of one stall to the next; exponential, above zero.
    pub every: VirtualDuration,
    /// Length of a stall.
    pub length: VirtualDuration,
}

impl Default for DeviceStalls {
    /// One in 160 s, 220 ms long (measured, three events).
    fn default() -> Self {
        Self {
            every: VirtualDuration::from_secs(160),
            length: VirtualDuration::from_millis(220),
        }
    }
}

/// The stalls of one device, made as far ahead as somebody asks.
#[derive(Clone, Debug)]
pub(super) struct Calendar {
    law: DeviceStalls,
    key: Key,
    /// Ordinal of the next stall that is not made yet.
    ordinal: u64,
    /// End of the last one made.
    made: u64,
    /// From, until; those that are over are dropped.
    ahead: VecDeque<(u64, u64)>,
}

impl Calendar {
    pub(super) const fn new(law: DeviceStalls, key: Key) -> Self {
        Self {
            law,
            key,
            ordinal: 0,
            made: 0,
            ahead: VecDeque::new(),
        }
    }

    /// When work is done that would run from `from` to `until` without stalls. Asked at `now`, which
    /// does not go back; what was asked for before lies anywhere after its own `now`.
    pub(super) fn stretch(&mut self, now: u64, (from, until): (u64, u64)) -> u64 {
        while self.ahead.front().is_some_and(|(_, end)| *end <= now) {
            self.ahead.pop_front();
        }
        let mut done = until;
        let mut at = 0;
        loop {
            if at == self.ahead.len() {
                if self.made >= done {
                    return done;
                }
                self.make(now);
                continue;
            }
            let (begin, end) = self.ahead[at];
            at += 1;
            if begin >= done {
                return done;
            }
            if end > from {
                // What is left of the work at the stall, or all of it, comes after it.
                done = done.saturating_add(end - begin.max(from));
            }
        }
    }

    /// Makes the next stall, and keeps it if it is not over.
    fn make(&mut self, now: u64) {
        let gap = self.key.at(self.ordinal).exponential(1.0);
        let gap = VirtualDuration::from_nanos_f64(gap * self.law.every.as_nanos_f64());
        // A law of no time at all still moves on.
        let begin = self.made.saturating_add(gap.as_nanos().max(1));
        let end = begin.saturating_add(self.law.length.as_nanos());
        self.ordinal += 1;
        self.made = end;
        if end > now {
            self.ahead.push_back((begin, end));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Seed;

    /// Stalls that were over before anybody asked are not kept.
    #[test]
    fn the_past_takes_no_memory() {
        let law = DeviceStalls {
            every: VirtualDuration::from_micros(10),
            length: VirtualDuration::from_micros(1),
        };
        let mut calendar = Calendar::new(law, Key::new(Seed(1), "node/a", "swap.stall"));
        let hour = 3_600_000_000;
        assert!(calendar.stretch(hour, (hour, hour + 50_000)) > hour + 50_000);
        assert!(calendar.ahead.len() < 100, "{}", calendar.ahead.len());
        // The end of time is no overflow.
        let late = u64::MAX - 10;
        assert!(
            Calendar::new(
                DeviceStalls {
                    every: law.every * 1_000_000_000_000,
                    length: VirtualDuration::MAX
                },
                calendar.key
            )
            .stretch(late, (late, late + 5))
                >= late
        );
    }
}
