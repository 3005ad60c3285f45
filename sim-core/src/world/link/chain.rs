//! The state of a Gilbert-Elliott chain.

use crate::plan::GilbertElliott;
use crate::{Key, Sample};

/// A chain under way. It starts in good.
#[derive(Clone, Debug)]
pub(super) struct Chain {
    law: GilbertElliott,
    bad: bool,
    /// For chains that step by time: when it began, the next stay's number, and the step that ends
    /// this stay. Stays are drawn, not steps, so that a quiet link costs nothing.
    began: u64,
    stay: u64,
    until: Option<u64>,
}

impl Chain {
    pub(super) const fn new(law: GilbertElliott, began: u64) -> Self {
        Self {
            law,
            bad: false,
            began,
            stay: 0,
            until: None,
        }
    }

    /// Whether message `ordinal` is lost; steps on. The draws are keyed by message, and by stay for
    /// chains that step by time.
    pub(super) fn loses(&mut self, key: Key, ordinal: u64, now: u64) -> bool {
        self.follow_time(key, now);
        let mut draw = key.at(ordinal);
        let lost = draw.chance(match self.bad {
            true => self.law.loss_bad,
            false => self.law.loss_good,
        });
        if self.law.step.is_none() && draw.chance(self.leaving()) {
            self.bad = !self.bad;
        }
        lost
    }
    const fn leaving(&self) -> f64 {
        if self.bad { self.law.r } else { self.law.p }
    }
    fn follow_time(&mut self, key: Key, now: u64) {
        let Some(step) = self.law.step else {
            return;
        };
        let steps = now.saturating_sub(self.began) / step.as_nanos().max(1);
        let stays = key.child(1);
        let mut until = match self.until {
            Some(until) => until,
            None => stay(self.leaving(), stays, 0),
        };
        while until <= steps {
            self.bad = !self.bad;
            self.stay += 1;
            until = until.saturating_add(stay(self.leaving(), stays, self.stay));
        }
        self.until = Some(until);
    }
}

/// Steps that a stay lasts which each step ends with chance `leaving`: a geometric law, by inversion.
fn stay(leaving: f64, key: Key, number: u64) -> u64 {
    if leaving <= 0.0 {
        return u64::MAX;
    }
    if leaving >= 1.0 {
        return 1;
    }
    let steps = libm::log(key.at(number).unit()) / libm::log1p(-leaving);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "the quotient of two logarithms below zero; huge ones saturate"
    )]
    let steps = libm::floor(steps) as u64;
    steps.saturating_add(1)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Seed, VirtualDuration};

    /// Losses of 400,000 messages, one a step.
    fn losses(step: Option<VirtualDuration>) -> Vec<bool> {
        let law = GilbertElliott {
            p: 0.02,
            r: 0.25,
            loss_good: 0.0,
            loss_bad: 1.0,
            step,
        };
        let key = Key::new(Seed(3), "link/a->b", "burst");
        let mut chain = Chain::new(law, 0);
        let at = |i: u64| i * 1_000_000;
        (0..400_000).map(|i| chain.loses(key, i, at(i))).collect()
    }

    /// Mean loss p / (p + r) = 0.0741, mean burst 1 / r = 4, mean gap 1 / p = 50.
    #[test]
    fn mean_loss_and_mean_burst_are_those_of_the_law() {
        for step in [None, Some(VirtualDuration::from_millis(1))] {
            let losses = losses(step);
            assert!(!losses[0], "it starts in good");
            let lost = losses.iter().filter(|lost| **lost).count() as f64;
            let bursts = losses.windows(2).filter(|w| !w[0] && w[1]).count() as f64;
            let (share, burst) = (lost / losses.len() as f64, lost / bursts);
            assert!((share - 0.02 / 0.27).abs() < 0.002, "{step:?}: {share}");
            assert!((burst - 4.0).abs() < 0.1, "{step:?}: {burst}");
            let gap = (losses.len() as f64 - lost) / bursts;
            assert!((gap - 50.0).abs() < 1.5, "{step:?}: {gap}");
        }
    }

    /// Time passes for a chain that steps by time, whether or not anybody sends.
    #[test]
    fn a_chain_in_time_does_not_depend_on_who_asks() {
        let law = GilbertElliott {
            p: 0.05,
            r: 0.1,
            loss_good: 0.0,
            loss_bad: 1.0,
            step: Some(VirtualDuration::from_millis(1)),
        };
        let key = Key::new(Seed(4), "link/a->b", "burst");
        let (mut often, mut rarely) = (Chain::new(law, 0), Chain::new(law, 0));
        let every: Vec<bool> = (0..10_000)
            .map(|i| often.loses(key, i, i * 1_000_000))
            .collect();
        for (i, lost) in (0..).zip(every).step_by(37) {
            assert_eq!(rarely.loses(key, i, i * 1_000_000), lost);
        }
    }
}
