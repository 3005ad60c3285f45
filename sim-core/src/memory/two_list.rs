//! The two lists of Linux in a steady state: what comes back soon, and how long pages stay.
//!
//! A page lives in cycles: it faults, stays on the inactive and the active list for a while, leaves,
//! and faults again when it is touched next. Three times describe a domain: how long a page needs
//! through the inactive list, through the active list, and within what time of its leaving a page is
//! taken back as active. Optional detail: it gives the counters of refaults, activations and restores;
//! residency stays with the equations of LRU, from which it differs by up to 4 %.

use super::popularity::Bin;

/// Halvings in each of the nested searches.
const HALVINGS: u32 = 40;
/// Where a search stops: far below what the equations are good for.
const PRECISION: f64 = 1e-5;
/// Largest exponent that is looked at: a page that is touched this often never leaves.
const EXPONENT_MAX: f64 = 500.0;
/// A steady state of the two lists.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct TwoList {
    /// Seconds through the inactive list, through the active list, and of the refault window.
    pub times: [f64; 3],
    /// Pages on the active list.
    pub active: f64,
    /// Pages on the inactive list.
    pub inactive: f64,
    /// Faults a second.
    pub faults: f64,
    /// Share of the faults whose page goes to the active list at once.
    pub activated: f64,
    /// Share of the faults whose page, besides, was on the active list before it left: their wait
    /// counts as memory pressure too.
    pub restored: f64,
}

/// Sums over all pages for one guess of the three times.
#[derive(Clone, Copy, Debug, Default)]
struct Sums {
    active: f64,
    inactive: f64,
    faults: f64,
    activated: f64,
    restored: f64,
    /// Evictions and activations a second: the speed of the age.
    aging: f64,
}

impl TwoList {
    /// The steady state of classes (bins, touches a second) in `budget` pages; `None` if they fit.
    pub(super) fn solve(classes: &[(&[Bin], f64)], budget: f64) -> Option<Self> {
        let bins = || {
            classes
                .iter()
                .flat_map(|(bins, rate)| bins.iter().map(move |b| (b.pages, b.touch * rate)))
                .filter(|(_, rate)| *rate > 0.0)
        };
        if bins().map(|(pages, _)| pages).sum::<f64>() <= budget {
            return None;
        }
        let sums = |times: [f64; 3]| sums(bins(), times);
        // The refault window for given list times: as long as the active list lasts at the speed of age.
        let window = |t_in: f64, t_act: f64| {
            let ahead = |t: f64| {
                let sums = sums([t_in, t_act, t]);
                sums.active > t * sums.aging
            };
            let t = search(ahead, t_in);
            (t, sums([t_in, t_act, t]))
        };
        let balanced = |t_in: f64| {
            let (t, at) = window(t_in, t_in);
            if at.active <= at.inactive {
                return ([t_in, t_in, t], at);
            }
            let short = |t_act: f64| {
                let at = window(t_in, t_act).1;
                at.active < at.inactive
            };
            let t_act = bisect(short, 0.0, t_in);
            let (t, at) = window(t_in, t_act);
            ([t_in, t_act, t], at)
        };
        let fits = |t_in: f64| {
            let at = balanced(t_in).1;
            at.active + at.inactive < budget
        };
        let all: f64 = bins().map(|(pages, rate)| pages * rate).sum();
        let t_in = search(fits, budget / all);
        let (times, at) = balanced(t_in);
        Some(Self {
            times,
            active: at.active,
            inactive: at.inactive,
            faults: at.faults,
            activated: at.activated / at.faults,
            restored: at.restored / at.faults,
        })
    }
}

fn sums(bins: impl Iterator<Item = (f64, f64)>, [t_in, t_act, window]: [f64; 3]) -> Sums {
    let mut sums = Sums::default();
    for (pages, rate) in bins {
        let often = (rate * t_in).min(EXPONENT_MAX);
        let accessed = -libm::expm1(-often);
        let soon = -libm::expm1(-rate * window);
        let rounds = ((1.0 - soon) + soon * accessed) * libm::exp(often);
        let active = t_act * (soon + rounds * accessed);
        let inactive = t_in * (1.0 + rounds);
        let cycles = pages / (active + inactive + 1.0 / rate);
        sums.active += active * cycles;
        sums.inactive += inactive * cycles;
        sums.faults += cycles;
        sums.activated += soon * cycles;
        // Active at once, or promoted after its second look, in the cycle before.
        sums.restored += soon * (soon + (1.0 - soon) * accessed) * cycles;
        sums.aging += (1.0 + soon + rounds * accessed) * cycles;
    }
    sums
}

/// The point up to which `below` holds, looked for from `guess` by doubling and halving.
fn search(below: impl Fn(f64) -> bool, guess: f64) -> f64 {
    let (mut low, mut high) = (0.0, guess);
    for _ in 0..HALVINGS {
        if !below(high) {
            break;
        }
        low = high;
        high *= 2.0;
    }
    for _ in 0..HALVINGS {
        if low > 0.0 || below(high / 2.0) {
            low = low.max(high / 2.0);
            break;
        }
        high /= 2.0;
    }
    bisect(below, low, high)
}

fn bisect(below: impl Fn(f64) -> bool, mut low: f64, mut high: f64) -> f64 {
    // Times are only ever read to a few digits.
    for _ in 0..HALVINGS {
        if high - low <= PRECISION * high {
            break;
        }
        let middle = f64::midpoint(low, high);
        if below(middle) {
            low = middle;
        } else {
            high = middle;
        }
    }
    high
}

#[cfg(test)]
mod tests {
    use super::super::popularity::bins;
    use super::*;

    fn solve(zipf: f64, ratio: f64) -> TwoList {
        let bins = bins(32_768, zipf);
        TwoList::solve(&[(&bins, 6_400.0)], 32_768.0 / ratio).expect("they do not fit")
    }

    /// The lists fill the budget, the active one is never the longer one, and the less is missing the
    /// sooner pages come back.
    #[test]
    fn the_lists_fill_the_budget() {
        for zipf in [0.0, 0.9, 1.2] {
            let mut last = 1.0;
            for ratio in [1.05, 1.2, 1.5, 2.0, 3.0] {
                let lists = solve(zipf, ratio);
                let all = lists.active + lists.inactive;
                assert!(
                    (all * ratio / 32_768.0 - 1.0).abs() < 1e-3,
                    "{zipf} {ratio}: {lists:?}"
                );
                assert!(
                    lists.active <= 1.001 * lists.inactive,
                    "{zipf} {ratio}: {lists:?}"
                );
                assert!(lists.restored < lists.activated && lists.activated < last);
                last = lists.activated;
            }
        }
    }

    /// Measured activations a fault, R/M 1.05: 0.37 to 0.92; 3: 0.03 to 0.19.
    #[test]
    fn activations_are_those_measured() {
        assert!((0.5..0.9).contains(&solve(0.9, 1.05).activated));
        assert!((0.03..0.19).contains(&solve(0.9, 3.0).activated));
        assert!((0.03..0.19).contains(&solve(1.2, 3.0).activated));
    }

    #[test]
    fn what_fits_has_no_lists_and_two_halves_are_a_whole() {
        let whole = bins(1_000, 0.0);
        assert_eq!(TwoList::solve(&[(&whole, 10.0)], 1_000.0), None);
        let half = bins(500, 0.0);
        let one = TwoList::solve(&[(&whole, 10.0)], 600.0).expect("too many");
        let two = TwoList::solve(&[(&half, 5.0), (&half, 5.0)], 600.0).expect("too many");
        assert!(
            (one.faults / two.faults - 1.0).abs() < 1e-6,
            "{one:?} {two:?}"
        );
    }
}
