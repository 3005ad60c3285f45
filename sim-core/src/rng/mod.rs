//! Keyed randomness: a draw is a pure function of (seed, entity path, purpose, ordinal).
//!
//! There is no shared generator, hence no order of draws: adding a component, removing a fault or
//! skipping a draw moves no other draw. The ordinal counts the *things* drawn for (message 17 of a
//! link), so that code which draws twice, or not at all, disturbs nobody.
//!
//! * [`Key`] and [`Draw`]: the counter-based generator for draws while the run goes on, 8 bytes a
//!   stream. [`Stream`] adds the ordinal for callers that have no counter of their own.
//! * [`SetupStream`]: ChaCha8 for set-up and lowering.
//! * [`Sample`]: the sampling functions, ours and pinned by golden vectors.
//! * [`Law`]: distributions as data, sampled by inversion from one uniform draw.

mod law;
mod sample;
mod setup;

pub use law::{Law, probit};
pub use sample::Sample;
pub use setup::SetupStream;

use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// The seed of a run. Prints as `0x` and lower-case hex, parses as hex or decimal.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Seed(pub u64);

impl fmt::Display for Seed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:#x}", self.0)
    }
}

impl FromStr for Seed {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let number = match text.strip_prefix("0x") {
            Some(hex) => u64::from_str_radix(hex, 16),
            None => text.parse(),
        };
        number
            .map(Seed)
            .map_err(|_| format!("`{text}` is not a seed: write 17 or 0x11"))
    }
}

/// Seeds are strings in data, since 64 bits do not survive JavaScript.
impl Serialize for Seed {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Seed {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

/// Finaliser of splitmix64 (Steele, Lea, Flood, OOPSLA 2014): a bijection with full avalanche.
const fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// 2^64 divided by the golden ratio, the increment of splitmix64.
const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

/// A stable hash of a name: FNV-1a, then the splitmix64 finaliser. Pinned by golden vectors, since
/// every draw rests on it.
pub const fn path_hash(path: &str) -> u64 {
    mix(fnv(FNV_BASIS, path.as_bytes()))
}

const FNV_BASIS: u64 = 0xcbf2_9ce4_8422_2325;

/// FNV-1a goes on over more bytes.
const fn fnv(mut hash: u64, bytes: &[u8]) -> u64 {
    let mut i = 0;
    while i < bytes.len() {
        hash = (hash ^ bytes[i] as u64).wrapping_mul(0x0000_0100_0000_01b3);
        i += 1;
    }
    hash
}

/// A stable hash of a number, for instance of a key that is put in a shard.
pub const fn thing_hash(thing: u64) -> u64 {
    mix(thing.wrapping_add(GOLDEN))
}

/// The key of one stream of draws, made once from (seed, entity path, purpose).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub struct Key(u64);

impl Key {
    /// The key for `purpose` of the entity at `path`, for instance (`link/a->b`, `loss`).
    pub const fn new(seed: Seed, path: &str, purpose: &str) -> Self {
        Self::hashed(seed, path_hash(path), purpose)
    }
    /// The same for a path in parts, which are not put together first: a network has millions of links.
    pub(crate) fn of_parts(seed: Seed, path: &[&str], purpose: &str) -> Self {
        let bytes = |hash, part: &&str| fnv(hash, part.as_bytes());
        Self::hashed(seed, mix(path.iter().fold(FNV_BASIS, bytes)), purpose)
    }
    const fn hashed(seed: Seed, path: u64, purpose: &str) -> Self {
        let entity = mix(seed.0.wrapping_add(GOLDEN) ^ path);
        Self(mix(entity.wrapping_add(path_hash(purpose).rotate_left(32))))
    }
    /// A key below this one, for the parts of an entity that have a number instead of a name.
    pub const fn child(self, number: u64) -> Self {
        Self(mix(
            self.0 ^ mix(number.wrapping_add(GOLDEN).wrapping_mul(GOLDEN | 1))
        ))
    }
    /// The draws for the `ordinal`-th thing of this stream.
    pub const fn at(self, ordinal: u64) -> Draw {
        Draw {
            state: mix(self.0.wrapping_add(ordinal.wrapping_mul(GOLDEN))),
        }
    }
}

/// The draws for one thing: a splitmix64 sequence that starts at a point given by key and ordinal.
#[derive(Clone, Debug)]
pub struct Draw {
    state: u64,
}

impl Sample for Draw {
    fn next_u64(&mut self) -> u64 {
        self.state = self.state.wrapping_add(GOLDEN);
        mix(self.state)
    }
}

/// A [`Key`] that counts its own things: for owners that draw for one thing after another.
#[derive(Clone, Debug, Default)]
pub struct Stream {
    key: Key,
    ordinal: u64,
}

impl Stream {
    /// The stream for `purpose` of the entity at `path`, at its first thing.
    pub const fn new(seed: Seed, path: &str, purpose: &str) -> Self {
        Self {
            key: Key::new(seed, path, purpose),
            ordinal: 0,
        }
    }
    /// A stream over `key`, at its first thing.
    pub const fn over(key: Key) -> Self {
        Self { key, ordinal: 0 }
    }
    /// The draws for the next thing.
    pub const fn next_thing(&mut self) -> Draw {
        let draw = self.key.at(self.ordinal);
        self.ordinal += 1;
        draw
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Pinned: a changed value changes every run, so it raises the engine epoch.
    #[test]
    fn golden_vectors() {
        assert_eq!(path_hash(""), GOLDEN_HASHES.0);
        assert_eq!(path_hash("link/a->b"), GOLDEN_HASHES.1);
        let mut draw = Key::new(Seed(0x11), "link/a->b", "loss").at(17);
        assert_eq!([draw.next_u64(), draw.next_u64()], GOLDEN_DRAWS);
        let parts = Key::of_parts(Seed(0x11), &["link/", "a", "->", "b"], "loss");
        assert_eq!(parts, Key::new(Seed(0x11), "link/a->b", "loss"));
    }
    const GOLDEN_HASHES: (u64, u64) = (0xf52a_15e9_a9b5_e89b, 0x36c9_51b5_242b_fc13);
    const GOLDEN_DRAWS: [u64; 2] = [0x8504_87a6_8c96_606a, 0x21e4_2216_47a3_3211];

    #[test]
    fn seeds_print_as_hex_and_parse_both_ways() {
        assert_eq!(Seed(17).to_string(), "0x11");
        assert_eq!("0x11".parse(), Ok(Seed(17)));
        assert_eq!("17".parse(), Ok(Seed(17)));
        assert!("0xzz".parse::<Seed>().is_err());
    }

    /// Chi-square over the bytes of the first word, across ordinals, keys and children alike.
    #[test]
    fn neighbouring_keys_and_ordinals_look_independent() {
        let check = |draw: &dyn Fn(u64) -> u64| {
            let mut counts = [[0u32; 256]; 8];
            for i in 0..65_536 {
                let word = draw(i);
                for (byte, counts) in word.to_le_bytes().iter().zip(&mut counts) {
                    counts[usize::from(*byte)] += 1;
                }
            }
            for counts in counts {
                let chi2: f64 = counts
                    .iter()
                    .map(|&c| (f64::from(c) - 256.0) * (f64::from(c) - 256.0) / 256.0)
                    .sum();
                // 255 degrees of freedom: mean 255, sd 22.6; seven sd either way.
                assert!((100.0..413.0).contains(&chi2), "chi-square {chi2}");
            }
        };
        let key = Key::new(Seed(1), "node/a", "x");
        check(&|i| key.at(i).next_u64());
        check(&|i| key.child(i).at(0).next_u64());
        check(&|i| Key::new(Seed(i), "node/a", "x").at(0).next_u64());
        check(&|i| key.at(i).next_u64() ^ key.at(i + 1).next_u64());
        check(&|i| key.at(i).next_u64() ^ Key::new(Seed(2), "node/a", "x").at(i).next_u64());
    }
}
