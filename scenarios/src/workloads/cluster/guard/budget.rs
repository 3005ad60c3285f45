//! Retry budgets: a caller saves up a share of a retry for each success, or for each call; a retry costs
//! one. What is saved is bounded by a count, or by what a time of full load would earn.

use super::COUNT;
use core::cell::Cell;
use squall_faults::param::{Args, Kind, Param};

/// What earns a share of a retry.
pub(crate) const OF: Param = Param::new(
    "budget_of",
    Kind::Choice(&["successes", "requests"]),
    "what earns them: a bucket that successes fill, or a share of the load",
)
.default("successes");

/// How much may be saved.
pub(crate) const ACCRUAL: Param = Param::new(
    "accrual",
    Kind::Duration,
    "what may be saved up, as the time in which the whole load earns it; instead of `burst`",
);

/// Of the calls of services to each other.
pub(crate) const HOP: [Param; 2] = [
    Param::new(
        "budget",
        Kind::Share,
        "tries again earned by a call of a service, for each process and service called; no budget if missing",
    ),
    Param::new(
        "burst",
        COUNT,
        "tries again that such a process may save up",
    )
    .default("10"),
];

/// The parameters of the clients' budget.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Rules {
    /// Whether every request earns, not only one that succeeds.
    pub(crate) of_requests: bool,
    saved: Saved,
}

#[derive(Clone, Copy, Debug, PartialEq)]
enum Saved {
    Count(f64),
    /// Requests of a client in the time that counts.
    Load(f64),
}

impl Rules {
    /// Of a client with `rate` requests a second, from the table `retry`; `burst` is what may be saved
    /// without a time.
    pub(crate) fn read(retry: &Args, burst: f64, rate: f64) -> Self {
        let saved = match retry.duration_opt("accrual") {
            Some(time) => Saved::Load(rate * time.as_secs_f64()),
            None => Saved::Count(burst),
        };
        Self {
            of_requests: retry.word("budget_of") == "requests",
            saved,
        }
    }
    /// What a client may save up that earns `share` each time: at least one retry, or it could never have
    /// one.
    pub(crate) fn most(&self, share: f64) -> f64 {
        match self.saved {
            Saved::Count(most) => most,
            Saved::Load(requests) => (share * requests).max(1.0),
        }
    }
}

/// Retries saved up.
#[derive(Debug)]
pub(crate) struct Tokens(Cell<f64>);

impl Tokens {
    pub(crate) const fn new(saved: f64) -> Self {
        Self(Cell::new(saved))
    }
    /// Saves `share` up, but not beyond `most`.
    pub(crate) fn earn(&self, share: f64, most: f64) {
        self.0.set((self.0.get() + share.max(0.0)).min(most));
    }
    /// Takes one, if it is there.
    pub(crate) fn spend(&self) -> bool {
        let saved = self.0.get();
        if saved >= 1.0 {
            self.0.set(saved - 1.0);
        }
        saved >= 1.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_saved_is_bounded_by_a_count_or_a_time() {
        let tokens = Tokens::new(1.0);
        assert!(tokens.spend() && !tokens.spend());
        (0..10).for_each(|_| tokens.earn(0.1, 2.0));
        assert!(tokens.0.get() > 0.99 && tokens.0.get() < 1.01);
        (0..100).for_each(|_| tokens.earn(0.1, 2.0));
        assert!(tokens.spend() && tokens.spend() && !tokens.spend());
        let of = |saved| Rules {
            of_requests: true,
            saved,
        };
        assert!((of(Saved::Count(7.0)).most(0.1) - 7.0).abs() < 1e-12);
        assert!((of(Saved::Load(62_000.0)).most(0.1) - 6_200.0).abs() < 1e-9);
        assert!((of(Saved::Load(3.0)).most(0.1) - 1.0).abs() < 1e-12);
    }
}
