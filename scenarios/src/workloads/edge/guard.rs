//! What a loop checks before it believes a sample or obeys a command.
//!
//! Without a `guard` nothing is checked, as in many loops that were written on a healthy bench.

use super::sampled::Signal;
use squall_core::{Cx, VirtualDuration, WallTime};
use squall_faults::param::Args;
use std::cell::Cell;

/// Limits of what is plausible.
#[derive(Clone, Debug)]
pub(super) struct Guard {
    finite: bool,
    range: f64,
    step: f64,
    stale_after: Option<VirtualDuration>,
    /// Whether the age of a sample is judged by the sensor's wall clock, or by the number of the
    /// sample and the controller's own monotonic clock.
    pub(super) by_wall: bool,
    ordered: bool,
    repeats: u64,
    command: f64,
    /// The actuator goes to zero when it has heard nothing for this long.
    pub(super) zero_after: Option<VirtualDuration>,
}

/// Why a sample or a command is not believed; its number stands in the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Reason {
    NotFinite = 1,
    OutOfRange = 2,
    Jump = 3,
    Stale = 4,
    OutOfOrder = 5,
    Frozen = 6,
    Command = 7,
}

impl Guard {
    pub(super) fn new(args: &Args) -> Self {
        let limit = |key| args.number_opt(key).unwrap_or(f64::INFINITY);
        let stale_after = args.duration_opt("stale_after");
        Self {
            finite: args.flag("finite"),
            range: limit("range"),
            step: limit("step"),
            by_wall: stale_after.is_some() && args.word("stamps") == "wall",
            stale_after,
            ordered: args.flag("ordered"),
            repeats: args
                .integer_opt("repeats")
                .and_then(|n| u64::try_from(n).ok())
                .unwrap_or(u64::MAX),
            command: limit("command"),
            zero_after: args.duration_opt("zero_after"),
        }
    }
    /// Whether a command may reach the plant.
    pub(super) fn obeys(&self, u: f64) -> bool {
        let finite = !self.finite || u.is_finite();
        // A NaN is no larger than a limit: a limiter alone lets it through.
        let larger = u.abs() > self.command;
        finite && !larger
    }
}

/// What a controller remembers of the samples that it believed; it dies with its process.
#[derive(Debug, Default)]
pub(super) struct Gate {
    /// Number and value of the latest.
    last: Cell<Option<(u64, f64)>>,
    /// Number of the latest that came, believed or not.
    came: Cell<Option<u64>>,
    /// The latest reading, and how often it has come again.
    same: Cell<(f64, u64)>,
}

impl Gate {
    /// Whether a sample is believed.
    pub(super) fn admit(
        &self,
        guard: &Guard,
        sample: &Signal,
        (cx, period): (&Cx, VirtualDuration),
    ) -> Result<(), Reason> {
        let value = sample.value;
        let late = guard.ordered && self.came.get().is_some_and(|came| came >= sample.k);
        let came = self.came.get().map_or(sample.k, |came| came.max(sample.k));
        self.came.set(Some(came));
        let (reading, times) = self.same.get();
        let again = reading.to_bits() == value.to_bits();
        let times = if again { times + 1 } else { 0 };
        self.same.set((value, times));
        let jump = self
            .last
            .get()
            .map_or(0.0, |(_, last)| (value - last).abs());
        let refused = if late {
            Some(Reason::OutOfOrder)
        } else if guard.finite && !value.is_finite() {
            Some(Reason::NotFinite)
        } else if value.abs() > guard.range {
            Some(Reason::OutOfRange)
        } else if jump > guard.step {
            Some(Reason::Jump)
        } else if times >= guard.repeats {
            Some(Reason::Frozen)
        } else if guard
            .stale_after
            .is_some_and(|most| age(sample, guard, cx, period) > most)
        {
            Some(Reason::Stale)
        } else {
            None
        };
        match refused {
            Some(reason) => Err(reason),
            None => {
                self.last.set(Some((sample.k, value)));
                Ok(())
            }
        }
    }
}

/// How old a sample is, as the controller can know it.
fn age(sample: &Signal, guard: &Guard, cx: &Cx, period: VirtualDuration) -> VirtualDuration {
    if guard.by_wall {
        return cx.wall_clock().since(WallTime::from_nanos(sample.wall));
    }
    cx.monotonic().saturating_sub(period * sample.k)
}
