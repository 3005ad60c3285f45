//! History: the append-only record of what happened, the only thing properties and reports see.
//!
//! Every record moves the digest, whether or not records are kept: recording changes nothing. Only
//! what is said of triggers does not, so that a plan frozen after a run ends in its digest. A
//! campaign keeps digests only; a failing seed is run again with records kept, which is the same run.

mod digest;
mod record;

pub use digest::Digest;
pub use record::{FaultChange, Miss, NodeChange, Outcome, Part, Record, TriggerChange, What};

use crate::property::{Metrics, Monitor};
use crate::{NameId, VirtualTime};

/// A digest is kept every so many records, so that two runs that differ are bisected.
pub const CHECKPOINT_RECORDS: u64 = 1024;

/// What happened in one run.
#[derive(Debug, Default)]
pub struct History {
    digest: Digest,
    count: u64,
    keep: bool,
    records: Vec<Record>,
    checkpoints: Vec<Digest>,
    metrics: Metrics,
    monitors: Vec<Box<dyn Monitor>>,
}

impl History {
    /// An empty history; `keep` says whether records stay in memory.
    pub fn new(keep: bool) -> Self {
        Self {
            keep,
            ..Self::default()
        }
    }
    /// Adds a monitor; monitors see every record in the order in which they were added.
    pub fn watch(&mut self, monitor: Box<dyn Monitor>) {
        self.monitors.push(monitor);
    }
    /// Appends a record.
    #[inline]
    pub fn push(&mut self, at: VirtualTime, what: What) {
        let record = Record { at, what };
        if !record.is_digested() {
            return self.push_aside(record);
        }
        record.digest(&mut self.digest);
        self.count += 1;
        if self.count.is_multiple_of(CHECKPOINT_RECORDS) && self.keep {
            self.checkpoints.push(self.digest);
        }
        if let What::Sample { name, value, .. } = what {
            self.metrics.push(name, at, value);
        }
        for monitor in &mut self.monitors {
            monitor.observe(&record);
        }
        if self.keep {
            self.records.push(record);
        }
    }
    /// Appends a record that does not move the digest: it is not counted either, so that checkpoints
    /// stand where they would without it.
    #[cold]
    fn push_aside(&mut self, record: Record) {
        for monitor in &mut self.monitors {
            monitor.observe(&record);
        }
        if self.keep {
            self.records.push(record);
        }
    }
    /// Says that a metric is recorded only when it changes: see [`crate::property::Series::held`].
    pub fn hold(&mut self, name: NameId, first: VirtualTime, period_ns: u64) {
        self.metrics.hold(name, first, period_ns);
    }
    /// Says that the run is over: held metrics last until then.
    pub fn close(&mut self, end: VirtualTime) {
        self.metrics.close(end);
    }
    /// The digest of all records so far.
    pub const fn digest(&self) -> Digest {
        self.digest
    }
    /// How many records there were.
    pub const fn count(&self) -> u64 {
        self.count
    }
    /// The records, if they were kept.
    pub fn records(&self) -> &[Record] {
        &self.records
    }
    /// The digest after every [`CHECKPOINT_RECORDS`] records, if they were kept.
    pub fn checkpoints(&self) -> &[Digest] {
        &self.checkpoints
    }
    /// All samples, by metric.
    pub const fn metrics(&self) -> &Metrics {
        &self.metrics
    }
    /// Takes the monitors out, to ask them for their verdicts.
    pub fn take_monitors(&mut self) -> Vec<Box<dyn Monitor>> {
        core::mem::take(&mut self.monitors)
    }
    /// Takes the records out.
    pub fn take_records(&mut self) -> Vec<Record> {
        core::mem::take(&mut self.records)
    }
    /// Empties the history but keeps its memory.
    pub fn reset(&mut self, keep: bool) {
        self.digest = Digest::default();
        self.count = 0;
        self.keep = keep;
        self.records.clear();
        self.checkpoints.clear();
        self.metrics.clear();
        self.monitors.clear();
    }
}
