//! The later stages: what a sample says when it arrives.

use super::{Channel, Kernel, Rule};
use crate::plan::{Poison, SignalRule};
use crate::rng::{Draw, Sample as _};
use crate::{ChannelId, EntryId};

/// What a NaN is after a cast to 32 bits on x86.
const INTEGER_INDEFINITE: f64 = -2_147_483_648.0;

impl Kernel {
    /// A sample arrives: what it says now, if it says anything.
    pub(super) fn arrive_sample(
        &mut self,
        channel: ChannelId,
        value: f64,
        ordinal: u64,
    ) -> Option<f64> {
        let now = self.now;
        let place = &mut self.channels[channel.index()];
        let mut landed = core::mem::take(&mut self.landed_now);
        landed.clear();
        let value = place.shifted(value, (now, ordinal), &mut landed);
        let value = place.stuck(value, &mut landed);
        let value = place.saturated(value, now, &mut landed);
        let value = place.poisoned(value, ordinal, &mut landed);
        let mut off = Vec::new();
        place.withheld(&mut off);
        let arrives = off.is_empty();
        // What is withheld is consumed by nobody, so that nothing else has changed it.
        self.landed_now = if arrives { landed } else { off };
        self.land_collected();
        arrives.then_some(value)
    }
}

impl Channel {
    /// Bias and drift, then noise, then outliers.
    fn shifted(&self, value: f64, at: (u64, u64), landed: &mut Vec<EntryId>) -> f64 {
        let (now, ordinal) = at;
        let mut sum = 0.0;
        let mut counts = |rule: &Rule, change: f64| {
            if change.abs() > self.resolution {
                landed.push(rule.id);
            }
            change
        };
        for rule in &self.rules {
            match rule.rule {
                SignalRule::Bias { offset } => sum += counts(rule, offset),
                SignalRule::Drift { rate } => {
                    sum += counts(rule, rate * ((now - rule.from) as f64 / 1e9));
                }
                _ => {}
            }
        }
        for rule in &self.rules {
            if let SignalRule::Noise { sd } = rule.rule {
                sum += counts(rule, sd * rule.key.at(ordinal).normal());
            }
        }
        let mut outlier = None;
        for rule in &self.rules {
            if let SignalRule::Outlier { share, size } = rule.rule {
                let mut draw = rule.key.at(ordinal);
                if draw.chance(share) {
                    let sign = if draw.chance(0.5) { 1.0 } else { -1.0 };
                    outlier.get_or_insert(counts(rule, sign * size));
                }
            }
        }
        // Nothing is added where nothing acts: not even a zero, which would lose a sign.
        match (sum == 0.0, outlier) {
            (true, None) => value,
            (_, outlier) => value + sum + outlier.unwrap_or(0.0),
        }
    }

    fn stuck(&mut self, value: f64, landed: &mut Vec<EntryId>) -> f64 {
        let sticks = |rule: &&Rule| matches!(rule.rule, SignalRule::Stuck);
        if !self.rules.iter().any(|rule| sticks(&rule)) {
            self.last = Some(value);
            return value;
        }
        let held = *self.last.get_or_insert(value);
        if differs(held, value, self.resolution) {
            landed.extend(self.rules.iter().filter(sticks).map(|rule| rule.id));
        }
        held
    }

    fn saturated(&mut self, value: f64, now: u64, landed: &mut Vec<EntryId>) -> f64 {
        let before = self.out;
        let mut tightest = (None, None);
        for rule in &self.rules {
            let SignalRule::Saturate { limit, rate } = rule.rule else {
                continue;
            };
            let own = (tighter(None, limit), tighter(None, rate));
            let alone = clip(value, own, before, now);
            if differs(alone, value, self.resolution) {
                landed.push(rule.id);
            }
            tightest = (tighter(tightest.0, own.0), tighter(tightest.1, own.1));
        }
        let clipped = clip(value, tightest, before, now);
        self.out = Some((now, clipped));
        clipped
    }

    fn poisoned(&self, value: f64, ordinal: u64, landed: &mut Vec<EntryId>) -> f64 {
        let mut out = None;
        for rule in &self.rules {
            if let SignalRule::NonFinite { poison, share } = rule.rule {
                let mut draw = rule.key.at(ordinal);
                if draw.chance(share) {
                    landed.push(rule.id);
                    let poisoned = says(poison, &mut draw);
                    out.get_or_insert(poisoned);
                }
            }
        }
        out.unwrap_or(value)
    }

    /// The overlays that withhold a sample.
    fn withheld(&mut self, by: &mut Vec<EntryId>) {
        for rule in &mut self.rules {
            if let SignalRule::Off { passes } = rule.rule {
                let passes = passes.map(|n| u64::from(n.max(1)));
                if passes.is_none_or(|n| !rule.seen.is_multiple_of(n)) {
                    by.push(rule.id);
                }
                rule.seen += 1;
            }
        }
    }
}

/// Whether two values are more than the resolution apart; a NaN differs from every number.
fn differs(a: f64, b: f64, resolution: f64) -> bool {
    match (a.is_nan(), b.is_nan()) {
        (false, false) => (a - b).abs() > resolution,
        (a, b) => a != b,
    }
}

/// A value inside limits on its change a second and on itself. A NaN stays one.
fn clip(
    value: f64,
    (limit, rate): (Option<f64>, Option<f64>),
    before: Option<(u64, f64)>,
    now: u64,
) -> f64 {
    let mut value = value;
    if let (Some(rate), Some((then, from))) = (rate, before)
        && from.is_finite()
    {
        let most = rate * ((now - then) as f64 / 1e9);
        value = value.clamp(from - most, from + most);
    }
    match limit {
        Some(limit) => value.clamp(-limit, limit),
        None => value,
    }
}

/// The tighter of two limits, none of which is below zero.
fn tighter(a: Option<f64>, b: Option<f64>) -> Option<f64> {
    let b = b.filter(|b| b.is_finite()).map(f64::abs);
    match (a, b) {
        (Some(a), Some(b)) => Some(a.min(b)),
        (a, b) => a.or(b),
    }
}

fn says(poison: Poison, draw: &mut Draw) -> f64 {
    match poison {
        Poison::Nan => f64::NAN,
        Poison::Inf => f64::INFINITY,
        Poison::MinusInf => f64::NEG_INFINITY,
        Poison::Denormal => f64::from_bits(1),
        Poison::Garbage => {
            let bits = draw.next_u64();
            let number = f64::from_bits(bits);
            // All bits of the exponent set is no finite number: one less is.
            let finite = f64::from_bits(bits & !(1 << 62));
            if number.is_finite() { number } else { finite }
        }
        Poison::Cast(bit) => INTEGER_INDEFINITE * bit,
    }
}
