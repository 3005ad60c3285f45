//! The rolling digest of a history.

use super::Record;
use core::fmt;
use core::str::FromStr;
use serde::{Deserialize, Serialize};

/// A 64-bit digest over canonical words, updated record by record.
///
/// It tells runs apart; it is no protection against an adversary.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(u64);

impl Default for Digest {
    fn default() -> Self {
        Self(0x5371_7561_6c6c_0001)
    }
}

impl Digest {
    /// Adds one word.
    #[inline]
    pub fn word(&mut self, word: u64) {
        // Xor, multiply by an odd constant, rotate: a bijection of the state for every word, and of
        // the word for every state.
        self.0 = (self.0 ^ word)
            .wrapping_mul(0x9e37_79b9_7f4a_7c15)
            .rotate_left(29);
    }
    /// Adds words.
    #[inline]
    pub fn words(&mut self, words: &[u64]) {
        for &word in words {
            self.word(word);
        }
    }
    /// Adds a record, as a history does.
    pub fn record(&mut self, record: &Record) {
        record.digest(self);
    }
    /// The digest of a text, for plans and files.
    pub fn of_text(text: &str) -> Self {
        Self::of_bytes(text.as_bytes())
    }
    /// The digest of bytes, for files that are no text.
    pub fn of_bytes(bytes: &[u8]) -> Self {
        let mut digest = Self::default();
        for chunk in bytes.chunks(8) {
            let mut word = [0u8; 8];
            word[..chunk.len()].copy_from_slice(chunk);
            digest.word(u64::from_le_bytes(word));
        }
        digest.word(bytes.len() as u64);
        digest
    }
    /// The state as a number.
    pub const fn as_u64(self) -> u64 {
        self.0
    }
}

/// Four groups of four hex digits, as in `5f1c-9a02-77de-0b31`.
impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let d = self.0;
        write!(
            f,
            "{:04x}-{:04x}-{:04x}-{:04x}",
            d >> 48,
            d >> 32 & 0xffff,
            d >> 16 & 0xffff,
            d & 0xffff
        )
    }
}

impl FromStr for Digest {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        let hex: String = text.chars().filter(|c| *c != '-').collect();
        match u64::from_str_radix(&hex, 16) {
            Ok(number) if hex.len() == 16 => Ok(Self(number)),
            _ => Err(format!(
                "`{text}` is not a digest: it looks like 5f1c-9a02-77de-0b31"
            )),
        }
    }
}

impl Serialize for Digest {
    fn serialize<S: serde::Serializer>(&self, s: S) -> Result<S::Ok, S::Error> {
        s.collect_str(self)
    }
}
impl<'de> Deserialize<'de> for Digest {
    fn deserialize<D: serde::Deserializer<'de>>(d: D) -> Result<Self, D::Error> {
        String::deserialize(d)?
            .parse()
            .map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn digests_print_and_parse_and_tell_order_apart() {
        let of = |words: &[u64]| {
            let mut digest = Digest::default();
            digest.words(words);
            digest
        };
        assert_ne!(of(&[1, 2]), of(&[2, 1]));
        assert_ne!(of(&[1 << 63]), of(&[0]));
        // The highest bit must not stay where it is.
        assert_ne!(of(&[1 << 63, 0]), of(&[0, 1 << 63]));
        let digest = of(&[1, 2, 3]);
        assert_eq!(digest.to_string().parse(), Ok(digest));
        assert!("5f1c".parse::<Digest>().is_err());
    }
}
