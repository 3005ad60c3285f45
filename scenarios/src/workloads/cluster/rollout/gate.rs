//! Gates: the new version against the old one, over a window.

use super::config::Gate;
use super::fleet::Tally;
use squall_core::VirtualDuration;
use std::collections::VecDeque;

pub(super) const ERRORS: u64 = 1;
pub(super) const LATENCY: u64 = 2;
pub(super) const MEMORY: u64 = 4;
pub(super) const UNKNOWN: u64 = 8;
pub(super) const TOO_LONG: u64 = 16;

/// What is known at one instant: requests by version, and the most memory of a node with the new version, relative
/// to what it should take; none if no such node answers.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Reading {
    pub(super) at: VirtualDuration,
    pub(super) tallies: [Tally; 2],
    pub(super) memory: Option<f64>,
}

/// Readings of the last window.
#[derive(Clone, Debug, Default)]
pub(super) struct Readings(VecDeque<Reading>);

impl Readings {
    /// When the latest was taken.
    pub(super) fn latest(&self) -> Option<VirtualDuration> {
        self.0.back().map(|reading| reading.at)
    }
    /// Judges with one more reading: bits of what is red; 0 is green.
    pub(super) fn judge(&mut self, gate: &Gate, reading: Reading) -> u64 {
        // The last one that is as old as the window stays: what came since is what is compared.
        while self
            .0
            .get(1)
            .is_some_and(|next| next.at + gate.window <= reading.at)
        {
            self.0.pop_front();
        }
        self.0.push_back(reading);
        let Some(memory) = reading.memory else {
            return UNKNOWN;
        };
        let first = self
            .0
            .front()
            .map_or(reading.tallies, |first| first.tallies);
        let since = |version: usize| {
            let (a, b) = (first[version], reading.tallies[version]);
            Tally {
                ended: b.ended.saturating_sub(a.ended),
                errors: b.errors.saturating_sub(a.errors),
                latency_ns: b.latency_ns.saturating_sub(a.latency_ns),
            }
        };
        let (old, new) = (since(0), since(1));
        let mut bits = if memory > gate.memory { MEMORY } else { 0 };
        if new.ended < gate.requests {
            return bits;
        }
        let share = |n: u64, tally: Tally| n as f64 / tally.ended.max(1) as f64;
        if share(new.errors, new) > share(old.errors, old) + gate.errors {
            bits |= ERRORS;
        }
        let mean = |tally: Tally| share(tally.latency_ns, tally);
        if old.ended >= gate.requests && mean(new) > mean(old) * gate.latency {
            bits |= LATENCY;
        }
        bits
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GATE: Gate = Gate {
        every: VirtualDuration::from_secs(30),
        window: VirtualDuration::from_secs(120),
        errors: 0.05,
        latency: 2.0,
        memory: 1.2,
        requests: 20,
    };

    fn reading(at: u64, old: [u64; 3], new: [u64; 3], memory: f64) -> Reading {
        let tally = |[ended, errors, latency_ns]: [u64; 3]| Tally {
            ended,
            errors,
            latency_ns,
        };
        Reading {
            at: VirtualDuration::from_secs(at),
            tallies: [tally(old), tally(new)],
            memory: Some(memory),
        }
    }

    #[test]
    fn each_sign_is_seen_by_itself_and_only_beyond_its_bound() {
        let zero = reading(0, [0; 3], [0; 3], 1.0);
        let cases = [
            (reading(30, [100, 0, 100], [100, 5, 100], 1.2), 0),
            (reading(30, [100, 0, 100], [100, 6, 100], 1.0), ERRORS),
            (reading(30, [100, 50, 100], [100, 55, 100], 1.0), 0),
            (reading(30, [100, 0, 100], [100, 0, 201], 1.0), LATENCY),
            (reading(30, [100, 0, 100], [100, 0, 200], 1.21), MEMORY),
            (reading(30, [100, 0, 100], [19, 19, 900], 1.0), 0),
            (reading(30, [0; 3], [100, 0, 900], 1.0), 0),
            (
                Reading {
                    memory: None,
                    ..zero
                },
                UNKNOWN,
            ),
        ];
        for (case, bits) in cases {
            let mut readings = Readings::default();
            assert_eq!(readings.judge(&GATE, zero), 0);
            assert_eq!(readings.judge(&GATE, case), bits, "{case:?}");
        }
    }

    #[test]
    fn what_is_older_than_the_window_is_forgotten() {
        let mut readings = Readings::default();
        readings.judge(&GATE, reading(0, [0; 3], [0; 3], 1.0));
        let bad = reading(30, [50, 0, 50], [50, 10, 50], 1.0);
        assert_eq!(readings.judge(&GATE, bad), ERRORS);
        let later = |at, n| reading(at, [n, 0, n], [n, 10, n], 1.0);
        assert_eq!(readings.judge(&GATE, later(90, 100)), ERRORS);
        assert_eq!(
            readings.judge(&GATE, later(150, 150)),
            0,
            "the errors were before 30 s"
        );
    }
}
