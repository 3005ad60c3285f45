//! Controlled delay for the queue of a server, as folly has it: while the smallest delay of an interval
//! stays above a target the queue is a standing one, and whoever waited longer than twice the target is
//! sent away. Unlike the original for packets the interval does not shrink.

use squall_core::{VirtualDuration, VirtualTime};
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "codel",
    Kind::Table(TABLE),
    "visits that waited too long in a queue that stands are refused when their turn comes; never if missing",
);

const TABLE: &[Param] = &[
    Param::new(
        "target",
        Kind::Duration,
        "a queue stands whose shortest wait of an interval is longer",
    )
    .default("5ms"),
    Param::new("interval", Kind::Duration, "how long that is watched").default("100ms"),
    Param::new(
        "slough",
        Kind::Number {
            min: 1.0,
            max: 1000.0,
        },
        "in a queue that stands no visit waits longer than so many targets",
    )
    .default("2"),
];

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    target: VirtualDuration,
    interval: VirtualDuration,
    slough: VirtualDuration,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        // As there: a target longer than the interval could never be told.
        let interval = args
            .duration("interval")
            .max(VirtualDuration::from_nanos(1));
        let target = args.duration("target").min(interval);
        Self {
            target,
            interval,
            slough: target.scaled(args.number("slough")),
        }
    }
}

/// The state of one queue.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Codel {
    shortest: VirtualDuration,
    interval_ends: VirtualTime,
    /// The next visit begins an interval.
    begins: bool,
    stands: bool,
}

impl Codel {
    pub(crate) const fn new() -> Self {
        Self {
            shortest: VirtualDuration::ZERO,
            interval_ends: VirtualTime::ZERO,
            begins: true,
            stands: false,
        }
    }
    /// Whether the queue stands, as of the last interval.
    pub(crate) const fn stands(&self) -> bool {
        self.stands
    }
    /// Whether a visit that waited `delay` and whose turn comes now is to be refused. To be asked of
    /// every visit, also of one that did not wait.
    pub(crate) fn refuses(
        &mut self,
        rules: Rules,
        now: VirtualTime,
        delay: VirtualDuration,
    ) -> bool {
        if now > self.interval_ends && !self.begins {
            self.begins = true;
            self.interval_ends = now.saturating_add(rules.interval);
            self.stands = self.shortest > rules.target;
        }
        if core::mem::take(&mut self.begins) {
            self.shortest = delay;
            // One visit says nothing of an interval.
            return false;
        }
        self.shortest = self.shortest.min(delay);
        self.stands && delay > rules.slough
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        target: VirtualDuration::from_millis(5),
        interval: VirtualDuration::from_millis(100),
        slough: VirtualDuration::from_millis(10),
    };

    /// Asks of visits as (time, delay) in milliseconds.
    fn refused(visits: &[(u64, u64)]) -> Vec<bool> {
        let mut codel = Codel::new();
        let of = |&(at, delay): &(u64, u64)| {
            let at = VirtualTime::from_nanos(at * 1_000_000);
            codel.refuses(RULES, at, VirtualDuration::from_millis(delay))
        };
        visits.iter().map(of).collect()
    }

    /// The first interval is over at once: it is known from one visit.
    #[test]
    fn a_queue_that_stands_for_an_interval_sends_long_waits_away() {
        let long = refused(&[(1, 20), (50, 30), (102, 40), (103, 40), (104, 9), (105, 11)]);
        assert_eq!(long, [false, false, true, true, false, true]);
    }

    #[test]
    fn one_short_wait_in_an_interval_shows_a_burst() {
        let burst = refused(&[(1, 1), (50, 30), (60, 4), (151, 40), (152, 40), (153, 40)]);
        assert_eq!(burst, [false; 6]);
    }

    #[test]
    fn it_stops_when_the_queue_is_short_again() {
        let healed = refused(&[
            (1, 20),
            (2, 20),
            (102, 20),
            // An interval ends, and its first visit passes.
            (103, 20),
            // A short wait: at the end of its interval the queue stands no more.
            (150, 1),
            (204, 30),
            (205, 30),
        ]);
        assert_eq!(healed, [false, false, true, false, false, false, false]);
    }
}
