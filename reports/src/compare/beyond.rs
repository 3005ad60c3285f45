//! What fails a seed besides its properties: a panic, or a fault that nobody had the role for.

use squall_core::outcome::{SeedResult, Stop};
use squall_core::{Seed, VirtualTime};
use std::collections::BTreeSet;

/// A seed of one side that fails, whatever its properties say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Beyond {
    /// The seed.
    pub seed: Seed,
    /// When, in the run.
    pub at: VirtualTime,
    /// Whether model code panicked: what the run says besides is of its part before.
    pub panic: bool,
    /// What happened, in words.
    pub text: String,
}

/// Whether model code panicked in a seed.
pub(super) fn panicked(seed: &SeedResult) -> bool {
    matches!(seed.stop, Stop::Panicked(_))
}

/// All of a side, in seed order.
pub(super) fn beyond<'a>(seeds: impl Iterator<Item = &'a SeedResult>) -> Vec<Beyond> {
    let mut found = Vec::new();
    for result in seeds {
        let seed = result.seed;
        if let Stop::Panicked(text) = &result.stop {
            found.push(Beyond {
                seed,
                at: result.end,
                panic: true,
                text: text.clone(),
            });
        }
        for fault in &result.faults {
            found.extend(fault.failed().map(|at| Beyond {
                seed,
                at,
                panic: false,
                text: format!("nobody had the role that fault {} names", fault.label),
            }));
        }
    }
    found
}

/// Seeds that fail so on the first side only, and on the second only.
pub(super) fn one_sided(beyond: &[Vec<Beyond>; 2]) -> [u64; 2] {
    let [a, b] = [0, 1].map(|side| beyond[side].iter().map(|b| b.seed).collect::<BTreeSet<_>>());
    [
        a.difference(&b).count() as u64,
        b.difference(&a).count() as u64,
    ]
}
