//! The monitors of the temporal words: never, eventually, sometimes, recovers.

use super::{Monitor, PropertyOutcome, RunEnd, Series, Stat, Verdict, Violation};
use crate::history::{Record, What};
use crate::{NameId, NodeId, VirtualDuration, VirtualTime};

/// Watches for a named event: never, eventually and sometimes.
#[derive(Debug)]
pub struct Event {
    name: NameId,
    rule: EventRule,
    seen: u64,
    first: Option<(VirtualTime, NodeId)>,
}

#[derive(Debug)]
enum EventRule {
    Never(String),
    Eventually {
        from: VirtualTime,
        until: Option<VirtualTime>,
        text: String,
    },
    Sometimes,
}

impl Event {
    /// The event `name` never happens; `text` says what it means that it did.
    pub fn never(name: NameId, text: String) -> Self {
        Self::new(name, EventRule::Never(text))
    }
    /// The event `name` happens between `after` and `within` later.
    pub fn eventually(
        name: NameId,
        after: VirtualDuration,
        within: Option<VirtualDuration>,
        text: String,
    ) -> Self {
        let from = VirtualTime::ZERO + after;
        let until = within.map(|within| from + within);
        Self::new(name, EventRule::Eventually { from, until, text })
    }
    /// The event `name` happens at least once in a campaign.
    pub const fn sometimes(name: NameId) -> Self {
        Self::new(name, EventRule::Sometimes)
    }
    const fn new(name: NameId, rule: EventRule) -> Self {
        Self {
            name,
            rule,
            seen: 0,
            first: None,
        }
    }
}

impl Monitor for Event {
    fn observe(&mut self, record: &Record) {
        let What::Event { name, node, .. } = record.what else {
            return;
        };
        if name != self.name {
            return;
        }
        let counts = match &self.rule {
            EventRule::Eventually { from, until, .. } => {
                record.at >= *from && until.is_none_or(|until| record.at <= until)
            }
            EventRule::Never(_) | EventRule::Sometimes => true,
        };
        if counts {
            self.seen += 1;
            self.first.get_or_insert((record.at, node));
        }
    }

    fn finish(&mut self, run: &RunEnd<'_>) -> PropertyOutcome {
        let (end, complete) = (run.at, run.complete);
        let mut outcome = PropertyOutcome {
            verdict: Verdict::Pass,
            checked: self.seen,
            violations: 0,
            margin: None,
            measured: self.first.map(|(at, _)| at.as_secs_f64()),
            first: None,
        };
        match &self.rule {
            EventRule::Never(text) => {
                // That nothing happened was tested by the whole run.
                outcome.checked = self.seen.max(1);
                if let Some((at, node)) = self.first {
                    outcome.verdict = Verdict::Fail;
                    outcome.violations = self.seen;
                    let text = text.clone();
                    outcome.first = Some(Violation {
                        at,
                        node: Some(node),
                        text,
                    });
                }
            }
            EventRule::Sometimes if self.seen == 0 => outcome.verdict = Verdict::NotExercised,
            EventRule::Sometimes => {}
            EventRule::Eventually { until, text, .. } if self.seen == 0 => {
                let limit = until.unwrap_or(end);
                if limit <= end && (complete || until.is_some()) {
                    outcome.verdict = Verdict::Fail;
                    outcome.violations = 1;
                    let text = text.clone();
                    outcome.first = Some(Violation {
                        at: limit,
                        node: None,
                        text,
                    });
                } else {
                    outcome.verdict = Verdict::Inconclusive;
                }
            }
            EventRule::Eventually { until, .. } => {
                let slack = self.first.zip(*until);
                outcome.margin = slack.map(|((at, _), until)| until.since(at).as_secs_f64());
            }
        }
        outcome
    }
}

/// Watches a metric return to its baseline after the last heal.
///
/// Time after the last heal is cut into windows. The metric has recovered at the end of the first
/// window from which on every window is at or below `factor` times the baseline. Windows without
/// samples are skipped: silence is not latency, but a run without any window after the heal is
/// inconclusive.
#[derive(Debug)]
pub struct Recovers {
    /// The metric.
    pub name: NameId,
    /// Statistic of a window.
    pub stat: Stat,
    /// Allowed multiple of the baseline.
    pub factor: f64,
    /// Time allowed after the last heal.
    pub within: VirtualDuration,
    /// Length of a window.
    pub window: VirtualDuration,
}

impl Recovers {
    /// The baseline ends where the first fault starts.
    fn baseline(&self, series: &Series, run: &RunEnd<'_>) -> Option<f64> {
        let until = run.first_fault?;
        series.stat(self.stat, VirtualTime::ZERO, until)
    }
}

impl Monitor for Recovers {
    fn observe(&mut self, _record: &Record) {}

    fn finish(&mut self, run: &RunEnd<'_>) -> PropertyOutcome {
        let (end, series) = (run.at, run.metrics.series(self.name));
        let mut outcome = PropertyOutcome {
            verdict: Verdict::NotExercised,
            checked: 0,
            violations: 0,
            margin: None,
            measured: None,
            first: None,
        };
        let Some(baseline) = self.baseline(series, run) else {
            return outcome;
        };
        let limit = baseline * self.factor;
        let deadline = run.last_heal + self.within;
        let mut start = run.last_heal;
        let mut bad_end = run.last_heal;
        let mut worst_late: Option<f64> = None;
        while start + self.window <= end {
            let stop = start + self.window;
            if let Some(value) = series.stat(self.stat, start, stop) {
                outcome.checked += 1;
                if value > limit {
                    bad_end = stop;
                }
                if stop > deadline {
                    worst_late = Some(worst_late.map_or(value, |worst: f64| worst.max(value)));
                }
            }
            start = stop;
        }
        // The worst window that began after the allowance decides, in multiples of the baseline.
        outcome.measured = worst_late.map(|worst| worst / baseline);
        outcome.margin = outcome.measured.map(|multiple| self.factor - multiple);
        outcome.verdict = match worst_late {
            Some(worst) if worst > limit => Verdict::Fail,
            Some(_) if bad_end <= deadline => Verdict::Pass,
            _ => Verdict::Inconclusive,
        };
        if let (Verdict::Fail, Some(worst)) = (outcome.verdict, worst_late) {
            outcome.violations = 1;
            outcome.first = Some(Violation {
                at: deadline,
                node: None,
                text: format!(
                    "measured {:.1}x baseline ({worst:.4} against {baseline:.4}) after {deadline}",
                    worst / baseline
                ),
            });
        }
        outcome
    }
}

#[cfg(test)]
mod tests {
    use super::super::Metrics;
    use super::*;

    const S: u64 = 1_000_000_000;
    fn end(s: u64) -> RunEnd<'static> {
        static NONE: std::sync::LazyLock<Metrics> = std::sync::LazyLock::new(Metrics::default);
        RunEnd {
            at: at(s),
            complete: true,
            metrics: &NONE,
            first_fault: Some(at(10)),
            last_heal: at(20),
        }
    }
    fn at(s: u64) -> VirtualTime {
        VirtualTime::from_nanos(s * S)
    }

    fn recovers(values: &[(u64, f64)], end: u64) -> PropertyOutcome {
        let mut monitor = Recovers {
            name: NameId(0),
            stat: Stat::Max,
            factor: 1.5,
            within: VirtualDuration::from_secs(20),
            window: VirtualDuration::from_secs(10),
        };
        let mut metrics = Metrics::default();
        for &(s, value) in values {
            metrics.push(NameId(0), at(s), value);
        }
        monitor.finish(&RunEnd {
            at: at(end),
            complete: true,
            metrics: &metrics,
            first_fault: Some(at(10)),
            last_heal: at(20),
        })
    }

    #[test]
    fn recovery_in_time_late_and_undecided() {
        let good = recovers(&[(1, 1.0), (15, 9.0), (25, 9.0), (35, 1.2), (45, 1.2)], 60);
        assert_eq!(good.verdict, Verdict::Pass, "{good:?}");
        let late = recovers(&[(1, 1.0), (25, 9.0), (45, 2.0)], 60);
        assert_eq!(late.verdict, Verdict::Fail, "{late:?}");
        assert_eq!(late.measured, Some(2.0));
        let short = recovers(&[(1, 1.0), (25, 9.0)], 35);
        assert_eq!(short.verdict, Verdict::Inconclusive, "{short:?}");
        let no_baseline = recovers(&[(25, 9.0)], 60);
        assert_eq!(no_baseline.verdict, Verdict::NotExercised);
    }

    fn event(monitor: &mut Event, s: u64) {
        let what = What::Event {
            name: NameId(0),
            node: NodeId(0),
            a: 0,
            b: 0,
        };
        monitor.observe(&Record { at: at(s), what });
    }

    #[test]
    fn events_never_sometimes_and_in_time() {
        let name = NameId(0);
        let mut never = Event::never(name, "it happened".into());
        assert_eq!(never.finish(&end(9)).verdict, Verdict::Pass);
        event(&mut never, 3);
        assert_eq!(never.finish(&end(9)).verdict, Verdict::Fail);

        let mut sometimes = Event::sometimes(name);
        assert_eq!(sometimes.finish(&end(9)).verdict, Verdict::NotExercised);
        event(&mut sometimes, 3);
        assert_eq!(sometimes.finish(&end(9)).verdict, Verdict::Pass);

        let five = VirtualDuration::from_secs(5);
        let new = || Event::eventually(name, five, Some(five), "too late".into());
        assert_eq!(new().finish(&end(9)).verdict, Verdict::Inconclusive);
        assert_eq!(new().finish(&end(10)).verdict, Verdict::Fail);
        let mut early = new();
        event(&mut early, 3);
        assert_eq!(early.finish(&end(10)).verdict, Verdict::Fail);
        let mut good = new();
        event(&mut good, 7);
        let outcome = good.finish(&end(10));
        assert_eq!(
            (outcome.verdict, outcome.margin),
            (Verdict::Pass, Some(3.0))
        );
    }
}
