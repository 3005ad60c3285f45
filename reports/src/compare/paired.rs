//! Paired differences: the same seeds on two sides, so that what they share drops out.

use crate::statistics::Interval;
use statrs::distribution::{Binomial, ContinuousCDF, DiscreteCDF, StudentsT};

/// A paired difference over seeds.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Paired {
    /// Seeds that have the number on both sides.
    pub seeds: u64,
    /// Mean of the first side.
    pub a: f64,
    /// Mean of the second side.
    pub b: f64,
    /// Mean of the differences, second minus first, with its 95 % interval by Student's t. Without at
    /// least two seeds there is no interval: its ends are infinite.
    pub difference: Interval,
    /// How likely a difference as large is if there is none; 1 without an interval.
    pub p: f64,
}

/// The mean of paired differences. The interval is that of the t test for pairs (Student 1908), which
/// takes the differences for normal; of a few dozen seeds the mean is near enough to that unless they
/// are very skewed. If all seeds differ by the same number there is no doubt about it: the interval
/// has no width. `None` without a pair, or if a number is not finite.
pub fn paired(pairs: &[(f64, f64)]) -> Option<Paired> {
    if pairs.is_empty() || pairs.iter().any(|(a, b)| !a.is_finite() || !b.is_finite()) {
        return None;
    }
    let n = pairs.len() as f64;
    let mean = |of: &dyn Fn(&(f64, f64)) -> f64| pairs.iter().map(of).sum::<f64>() / n;
    let (a, b) = (mean(&|(a, _)| *a), mean(&|(_, b)| *b));
    let difference = mean(&|(a, b)| b - a);
    let square = |(a, b): &(f64, f64)| (b - a - difference) * (b - a - difference);
    let squares = pairs.iter().map(square).sum::<f64>();
    let (half, p) = if pairs.len() < 2 {
        (f64::INFINITY, 1.0)
    } else {
        doubt(difference, (squares / (n - 1.0) / n).sqrt(), n - 1.0)
    };
    Some(Paired {
        seeds: pairs.len() as u64,
        a,
        b,
        difference: Interval {
            estimate: difference,
            low: difference - half,
            high: difference + half,
        },
        p,
    })
}

/// Half of the width of the 95 % interval, and the p value, of a mean with this standard error.
fn doubt(mean: f64, error: f64, freedom: f64) -> (f64, f64) {
    let students = StudentsT::new(0.0, 1.0, freedom);
    let Ok(students) = students else {
        return (f64::INFINITY, 1.0);
    };
    if error == 0.0 {
        return (0.0, if mean == 0.0 { 1.0 } else { 0.0 });
    }
    let half = students.inverse_cdf(0.975) * error;
    (half, (2.0 * students.sf((mean / error).abs())).min(1.0))
}

/// The p values of a family of comparisons, made so that a share of 5 % below 0.05 is the chance of
/// even one false finding among all of them (Holm, Scandinavian Journal of Statistics 6, 1979).
pub fn holm(values: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..values.len()).collect();
    order.sort_by(|a, b| values[*a].total_cmp(&values[*b]));
    let mut adjusted = vec![1.0; values.len()];
    let mut largest = 0.0_f64;
    for (rank, index) in order.iter().enumerate() {
        let factor = (values.len() - rank) as f64;
        largest = largest.max((values[*index] * factor).min(1.0));
        adjusted[*index] = largest;
    }
    adjusted
}

/// The two-sided p value of flips: `one` seeds went one way and `other` the other way, and either way
/// is as likely if there is no difference (McNemar's test in its exact form).
pub fn sign_test(one: u64, other: u64) -> f64 {
    match Binomial::new(0.5, one + other) {
        Ok(flips) if one + other > 0 => (2.0 * flips.cdf(one.min(other))).min(1.0),
        _ => 1.0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn close(found: f64, wanted: f64) {
        assert!((found - wanted).abs() < 5e-4, "{found}, not {wanted}");
    }

    /// Student's own data on two soporifics, Biometrika 6 (1908): t = 4.06, p = 0.00283.
    #[test]
    fn the_example_of_student() {
        let one = [0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0];
        let two = [1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4];
        let pairs: Vec<(f64, f64)> = one.into_iter().zip(two).collect();
        let found = paired(&pairs).expect("ten pairs");
        close(found.difference.estimate, 1.58);
        close(found.difference.low, 0.7001);
        close(found.difference.high, 2.4599);
        close(found.p, 0.00283);
        assert_eq!(found.seeds, 10);
    }

    #[test]
    fn where_there_is_no_doubt_or_no_knowledge() {
        let same = paired(&[(1.0, 1.0), (5.0, 5.0)]).expect("pairs");
        assert_eq!(
            (same.difference.low, same.difference.high, same.p),
            (0.0, 0.0, 1.0)
        );
        let shifted = paired(&[(1.0, 3.0), (5.0, 7.0)]).expect("pairs");
        assert_eq!(
            (shifted.difference.low, shifted.difference.high),
            (2.0, 2.0)
        );
        assert_eq!(shifted.p, 0.0);
        let single = paired(&[(1.0, 3.0)]).expect("a pair");
        assert_eq!((single.difference.high, single.p), (f64::INFINITY, 1.0));
        assert_eq!(paired(&[]), None);
        assert_eq!(paired(&[(1.0, f64::NAN), (1.0, 1.0)]), None);
    }

    #[test]
    fn many_comparisons_need_more_evidence() {
        // The worked example of Holm's method: 0.01, 0.04, 0.03, 0.005.
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, wanted) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            close(*found, wanted);
        }
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn flips_one_way_are_evidence_and_flips_both_ways_are_not() {
        close(sign_test(0, 5), 0.0625);
        close(sign_test(1, 9), 0.02148);
        close(sign_test(4, 4), 1.0);
        close(sign_test(0, 0), 1.0);
        assert!(sign_test(0, 5_000) < 1e-100, "and no overflow");
        close(sign_test(5_000, 5_000), 1.0);
        assert!(sign_test(400, 600) < 1e-9);
    }
}
