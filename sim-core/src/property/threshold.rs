//! The monitor of `threshold`: a statistic of a metric against a limit.

use super::{
    Compared, Comparison, Monitor, PropertyOutcome, RunEnd, Series, Stat, Verdict, Violation,
};
use crate::history::Record;
use crate::words::amount;
use crate::{NameId, VirtualTime};

/// Compares a statistic of a metric over a part of the run with a limit.
#[derive(Debug)]
pub struct Threshold {
    /// The metric.
    pub name: NameId,
    /// Statistic.
    pub stat: Stat,
    /// Comparison that must hold.
    pub is: Comparison,
    /// Limit.
    pub limit: Compared,
    /// Unit of the metric, for messages.
    pub unit: String,
    /// Start of the part of the run.
    pub from: VirtualTime,
    /// Its end.
    pub until: Option<VirtualTime>,
}

impl Threshold {
    /// The limit, if there is one: a baseline needs samples before the first fault.
    fn limit(&self, series: &Series, run: &RunEnd<'_>) -> Option<f64> {
        match self.limit {
            Compared::Value(value) => Some(value),
            Compared::Baseline(factor) => run
                .first_fault
                .and_then(|first| series.stat(self.stat, VirtualTime::ZERO, first))
                .map(|baseline| baseline * factor),
        }
    }
    /// When it was lost, whatever came after: the largest, the smallest, a count, and a sum of what is never
    /// negative do not come back. `None` for statistics that do, which only the end decides.
    fn lost(&self, series: &Series, limit: f64, until: VirtualTime) -> Option<VirtualTime> {
        let mut levels = series.levels(self.from, until);
        let found = match (self.stat, self.is) {
            (Stat::Max, Comparison::Below) => levels.find(|(_, value)| *value >= limit),
            (Stat::Min, Comparison::Above) => levels.find(|(_, value)| *value <= limit),
            // A held series has samples between its points.
            _ if series.is_held() => None,
            (Stat::Count, Comparison::Below) => {
                let mut count = 0.0;
                levels.find(|_| {
                    count += 1.0;
                    count >= limit
                })
            }
            (Stat::Sum, Comparison::Below) => {
                let values = series.window(self.from, until);
                let grows = values.iter().all(|(_, value)| *value >= 0.0);
                let mut sum = 0.0;
                let mut reached = levels.filter(|(_, value)| {
                    sum += value;
                    sum >= limit
                });
                grows.then(|| reached.next()).flatten()
            }
            _ => None,
        };
        found.map(|(at, _)| at)
    }
}

impl Monitor for Threshold {
    fn observe(&mut self, _record: &Record) {}

    fn finish(&mut self, run: &RunEnd<'_>) -> PropertyOutcome {
        let (end, complete) = (run.at, run.complete);
        let series = run.metrics.series(self.name);
        let until = self.until.unwrap_or(VirtualTime::MAX);
        let samples = series.count(self.from, until);
        let measured = series.stat(self.stat, self.from, until);
        let limit = self.limit(series, run);
        let margin = measured.zip(limit).map(|(measured, limit)| match self.is {
            Comparison::Below => limit - measured,
            Comparison::Above => measured - limit,
        });
        let covered = complete || self.until.is_some_and(|until| until <= end);
        let verdict = match margin {
            _ if samples == 0 => Verdict::NotExercised,
            None => Verdict::NotExercised,
            // A NaN is never within a limit.
            Some(margin) if margin > 0.0 && covered => Verdict::Pass,
            Some(margin) if margin > 0.0 => Verdict::Inconclusive,
            Some(_) => Verdict::Fail,
        };
        let failed = limit.filter(|_| verdict == Verdict::Fail);
        let first = failed.map(|limit| {
            let lost = self.lost(series, limit, until);
            let text = format!(
                "{} is {} against a limit of {}",
                self.stat,
                amount(measured.unwrap_or(f64::NAN), &self.unit),
                amount(limit, &self.unit)
            );
            Violation {
                at: lost.unwrap_or(until.min(end)),
                node: None,
                text: match lost {
                    Some(_) => format!("{text}, reached here first"),
                    None => text,
                },
            }
        });
        PropertyOutcome {
            verdict,
            checked: samples,
            violations: u64::from(verdict == Verdict::Fail),
            margin,
            measured,
            first,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;

    const S: u64 = 1_000_000_000;
    fn at(s: u64) -> VirtualTime {
        VirtualTime::from_nanos(s * S)
    }
    /// The first violation of a run of 100 s, its second and what it says, over samples of whole seconds.
    fn violation(
        (stat, is, limit): (Stat, Comparison, f64),
        metrics: &Metrics,
    ) -> Option<(f64, String)> {
        let mut monitor = Threshold {
            name: NameId(0),
            stat,
            is,
            limit: Compared::Value(limit),
            unit: "1".into(),
            from: at(10),
            until: Some(at(90)),
        };
        let outcome = monitor.finish(&RunEnd {
            at: at(100),
            complete: true,
            metrics,
            first_fault: None,
            last_heal: at(20),
        });
        assert_eq!(outcome.first.is_some(), outcome.verdict == Verdict::Fail);
        let first = outcome.first?;
        Some((first.at.as_secs_f64(), first.text))
    }
    fn samples(values: &[(u64, f64)]) -> Metrics {
        let mut metrics = Metrics::default();
        for &(s, value) in values {
            metrics.push(NameId(0), at(s), value);
        }
        metrics
    }

    #[test]
    fn what_does_not_come_back_is_broken_when_the_limit_is_reached() {
        let all = samples(&[(5, 9.0), (20, 2.0), (30, 4.0), (40, 7.0), (95, 0.0)]);
        let when = |stat, is, limit| violation((stat, is, limit), &all).map(|(s, _)| s);
        let below = |stat, limit| when(stat, Comparison::Below, limit);
        assert_eq!(below(Stat::Max, 4.0), Some(30.0));
        assert_eq!(below(Stat::Max, 8.0), None);
        assert_eq!(below(Stat::Count, 2.0), Some(30.0));
        assert_eq!(below(Stat::Count, 2.5), Some(40.0));
        assert_eq!(below(Stat::Sum, 7.0), Some(40.0));
        let above = |stat, limit| when(stat, Comparison::Above, limit);
        assert_eq!(above(Stat::Min, 2.0), Some(20.0));
        // These come back, and the end decides: that of the part of the run.
        assert_eq!(below(Stat::Mean, 4.0), Some(90.0));
        assert_eq!(below(Stat::Last, 7.0), Some(90.0));
        assert_eq!(above(Stat::Sum, 20.0), Some(90.0));
        let said = violation((Stat::Max, Comparison::Below, 4.0), &all);
        let said = said.expect("it is broken").1;
        assert_eq!(said, "max is 7 against a limit of 4, reached here first");
    }

    #[test]
    fn a_sum_that_can_fall_is_judged_at_the_end() {
        let all = samples(&[(20, 5.0), (30, -4.0), (40, 2.0)]);
        let sum = (Stat::Sum, Comparison::Below, 3.0);
        let (at, text) = violation(sum, &all).expect("it is 3");
        assert_eq!((at, text.contains("here")), (90.0, false));
        assert_eq!(violation((Stat::Sum, Comparison::Below, 3.5), &all), None);
    }

    /// A signal that stood at its value before the part of the run began has reached the limit there.
    #[test]
    fn a_held_series_counts_from_where_it_stood() {
        let mut metrics = Metrics::default();
        metrics.hold(NameId(0), VirtualTime::ZERO, S);
        for (s, value) in [(4, 8.0), (20, 1.0), (50, 9.0)] {
            metrics.push(NameId(0), at(s), value);
        }
        metrics.close(at(100));
        let when = |stat, is, limit| violation((stat, is, limit), &metrics).map(|(s, _)| s);
        assert_eq!(when(Stat::Max, Comparison::Below, 8.0), Some(10.0));
        assert_eq!(when(Stat::Max, Comparison::Below, 8.5), Some(50.0));
        assert_eq!(when(Stat::Min, Comparison::Above, 1.0), Some(20.0));
        // Ten samples at 8 and so on: there is no point for each of them.
        assert_eq!(when(Stat::Count, Comparison::Below, 3.0), Some(90.0));
    }
}
