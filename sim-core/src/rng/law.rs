//! Distributions as data.

use super::Sample;
use serde::{Deserialize, Serialize};
use std::sync::Arc;

/// A distribution over numbers; the unit is the owner's (link delays are nanoseconds).
///
/// Each sample is the quantile of one uniform draw, so that the same draw under a wider law gives a
/// larger value: paired runs stay comparable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Law {
    /// Always this value; draws nothing.
    Constant(f64),
    /// Evenly between two values.
    Uniform {
        /// Smallest value.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// The normal distribution; owners of durations clamp below zero.
    Normal {
        /// Mean.
        mean: f64,
        /// Standard deviation.
        sd: f64,
    },
    /// The exponential distribution.
    Exponential {
        /// Mean.
        mean: f64,
    },
    /// One of two exponential distributions with balanced means: service times that vary more than
    /// an exponential law's.
    Hyperexponential {
        /// Mean.
        mean: f64,
        /// Squared coefficient of variation: variance over the squared mean; 1 is exponential.
        cv2: f64,
    },
    /// The logarithm is normal.
    Lognormal {
        /// Median, e to the mean of the logarithm.
        median: f64,
        /// Standard deviation of the logarithm.
        sigma: f64,
    },
    /// The Pareto distribution: P(X > x) = (scale / x)^alpha.
    Pareto {
        /// Smallest value.
        scale: f64,
        /// Tail exponent.
        alpha: f64,
    },
    /// The logarithm is uniform.
    Loguniform {
        /// Smallest value, above zero.
        low: f64,
        /// Largest value.
        high: f64,
    },
    /// Quantiles at (probability, value) points, linear in between; both columns ascend, the first
    /// probability is 0 and the last 1.
    Empirical(Arc<[(f64, f64)]>),
}

/// The 99 % quantile of the standard normal distribution: `lognormal median a p99 b` has
/// sigma = ln(b/a) / this.
pub(crate) const Z99: f64 = 2.326_347_874_040_841;

impl Law {
    /// The lognormal law with this median and 99 % quantile.
    pub fn lognormal_p99(median: f64, p99: f64) -> Self {
        Self::Lognormal {
            median,
            sigma: libm::log(p99 / median) / Z99,
        }
    }

    /// The empirical law of `values`: every value gets the same weight, linear in between.
    ///
    /// # Panics
    /// If `values` is empty.
    pub fn from_values(mut values: Vec<f64>) -> Self {
        assert!(!values.is_empty(), "an empirical law needs a value");
        values.sort_by(f64::total_cmp);
        let last = values.len().max(2) - 1;
        let point = |i: usize| (i as f64 / last as f64, values[i.min(values.len() - 1)]);
        Self::Empirical((0..=last).map(point).collect())
    }

    /// The value that a share `p` of the samples stays below; `p` in the open interval (0, 1).
    pub fn quantile(&self, p: f64) -> f64 {
        match self {
            Self::Constant(value) => *value,
            Self::Uniform { low, high } => low + (high - low) * p,
            Self::Normal { mean, sd } => mean + sd * probit(p),
            Self::Exponential { mean } => -libm::log1p(-p) * mean,
            Self::Hyperexponential { mean, cv2 } => mean * hyperexponential(*cv2, p),
            Self::Lognormal { median, sigma } => median * libm::exp(sigma * probit(p)),
            Self::Pareto { scale, alpha } => scale * libm::pow(1.0 - p, -1.0 / alpha),
            Self::Loguniform { low, high } => low * libm::exp(libm::log(high / low) * p),
            Self::Empirical(points) => interpolate(points, p),
        }
    }

    /// Draws one value: nothing is drawn for a constant, one word otherwise.
    pub fn sample(&self, source: &mut impl Sample) -> f64 {
        match self {
            Self::Constant(value) => *value,
            law => law.quantile(source.open_unit()),
        }
    }

    /// Whether sampling draws nothing.
    pub const fn is_constant(&self) -> bool {
        matches!(self, Self::Constant(_))
    }

    /// This law with every value multiplied by `factor`, which is positive.
    #[must_use]
    pub fn scaled(&self, factor: f64) -> Self {
        match self {
            Self::Constant(v) => Self::Constant(v * factor),
            Self::Uniform { low, high } => Self::Uniform {
                low: low * factor,
                high: high * factor,
            },
            Self::Normal { mean, sd } => Self::Normal {
                mean: mean * factor,
                sd: sd * factor,
            },
            Self::Exponential { mean } => Self::Exponential {
                mean: mean * factor,
            },
            Self::Hyperexponential { mean, cv2 } => Self::Hyperexponential {
                mean: mean * factor,
                cv2: *cv2,
            },
            Self::Lognormal { median, sigma } => Self::Lognormal {
                median: median * factor,
                sigma: *sigma,
            },
            Self::Pareto { scale, alpha } => Self::Pareto {
                scale: scale * factor,
                alpha: *alpha,
            },
            Self::Loguniform { low, high } => Self::Loguniform {
                low: low * factor,
                high: high * factor,
            },
            Self::Empirical(points) => {
                Self::Empirical(points.iter().map(|(p, v)| (*p, v * factor)).collect())
            }
        }
    }
}

fn interpolate(points: &[(f64, f64)], p: f64) -> f64 {
    let after = points
        .partition_point(|(at, _)| *at < p)
        .clamp(1, points.len() - 1);
    let ((p0, v0), (p1, v1)) = (points[after - 1], points[after]);
    if p1 <= p0 {
        v1
    } else {
        v0 + (v1 - v0) * ((p - p0) / (p1 - p0)).clamp(0.0, 1.0)
    }
}

/// Quantile function of the hyperexponential law with mean 1 and balanced means: with chance `w` the
/// rate is 2 w, else 2 (1 - w), so that both halves carry the same mean (Whitt, Operations Research 30,
/// 1982).
fn hyperexponential(cv2: f64, p: f64) -> f64 {
    let w = f64::midpoint(1.0, ((cv2 - 1.0) / (cv2 + 1.0)).max(0.0).sqrt());
    let (fast, slow) = (2.0 * w, 2.0 * (1.0 - w));
    let wanted = 1.0 - p;
    // The share above x is convex and falls: Newton's steps from zero rise to the root and never pass it.
    let mut x = 0.0;
    for _ in 0..100 {
        let (a, b) = (w * libm::exp(-fast * x), (1.0 - w) * libm::exp(-slow * x));
        let step = (a + b - wanted) / (fast * a + slow * b);
        x += step;
        if step <= 1e-12 * x {
            break;
        }
    }
    x
}

/// Quantile function of the standard normal distribution, `p` in (0, 1).
///
/// Algorithm AS 241, routine PPND16 (Wichura, Applied Statistics 37, 1988): relative error about
/// 1e-16.
pub fn probit(p: f64) -> f64 {
    const A: [f64; 8] = [
        3.387_132_872_796_366_5,
        1.331_416_678_917_843_8e2,
        1.971_590_950_306_551_3e3,
        1.373_169_376_550_946e4,
        4.592_195_393_154_987e4,
        6.726_577_092_700_87e4,
        3.343_057_558_358_813e4,
        2.509_080_928_730_122_7e3,
    ];
    const B: [f64; 8] = [
        1.0,
        4.231_333_070_160_091e1,
        6.871_870_074_920_579e2,
        5.394_196_021_424_751e3,
        2.121_379_430_158_659_7e4,
        3.930_789_580_009_271e4,
        2.872_908_573_572_194_3e4,
        5.226_495_278_852_545e3,
    ];
    const C: [f64; 8] = [
        1.423_437_110_749_683_5,
        4.630_337_846_156_546,
        5.769_497_221_460_691,
        3.647_848_324_763_204_5,
        1.270_458_252_452_368_4,
        2.417_807_251_774_506e-1,
        2.272_384_498_926_918_4e-2,
        7.745_450_142_783_414e-4,
    ];
    const D: [f64; 8] = [
        1.0,
        2.053_191_626_637_759,
        1.676_384_830_183_803_8,
        6.897_673_349_851e-1,
        1.481_039_764_274_800_8e-1,
        1.519_866_656_361_645_7e-2,
        5.475_938_084_995_345e-4,
        1.050_750_071_644_416_9e-9,
    ];
    const E: [f64; 8] = [
        6.657_904_643_501_103,
        5.463_784_911_164_114,
        1.784_826_539_917_291_3,
        2.965_605_718_285_048_7e-1,
        2.653_218_952_657_612_4e-2,
        1.242_660_947_388_078_4e-3,
        2.711_555_568_743_487_6e-5,
        2.010_334_399_292_288_1e-7,
    ];
    const F: [f64; 8] = [
        1.0,
        5.998_322_065_558_88e-1,
        1.369_298_809_227_358e-1,
        1.487_536_129_085_061_5e-2,
        7.868_691_311_456_133e-4,
        1.846_318_317_510_054_8e-5,
        1.421_511_758_316_446e-7,
        2.044_263_103_389_939_8e-15,
    ];
    let horner = |c: &[f64; 8], x: f64| c.iter().rev().fold(0.0, |sum, c| sum * x + c);
    let q = p - 0.5;
    if q.abs() <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&A, r) / horner(&B, r);
    }
    let r = libm::sqrt(-libm::log(if q < 0.0 { p } else { 1.0 - p }));
    let tail = if r <= 5.0 {
        horner(&C, r - 1.6) / horner(&D, r - 1.6)
    } else {
        horner(&E, r - 5.0) / horner(&F, r - 5.0)
    };
    if q < 0.0 { -tail } else { tail }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Seed};
    use super::*;

    #[test]
    fn probit_against_tabulated_values() {
        for (p, z) in [
            (0.5, 0.0),
            (0.975, 1.959_963_984_540_054),
            (0.99, Z99),
            (1e-9, -5.997_807_015_007_686),
        ] {
            assert!(
                (probit(p) - z).abs() < 1e-12,
                "{p}: {} against {z}",
                probit(p)
            );
        }
    }

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "a rank among few samples")]
    fn samples_have_the_quantiles_of_their_law() {
        let laws = [
            Law::Uniform {
                low: 1.0,
                high: 3.0,
            },
            Law::Normal { mean: 5.0, sd: 2.0 },
            Law::Exponential { mean: 2.0 },
            Law::Hyperexponential {
                mean: 2.0,
                cv2: 4.0,
            },
            Law::lognormal_p99(400.0, 2000.0),
            Law::Pareto {
                scale: 10.0,
                alpha: 1.5,
            },
            Law::Loguniform {
                low: 1.0,
                high: 1000.0,
            },
            Law::from_values(vec![3.0, 1.0, 2.0, 8.0]),
        ];
        for law in laws {
            let key = Key::new(Seed(3), "law", "test");
            let mut values: Vec<f64> = (0..40_000).map(|i| law.sample(&mut key.at(i))).collect();
            values.sort_by(f64::total_cmp);
            for p in [0.1, 0.5, 0.9] {
                let (want, got) = (law.quantile(p), values[(40_000.0 * p) as usize]);
                assert!(
                    (got / want - 1.0).abs() < 0.04,
                    "{law:?} at {p}: {got} against {want}"
                );
            }
        }
    }

    /// Mean and variance by the sum over quantiles; the limit of 1 is the exponential law.
    #[test]
    fn a_hyperexponential_law_has_its_moments() {
        for cv2 in [1.5, 4.0, 16.0] {
            let law = Law::Hyperexponential { mean: 3.0, cv2 };
            let steps = 2_000_000;
            let values = (0..steps).map(|i| law.quantile((f64::from(i) + 0.5) / f64::from(steps)));
            let (sum, squares) = values.fold((0.0, 0.0), |(s, q), x| (s + x, q + x * x));
            let mean = sum / f64::from(steps);
            let variance = squares / f64::from(steps) - mean * mean;
            assert!((mean / 3.0 - 1.0).abs() < 1e-3, "cv2 {cv2}: mean {mean}");
            let found = variance / (mean * mean);
            assert!((found / cv2 - 1.0).abs() < 0.01, "cv2 {cv2}: {found}");
        }
        let [one, other] = [
            Law::Hyperexponential {
                mean: 3.0,
                cv2: 1.0,
            },
            Law::Exponential { mean: 3.0 },
        ];
        for p in [1e-9, 0.1, 0.5, 0.99, 1.0 - 1e-12] {
            let (a, b) = (one.quantile(p), other.quantile(p));
            assert!((a / b - 1.0).abs() < 1e-6, "{p}: {a} {b}");
        }
    }

    #[test]
    fn lognormal_by_median_and_p99_meets_both() {
        let law = Law::lognormal_p99(400.0, 2000.0);
        assert!(
            (law.quantile(0.5) - 400.0).abs() < 1e-9 && (law.quantile(0.99) - 2000.0).abs() < 1e-6
        );
    }
}
