//! Statistics of a metric's samples: exact, over all samples.

use crate::{NameId, VirtualTime};
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// A statistic of samples.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stat {
    /// Number of samples.
    Count,
    /// Sum.
    Sum,
    /// Arithmetic mean.
    Mean,
    /// Smallest.
    Min,
    /// Largest.
    Max,
    /// Median.
    P50,
    /// 90 % quantile.
    P90,
    /// 99 % quantile.
    P99,
    /// 99.9 % quantile.
    P999,
}

impl Stat {
    /// All statistics with their words.
    pub const WORDS: [(&'static str, Self); 9] = [
        ("count", Self::Count),
        ("sum", Self::Sum),
        ("mean", Self::Mean),
        ("min", Self::Min),
        ("max", Self::Max),
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p99", Self::P99),
        ("p999", Self::P999),
    ];
    /// The statistic of `values`, which it sorts; `None` if there are none, except for count and sum.
    pub fn of(self, values: &mut [f64]) -> Option<f64> {
        let sum = || values.iter().sum::<f64>();
        match self {
            Self::Count => Some(values.len() as f64),
            Self::Sum => Some(sum()),
            _ if values.is_empty() => None,
            Self::Mean => Some(sum() / values.len() as f64),
            Self::Min => values.iter().copied().min_by(f64::total_cmp),
            Self::Max => values.iter().copied().max_by(f64::total_cmp),
            Self::P50 => quantile(values, 0.5),
            Self::P90 => quantile(values, 0.9),
            Self::P99 => quantile(values, 0.99),
            Self::P999 => quantile(values, 0.999),
        }
    }
}

/// The quantile by nearest rank: the smallest sample that at least a share `p` does not exceed.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is between 1 and the number of samples"
)]
fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let rank = libm::ceil(p * values.len() as f64) as usize;
    let index = rank.clamp(1, values.len()) - 1;
    Some(*values.select_nth_unstable_by(index, f64::total_cmp).1)
}

impl fmt::Display for Stat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = Self::WORDS.iter().find(|(_, stat)| stat == self);
        f.write_str(word.map_or("?", |(word, _)| word))
    }
}

impl FromStr for Stat {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let found = Self::WORDS.iter().find(|(word, _)| *word == text);
        found.map(|(_, stat)| *stat).ok_or_else(|| {
            let words: Vec<_> = Self::WORDS.iter().map(|(word, _)| *word).collect();
            format!("unknown statistic `{text}`; there are {}", words.join(", "))
        })
    }
}

/// The samples of one metric in the order in which they came.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: Vec<(VirtualTime, f64)>,
}

impl Series {
    /// Adds a sample; times do not go back.
    pub fn push(&mut self, at: VirtualTime, value: f64) {
        self.points.push((at, value));
    }
    /// The samples in `from..until`.
    pub fn window(&self, from: VirtualTime, until: VirtualTime) -> &[(VirtualTime, f64)] {
        let start = self.points.partition_point(|(at, _)| *at < from);
        let end = self.points.partition_point(|(at, _)| *at < until);
        &self.points[start..end.max(start)]
    }
    /// The statistic over the samples in `from..until`.
    pub fn stat(&self, stat: Stat, from: VirtualTime, until: VirtualTime) -> Option<f64> {
        let mut values: Vec<f64> = self.window(from, until).iter().map(|(_, v)| *v).collect();
        stat.of(&mut values)
    }
    /// All samples.
    pub fn points(&self) -> &[(VirtualTime, f64)] {
        &self.points
    }
    /// The summary over all samples; zeros if there are none.
    pub fn summary(&self) -> Summary {
        let mut values: Vec<f64> = self.points.iter().map(|(_, v)| *v).collect();
        let mut stat = |stat: Stat| stat.of(&mut values).unwrap_or(0.0);
        Summary {
            count: self.points.len() as u64,
            mean: stat(Stat::Mean),
            p50: stat(Stat::P50),
            p90: stat(Stat::P90),
            p99: stat(Stat::P99),
            max: stat(Stat::Max),
        }
    }
}

/// The samples of all metrics, by name.
#[derive(Clone, Debug, Default)]
pub struct Metrics {
    series: Vec<Series>,
}

impl Metrics {
    /// Adds a sample.
    pub fn push(&mut self, name: NameId, at: VirtualTime, value: f64) {
        if name.index() >= self.series.len() {
            self.series.resize_with(name.index() + 1, Series::default);
        }
        self.series[name.index()].push(at, value);
    }
    /// The samples of a metric; none if there are none.
    pub fn series(&self, name: NameId) -> &Series {
        static NONE: Series = Series { points: Vec::new() };
        self.series.get(name.index()).unwrap_or(&NONE)
    }
    /// Forgets all samples but keeps the memory.
    pub fn clear(&mut self) {
        for series in &mut self.series {
            series.points.clear();
        }
    }
    /// The metrics that have samples.
    pub fn all(&self) -> impl Iterator<Item = (NameId, &Series)> {
        let named = self.series.iter().enumerate();
        let named = named.map(|(index, series)| (NameId::from_index(index), series));
        named.filter(|(_, series)| !series.points.is_empty())
    }
}

/// A metric in six numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Summary {
    /// Number of samples.
    pub count: u64,
    /// Arithmetic mean.
    pub mean: f64,
    /// Median.
    pub p50: f64,
    /// 90 % quantile.
    pub p90: f64,
    /// 99 % quantile.
    pub p99: f64,
    /// Largest.
    pub max: f64,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quantiles_are_nearest_rank() {
        let mut values: Vec<f64> = (1..=100).map(f64::from).rev().collect();
        assert_eq!(Stat::P50.of(&mut values), Some(50.0));
        assert_eq!(Stat::P99.of(&mut values), Some(99.0));
        assert_eq!(Stat::P999.of(&mut values), Some(100.0));
        assert_eq!(Stat::Mean.of(&mut values), Some(50.5));
        assert_eq!(Stat::P50.of(&mut []), None);
        assert_eq!(Stat::Count.of(&mut []), Some(0.0));
    }

    #[test]
    fn windows_hold_their_start_and_not_their_end() {
        let mut series = Series::default();
        for s in 0..10 {
            series.push(VirtualTime::from_nanos(s), s as f64);
        }
        let at = VirtualTime::from_nanos;
        assert_eq!(series.window(at(2), at(5)).len(), 3);
        assert_eq!(series.stat(Stat::Max, at(2), at(5)), Some(4.0));
        assert_eq!(series.stat(Stat::Max, at(20), at(50)), None);
    }
}
