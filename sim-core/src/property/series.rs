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
    /// The latest.
    Last,
}

impl Stat {
    /// All statistics with their words.
    pub const WORDS: [(&'static str, Self); 10] = [
        ("count", Self::Count),
        ("sum", Self::Sum),
        ("mean", Self::Mean),
        ("min", Self::Min),
        ("max", Self::Max),
        ("p50", Self::P50),
        ("p90", Self::P90),
        ("p99", Self::P99),
        ("p999", Self::P999),
        ("last", Self::Last),
    ];
    /// The statistic of `values`, in the order of time, which it may sort; `None` if there are none, except for count and sum.
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
            Self::Last => values.last().copied(),
        }
    }
}

impl Stat {
    /// The statistic of runs of equal values, in the order of time, which it may sort: of each the value and how often it came.
    fn of_runs(self, runs: &mut [(f64, u64)]) -> Option<f64> {
        let count = runs.iter().map(|(_, n)| n).sum::<u64>();
        let sum = || runs.iter().map(|(v, n)| v * *n as f64).sum::<f64>();
        let rank = match self {
            Self::Count => return Some(count as f64),
            Self::Sum => return Some(sum()),
            _ if count == 0 => return None,
            Self::Mean => return Some(sum() / count as f64),
            Self::Min => 1,
            Self::Max => count,
            Self::P50 => rank(0.5, count),
            Self::P90 => rank(0.9, count),
            Self::P99 => rank(0.99, count),
            Self::P999 => rank(0.999, count),
            Self::Last => return runs.iter().rfind(|(_, n)| *n > 0).map(|(value, _)| *value),
        };
        runs.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
        let mut seen = 0;
        let found = runs.iter().find(|(_, n)| {
            seen += n;
            seen >= rank
        });
        found.map(|(value, _)| *value)
    }
}

/// The position, from 1 on, of the smallest of `count` samples that at least a share `p` of them does
/// not exceed.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a rank is between 1 and the number of samples"
)]
fn rank(p: f64, count: u64) -> u64 {
    (libm::ceil(p * count as f64) as u64).clamp(1, count.max(1))
}

/// The quantile by nearest rank: the smallest sample that at least a share `p` does not exceed.
fn quantile(values: &mut [f64], p: f64) -> Option<f64> {
    let rank = rank(p, values.len() as u64);
    let index = usize::try_from(rank - 1).expect("an index of the values");
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
///
/// A *held* series is one of a signal that is sampled periodically and recorded only when it changes.
/// It stands at zero until its first point and then at its last one, and every statistic counts one
/// sample a period: what it says is what it would say if every sample had been recorded.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Series {
    points: Vec<(VirtualTime, f64)>,
    grid: Option<Grid>,
}

/// When a held series is sampled.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Grid {
    first: u64,
    period: u64,
    /// The end of the run; samples at that instant count.
    end: u64,
}

impl Grid {
    /// How many samples lie in `from..until`.
    fn count(&self, from: u64, until: u64) -> u64 {
        let before = |at: u64| match at.checked_sub(self.first) {
            Some(since) => since.div_ceil(self.period),
            None => 0,
        };
        let until = until.min(self.end.saturating_add(1));
        before(until).saturating_sub(before(from))
    }
}

impl Series {
    /// An empty series that is sampled from `first` on, every `period_ns` nanoseconds, until `end`.
    pub const fn held(first: VirtualTime, period_ns: u64, end: VirtualTime) -> Self {
        let grid = Grid {
            first: first.as_nanos(),
            period: if period_ns == 0 { 1 } else { period_ns },
            end: end.as_nanos(),
        };
        Self {
            points: Vec::new(),
            grid: Some(grid),
        }
    }
    /// Adds a sample; times do not go back.
    pub fn push(&mut self, at: VirtualTime, value: f64) {
        self.points.push((at, value));
    }
    /// The points in `from..until`; of a held series those at which it changed.
    pub fn window(&self, from: VirtualTime, until: VirtualTime) -> &[(VirtualTime, f64)] {
        let start = self.points.partition_point(|(at, _)| *at < from);
        let end = self.points.partition_point(|(at, _)| *at < until);
        &self.points[start..end.max(start)]
    }
    /// Whether it is one of a signal that is recorded only when it changes.
    pub(super) const fn is_held(&self) -> bool {
        self.grid.is_some()
    }
    /// The points in `from..until`; of a held series also where it stood at `from`.
    pub(super) fn levels(
        &self,
        from: VirtualTime,
        until: VirtualTime,
    ) -> impl Iterator<Item = (VirtualTime, f64)> {
        let before = self.points.partition_point(|(at, _)| *at <= from);
        let stood = before.checked_sub(1).map_or(0.0, |at| self.points[at].1);
        let stood = (self.is_held() && from < until).then_some((from, stood));
        let points = self.window(from, until).iter().copied();
        stood.into_iter().chain(points)
    }
    /// How many samples lie in `from..until`.
    pub fn count(&self, from: VirtualTime, until: VirtualTime) -> u64 {
        match self.grid {
            Some(_) if self.points.is_empty() => 0,
            Some(grid) => grid.count(from.as_nanos(), until.as_nanos()),
            None => self.window(from, until).len() as u64,
        }
    }
    /// The samples of a held series in `from..until`, as runs of equal values.
    fn runs(&self, grid: Grid, from: VirtualTime, until: VirtualTime) -> Vec<(f64, u64)> {
        if self.points.is_empty() {
            return Vec::new();
        }
        let (from, until) = (from.as_nanos(), until.as_nanos());
        let mut runs = Vec::new();
        let (mut since, mut value) = (from, 0.0);
        let ends = self.points.iter().map(|(at, v)| (at.as_nanos(), *v));
        for (at, next) in ends.chain([(u64::MAX, 0.0)]) {
            let upto = at.min(until);
            if upto > since {
                let count = grid.count(since, upto);
                if count > 0 {
                    runs.push((value, count));
                }
                since = upto;
            }
            value = next;
        }
        runs
    }
    /// The statistic over the samples in `from..until`.
    pub fn stat(&self, stat: Stat, from: VirtualTime, until: VirtualTime) -> Option<f64> {
        if let Some(grid) = self.grid {
            return stat.of_runs(&mut self.runs(grid, from, until));
        }
        let mut values: Vec<f64> = self.window(from, until).iter().map(|(_, v)| *v).collect();
        stat.of(&mut values)
    }
    /// All points; of a held series those at which it changed.
    pub fn points(&self) -> &[(VirtualTime, f64)] {
        &self.points
    }
    /// The summary over all samples; zeros if there are none.
    pub fn summary(&self) -> Summary {
        let (from, until) = (VirtualTime::ZERO, VirtualTime::MAX);
        let mut runs = self.grid.map(|grid| self.runs(grid, from, until));
        let mut values: Vec<f64> = match runs {
            Some(_) => Vec::new(),
            None => self.points.iter().map(|(_, v)| *v).collect(),
        };
        let mut stat = |stat: Stat| match &mut runs {
            Some(runs) => stat.of_runs(runs),
            None => stat.of(&mut values),
        };
        let mut stat = |word: Stat| stat(word).unwrap_or(0.0);
        Summary {
            count: self.count(from, until),
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
    /// Makes a metric a held one, sampled from `first` on, every `period_ns` nanoseconds.
    pub fn hold(&mut self, name: NameId, first: VirtualTime, period_ns: u64) {
        if name.index() >= self.series.len() {
            self.series.resize_with(name.index() + 1, Series::default);
        }
        self.series[name.index()] = Series::held(first, period_ns, VirtualTime::MAX);
    }
    /// Says that the run is over.
    pub fn close(&mut self, end: VirtualTime) {
        for grid in self.series.iter_mut().filter_map(|s| s.grid.as_mut()) {
            grid.end = end.as_nanos();
        }
    }
    /// The samples of a metric; none if there are none.
    pub fn series(&self, name: NameId) -> &Series {
        static NONE: Series = Series {
            points: Vec::new(),
            grid: None,
        };
        self.series.get(name.index()).unwrap_or(&NONE)
    }
    /// Forgets all samples but keeps the memory.
    pub fn clear(&mut self) {
        for series in &mut self.series {
            series.points.clear();
            series.grid = None;
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

    /// A series that keeps every sample and one that keeps changes say the same.
    #[test]
    fn a_held_series_counts_every_sample() {
        let at = VirtualTime::from_nanos;
        let (first, period, end) = (10, 10, 95);
        for start in [0.0, 3.0] {
            let mut all = Series::default();
            let mut held = Series::held(at(first), period, at(end));
            let (mut last, mut recorded) = (0.0, 0);
            for k in 0..9u64 {
                let value = if k < 2 { start } else { (k / 3) as f64 };
                all.push(at(first + k * period), value);
                if value != last {
                    held.push(at(first + k * period), value);
                    (last, recorded) = (value, recorded + 1);
                }
            }
            assert!(recorded < 5);
            for (from, until) in [(0, 200), (10, 20), (11, 20), (25, 61), (0, 10), (94, 95)] {
                let (from, until) = (at(from), at(until));
                assert_eq!(held.count(from, until), all.count(from, until));
                for (_, stat) in Stat::WORDS {
                    assert_eq!(held.stat(stat, from, until), all.stat(stat, from, until));
                }
            }
            assert_eq!(held.summary(), all.summary());
        }
        let silent = Series::held(at(10), 10, at(95));
        assert_eq!(silent.count(at(0), at(95)), 0, "never recorded, never seen");
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
