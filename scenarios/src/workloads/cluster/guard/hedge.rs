//! Hedging: a call that takes long is sent once more to another replica, and the first good answer counts.
//! When that happens is a fixed delay, or a quantile of the delays that the caller saw of the service.

use core::cmp::Ordering;
use squall_core::VirtualDuration;
use squall_faults::param::{Args, Kind, Param};

pub(crate) const PARAM: Param = Param::new(
    "hedge",
    Kind::Table(TABLE),
    "when a call is sent a second time to another replica; never if missing",
);

const TABLE: &[Param] = &[
    Param::new("after", Kind::Duration, "after so long without an answer")
        .one_of("delay")
        .required(),
    Param::new(
        "quantile",
        Kind::Share,
        "after so long that this share of the calls had an answer, as the caller saw them",
    )
    .one_of("delay"),
    Param::new(
        "budget",
        Kind::Share,
        "share of the calls that may be sent a second time; 1 is no budget",
    )
    .default("1"),
    Param::new(
        "calls",
        Kind::Choice(&["all", "clients", "services"]),
        "whose calls: what clients ask, what services ask of each other, or both",
    )
    .default("all"),
];

/// Delays that are remembered of a service.
const REMEMBERED: usize = 1000;
/// With fewer there is no quantile yet.
const ENOUGH: usize = 100;
/// The quantile is worked out again after so many calls.
const PERIOD: u32 = 50;
/// Second calls that a caller may save up.
pub(crate) const SAVED: f64 = 10.0;

/// The parameters.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    when: When,
    pub(crate) budget: f64,
    /// Whether calls of clients and of services are sent again.
    pub(crate) calls: [bool; 2],
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum When {
    After(VirtualDuration),
    Quantile(f64),
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        let when = match args.number_opt("quantile") {
            Some(share) => When::Quantile(share),
            None => When::After(args.duration("after")),
        };
        Self {
            when,
            budget: args.number("budget"),
            calls: [
                args.word("calls") != "services",
                args.word("calls") != "clients",
            ],
        }
    }
}

/// Delays of the calls of one service.
#[derive(Clone, Debug, Default)]
pub(crate) struct Delays {
    seen: Vec<u64>,
    next: usize,
    since: u32,
    quantile: Option<VirtualDuration>,
}

impl Delays {
    /// A call was answered well after `delay`.
    pub(crate) fn learn(&mut self, rules: Rules, delay: VirtualDuration) {
        let When::Quantile(share) = rules.when else {
            return;
        };
        let delay = delay.as_nanos();
        if self.seen.len() < REMEMBERED {
            self.seen.push(delay);
        } else {
            self.seen[self.next] = delay;
            self.next = (self.next + 1) % REMEMBERED;
        }
        self.since += 1;
        if self.seen.len() >= ENOUGH && (self.since >= PERIOD || self.quantile.is_none()) {
            self.since = 0;
            self.quantile = Some(VirtualDuration::from_nanos(quantile(&self.seen, share)));
        }
    }
    /// How long a caller waits before it sends a call again; `None` while it does not know.
    pub(crate) const fn wait(&self, rules: Rules) -> Option<VirtualDuration> {
        match rules.when {
            When::After(delay) => Some(delay),
            When::Quantile(_) => self.quantile,
        }
    }
}

/// The smallest of the numbers that this share of them does not exceed.
fn quantile(numbers: &[u64], share: f64) -> u64 {
    let mut numbers = numbers.to_vec();
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a share of a count"
    )]
    let at = ((numbers.len() as f64 * share).ceil() as usize).clamp(1, numbers.len()) - 1;
    *numbers.select_nth_unstable_by(at, u64::cmp).1
}

/// Of two failures the one that says more: an answer rather than none.
pub(crate) fn better(a: u16, b: u16) -> u16 {
    match (a == 504).cmp(&(b == 504)) {
        Ordering::Greater => b,
        _ => a,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_delay_is_a_quantile_of_what_was_seen_lately() {
        let rules = Rules {
            when: When::Quantile(0.95),
            budget: 1.0,
            calls: [true; 2],
        };
        let mut delays = Delays::default();
        for n in 1..ENOUGH as u64 {
            delays.learn(rules, VirtualDuration::from_millis(n));
        }
        assert_eq!(delays.wait(rules), None, "too few");
        delays.learn(rules, VirtualDuration::from_millis(100));
        assert_eq!(delays.wait(rules), Some(VirtualDuration::from_millis(95)));
        for _ in 0..2000 {
            delays.learn(rules, VirtualDuration::from_millis(3));
        }
        assert_eq!(delays.wait(rules), Some(VirtualDuration::from_millis(3)));
        assert_eq!(quantile(&[5, 1, 4, 2, 3], 0.0), 1);
        assert_eq!(quantile(&[5, 1, 4, 2, 3], 0.6), 3);
        assert_eq!(quantile(&[5, 1, 4, 2, 3], 1.0), 5);
        assert_eq!(
            [better(504, 500), better(500, 504), better(503, 502)],
            [500, 500, 503]
        );
    }
}
