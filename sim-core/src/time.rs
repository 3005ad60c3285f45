//! Virtual time: integers of nanoseconds since the start of the run.
//!
//! Arithmetic is checked in every build profile: the end of time is a bug or a bound, never a wrap.
//! Human syntax (`250ms`) is parsed at the file boundary only; here are the numbers and how they
//! print.

use core::fmt;
use core::ops::{Add, AddAssign, Div, Mul, Sub};
use serde::{Deserialize, Serialize};

/// An instant of virtual time, in nanoseconds since the start of the run.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct VirtualTime(u64);

/// A length of virtual time, in nanoseconds.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct VirtualDuration(u64);

impl VirtualTime {
    /// The start of the run.
    pub const ZERO: Self = Self(0);
    /// The last instant that can be named, about 584 years after the start.
    pub const MAX: Self = Self(u64::MAX);

    /// The instant `ns` nanoseconds after the start.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    /// Nanoseconds since the start.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Seconds since the start, for reports and models; exact below 2^53 ns (104 days).
    pub fn as_secs_f64(self) -> f64 {
        self.0 as f64 / 1e9
    }
    /// The time since `earlier`, or zero if `earlier` is later.
    pub const fn since(self, earlier: Self) -> VirtualDuration {
        VirtualDuration(self.0.saturating_sub(earlier.0))
    }
    /// The instant after `d`, or [`VirtualTime::MAX`] where that cannot be named.
    pub const fn saturating_add(self, d: VirtualDuration) -> Self {
        Self(self.0.saturating_add(d.0))
    }
}

impl VirtualDuration {
    /// No time at all.
    pub const ZERO: Self = Self(0);
    /// The longest duration.
    pub const MAX: Self = Self(u64::MAX);

    /// A duration of `ns` nanoseconds.
    pub const fn from_nanos(ns: u64) -> Self {
        Self(ns)
    }
    /// A duration of `us` microseconds.
    pub const fn from_micros(us: u64) -> Self {
        Self(us * 1_000)
    }
    /// A duration of `ms` milliseconds.
    pub const fn from_millis(ms: u64) -> Self {
        Self(ms * 1_000_000)
    }
    /// A duration of `s` seconds.
    pub const fn from_secs(s: u64) -> Self {
        Self(s * 1_000_000_000)
    }
    /// The duration nearest to `s` seconds; negative and NaN become zero, too long becomes
    /// [`VirtualDuration::MAX`].
    pub fn from_secs_f64(s: f64) -> Self {
        Self::from_nanos_f64(s * 1e9)
    }
    /// The duration nearest to `ns` nanoseconds (ties away from zero); negative and NaN become
    /// zero, too long becomes [`VirtualDuration::MAX`].
    #[expect(
        clippy::cast_possible_truncation,
        reason = "`as` saturates and maps NaN to zero, which is the documented rounding"
    )]
    pub fn from_nanos_f64(ns: f64) -> Self {
        Self(libm::round(ns) as u64)
    }
    /// Nanoseconds.
    pub const fn as_nanos(self) -> u64 {
        self.0
    }
    /// Nanoseconds as a float, exact below 2^53.
    pub fn as_nanos_f64(self) -> f64 {
        self.0 as f64
    }
    /// Seconds as a float.
    pub fn as_secs_f64(self) -> f64 {
        self.as_nanos_f64() / 1e9
    }
    /// Whether this is no time at all.
    pub const fn is_zero(self) -> bool {
        self.0 == 0
    }
    /// The sum, or [`VirtualDuration::MAX`].
    pub const fn saturating_add(self, other: Self) -> Self {
        Self(self.0.saturating_add(other.0))
    }
    /// The difference, or zero.
    pub const fn saturating_sub(self, other: Self) -> Self {
        Self(self.0.saturating_sub(other.0))
    }
    /// This duration scaled by `factor`, rounded to the nearest nanosecond.
    pub fn scaled(self, factor: f64) -> Self {
        Self::from_nanos_f64(self.as_nanos_f64() * factor)
    }
}

impl Add<VirtualDuration> for VirtualTime {
    type Output = Self;
    fn add(self, d: VirtualDuration) -> Self {
        Self(
            self.0
                .checked_add(d.0)
                .expect("virtual time ends after 584 years"),
        )
    }
}
impl AddAssign<VirtualDuration> for VirtualTime {
    fn add_assign(&mut self, d: VirtualDuration) {
        *self = *self + d;
    }
}
impl Sub for VirtualTime {
    type Output = VirtualDuration;
    fn sub(self, earlier: Self) -> VirtualDuration {
        VirtualDuration(
            self.0
                .checked_sub(earlier.0)
                .expect("a difference of times is positive"),
        )
    }
}
impl Add for VirtualDuration {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        Self(
            self.0
                .checked_add(other.0)
                .expect("a duration ends after 584 years"),
        )
    }
}
impl AddAssign for VirtualDuration {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}
impl Sub for VirtualDuration {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        Self(
            self.0
                .checked_sub(other.0)
                .expect("a difference of durations is positive"),
        )
    }
}
impl Mul<u64> for VirtualDuration {
    type Output = Self;
    fn mul(self, n: u64) -> Self {
        Self(
            self.0
                .checked_mul(n)
                .expect("a duration ends after 584 years"),
        )
    }
}
impl Div<u64> for VirtualDuration {
    type Output = Self;
    fn div(self, n: u64) -> Self {
        Self(self.0 / n)
    }
}

/// `mm:ss.mmm uuu nnn` with zero groups at the end left out; hours are counted in minutes.
impl fmt::Display for VirtualTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (s, ns) = (self.0 / 1_000_000_000, self.0 % 1_000_000_000);
        let (days, hours) = (s / 86_400, s / 3_600 % 24);
        match (days, hours) {
            (0, 0) => {}
            (0, _) => write!(f, "{hours}:")?,
            _ => write!(f, "{days}d {hours:02}:")?,
        }
        write!(f, "{:02}:{:02}.{:03}", s / 60 % 60, s % 60, ns / 1_000_000)?;
        let (us, ns) = (ns / 1_000 % 1_000, ns % 1_000);
        if us > 0 || ns > 0 {
            write!(f, " {us:03}")?;
        }
        if ns > 0 {
            write!(f, " {ns:03}")?;
        }
        Ok(())
    }
}

/// The scenario syntax (`1h30m`, `250ms`, `1.5s` prints as `1s500ms`): it can be pasted into a file.
impl fmt::Display for VirtualDuration {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        const UNITS: [(u64, &str); 6] = [
            (3_600_000_000_000, "h"),
            (60_000_000_000, "m"),
            (1_000_000_000, "s"),
            (1_000_000, "ms"),
            (1_000, "us"),
            (1, "ns"),
        ];
        if self.0 == 0 {
            return f.write_str("0s");
        }
        let mut rest = self.0;
        for (size, unit) in UNITS {
            if rest >= size {
                write!(f, "{}{unit}", rest / size)?;
                rest %= size;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations_print_in_the_syntax_of_scenario_files() {
        let check = |ns: u64, text: &str| {
            assert_eq!(VirtualDuration::from_nanos(ns).to_string(), text);
        };
        check(0, "0s");
        check(250_000_000, "250ms");
        check(5_400_000_000_000, "1h30m");
        check(1_500_000_001, "1s500ms1ns");
    }

    #[test]
    fn times_print_in_groups_of_three() {
        assert_eq!(
            VirtualTime::from_nanos(161_500_000_120).to_string(),
            "02:41.500 000 120"
        );
        assert_eq!(
            VirtualTime::from_nanos(5_400_000_000_000).to_string(),
            "1:30:00.000"
        );
        assert_eq!(
            VirtualTime::from_nanos(5_671_802_086_000_000).to_string(),
            "65d 15:30:02.086"
        );
        assert_eq!(
            VirtualTime::from_nanos(161_500_000_000).to_string(),
            "02:41.500"
        );
    }

    #[test]
    fn floats_round_to_the_nearest_nanosecond_and_never_wrap() {
        assert_eq!(VirtualDuration::from_secs_f64(0.25).as_nanos(), 250_000_000);
        assert_eq!(VirtualDuration::from_nanos_f64(1.5).as_nanos(), 2);
        assert_eq!(VirtualDuration::from_nanos_f64(-3.0), VirtualDuration::ZERO);
        assert_eq!(
            VirtualDuration::from_nanos_f64(f64::NAN),
            VirtualDuration::ZERO
        );
        assert_eq!(VirtualDuration::from_nanos_f64(1e30), VirtualDuration::MAX);
    }

    #[test]
    #[should_panic(expected = "virtual time ends")]
    fn the_end_of_time_is_a_panic() {
        let _ = VirtualTime::MAX + VirtualDuration::from_nanos(1);
    }
}
