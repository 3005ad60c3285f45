//! A recording: a history with everything that made it, as it is kept on disk.

use crate::history::{Digest, Record};
use crate::outcome::Stop;
use crate::plan::Plan;
use crate::{Names, Seed, VirtualTime};
use serde::{Deserialize, Serialize};

/// Version of the format of recordings. 2 knows why and when the run stopped, 3 ends in a digest of all
/// that stands before it.
pub const RECORDING_FORMAT: u32 = 3;

/// What a recording knows about itself.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Header {
    /// Version of the format.
    pub format: u32,
    /// Engine epoch of the run.
    pub epoch: u32,
    /// Name of the scenario.
    pub scenario: String,
    /// Path of its file, as it was given.
    pub path: String,
    /// The effective text of the scenario: the file with its settings.
    pub text: String,
    /// The seed.
    pub seed: Seed,
    /// Why the run stopped: what is promised about its whole length needs that it was over.
    pub stop: Stop,
    /// When it stopped; the last record may be earlier.
    pub end: VirtualTime,
    /// Names of the nodes, by number.
    pub nodes: Vec<String>,
    /// The plan.
    pub plan: Plan,
    /// The names in the records.
    pub names: Names,
    /// Digest of the whole history.
    pub digest: Digest,
    /// Digest after every so many records, see [`crate::history::CHECKPOINT_RECORDS`].
    pub checkpoints: Vec<Digest>,
}

/// A recording.
#[derive(Clone, Debug, PartialEq)]
pub struct Recording {
    /// What it knows about itself.
    pub header: Header,
    /// What happened.
    pub records: Vec<Record>,
}

impl Recording {
    /// The plan with the times and targets that the run found out: see [`Plan::frozen`].
    pub fn plan_as_run(&self) -> Plan {
        self.header.plan.frozen(&self.records)
    }
}
