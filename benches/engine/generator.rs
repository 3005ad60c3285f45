//! The generator of the workloads' own draws: xoroshiro128++ seeded by splitmix64, so that every
//! engine runs the very same program.

/// A generator.
#[derive(Clone, Debug)]
pub(crate) struct Rng(u64, u64);

impl Rng {
    /// Two splitmix64 words of `seed`, the second made odd.
    pub(crate) fn new(seed: u64) -> Self {
        let mut state = seed;
        let mut next = || {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mut z = state;
            z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            z ^ (z >> 31)
        };
        let (a, b) = (next(), next());
        Self(a, b | 1)
    }
    /// The next word.
    #[inline]
    pub(crate) fn next(&mut self) -> u64 {
        let (s0, mut s1) = (self.0, self.1);
        let word = s0.wrapping_add(s1).rotate_left(17).wrapping_add(s0);
        s1 ^= s0;
        self.0 = s0.rotate_left(49) ^ s1 ^ (s1 << 21);
        self.1 = s1.rotate_left(28);
        word
    }
    /// In (0, 1].
    #[inline]
    pub(crate) fn unit(&mut self) -> f64 {
        ((self.next() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }
    /// Exponential with this mean.
    #[inline]
    pub(crate) fn exp(&mut self, mean: f64) -> f64 {
        -libm::log(self.unit()) * mean
    }
    /// The same with the logarithm of `std`, which the peers ran; it is cheaper, and its last bit is the
    /// platform's.
    #[expect(
        clippy::disallowed_methods,
        reason = "a bench of the program that others ran"
    )]
    #[inline]
    pub(crate) fn exp_std(&mut self, mean: f64) -> f64 {
        -self.unit().ln() * mean
    }
    /// In `0..n`.
    #[inline]
    pub(crate) fn below(&mut self, n: u64) -> u64 {
        ((u128::from(self.next()) * u128::from(n)) >> 64) as u64
    }
}

/// Seconds to nanoseconds, truncated.
#[expect(clippy::cast_possible_truncation, reason = "the definition truncates")]
#[inline]
pub(crate) fn ns(x: f64) -> u64 {
    (x * 1e9) as u64
}

/// The generator is the one of the definition.
pub(crate) fn check() {
    let mut rng = Rng::new(1);
    let words = [rng.next(), rng.next(), rng.next()];
    assert_eq!(
        words,
        [
            0x0826_0b0f_1b52_fcac,
            0x5d93_20f7_1ce2_9ff1,
            0x2819_7699_ec67_f190
        ]
    );
    assert_eq!(Rng::new(1).unit(), 0.031_830_493_152_778_416);
}
