//! Readings of wall clocks.

use crate::{VirtualDuration, VirtualTime};
use core::fmt;
use core::ops::Add;
use serde::{Deserialize, Serialize};

/// A reading of a node's wall clock, in nanoseconds since the start of the run as that clock has it;
/// below zero before. A right clock reads the virtual time.
///
/// It is a type of its own, since a difference between readings of two clocks, or of one clock that
/// was set in between, is no length of time. [`WallTime::since`] is what a program would compute.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct WallTime(i64);

impl WallTime {
    /// The reading of a right clock at the start of the run.
    pub const ZERO: Self = Self(0);
    /// The last reading that can be named, about 292 years after the start.
    pub const MAX: Self = Self(i64::MAX);

    /// The reading `ns` nanoseconds after the start of the run.
    pub const fn from_nanos(ns: i64) -> Self {
        Self(ns)
    }
    /// Nanoseconds since the start of the run.
    pub const fn as_nanos(self) -> i64 {
        self.0
    }
    /// What this reading is ahead of `earlier`, or zero if it is behind.
    pub const fn since(self, earlier: Self) -> VirtualDuration {
        if self.0 <= earlier.0 {
            return VirtualDuration::ZERO;
        }
        VirtualDuration::from_nanos(self.0.abs_diff(earlier.0))
    }
    /// The reading `d` later, or [`WallTime::MAX`] where that cannot be named.
    pub const fn saturating_add(self, d: VirtualDuration) -> Self {
        Self(self.0.saturating_add_unsigned(d.as_nanos()))
    }
}

/// What a right clock reads.
impl From<VirtualTime> for WallTime {
    fn from(at: VirtualTime) -> Self {
        Self(i64::try_from(at.as_nanos()).unwrap_or(i64::MAX))
    }
}

impl Add<VirtualDuration> for WallTime {
    type Output = Self;
    fn add(self, d: VirtualDuration) -> Self {
        self.saturating_add(d)
    }
}

impl fmt::Display for WallTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.0 < 0 { "-" } else { "" };
        write!(
            f,
            "{sign}{}",
            VirtualTime::from_nanos(self.0.unsigned_abs())
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn readings_go_below_zero_and_never_wrap() {
        let early = WallTime::from_nanos(-1_500_000_000);
        assert_eq!(early.to_string(), "-00:01.500");
        let second = VirtualDuration::from_secs(1);
        assert_eq!((early + second).as_nanos(), -500_000_000);
        assert_eq!(
            WallTime::ZERO.since(early),
            VirtualDuration::from_millis(1500)
        );
        assert_eq!(early.since(WallTime::ZERO), VirtualDuration::ZERO);
        assert_eq!(WallTime::MAX + second, WallTime::MAX);
        assert_eq!(WallTime::from(VirtualTime::MAX), WallTime::MAX);
    }
}
