//! The phi-accrual failure detector.
//!
//! Hayashibara, Défago, Yared and Katayama, "The phi accrual failure detector" (SRDS 2004): from the gaps
//! between heartbeats so far, taken as normal, how surprising is it that the next one has not come?
//! phi = -log10 of the chance of that, so that a threshold of 8 is wrong once in 10^8 decisions. Cassandra's
//! threshold is 8.

use squall_core::rng::probit;
use std::collections::VecDeque;

/// Settings of a detector. Times are nanoseconds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PhiRules {
    /// From which phi on the other one is convicted.
    pub threshold: f64,
    /// How many gaps are remembered.
    pub window: usize,
    /// Smallest standard deviation that is believed: a network that was regular so far is not for ever.
    pub deviation_min: f64,
    /// The gap that is assumed before the first one was seen.
    pub expected: f64,
}

/// What one member knows of the heartbeats of another one.
#[derive(Clone, Debug)]
pub struct Phi {
    last: u64,
    gaps: VecDeque<u64>,
    sum: f64,
    squares: f64,
}

impl Phi {
    /// Hears of the other one for the first time.
    pub const fn new(now: u64) -> Self {
        Self {
            last: now,
            gaps: VecDeque::new(),
            sum: 0.0,
            squares: 0.0,
        }
    }
    /// A heartbeat came.
    pub fn heartbeat(&mut self, now: u64, rules: &PhiRules) {
        let gap = now.saturating_sub(self.last);
        self.last = now;
        self.gaps.push_back(gap);
        self.add(gap as f64, 1.0);
        while self.gaps.len() > rules.window.max(1) {
            let old = self.gaps.pop_front().expect("there are some");
            self.add(old as f64, -1.0);
        }
    }
    fn add(&mut self, gap: f64, sign: f64) {
        self.sum += sign * gap;
        self.squares += sign * gap * gap;
    }
    /// It is heard of anew: what was silence was no gap.
    pub fn restart(&mut self, now: u64) {
        self.last = now;
    }
    /// Mean and standard deviation of the gaps; before there are two, what is expected and a quarter of it.
    pub fn estimate(&self, rules: &PhiRules) -> (f64, f64) {
        let n = self.gaps.len() as f64;
        if n < 2.0 {
            return (
                rules.expected,
                (rules.expected / 4.0).max(rules.deviation_min),
            );
        }
        let mean = self.sum / n;
        let variance = ((self.squares - n * mean * mean) / (n - 1.0)).max(0.0);
        (mean, libm::sqrt(variance).max(rules.deviation_min))
    }
    /// How surprising the silence is at `now`.
    pub fn phi(&self, now: u64, rules: &PhiRules) -> f64 {
        let (mean, deviation) = self.estimate(rules);
        let waited = now.saturating_sub(self.last) as f64;
        let later = libm::erfc((waited - mean) / deviation / core::f64::consts::SQRT_2) / 2.0;
        -libm::log10(later)
    }
    /// When the silence will be as surprising as the threshold, if it lasts.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "`as` saturates: 584 years"
    )]
    pub fn convicts_at(&self, rules: &PhiRules) -> u64 {
        let (mean, deviation) = self.estimate(rules);
        let surprise = -probit(libm::pow(10.0, -rules.threshold));
        let after = libm::ceil((mean + deviation * surprise).max(0.0)) as u64;
        self.last.saturating_add(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: PhiRules = PhiRules {
        threshold: 8.0,
        window: 4,
        deviation_min: 10.0,
        expected: 1_000.0,
    };

    #[test]
    fn the_window_forgets_and_the_smallest_deviation_holds() {
        let mut phi = Phi::new(0);
        assert_eq!(phi.estimate(&RULES), (1_000.0, 250.0));
        let mut now = 0;
        for gap in [9_000, 100, 100, 100, 100] {
            now += gap;
            phi.heartbeat(now, &RULES);
        }
        assert_eq!(phi.estimate(&RULES), (100.0, 10.0));
        phi.heartbeat(now + 200, &RULES);
        let (mean, deviation) = phi.estimate(&RULES);
        assert!((mean - 125.0).abs() < 1e-9 && (deviation - 50.0).abs() < 1e-6);
        phi.restart(now + 50_000);
        assert_eq!(phi.estimate(&RULES).0, mean);
    }

    /// phi at the moment of conviction is the threshold, and grows with the silence.
    #[test]
    fn conviction_is_where_phi_crosses_the_threshold() {
        let mut phi = Phi::new(0);
        for beat in 1..=10 {
            phi.heartbeat(beat * 1_000 + beat % 3 * 50, &RULES);
        }
        for threshold in [1.0, 3.0, 8.0, 12.0] {
            let rules = PhiRules { threshold, ..RULES };
            let at = phi.convicts_at(&rules);
            let crossing = phi.phi(at, &rules);
            assert!(
                (crossing - threshold).abs() < 0.2,
                "{threshold}: {crossing}"
            );
            assert!(phi.phi(at - 10, &rules) < crossing);
        }
    }
}
