//! Adaptive throttling (Site Reliability Engineering, chapter 21): a client that is refused or fails much
//! sends less. Of `n` attempts lately `ok` were answered well: another one is held back with the chance
//! max(0, (n - k ok) / (n + 1)).

use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};

/// In the table `retry`.
pub(crate) const PARAMS: [Param; 2] = [
    Param::new(
        "throttle",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "attempts that a client makes for each that goes well lately, before it holds some back; no throttle if \
         missing",
    ),
    Param::new("throttle_window", Kind::Duration, "what counts as lately").default("2m"),
];

/// Parts of a window.
const PARTS: usize = 10;

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    factor: f64,
    part: VirtualDuration,
}

impl Rules {
    pub(crate) fn read(retry: &Args) -> Option<Self> {
        let part = retry.duration("throttle_window") / PARTS as u64;
        retry.number_opt("throttle").map(|factor| Self {
            factor,
            part: part.max(VirtualDuration::from_nanos(1)),
        })
    }
}

/// What a client saw lately: attempts and good answers by part of the window.
#[derive(Clone, Debug, Default)]
pub(crate) struct Throttle {
    parts: [(u32, u32); PARTS],
    part: u64,
}

impl Throttle {
    fn at(&mut self, rules: Rules, now: VirtualDuration) -> &mut (u32, u32) {
        let part = now.as_nanos() / rules.part.as_nanos();
        let place = |part: u64| usize::try_from(part % PARTS as u64).expect("a small number");
        for n in 0..part.saturating_sub(self.part).min(PARTS as u64) {
            self.parts[place(part - n)] = (0, 0);
        }
        self.part = part;
        &mut self.parts[place(part)]
    }
    /// An attempt is wanted; the chance that it is held back. It counts either way, as in the book.
    pub(crate) fn wants(&mut self, rules: Rules, now: VirtualDuration) -> f64 {
        self.at(rules, now);
        let sum = |sum: (u32, u32), part: &(u32, u32)| (sum.0 + part.0, sum.1 + part.1);
        let (all, ok) = self.parts.iter().fold((0, 0), sum);
        self.at(rules, now).0 += 1;
        let (all, ok) = (f64::from(all), f64::from(ok));
        ((all - rules.factor * ok) / (all + 1.0)).max(0.0)
    }
    /// An attempt was answered well.
    pub(crate) fn accepted(&mut self, rules: Rules, now: VirtualDuration) {
        self.at(rules, now).1 += 1;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_chance_is_that_of_the_book_and_is_forgotten() {
        let rules = Rules {
            factor: 2.0,
            part: VirtualDuration::from_secs(12),
        };
        let mut throttle = Throttle::default();
        let at = VirtualDuration::from_secs;
        for _ in 0..50 {
            assert_eq!(throttle.wants(rules, at(1)), 0.0, "half may fail");
            throttle.accepted(rules, at(1));
        }
        for n in 50..100 {
            assert!(throttle.wants(rules, at(2)) <= 0.0, "{n}");
        }
        for n in 100..200 {
            let chance = throttle.wants(rules, at(3));
            let exact = (f64::from(n) - 100.0) / (f64::from(n) + 1.0);
            assert!((chance - exact).abs() < 1e-12, "{n}: {chance}");
        }
        assert!(throttle.wants(rules, at(119)) > 0.49);
        assert_eq!(throttle.wants(rules, at(240)), 0.0);
    }
}
