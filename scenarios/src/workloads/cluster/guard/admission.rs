//! Admission control of a replica: how many visits may be there at once, served or waiting. The limit is
//! fixed, or follows the delay in the queue: it shrinks by a factor while that is too long and grows by
//! one while it is not. A part of it is kept for visits that are critical.

use super::COUNT;
use squall_core::{VirtualDuration, VirtualTime};
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "admission",
    Kind::Table(TABLE),
    "how many visits a replica takes in at once; more are refused with 503; no limit but those of slots and \
     queue if missing",
);

const TABLE: &[Param] = &[
    Param::new(
        "limit",
        COUNT,
        "visits in a replica, waiting or served, at first and at most",
    )
    .default("100"),
    Param::new(
        "delay",
        Kind::Duration,
        "the limit shrinks while even the shortest wait of a window is longer, and grows again; it stays as it \
         is if missing",
    ),
    Param::new("window", Kind::Duration, "how often that is looked at").default("100ms"),
    Param::new(
        "shrink",
        Kind::Number {
            min: 0.1,
            max: 0.99,
        },
        "factor on the limit after a window with too long a wait",
    )
    .default("0.9"),
    Param::new(
        "reserve",
        Kind::Share,
        "share of the limit that only critical visits get",
    )
    .default("0"),
];

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) limit: u32,
    delay: Option<VirtualDuration>,
    window: VirtualDuration,
    shrink: f64,
    reserve: f64,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        Self {
            limit: u32::try_from(args.count("limit")).expect("the table bounds it"),
            delay: args.duration_opt("delay"),
            window: args.duration("window").max(VirtualDuration::from_nanos(1)),
            shrink: args.number("shrink"),
            reserve: args.number("reserve"),
        }
    }
}

/// The state of one replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Admission {
    limit: f64,
    shortest: Option<VirtualDuration>,
    window_ends: VirtualTime,
}

impl Admission {
    pub(crate) fn new(rules: Rules) -> Self {
        Self {
            limit: f64::from(rules.limit),
            shortest: None,
            window_ends: VirtualTime::ZERO,
        }
    }
    /// Whether one more may come where `inside` are.
    pub(crate) fn admits(&self, rules: Rules, inside: usize, critical: bool) -> bool {
        let open = if critical {
            self.limit
        } else {
            self.limit * (1.0 - rules.reserve)
        };
        (inside as f64) < open.max(1.0).floor()
    }
    /// The turn of a visit comes that waited `delay`.
    pub(crate) fn learn(&mut self, rules: Rules, now: VirtualTime, delay: VirtualDuration) {
        let Some(most) = rules.delay else { return };
        self.shortest = Some(self.shortest.map_or(delay, |known| known.min(delay)));
        if now < self.window_ends {
            return;
        }
        self.window_ends = now.saturating_add(rules.window);
        let shortest = self.shortest.take().unwrap_or(delay);
        self.limit = if shortest > most {
            (self.limit * rules.shrink).max(1.0)
        } else {
            (self.limit + 1.0).min(f64::from(rules.limit))
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_follows_the_delay_and_keeps_a_reserve() {
        let rules = Rules {
            limit: 10,
            delay: Some(VirtualDuration::from_millis(5)),
            window: VirtualDuration::from_millis(100),
            shrink: 0.5,
            reserve: 0.3,
        };
        let mut admission = Admission::new(rules);
        let most = |admission: &Admission, critical| {
            (0..20).find(|n| !admission.admits(rules, *n, critical))
        };
        assert_eq!(
            (most(&admission, true), most(&admission, false)),
            (Some(10), Some(7))
        );
        let at = |ms: u64| VirtualTime::from_nanos(ms * 1_000_000);
        let [long, short] = [20, 1].map(VirtualDuration::from_millis);
        admission.learn(rules, at(0), long);
        admission.learn(rules, at(50), long);
        assert_eq!(most(&admission, true), Some(5), "once a window");
        admission.learn(rules, at(101), long);
        admission.learn(rules, at(202), long);
        admission.learn(rules, at(303), long);
        admission.learn(rules, at(404), long);
        assert_eq!(most(&admission, false), Some(1), "never none at all");
        admission.learn(rules, at(450), short);
        admission.learn(rules, at(505), long);
        assert_eq!(most(&admission, true), Some(2), "one short wait is enough");
        for n in 0..20 {
            admission.learn(rules, at(1000 + 101 * n), short);
        }
        assert_eq!(most(&admission, true), Some(10), "no more than at first");
    }
}
