//! Event logs: what another system recorded about itself, as JSON Lines. `docs/event-log.md` is the
//! description for people.
//!
//! The first line is the header, every other line a record. Times do not go back. The last record is of
//! kind `end`; a log without it was cut.

mod line;
mod read;

use crate::judge::Times;
use squall_core::history::{History, Record};
use squall_core::outcome::MetricResult;
use squall_core::{Names, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// What stands under `format` in the header.
pub const FORMAT: &str = "squall-event-log";
/// The version of the format that this build reads.
pub const VERSION: u64 = 1;

/// A log that was read and checked.
#[derive(Clone, Debug, Default)]
pub struct EventLog {
    /// Its name, for reports.
    pub name: String,
    /// Names of the nodes, by number.
    pub nodes: Vec<String>,
    /// Names of events that it declares or holds.
    pub events: BTreeSet<String>,
    /// Names of the operations that it holds.
    pub operations: BTreeSet<String>,
    /// Metrics that it declares or holds, with their units; an undeclared one has none.
    pub metrics: BTreeMap<String, String>,
    /// The records, as of a run.
    pub records: Vec<Record>,
    /// The names in the records.
    pub names: Names,
    /// When its faults began and healed.
    pub times: Times,
    /// Its operations by number: how the log calls them, and the lines in which they begin.
    pub called: BTreeMap<u32, (String, u64)>,
    /// Lines of its file.
    pub lines: u64,
    /// The time of its last record.
    pub end: VirtualTime,
    /// Whether it says that it is whole.
    pub complete: bool,
}

impl EventLog {
    /// Summaries of the metrics in a history of its records, by name.
    pub(crate) fn metrics(&self, history: &History, names: &Names) -> Vec<MetricResult> {
        let result = |name: &str, summary| MetricResult {
            name: name.to_owned(),
            unit: self.metrics.get(name).cloned().unwrap_or_default(),
            summary,
        };
        let all = history.metrics().all();
        let mut metrics: Vec<MetricResult> = all
            .map(|(id, series)| result(names.text(id), series.summary()))
            .collect();
        metrics.sort_by(|a, b| a.name.cmp(&b.name));
        metrics
    }
}

#[cfg(test)]
mod tests;
