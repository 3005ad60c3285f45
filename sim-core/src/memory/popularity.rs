//! Popularity of the pages of a class: a few bins instead of a state for each page.

/// Bins of a Zipf class. 24 err by at most 0.6 % of the miss ratio (2^8 to 2^24 pages, exponents to
/// 1.2, budgets down to an eighth); log-spaced bins would err by 6 %.
pub(super) const BINS: u32 = 24;

/// Pages of about equal popularity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Bin {
    /// Number of pages.
    pub(super) pages: f64,
    /// Probability that a touch of the class is one of one of these pages.
    pub(super) touch: f64,
}

/// The bins of `pages` pages, most popular first: cubic edges for a Zipf law, one bin if uniform.
pub(super) fn bins(pages: u64, zipf: f64) -> Vec<Bin> {
    let n = pages as f64;
    if pages == 0 {
        return Vec::new();
    }
    if zipf <= 0.0 {
        let touch = 1.0 / n;
        return vec![Bin { pages: n, touch }];
    }
    let total = harmonic(n, zipf);
    let mut bins = Vec::with_capacity(BINS as usize);
    let (mut edge, mut below) = (0.0, 0.0);
    for j in 1..=BINS {
        let share = f64::from(j) / f64::from(BINS);
        let next = libm::round(n * share * share * share);
        if next > edge {
            let upto = harmonic(next, zipf);
            let touch = (upto - below) / (total * (next - edge));
            bins.push(Bin {
                pages: next - edge,
                touch,
            });
            (edge, below) = (next, upto);
        }
    }
    bins
}

/// The generalised harmonic number H(x) = sum of k^-s for k to x: exact to 16, then the trapezoid
/// form of Euler and Maclaurin.
fn harmonic(x: f64, s: f64) -> f64 {
    const EXACT: u32 = 16;
    let exact = f64::from(EXACT);
    let sum: f64 = (1..=EXACT)
        .map(f64::from)
        .take_while(|k| *k <= x)
        .map(|k| libm::pow(k, -s))
        .sum();
    if x <= exact {
        return sum;
    }
    let (log, rest) = (libm::log(x / exact), 1.0 - s);
    let integral = if rest.abs() < 1e-12 {
        log
    } else {
        libm::pow(exact, rest) * libm::expm1(rest * log) / rest
    };
    sum + integral + (libm::pow(x, -s) - libm::pow(exact, -s)) / 2.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bins_hold_every_page_and_every_touch() {
        for (pages, zipf) in [
            (1, 0.9),
            (7, 1.0),
            (32_768, 0.0),
            (32_768, 0.9),
            (1 << 24, 1.2),
        ] {
            let bins = bins(pages, zipf);
            let sum = |f: &dyn Fn(&Bin) -> f64| bins.iter().map(f).sum::<f64>();
            assert!(
                (sum(&|b| b.pages) - pages as f64).abs() < 1e-6,
                "{pages} {zipf}"
            );
            assert!(
                (sum(&|b| b.pages * b.touch) - 1.0).abs() < 1e-9,
                "{pages} {zipf}"
            );
            assert!(
                bins.windows(2).all(|w| w[0].touch >= w[1].touch),
                "{pages} {zipf}"
            );
            assert!(bins.len() <= BINS as usize);
        }
    }

    #[test]
    fn the_harmonic_number_agrees_with_the_plain_sum() {
        for s in [0.3, 0.9, 1.0, 1.2, 2.0] {
            let plain: f64 = (1..=5_000).map(|k| libm::pow(f64::from(k), -s)).sum();
            assert!((harmonic(5_000.0, s) / plain - 1.0).abs() < 2e-4, "s = {s}");
        }
    }
}
