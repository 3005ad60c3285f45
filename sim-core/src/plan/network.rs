//! What can happen to the messages of a link, as values: of primitives and of a link's own behaviour.

use crate::{ServiceId, VirtualDuration};
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// Loss in bursts (Gilbert 1960, Elliott 1963): a chain of two states that starts in good.
///
/// A message is judged in the state that the chain is in; then the chain takes a step, once a
/// message, or every `step` of time. With `loss_good` 0 and `loss_bad` 1 the mean loss is p / (p + r)
/// and the mean burst 1 / r messages.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct GilbertElliott {
    /// Chance of a step from good to bad, 0 to 1.
    pub p: f64,
    /// Chance of a step from bad to good, 0 to 1.
    pub r: f64,
    /// Share lost in good, 0 to 1.
    pub loss_good: f64,
    /// Share lost in bad, 0 to 1.
    pub loss_bad: f64,
    /// Time between two steps; `None` is a step a message.
    pub step: Option<VirtualDuration>,
}

/// Messages are damaged on their way.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Corrupt {
    /// Share damaged, 0 to 1.
    pub share: f64,
    /// Who notices.
    pub seen: Corruption,
    /// The link is part of a bus whose senders count errors: how long one is off it after it had too
    /// many. `None` is no bus.
    #[serde(default)]
    pub bus_off: Option<VirtualDuration>,
}

impl Corrupt {
    /// Damage on a link that is no bus.
    pub const fn new(share: f64, seen: Corruption) -> Self {
        Self {
            share,
            seen,
            bus_off: None,
        }
    }
}

/// Who notices that a message is damaged. The later value beats the earlier one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Corruption {
    /// The receiver's host, which drops it: a datagram is lost, a connection sends it again.
    #[default]
    Detected,
    /// Nobody but the receiver: the datagram arrives, marked as damaged. Connections carry a checksum
    /// of their own, so that for them this is `Detected`.
    Silent,
}

/// Messages arrive more than once.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Duplicate {
    /// Share of the messages, 0 to 1.
    pub share: f64,
    /// Copies of each, beside itself.
    pub copies: u32,
    /// Time by which copies come later than they would.
    #[serde(default)]
    pub after: VirtualDuration,
    /// Requests to this service only; `None` is everything that can be copied.
    #[serde(default)]
    pub only: Option<ServiceId>,
}

impl Duplicate {
    /// Copies of everything, at once.
    pub const fn new(share: f64, copies: u32) -> Self {
        Self {
            share,
            copies,
            after: VirtualDuration::ZERO,
            only: None,
        }
    }
}

/// Messages are held back, so that later ones overtake them.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reorder {
    /// Share of the messages, 0 to 1.
    pub share: f64,
    /// How long.
    pub by: HoldBack,
}

/// How long a message is held back.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum HoldBack {
    /// This much longer than it would take.
    Time(VirtualDuration),
    /// Until so many later messages of the link have arrived, for a second at most. Messages of a
    /// connection are delivered in order, so that this is not for them.
    Messages(u32),
}

/// A bottleneck: a token bucket with a queue before it and tail drop.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Bandwidth {
    /// Bytes a second; `None` is no limit.
    pub rate: Option<f64>,
    /// Bytes that may pass at once after a pause.
    pub burst: u64,
    /// What the queue holds; `None` is everything.
    pub queue: Option<QueueLimit>,
}

/// What a queue holds. What does not fit is dropped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum QueueLimit {
    /// Bytes that wait or are being sent.
    Bytes(u64),
    /// Messages that wait or are being sent.
    Messages(u32),
    /// Messages that have been sent and have not arrived yet.
    InFlight(u32),
}

/// What a cut spares.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum CutScope {
    /// Nothing.
    #[default]
    All,
    /// Datagrams, and connections opened after it came into force: a half-open connection. A client
    /// opens a new one when a call on the old one has failed or has been given up.
    Existing,
    /// Messages of at most this many bytes.
    Above(u64),
}

/// Which ends of a connection see a reset, by the ends of the link.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ResetEnds {
    /// Both.
    #[default]
    Both,
    /// The sender of the link.
    From,
    /// The receiver of the link.
    To,
}

/// What a recorded series is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Traced {
    /// Its values are one-way delays in nanoseconds; they replace the delay that is there.
    Delay,
    /// Its values are capacities in bytes a second.
    Capacity,
}

/// Recorded values by time: each holds from its time to the next. Shared, since a plan has one for
/// each link.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Series {
    /// (nanoseconds since the start, value), times ascending, the first is 0; never empty.
    points: Arc<[(u64, f64)]>,
    /// For values that are rates: what has passed at each point, in units of the value times seconds.
    sums: Arc<[f64]>,
    /// Starts again after this many nanoseconds; the last value goes on if it does not.
    repeat: Option<u64>,
}

impl Series {
    /// A series of (nanoseconds, value) that starts again after `repeat`, if that is given.
    ///
    /// # Panics
    /// If there are no points, times do not ascend from zero, a value is negative or no number, or
    /// `repeat` is not after the last point.
    pub fn new(points: Vec<(u64, f64)>, repeat: Option<VirtualDuration>) -> Self {
        let ascending = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
        let whole = points.iter().all(|(_, v)| v.is_finite() && *v >= 0.0);
        assert!(
            points.first().is_some_and(|(at, _)| *at == 0) && ascending && whole,
            "a series has ascending times from zero and values that are not negative"
        );
        let repeat = repeat.map(VirtualDuration::as_nanos);
        let last = points.last().map_or(0, |(at, _)| *at);
        assert!(
            repeat.is_none_or(|r| r > last),
            "a series ends, then repeats"
        );
        let mut sum = 0.0;
        let sums = (0..points.len()).map(|i| {
            if i > 0 {
                let (before, value) = points[i - 1];
                sum += (points[i].0 - before) as f64 / 1e9 * value;
            }
            sum
        });
        let sums = sums.collect();
        Self {
            points: points.into(),
            sums,
            repeat,
        }
    }
    /// How many values it has.
    pub fn len(&self) -> usize {
        self.points.len()
    }
    /// Always false: a series has a value at every time.
    pub fn is_empty(&self) -> bool {
        self.points.is_empty()
    }
    /// Nanoseconds since the start, and values; the first time is 0.
    pub fn points(&self) -> &[(u64, f64)] {
        &self.points
    }
    /// After which it starts again, if it does.
    pub fn repeat(&self) -> Option<VirtualDuration> {
        self.repeat.map(VirtualDuration::from_nanos)
    }
    /// This series with every value multiplied by `factor`, which is not negative.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        let points = self.points.iter().map(|(at, v)| (*at, v * factor));
        Self::new(
            points.collect(),
            self.repeat.map(VirtualDuration::from_nanos),
        )
    }
    /// The value `ns` nanoseconds after the start.
    pub fn at(&self, ns: u64) -> f64 {
        let ns = self.repeat.map_or(ns, |repeat| ns % repeat);
        let after = self.points.partition_point(|(at, _)| *at <= ns);
        self.points[after.max(1) - 1].1
    }
    /// When `amount` more (value times seconds) has passed than at `from` nanoseconds after the start;
    /// `None` if that never happens.
    pub fn when(&self, from: f64, amount: f64) -> Option<f64> {
        let period = self.repeat.map_or(f64::INFINITY, |ns| ns as f64);
        let in_round = |at: f64| {
            let after = self.points.partition_point(|(t, _)| *t as f64 <= at);
            let (start, value) = self.points[after.max(1) - 1];
            self.sums[after.max(1) - 1] + (at - start as f64) / 1e9 * value
        };
        let rounds = if self.repeat.is_some() {
            libm::floor(from / period)
        } else {
            0.0
        };
        let whole = if self.repeat.is_some() {
            in_round(period)
        } else {
            f64::INFINITY
        };
        let begun = if rounds > 0.0 { rounds * period } else { 0.0 };
        let mut left = in_round(from - begun) + amount;
        let mut skipped = begun;
        if self.repeat.is_some() && left > whole {
            if whole <= 0.0 {
                return None;
            }
            let more = libm::ceil(left / whole) - 1.0;
            left -= more * whole;
            skipped += more * period;
        }
        let after = self.sums.partition_point(|sum| *sum < left);
        // The last point at which less has passed.
        let at = after.max(1) - 1;
        let (start, value) = self.points[at];
        let missing = left - self.sums[at];
        match missing <= 0.0 {
            true => Some(skipped + start as f64),
            false if value > 0.0 => Some(skipped + start as f64 + missing / value * 1e9),
            false => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_series_holds_its_values_and_sums_them_up() {
        let s = 1_000_000_000;
        let points = vec![(0, 10.0), (s, 0.0), (3 * s, 20.0)];
        let once = Series::new(points.clone(), None);
        let at = |series: &Series, seconds: f64| {
            series.at(VirtualDuration::from_secs_f64(seconds).as_nanos())
        };
        assert_eq!(
            [0.5, 1.0, 2.9, 3.0, 99.0].map(|t| at(&once, t)),
            [10.0, 0.0, 0.0, 20.0, 20.0]
        );
        // Five units from the start take half a second; fifteen wait for the dead time.
        assert_eq!(once.when(0.0, 5.0), Some(0.5e9));
        assert_eq!(once.when(0.0, 15.0), Some(3.25e9));
        assert_eq!(once.when(2e9, 20.0), Some(4e9));

        // 10 + 0 + 20 units a round of four seconds.
        let again = Series::new(points, Some(VirtualDuration::from_secs(4)));
        assert_eq!(at(&again, 4.5), 10.0);
        assert_eq!(again.when(3.5e9, 15.0), Some(4.5e9));
        assert_eq!(again.when(0.0, 65.0), Some(8.5e9));
        assert_eq!(again.when(9.5e9, 30.0), Some(13e9));
        let dead = Series::new(vec![(0, 0.0)], Some(VirtualDuration::from_secs(1)));
        assert_eq!(dead.when(0.0, 1.0), None);
    }
}
