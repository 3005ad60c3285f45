//! Where the draws of a fault come from: streams keyed by its label, never a shared generator.

use squall_core::rng::SetupStream;
use squall_core::{Law, Sample, Seed, VirtualDuration};

/// The draws of one occurrence of one fault.
///
/// A stream is a function of (seed, label, occurrence, thing, purpose). Removing another fault, or
/// adding a node that is not drawn from, moves nothing here.
#[derive(Clone, Debug)]
pub struct Draws {
    seed: Seed,
    path: String,
}

impl Draws {
    /// The draws of the fault `label`, before any occurrence.
    pub fn new(seed: Seed, label: &str) -> Self {
        Self {
            seed,
            path: format!("fault/{label}"),
        }
    }
    /// The draws of its `ordinal`-th occurrence.
    #[must_use]
    pub fn occurrence(&self, ordinal: u32) -> Self {
        self.of(&ordinal.to_string())
    }
    /// The draws of one thing of it, by name.
    #[must_use]
    pub fn of(&self, thing: &str) -> Self {
        Self {
            seed: self.seed,
            path: format!("{}/{thing}", self.path),
        }
    }
    /// The stream for `purpose`.
    pub fn stream(&self, purpose: &str) -> SetupStream {
        SetupStream::new(self.seed, &self.path, purpose)
    }
    /// One word for one thing: sorting things by it is a permutation in which every thing keeps its
    /// place relative to the others when one comes or goes.
    pub fn rank(&self, purpose: &str, thing: &str) -> u64 {
        self.of(thing).stream(purpose).next_u64()
    }
    /// A duration from a law of nanoseconds.
    pub fn length(&self, purpose: &str, law: &Law) -> VirtualDuration {
        VirtualDuration::from_nanos_f64(law.sample(&mut self.stream(purpose)))
    }
}
