//! When the fault of a slot acts.

use super::super::start::{Again, DELAY_MAX, Moment, Start};
use super::ON;
use super::climate::Climate;
use crate::draws::Draws;
use squall_core::{Law, Sample};

/// When a fault acts.
pub(super) struct When {
    pub(super) start: Start,
    pub(super) length: String,
}

/// The shortest and the longest fault, as shares of the time of its slot.
const LENGTH: (f64, f64) = (0.02, 0.5);
/// The same of one of several spells, as shares of the time from one to the next.
const SPELL: (f64, f64) = (0.1, 0.8);

impl Climate<'_> {
    /// The time of the climate, in nanoseconds.
    pub(super) fn span(&self) -> f64 {
        self.chaos.until.since(self.chaos.from).as_nanos_f64()
    }

    /// Start, length and repetition, in whole milliseconds.
    pub(super) fn when(
        &self,
        (turn, turns): (u32, u32),
        (draws, spells): (&Draws, u32),
        attempt: u32,
    ) -> When {
        let ms = |ns: f64| (ns / 1e6).floor().max(1.0) * 1e6;
        let turn_ns = self.span() / f64::from(turns);
        let each = turn_ns / f64::from(spells);
        let shorter = f64::from(1u32 << attempt);
        let (low, high) = if spells > 1 { SPELL } else { LENGTH };
        let law = Law::Loguniform {
            low: each * low / shorter,
            high: each * high / shorter,
        };
        let length = ms(law.sample(&mut draws.stream("length")));
        let begin = self.chaos.from.as_secs_f64() * 1e9 + turn_ns * f64::from(turn);
        let at = ms(begin + draws.stream("at").between(0.0, (each - length).max(0.0)));
        let last = ms(begin + turn_ns - length);
        // The latest moment from which it is over in time: it may start so long after it, and a nanosecond.
        let latest = last - DELAY_MAX - 1e6;
        let moments = &self.chaos.moments;
        let waits = !moments.is_empty() && draws.stream("on").chance(ON);
        let start = match waits && at < latest {
            true => Start::On(Moment {
                event: draws.stream("moment").choice(moments).clone(),
                times: spells,
                within: format!("{}..{}", exact(at), exact(latest)),
                cooldown: exact(length + DELAY_MAX),
            }),
            false => Start::At {
                at: exact(at),
                again: (spells > 1).then(|| Again {
                    mean: exact(ms(each)),
                    until: exact(last),
                }),
            },
        };
        When {
            start,
            length: exact(length),
        }
    }
}

/// A time in words, to the nanosecond.
pub(super) fn exact(ns: f64) -> String {
    crate::param::law_text(&Law::Constant(ns), crate::param::Unit::Time)
}
