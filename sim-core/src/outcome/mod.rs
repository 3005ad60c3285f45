//! What a run and a campaign leave behind: the data that reports print.

mod campaign;
pub mod coverage;
mod landing;

pub use campaign::{Campaign, FaultSummary, PropertySummary};
pub use coverage::Coverage;
pub use landing::{FaultResult, Firings, Landing, Missed, fault_results};

use crate::history::Digest;
use crate::property::{PropertyOutcome, PropertySpec, Summary, Verdict};
use crate::{Seed, VirtualTime};
use serde::{Deserialize, Serialize};

/// The version of everything that decides a digest. It rises whenever the same (file, settings,
/// seed) would give another digest.
pub const ENGINE_EPOCH: u32 = 2;

/// Why a run stopped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Stop {
    /// Its time was over.
    Finished,
    /// Nothing was left to happen.
    Quiet,
    /// The bound on events was reached: the verdicts that need the whole run are inconclusive.
    EventsMax,
    /// Model code panicked; the text is the panic's message.
    Panicked(String),
}

/// One property of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertyResult {
    /// What was promised.
    pub spec: PropertySpec,
    /// What was found.
    pub outcome: PropertyOutcome,
}

/// One metric of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MetricResult {
    /// Name, `<workload>.<metric>` or the operator's name for a host signal.
    pub name: String,
    /// Unit.
    pub unit: String,
    /// Its statistics.
    pub summary: Summary,
}

/// Everything about one seed that is a function of (file, seed, settings).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct SeedResult {
    /// The seed.
    pub seed: Seed,
    /// Why it stopped.
    pub stop: Stop,
    /// The worst of its properties; fail if model code panicked.
    pub verdict: Verdict,
    /// Digest of its history.
    pub digest: Digest,
    /// Virtual time at its end.
    pub end: VirtualTime,
    /// Events it took.
    pub events: u64,
    /// Records it wrote.
    pub records: u64,
    /// Its properties, in the order of the file.
    pub properties: Vec<PropertyResult>,
    /// Its metrics, by name.
    pub metrics: Vec<MetricResult>,
    /// Its faults, in the order of the file.
    pub faults: Vec<FaultResult>,
}
