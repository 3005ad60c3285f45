//! What a fault costs: how many there are, what reclaim takes, what a fresh page takes.
//!
//! Every function draws from the source it is given; key it by the ordinal of the thing drawn for.

use crate::{Sample, VirtualDuration};

/// CPU time of one major fault, on top of the device; fitted.
pub const FAULT_CPU: VirtualDuration = VirtualDuration::from_micros(9);
/// Of the time of a read, what is spent on a core to submit and complete it: no wait, so no pressure
/// of input and output. Fitted to that pressure; measured CPU time of a request, less reclaim: 20 to
/// 30 us a fault.
pub const SUBMIT_CPU: VirtualDuration = VirtualDuration::from_micros(15);
/// Pages a task reclaims when it has to: one fault in this many pays for it; measured.
pub const BATCH_PAGES: f64 = 46.0;
/// CPU time of a request besides its work; fitted.
pub const REQUEST_CPU: VirtualDuration = VirtualDuration::from_micros(6);
/// CPU time of a page that is touched for the first time; fitted, 4 to 12 us on a quiet machine.
pub const FRESH_CPU: VirtualDuration = VirtualDuration::from_micros(6);
/// What a fresh page costs more while its domain reclaims; fitted.
pub const FRESH_RECLAIM_CPU: VirtualDuration = VirtualDuration::from_micros(5);
/// Most faults of one request half that are served one by one; more are served in bundles.
pub const FAULTS_SERIAL_MAX: u32 = 64;

/// Mean of a reclaim batch in microseconds, clean victims and the surcharge of dirty ones; fitted.
const RECLAIM_US: (f64, f64) = (395.0, 650.0);
/// Share of the time of reclaim that shows as memory pressure; measured 0.35 to 0.85.
pub const STALLED_SHARE: f64 = 0.65;
/// Standard deviation of the logarithm of a reclaim batch; fitted.
const RECLAIM_SIGMA: f64 = 0.5;
/// Largest mean up to which the binomial draw is exact.
const EXACT_MEAN_MAX: f64 = 64.0;

/// Successes of `n` trials with probability `p` each, from one uniform draw by inversion, so that a
/// larger `p` under the same draw never gives fewer. Nothing is drawn for `p <= 0` or `n = 0`.
///
/// Exact up to a mean of 64 successes (or failures); beyond, the normal law with the same mean and
/// variance, rounded: off by less than 0.02 in the distribution function.
pub fn binomial(n: u32, p: f64, source: &mut impl Sample) -> u32 {
    if n == 0 || p <= 0.0 {
        return 0;
    }
    if p >= 1.0 {
        return n;
    }
    let (trials, u) = (f64::from(n), source.open_unit());
    let mean = trials * p;
    if mean.min(trials - mean) > EXACT_MEAN_MAX {
        let z = crate::rng::probit(u);
        let count = libm::round(mean + z * libm::sqrt(mean * (1.0 - p)));
        return to_count(count.clamp(0.0, trials));
    }
    if p > 0.5 {
        n - invert(n, 1.0 - p, 1.0 - u)
    } else {
        invert(n, p, u)
    }
}

/// The smallest k whose distribution function reaches `u`.
fn invert(n: u32, p: f64, u: f64) -> u32 {
    let mut mass = libm::exp(f64::from(n) * libm::log1p(-p));
    let (mut below, odds) = (mass, p / (1.0 - p));
    let mut k = 0;
    while below < u && k < n && (mass > 0.0 || k == 0) {
        mass *= odds * f64::from(n - k) / f64::from(k + 1);
        below += mass;
        k += 1;
    }
    k
}

/// Sizes of the bundles in which `faults` are served: one by one up to [`FAULTS_SERIAL_MAX`], else
/// that many bundles of about equal size.
pub fn bundles(faults: u32) -> impl Iterator<Item = u32> {
    let count = faults.min(FAULTS_SERIAL_MAX);
    (0..count).map(move |i| faults / count + u32::from(i < faults % count))
}

/// CPU time that the task spends in direct reclaim for `faults` faults (one, or a bundle), of which
/// a share `dirty` of the victims must be written. Usually none. Ask only while the domain reclaims.
pub fn reclaim_cost(faults: u32, dirty: f64, source: &mut impl Sample) -> Option<VirtualDuration> {
    let batches = binomial(faults, 1.0 / BATCH_PAGES, source);
    let mean = RECLAIM_US.0 + RECLAIM_US.1 * dirty;
    (batches > 0).then(|| {
        let us = lognormal_sum(batches, mean, RECLAIM_SIGMA, source);
        VirtualDuration::from_nanos_f64(us * 1e3)
    })
}

/// Mean of [`reclaim_cost`] over all faults, in microseconds a fault: what a page costs that has to
/// make room.
pub const fn reclaim_us_mean(dirty: f64) -> f64 {
    (RECLAIM_US.0 + RECLAIM_US.1 * dirty) / BATCH_PAGES
}

/// Time between the arrival of work and the start of an idle worker: 18 us + Exp(20 us); fitted.
/// Measured medians are 22 to 28 us while other jobs keep the cores awake, 40 to 80 us on a quiet
/// machine, whose virtual cores must be woken first: the constant stands between the two.
pub fn wake_up(source: &mut impl Sample) -> VirtualDuration {
    VirtualDuration::from_nanos_f64(18e3 + source.exponential(20e3))
}

/// CPU time of `pages` pages touched for the first time, `beyond` of them while reclaim is needed.
pub fn fresh_cost(pages: u64, beyond: u64) -> VirtualDuration {
    FRESH_CPU * pages + FRESH_RECLAIM_CPU * beyond.min(pages)
}

/// The sum of `count` independent lognormal numbers with this mean and sigma: exact for one, else
/// one lognormal number with the mean and variance of the sum.
pub(super) fn lognormal_sum(count: u32, mean: f64, sigma: f64, source: &mut impl Sample) -> f64 {
    let count = f64::from(count);
    let variance = libm::log1p(libm::expm1(sigma * sigma) / count);
    count * mean * libm::exp(libm::sqrt(variance) * source.normal() - variance / 2.0)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "callers clamp to the number of trials, a u32"
)]
const fn to_count(count: f64) -> u32 {
    count as u32
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Seed};

    fn moments(count: u64, mut draw: impl FnMut(u64) -> f64) -> (f64, f64) {
        let (mut sum, mut square) = (0.0, 0.0);
        for i in 0..count {
            let x = draw(i);
            sum += x;
            square += x * x;
        }
        let mean = sum / count as f64;
        (mean, square / count as f64 - mean * mean)
    }

    #[test]
    fn binomial_moments() {
        let key = Key::new(Seed(5), "memory", "binomial");
        for (n, p) in [
            (8, 0.14),
            (8, 0.002),
            (8, 0.93),
            (1, 0.5),
            (200, 0.3),
            (50_000, 0.2),
        ] {
            let (mean, variance) = moments(40_000, |i| f64::from(binomial(n, p, &mut key.at(i))));
            let want = f64::from(n) * p;
            let sd = libm::sqrt(want * (1.0 - p) / 40_000.0);
            assert!(
                (mean - want).abs() < 4.0 * sd,
                "{n} {p}: mean {mean} not {want}"
            );
            let want = want * (1.0 - p);
            assert!(
                (variance / want - 1.0).abs() < 0.1,
                "{n} {p}: variance {variance} not {want}"
            );
        }
        let mut draw = key.at(0);
        assert_eq!(
            (binomial(9, 0.0, &mut draw), binomial(9, 1.0, &mut draw)),
            (0, 9)
        );
        assert_eq!(
            draw.next_u64(),
            key.at(0).next_u64(),
            "the certain cases draw nothing"
        );
    }

    #[test]
    fn the_same_draw_under_a_larger_share_gives_no_fewer_faults() {
        let key = Key::new(Seed(5), "memory", "monotone");
        for i in 0..2_000 {
            let counts: Vec<u32> = [0.01, 0.1, 0.4, 0.5, 0.6, 0.9]
                .map(|p| binomial(8, p, &mut key.at(i)))
                .into();
            assert!(counts.is_sorted(), "{counts:?}");
        }
    }

    #[test]
    fn bundles_hold_every_fault() {
        for faults in [0, 1, 64, 65, 1_000_003] {
            let sizes: Vec<u32> = bundles(faults).collect();
            assert_eq!(sizes.iter().sum::<u32>(), faults);
            assert!(sizes.len() <= 64 && sizes.iter().all(|size| *size > 0));
        }
    }

    /// One in 46 pays; the mean follows the dirty share; a bundle has mean and variance of its parts.
    #[test]
    fn reclaim_costs_its_mean() {
        let key = Key::new(Seed(5), "memory", "reclaim");
        let cost = |size: u32, dirty: f64, i: u64| {
            reclaim_cost(size, dirty, &mut key.at(i)).map_or(0.0, |d| d.as_nanos_f64() / 1e3)
        };
        for dirty in [0.0, 0.5, 1.0] {
            let (mean, variance) = moments(400_000, |i| cost(1, dirty, i));
            let want = reclaim_us_mean(dirty);
            assert!((mean / want - 1.0).abs() < 0.04, "{mean} not {want}");
            let (bundle, spread) = moments(40_000, |i| cost(100, dirty, i));
            assert!((bundle / (100.0 * want) - 1.0).abs() < 0.04, "{bundle}");
            assert!(
                (spread / (100.0 * variance) - 1.0).abs() < 0.15,
                "{spread} {variance}"
            );
        }
    }

    /// What a request half with many faults takes in all, one fault after the other: processor, reclaim
    /// and device.
    fn served(sizes: impl Iterator<Item = u32>, key: Key) -> f64 {
        let mut device = crate::memory::SwapDevice::new(crate::memory::Preset::Vdisk.device());
        let mut now = crate::VirtualTime::ZERO;
        for (ordinal, size) in (0..).zip(sizes) {
            now += FAULT_CPU * u64::from(size);
            let reclaim = reclaim_cost(size, 0.5, &mut key.child(1).at(ordinal));
            now += reclaim.unwrap_or_default();
            now = device.read_bundle(now, size, &mut key.child(2).at(ordinal));
        }
        now.as_nanos() as f64 / 1e3
    }

    /// More than 64 faults in one half are served in bundles of the mean and variance of their parts:
    /// here the whole of it, over 3,000 seeds a size. Three standard errors of the mean; of a variance,
    /// whose law is close to normal, about 2.6 % a side, so that 15 % is more than four of the ratio.
    #[test]
    fn a_half_in_bundles_has_the_moments_of_one_served_fault_by_fault() {
        for faults in [65, 200, 1_000] {
            let run = |bundled: bool| {
                moments(3_000, |seed| {
                    let key = Key::new(
                        Seed(seed),
                        "memory",
                        if bundled { "bundles" } else { "serial" },
                    );
                    if bundled {
                        served(bundles(faults), key)
                    } else {
                        served((0..faults).map(|_| 1), key)
                    }
                })
            };
            let ((serial, spread), (bundled, bundled_spread)) = (run(false), run(true));
            let error = libm::sqrt((spread + bundled_spread) / 3_000.0);
            assert!(
                (bundled - serial).abs() < 3.0 * error + 1e-3 * serial,
                "{faults}: mean {bundled} not {serial}, +- {error}"
            );
            assert!(
                (bundled_spread / spread - 1.0).abs() < 0.15,
                "{faults}: variance {bundled_spread} not {spread}"
            );
        }
    }
}
