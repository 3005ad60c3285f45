//! ChaCha8 streams for set-up and lowering.

use super::{Sample, Seed, path_hash};
use rand_chacha::ChaCha8Rng;
use rand_chacha::rand_core::{Rng as _, SeedableRng as _};

/// A ChaCha8 stream: the seed is the key, a hash of the path is the stream number.
///
/// For draws that are made before the run starts, where 300 bytes of state do not matter. ChaCha is
/// specified to the bit, so the values do not depend on a library's choices.
#[derive(Clone, Debug)]
pub struct SetupStream(ChaCha8Rng);

impl SetupStream {
    /// The stream of the entity at `path` for `purpose`.
    pub fn new(seed: Seed, path: &str, purpose: &str) -> Self {
        let mut key = [0u8; 32];
        key[..8].copy_from_slice(&seed.0.to_le_bytes());
        key[8..16].copy_from_slice(&path_hash(purpose).to_le_bytes());
        let mut rng = ChaCha8Rng::from_seed(key);
        rng.set_stream(path_hash(path));
        Self(rng)
    }
}

impl Sample for SetupStream {
    fn next_u64(&mut self) -> u64 {
        self.0.next_u64()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_purposes_and_seeds_all_tell_streams_apart() {
        let first = |seed, path, purpose| SetupStream::new(Seed(seed), path, purpose).next_u64();
        let base = first(1, "fault/a", "when");
        assert_eq!(base, first(1, "fault/a", "when"));
        assert_ne!(base, first(2, "fault/a", "when"));
        assert_ne!(base, first(1, "fault/b", "when"));
        assert_ne!(base, first(1, "fault/a", "who"));
    }
}
