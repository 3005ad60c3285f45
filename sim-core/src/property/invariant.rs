//! Named invariants of workloads.

use super::{Monitor, PropertyOutcome, RunEnd, Verdict, Violation};
use crate::history::Record;
use crate::{NodeId, VirtualTime};
use core::fmt;

/// What an invariant says, collected record by record.
#[derive(Debug, Default)]
pub struct Ruling {
    checked: u64,
    violations: u64,
    first: Option<Violation>,
    margin: Option<(f64, f64)>,
    undecided: bool,
}

impl Ruling {
    /// The promise was tested once.
    pub const fn checked(&mut self) {
        self.checked += 1;
    }
    /// The promise was tested and broken. The text is made only for the first violation.
    pub fn violated(
        &mut self,
        at: VirtualTime,
        node: Option<NodeId>,
        text: impl FnOnce() -> String,
    ) {
        self.violations += 1;
        self.first.get_or_insert_with(|| Violation {
            at,
            node,
            text: text(),
        });
    }
    /// The promise was tested: `measured` against a limit, with this distance to it. The smallest
    /// distance is kept.
    pub fn margin(&mut self, margin: f64, measured: f64) {
        if self.margin.is_none_or(|(kept, _)| margin < kept) {
            self.margin = Some((margin, measured));
        }
    }
    /// The run ended before the promise could be decided.
    pub const fn undecided(&mut self) {
        self.undecided = true;
    }
}

/// A named invariant of a workload.
///
/// It reads records and nothing else, and keeps what it needs of them.
pub trait Invariant: fmt::Debug {
    /// Sees a record.
    fn observe(&mut self, record: &Record, ruling: &mut Ruling);
    /// The run is over. For promises about what must have happened by then.
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let _ = (run, ruling);
    }
}

/// The monitor of a named invariant.
#[derive(Debug)]
pub struct Monitored {
    invariant: Box<dyn Invariant>,
    ruling: Ruling,
}

impl Monitored {
    /// Watches `invariant`.
    pub fn new(invariant: Box<dyn Invariant>) -> Self {
        Self {
            invariant,
            ruling: Ruling::default(),
        }
    }
}

impl Monitor for Monitored {
    fn observe(&mut self, record: &Record) {
        self.invariant.observe(record, &mut self.ruling);
    }
    fn finish(&mut self, run: &RunEnd<'_>) -> PropertyOutcome {
        self.invariant.finish(run, &mut self.ruling);
        let ruling = &self.ruling;
        let verdict = if ruling.violations > 0 {
            Verdict::Fail
        } else if ruling.undecided {
            Verdict::Inconclusive
        } else if ruling.checked == 0 {
            Verdict::NotExercised
        } else {
            Verdict::Pass
        };
        PropertyOutcome {
            verdict,
            checked: ruling.checked,
            violations: ruling.violations,
            margin: ruling.margin.map(|(margin, _)| margin),
            measured: ruling.margin.map(|(_, measured)| measured),
            first: ruling.first.clone(),
        }
    }
}
