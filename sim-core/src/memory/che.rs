//! The fixed point of Che: the horizon at which constant touch rates just fill the budget.

use super::popularity::Bin;

/// Longest horizon looked for, in seconds (115 days): beyond it nothing is evicted by age.
pub(super) const HORIZON_MAX: f64 = 1e7;

/// The horizon in seconds at which the pages touched since fill `budget` pages; each class is its
/// bins and its touches a second. [`HORIZON_MAX`] if they never fill it.
///
/// Sources: Fricker, Robert, Roberts 2012; Che, Tung, Wang 2002.
pub(super) fn horizon(classes: &[(&[Bin], f64)], budget: f64) -> f64 {
    let touched = |age: f64| -> f64 {
        classes
            .iter()
            .map(|(bins, rate)| {
                bins.iter()
                    .map(|bin| -bin.pages * libm::expm1(-bin.touch * rate * age))
                    .sum::<f64>()
            })
            .sum()
    };
    let (mut low, mut high) = (0.0, HORIZON_MAX);
    if touched(high) <= budget {
        return high;
    }
    // Bracket by halves first, so that short horizons are found to the same relative precision.
    for _ in 0..64 {
        if touched(high / 2.0) <= budget {
            low = high / 2.0;
            break;
        }
        high /= 2.0;
    }
    for _ in 0..40 {
        let middle = (low + high) / 2.0;
        if touched(middle) <= budget {
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

    /// Miss ratio and horizon in touches a page, N = 32768, one class: the golden table of the
    /// model's reference; tolerance 0.6 %.
    #[test]
    fn golden_table() {
        const BUDGETS: [f64; 6] = [1.05, 1.2, 1.6, 2.0, 3.0, 4.0];
        let rows: [(f64, [f64; 6], [f64; 6]); 4] = [
            (
                0.0,
                [0.04762, 0.16667, 0.37500, 0.50000, 0.66667, 0.75000],
                [3.05, 1.79, 0.98, 0.69, 0.41, 0.29],
            ),
            (
                0.6,
                [0.02420, 0.09204, 0.22928, 0.32408, 0.47048, 0.55618],
                [5.18, 2.80, 1.40, 0.94, 0.52, 0.35],
            ),
            (
                0.9,
                [0.00935, 0.03675, 0.09651, 0.14153, 0.21887, 0.27016],
                [12.5, 6.45, 3.01, 1.94, 0.99, 0.65],
            ),
            (
                1.2,
                [0.00162, 0.00655, 0.01809, 0.02752, 0.04548, 0.05886],
                [68.1, 33.5, 14.6, 9.00, 4.25, 2.63],
            ),
        ];
        let (pages, rate) = (32_768.0, 6_400.0);
        for (zipf, misses, ages) in rows {
            let bins = bins(32_768, zipf);
            for ((over, miss), age) in BUDGETS.into_iter().zip(misses).zip(ages) {
                let found = horizon(&[(&bins, rate)], pages / over);
                let got: f64 = bins
                    .iter()
                    .map(|b| b.pages * b.touch * libm::exp(-b.touch * rate * found))
                    .sum();
                // The table prints few digits: half of the last one comes on top.
                let slack = 0.006 * miss + 0.5e-5;
                assert!(
                    (got - miss).abs() <= slack,
                    "s {zipf} r {over}: {got} not {miss}"
                );
                let printed = if age >= 10.0 { 0.05 } else { 0.005 };
                let got = rate * found / pages;
                assert!(
                    (got - age).abs() <= 0.006 * age + printed,
                    "s {zipf} r {over}: horizon {got} not {age}"
                );
            }
        }
    }

    #[test]
    fn what_fits_has_no_horizon() {
        let bins = bins(1_000, 0.9);
        assert_eq!(horizon(&[(&bins, 10.0)], 1_000.0), HORIZON_MAX);
        assert_eq!(horizon(&[(&bins, 0.0)], 10.0), HORIZON_MAX);
    }
}
