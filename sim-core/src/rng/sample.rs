//! Sampling functions on 64-bit words, identical on every platform.

/// A source of 64-bit words, with the sampling functions on top of it.
///
/// The functions are ours and pinned by golden vectors, because a change of value changes runs.
pub trait Sample {
    /// The next word, uniform over all 64-bit values.
    fn next_u64(&mut self) -> u64;

    /// A number in (0, 1]: never zero, so that its logarithm is finite.
    fn unit(&mut self) -> f64 {
        ((self.next_u64() >> 11) + 1) as f64 / 9_007_199_254_740_992.0
    }
    /// A number in the open interval (0, 1), for inversion at both ends.
    fn open_unit(&mut self) -> f64 {
        ((self.next_u64() >> 12) as f64 + 0.5) / 4_503_599_627_370_496.0
    }
    /// An integer in `0..n`, without bias (Lemire, 2019); zero if `n` is zero.
    #[expect(
        clippy::cast_possible_truncation,
        reason = "the halves of a 128-bit product"
    )]
    fn below(&mut self, n: u64) -> u64 {
        let mut product = u128::from(self.next_u64()) * u128::from(n);
        if (product as u64) < n {
            let threshold = n.wrapping_neg() % n;
            while (product as u64) < threshold {
                product = u128::from(self.next_u64()) * u128::from(n);
            }
        }
        (product >> 64) as u64
    }
    /// An index in `0..len`.
    ///
    /// # Panics
    /// If `len` is zero.
    #[expect(clippy::cast_possible_truncation, reason = "the result is below `len`")]
    fn index(&mut self, len: usize) -> usize {
        assert!(len > 0, "an index needs something to choose from");
        self.below(len as u64) as usize
    }
    /// True with probability `p`; `p <= 0` is never, `p >= 1` always.
    fn chance(&mut self, p: f64) -> bool {
        self.open_unit() < p
    }
    /// A number drawn from the exponential distribution with this mean.
    fn exponential(&mut self, mean: f64) -> f64 {
        -libm::log(self.unit()) * mean
    }
    /// A standard normal number, by inversion.
    fn normal(&mut self) -> f64 {
        super::probit(self.open_unit())
    }
    /// A number between `low` and `high`.
    fn between(&mut self, low: f64, high: f64) -> f64 {
        low + (high - low) * self.open_unit()
    }
    /// One of `items`, each with the same chance.
    ///
    /// # Panics
    /// If there are none.
    fn choice<'a, T>(&mut self, items: &'a [T]) -> &'a T
    where
        Self: Sized,
    {
        &items[self.index(items.len())]
    }
    /// Puts `items` in random order (Fisher and Yates).
    fn shuffle<T>(&mut self, items: &mut [T])
    where
        Self: Sized,
    {
        for i in (1..items.len()).rev() {
            items.swap(i, self.index(i + 1));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Key, Seed};
    use super::*;

    fn draws() -> super::super::Draw {
        Key::new(Seed(7), "test", "sample").at(0)
    }

    #[test]
    fn integers_are_uniform_and_inside_the_range() {
        let mut source = draws();
        let mut counts = [0u32; 7];
        for _ in 0..70_000 {
            counts[source.index(7)] += 1;
        }
        for count in counts {
            assert!((9_600..10_400).contains(&count), "{counts:?}");
        }
        assert_eq!(source.below(0), 0);
        assert_eq!(source.below(1), 0);
    }

    #[test]
    fn moments_of_the_continuous_samples() {
        let mut source = draws();
        let n = 200_000;
        let (mut exp, mut norm, mut square) = (0.0, 0.0, 0.0);
        for _ in 0..n {
            exp += source.exponential(2.0);
            let z = source.normal();
            norm += z;
            square += z * z;
        }
        let n = f64::from(n);
        assert!((exp / n - 2.0).abs() < 0.02, "{}", exp / n);
        assert!((norm / n).abs() < 0.01 && (square / n - 1.0).abs() < 0.02);
    }

    #[test]
    fn shuffle_is_a_permutation_and_chance_has_exact_ends() {
        let mut source = draws();
        let mut items: Vec<u32> = (0..50).collect();
        source.shuffle(&mut items);
        assert_ne!(items, (0..50).collect::<Vec<_>>());
        items.sort_unstable();
        assert_eq!(items, (0..50).collect::<Vec<_>>());
        assert!((0..1000).all(|_| source.chance(1.0)) && !(0..1000).any(|_| source.chance(0.0)));
    }
}
