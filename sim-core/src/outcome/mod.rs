//! What a run and a campaign leave behind: the data that reports print.

mod campaign;

pub use campaign::{Campaign, FaultSummary, PropertySummary};

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

/// One fault of one seed.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct FaultResult {
    /// Label in the scenario.
    pub label: String,
    /// How many primitives were planned.
    pub planned: u64,
    /// How often they had an effect.
    pub landed: u64,
    /// When they first had one.
    pub first_landing: Option<VirtualTime>,
    /// What its triggers did, if it has any.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub firings: Option<Firings>,
}

/// What the triggers of a fault did.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firings {
    /// Firings that hit somebody.
    pub fired: u64,
    /// Targets that its floor kept from being hit.
    pub dropped: u64,
    /// Firings for which nobody had the role in time.
    pub missed_role: u64,
    /// Firings for which the floor left nobody.
    pub missed_floor: u64,
    /// Firings that were left out because nobody had the role.
    pub skipped: u64,
    /// Firings that still waited for somebody to have the role when the run ended.
    pub waiting: u64,
    /// When the run failed because nobody had the role.
    pub failed: Option<VirtualTime>,
}

impl FaultResult {
    /// When it made the run fail, because nobody had the role that it names and that must not be.
    pub fn failed(&self) -> Option<VirtualTime> {
        self.firings.and_then(|firings| firings.failed)
    }
}

impl Firings {
    /// Adds up.
    pub fn add(&mut self, other: &Self) {
        self.fired += other.fired;
        self.dropped += other.dropped;
        self.missed_role += other.missed_role;
        self.missed_floor += other.missed_floor;
        self.skipped += other.skipped;
        self.waiting += other.waiting;
        self.failed = [self.failed, other.failed].into_iter().flatten().min();
    }
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
