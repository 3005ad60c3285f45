//! Circuit breakers: a caller that saw too many errors of a service asks it nothing for a while, then lets
//! a few calls through to see.
//!
//! ```text
//!            share of errors too high              time is up
//! closed ----------------------------> open ---------------------> half-open
//!    ^                                  ^                            |    |
//!    |                                  +------- a probe fails ------+    |
//!    +--------------------------------- all probes succeed ---------------+
//! ```

use super::COUNT;
use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "breaker",
    Kind::Table(TABLE),
    "when a caller stops to ask a service, one breaker for each process and service called; never if missing",
);

const TABLE: &[Param] = &[
    Param::new(
        "errors",
        Kind::Share,
        "share of failed calls in a window from which on it opens",
    )
    .default("0.5"),
    Param::new(
        "calls",
        COUNT,
        "with fewer calls in a window it stays closed",
    )
    .default("20"),
    Param::new("window", Kind::Duration, "the calls that count").default("10s"),
    Param::new("open", Kind::Duration, "how long it stays open").default("5s"),
    Param::new(
        "probes",
        COUNT,
        "calls that a half-open one lets through, and that all have to succeed",
    )
    .default("1"),
];

/// Parts of a window: it moves on by one of them at a time.
const PARTS: usize = 10;

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    errors: f64,
    calls: u32,
    part: VirtualDuration,
    pub(crate) open: VirtualDuration,
    pub(crate) probes: u32,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        let count = |key| u32::try_from(args.count(key)).expect("the table bounds it");
        let part = args.duration("window") / PARTS as u64;
        Self {
            errors: args.number("errors"),
            calls: count("calls"),
            part: part.max(VirtualDuration::from_nanos(1)),
            open: args.duration("open"),
            probes: count("probes"),
        }
    }
    /// Rules whose window does not matter.
    #[cfg(test)]
    pub(crate) const fn for_tests(open: VirtualDuration, probes: u32) -> Self {
        Self {
            errors: 0.5,
            calls: 20,
            part: VirtualDuration::from_secs(1),
            open,
            probes,
        }
    }
}

/// Where a breaker is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    Closed,
    Open,
    HalfOpen,
}

impl State {
    /// As records have it.
    pub(crate) const fn number(self) -> u64 {
        match self {
            Self::Closed => 0,
            Self::Open => 1,
            Self::HalfOpen => 2,
        }
    }
}

/// A breaker; times are readings of its process's monotonic clock.
#[derive(Clone, Debug)]
pub(crate) struct Breaker {
    state: State,
    since: VirtualDuration,
    /// How often it changed: a call that began before the last change says nothing any more.
    age: u64,
    /// Failed and all calls by part of the window; the part in which the last one was.
    parts: [(u32, u32); PARTS],
    part: u64,
    let_through: u32,
    succeeded: u32,
}

/// Of a call that was let through: how old the breaker was.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Pass(u64);

impl Breaker {
    pub(crate) const fn new() -> Self {
        Self {
            state: State::Closed,
            since: VirtualDuration::ZERO,
            age: 0,
            parts: [(0, 0); PARTS],
            part: 0,
            let_through: 0,
            succeeded: 0,
        }
    }
    pub(crate) const fn state(&self) -> State {
        self.state
    }
    fn change(&mut self, to: State, now: VirtualDuration) {
        self.state = to;
        self.since = now;
        self.age += 1;
        self.parts = [(0, 0); PARTS];
        self.let_through = 0;
        self.succeeded = 0;
    }
    /// Whether a call may go.
    pub(crate) fn asks(&mut self, rules: Rules, now: VirtualDuration) -> Option<Pass> {
        if self.state == State::Open && now.saturating_sub(self.since) >= rules.open {
            self.change(State::HalfOpen, now);
        }
        match self.state {
            State::Closed => Some(Pass(self.age)),
            State::Open => None,
            State::HalfOpen if self.let_through < rules.probes => {
                self.let_through += 1;
                Some(Pass(self.age))
            }
            State::HalfOpen => None,
        }
    }
    /// A call ended.
    pub(crate) fn learn(&mut self, rules: Rules, now: VirtualDuration, pass: Pass, ok: bool) {
        if pass.0 != self.age {
            return;
        }
        match self.state {
            State::Closed => {
                let (failed, all) = self.count(rules, now, ok);
                if all >= rules.calls && f64::from(failed) >= rules.errors * f64::from(all) && !ok {
                    self.change(State::Open, now);
                }
            }
            State::HalfOpen if ok => {
                self.succeeded += 1;
                if self.succeeded >= rules.probes {
                    self.change(State::Closed, now);
                }
            }
            State::HalfOpen => self.change(State::Open, now),
            State::Open => {}
        }
    }
    /// Counts a call; failed and all of the window.
    fn count(&mut self, rules: Rules, now: VirtualDuration, ok: bool) -> (u32, u32) {
        let part = now.as_nanos() / rules.part.as_nanos();
        let passed = part.saturating_sub(self.part).min(PARTS as u64);
        let place = |part: u64| usize::try_from(part % PARTS as u64).expect("a small number");
        for n in 0..passed {
            self.parts[place(part - n)] = (0, 0);
        }
        self.part = part;
        let here = &mut self.parts[place(part)];
        here.0 += u32::from(!ok);
        here.1 += 1;
        let add = |sum: (u32, u32), part: &(u32, u32)| (sum.0 + part.0, sum.1 + part.1);
        self.parts.iter().fold((0, 0), add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RULES: Rules = Rules {
        errors: 0.5,
        calls: 4,
        part: VirtualDuration::from_millis(100),
        open: VirtualDuration::from_secs(5),
        probes: 2,
    };

    fn at(ms: u64) -> VirtualDuration {
        VirtualDuration::from_millis(ms)
    }

    /// A breaker after so many calls in a row at this time.
    fn after(breaker: &mut Breaker, ms: u64, calls: &[bool]) {
        for ok in calls {
            let pass = breaker.asks(RULES, at(ms)).expect("it is closed");
            breaker.learn(RULES, at(ms), pass, *ok);
        }
    }

    #[test]
    fn it_opens_on_a_share_of_enough_calls_of_the_window() {
        let mut breaker = Breaker::new();
        after(&mut breaker, 0, &[false, false, false]);
        assert_eq!(breaker.state(), State::Closed, "too few");
        after(&mut breaker, 1100, &[true, true, false]);
        assert_eq!(
            breaker.state(),
            State::Closed,
            "the old ones do not count any more"
        );
        after(&mut breaker, 1500, &[false]);
        assert_eq!(breaker.state(), State::Open, "two of four");
        assert_eq!(breaker.asks(RULES, at(6499)), None);
    }

    #[test]
    fn half_open_lets_its_probes_through_and_no_more() {
        let mut breaker = Breaker::new();
        let early = breaker.asks(RULES, at(0)).unwrap();
        after(&mut breaker, 0, &[false; 4]);
        let one = breaker.asks(RULES, at(5000)).unwrap();
        assert_eq!(breaker.state(), State::HalfOpen);
        let two = breaker.asks(RULES, at(5000)).unwrap();
        assert_eq!(breaker.asks(RULES, at(5000)), None);
        breaker.learn(RULES, at(5001), early, false);
        assert_eq!(
            breaker.state(),
            State::HalfOpen,
            "a call from before says nothing"
        );
        breaker.learn(RULES, at(5001), one, true);
        assert_eq!(breaker.state(), State::HalfOpen);
        breaker.learn(RULES, at(5002), two, true);
        assert_eq!(breaker.state(), State::Closed);
        after(&mut breaker, 5003, &[false; 4]);
        let probe = breaker.asks(RULES, at(10_003)).unwrap();
        breaker.learn(RULES, at(10_004), probe, false);
        assert_eq!(breaker.state(), State::Open);
        assert_eq!(
            breaker.asks(RULES, at(15_003)),
            None,
            "the time counts anew"
        );
    }
}
