//! Objectives: how many requests have to go well, how fast that budget of errors is burnt, and which
//! services miss their share of it.

use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};
use std::collections::VecDeque;

pub(super) const PARAM: Param = Param::new(
    "objective",
    Kind::Table(TABLE),
    "what is promised to users, for burn rates, breaches of services and recovery; nothing if missing",
);

const BURN: Kind = Kind::Number { min: 0.0, max: 1e6 };

const TABLE: &[Param] = &[
    Param::new("success", Kind::Share, "share that has to go well").default("0.99"),
    Param::new(
        "latency",
        Kind::Duration,
        "a request that takes longer did not go well; if missing only its time-out counts",
    ),
    Param::new(
        "call_latency",
        Kind::Duration,
        "a call of a service that takes longer did not go well",
    ),
    Param::new(
        "calls",
        super::params::COUNT,
        "a service with fewer calls in a window is not judged for it",
    )
    .default("20"),
    Param::new(
        "scale",
        Kind::Number {
            min: 1e-6,
            max: 1e3,
        },
        "factor on the windows of the burn rates, 1 h and 6 h",
    )
    .default("1"),
    Param::new(
        "fast_burn",
        BURN,
        "burn rate over 1 h that `slo-burn` allows",
    )
    .default("14.4"),
    Param::new("slow_burn", BURN, "burn rate over 6 h that it allows").default("6"),
    Param::new(
        "radius",
        Kind::Share,
        "share of the services that `blast-radius` allows to miss the objective in some window",
    )
    .default("1"),
    Param::new(
        "faulted",
        Kind::Text,
        "the service that faults hit: `blast-radius` then allows only it and those that need it",
    ),
    Param::new(
        "goodput",
        Kind::Share,
        "share of the requests that `goodput-recovers` wants to go well",
    )
    .default("0.95"),
    Param::new(
        "recovery",
        Kind::Duration,
        "so long after the last fault that ends",
    )
    .default("60s"),
];

/// The windows of the SRE workbook, chapter 5: 2 % of a month's budget in an hour, 5 % in six.
const FAST: VirtualDuration = VirtualDuration::from_secs(3600);
const SLOW: VirtualDuration = VirtualDuration::from_secs(6 * 3600);

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Objective {
    pub(super) success: f64,
    pub(super) latency: Option<VirtualDuration>,
    pub(super) call_latency: Option<VirtualDuration>,
    calls: u32,
    scale: f64,
    pub(super) fast_burn: f64,
    pub(super) slow_burn: f64,
    pub(super) radius: f64,
    pub(super) goodput: f64,
    pub(super) recovery: VirtualDuration,
}

impl Objective {
    pub(super) fn read(args: &Args) -> Self {
        Self {
            success: args.number("success"),
            latency: args.duration_opt("latency"),
            call_latency: args.duration_opt("call_latency"),
            calls: u32::try_from(args.count("calls")).expect("the table bounds it"),
            scale: args.number("scale"),
            fast_burn: args.number("fast_burn"),
            slow_burn: args.number("slow_burn"),
            radius: args.number("radius"),
            goodput: args.number("goodput"),
            recovery: args.duration("recovery"),
        }
    }
    /// Whether something that ended well after `time` went well by a bound of the objective.
    pub(super) fn good(bound: Option<VirtualDuration>, ok: bool, time: VirtualDuration) -> bool {
        ok && bound.is_none_or(|bound| time <= bound)
    }
    /// Whether a service missed the objective in a window; `None` if too little is known.
    pub(super) fn missed(&self, count: Count) -> Option<bool> {
        let enough = count.all >= self.calls;
        enough.then(|| f64::from(count.good) < self.success * f64::from(count.all))
    }
}

/// What ended in a window, and what of it went well.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Count {
    pub(super) good: u32,
    pub(super) all: u32,
}

impl Count {
    pub(super) const fn one(good: bool) -> Self {
        Self {
            good: good as u32,
            all: 1,
        }
    }
    pub(super) const fn plus(self, other: Self) -> Self {
        Self {
            good: self.good + other.good,
            all: self.all + other.all,
        }
    }
}

/// Burn rates over the two windows: errors over what the objective allows, 1 uses the budget up exactly.
#[derive(Debug)]
pub(super) struct Burn {
    counts: VecDeque<Count>,
    windows: [Window; 2],
    allowed: f64,
}

#[derive(Clone, Copy, Debug)]
struct Window {
    parts: usize,
    bad: u64,
    all: u64,
}

impl Burn {
    /// Counts come every `part`.
    pub(super) fn new(objective: &Objective, part: VirtualDuration) -> Self {
        let window = |length: VirtualDuration| {
            let parts = length.as_secs_f64() * objective.scale / part.as_secs_f64();
            #[expect(
                clippy::cast_possible_truncation,
                clippy::cast_sign_loss,
                reason = "`as` saturates, and the table bounds it"
            )]
            let parts = parts.round().max(1.0) as usize;
            Window {
                parts,
                bad: 0,
                all: 0,
            }
        };
        Self {
            counts: VecDeque::new(),
            windows: [FAST, SLOW].map(window),
            // An objective of everything is burnt by the first error.
            allowed: (1.0 - objective.success).max(1e-9),
        }
    }
    /// The burn rates after one more part; `None` for a window that has not passed yet.
    pub(super) fn push(&mut self, count: Count) -> [Option<f64>; 2] {
        self.counts.push_back(count);
        let (counts, allowed) = (&self.counts, self.allowed);
        let rates = self.windows.each_mut().map(|window| {
            window.bad += u64::from(count.all - count.good);
            window.all += u64::from(count.all);
            if let Some(gone) = counts.len().checked_sub(window.parts + 1) {
                window.bad -= u64::from(counts[gone].all - counts[gone].good);
                window.all -= u64::from(counts[gone].all);
            }
            let share = window.bad as f64 / window.all.max(1) as f64;
            (counts.len() >= window.parts).then_some(share / allowed)
        });
        let longest = self.windows.iter().map(|window| window.parts).max();
        if self.counts.len() > longest.unwrap_or(1) {
            self.counts.pop_front();
        }
        rates
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 6 parts and 36 parts of 10 s at a scale of 1/60.
    fn burn(success: f64) -> Burn {
        let objective = Objective {
            success,
            latency: None,
            call_latency: None,
            calls: 20,
            scale: 1.0 / 60.0,
            fast_burn: 14.4,
            slow_burn: 6.0,
            radius: 1.0,
            goodput: 0.95,
            recovery: VirtualDuration::ZERO,
        };
        Burn::new(&objective, VirtualDuration::from_secs(10))
    }

    #[test]
    fn burn_is_the_share_of_errors_over_the_share_allowed() {
        let mut burn = burn(0.99);
        let good = Count {
            good: 100,
            all: 100,
        };
        for _ in 0..5 {
            assert_eq!(burn.push(good), [None; 2]);
        }
        assert_eq!(burn.push(good), [Some(0.0), None]);
        let bad = Count { good: 40, all: 100 };
        let [fast, _] = burn.push(bad);
        // 60 of 600 are a tenth, ten times what is allowed.
        assert!((fast.unwrap() - 10.0).abs() < 1e-9);
        for _ in 0..28 {
            burn.push(good);
        }
        let [fast, slow] = burn.push(good);
        assert_eq!(fast, Some(0.0));
        assert!((slow.unwrap() - 60.0 / 36.0).abs() < 1e-9);
        for _ in 0..6 {
            burn.push(good);
        }
        assert_eq!(burn.push(good), [Some(0.0), Some(0.0)], "the error is old");
        assert_eq!(burn.counts.len(), 36);
    }
}
