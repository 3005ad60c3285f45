//! The time of a hosted model call, as measured.
//!
//! ```text
//! time = (a + b * new/1000 + c * context/1000 + d * out) * noise        seconds
//! ```
//!
//! Fitted by least squares to 40,446 calls of 676 recorded sessions (`claude_code_sessions.csv.gz`
//! of kv-cache-tester, Apache-2.0); the noise is actual over fitted, as a quantile table. A test
//! fits again. It is the latency of successful calls of one organisation: no errors, and no queue of
//! our own making.

use squall_core::Sample;

/// Coefficients and noise of one model.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ModelLatency {
    /// Its name in parameters, and how its full name begins.
    pub name: &'static str,
    /// Seconds of a call.
    pub a: f64,
    /// Seconds per thousand uncached tokens.
    pub b: f64,
    /// Seconds per thousand tokens of context.
    pub c: f64,
    /// Seconds per token of output.
    pub d: f64,
    /// Noise at [`PROBABILITIES`].
    pub noise: [f64; 12],
}

/// The probabilities of the quantile tables.
pub const PROBABILITIES: [f64; 12] = [
    0.0, 0.01, 0.05, 0.1, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99, 0.999, 1.0,
];

/// The models. Haiku 4.5 and Opus 4.1, with few calls, have no fit of their own: see [`number`].
pub const MODELS: [ModelLatency; 4] = [
    ModelLatency {
        name: "claude-opus-4-5",
        a: 1.626,
        b: 0.0351,
        c: 0.0115,
        d: 0.01467,
        noise: [
            0.343, 0.577, 0.653, 0.702, 0.797, 0.938, 1.108, 1.287, 1.412, 1.750, 3.975, 15.0,
        ],
    },
    ModelLatency {
        name: "claude-opus-4-6",
        a: 0.753,
        b: 0.0319,
        c: 0.0100,
        d: 0.01730,
        noise: [
            0.437, 0.561, 0.664, 0.723, 0.829, 0.961, 1.133, 1.334, 1.516, 2.250, 3.899, 16.2,
        ],
    },
    ModelLatency {
        name: "claude-sonnet-4-5",
        a: 1.141,
        b: 0.0154,
        c: 0.0184,
        d: 0.01454,
        noise: [
            0.403, 0.569, 0.656, 0.702, 0.793, 0.924, 1.098, 1.276, 1.386, 1.715, 4.818, 11.4,
        ],
    },
    ModelLatency {
        name: "claude-sonnet-4-20250514",
        a: 2.452,
        b: 0.0043,
        c: 0.0080,
        d: 0.01342,
        noise: [
            0.482, 0.595, 0.664, 0.708, 0.789, 0.906, 1.054, 1.270, 1.394, 1.905, 7.547, 29.7,
        ],
    },
];

/// The number in [`MODELS`] of a full name. Others of the same maker take the nearest (a choice):
/// smaller ones are like Sonnet 4.5, all others like Opus 4.5.
pub fn number(name: &str) -> u8 {
    match name {
        _ if name.starts_with("claude-opus-4-6") => 1,
        _ if name.starts_with("claude-sonnet-4-2") => 3,
        _ if name.starts_with("claude-sonnet") || name.starts_with("claude-haiku") => 2,
        _ => 0,
    }
}

impl ModelLatency {
    /// Seconds of a call without noise.
    pub fn fitted(&self, new: f64, context: f64, out: f64) -> f64 {
        self.a + self.b * new / 1000.0 + self.c * context / 1000.0 + self.d * out
    }
    /// Seconds of a call.
    pub fn draw(&self, (new, context, out): (u32, u32, u32), source: &mut impl Sample) -> f64 {
        self.fitted(f64::from(new), f64::from(context), f64::from(out))
            * quantile(&self.noise, source.open_unit())
    }
}

/// The quantile at `p` of a table over [`PROBABILITIES`], linear in between.
pub fn quantile(table: &[f64; 12], p: f64) -> f64 {
    let after = PROBABILITIES.partition_point(|at| *at < p).clamp(1, 11);
    let (p0, p1) = (PROBABILITIES[after - 1], PROBABILITIES[after]);
    let (v0, v1) = (table[after - 1], table[after]);
    v0 + (v1 - v0) * ((p - p0) / (p1 - p0)).clamp(0.0, 1.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::{Key, Seed};

    #[test]
    fn names_of_the_recording_find_their_model() {
        for (name, at) in [
            ("claude-opus-4-5-20251101", 0),
            ("claude-opus-4-6", 1),
            ("claude-sonnet-4-5-20250929", 2),
            ("claude-sonnet-4-20250514", 3),
            ("claude-haiku-4-5-20251001", 2),
            ("claude-opus-4-1-20250805", 0),
        ] {
            assert_eq!(number(name), at, "{name}");
        }
    }

    /// Within 3 % of the table at p50, p90 and p99, over 100,000 draws, one in each
    /// hundred-thousandth: independent ones have a standard error of 4 % at the p99 of these tails.
    #[test]
    fn noise_has_the_quantiles_of_its_table() {
        for (i, model) in MODELS.iter().enumerate() {
            let key = Key::new(Seed(5), model.name, "noise");
            let share = |n: u32| (f64::from(n) + key.at(u64::from(n)).open_unit()) / 100_000.0;
            let draw = |n: u32| quantile(&model.noise, share(n));
            let mut draws: Vec<f64> = (0..100_000).map(draw).collect();
            draws.sort_by(f64::total_cmp);
            for (at, rank) in [(5, 50_000), (7, 90_000), (9, 99_000)] {
                let off = draws[rank] / model.noise[at] - 1.0;
                assert!(off.abs() < 0.03, "model {i} at {at}: off by {off}");
            }
        }
    }
}
