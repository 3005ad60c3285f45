//! What the recording of a failing seed says about the failure.

use crate::operator::{self, SignalChange};
use crate::slow::{self, Slow};
use squall_core::VirtualTime;
use squall_core::outcome::{PropertyResult, SeedResult};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_core::recording::Recording;

/// What a recording says.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Host signals of the nodes that faults hit.
    pub signals: Vec<SignalChange>,
    /// Where the time of slow operations went.
    pub slow: Vec<Slow>,
}

impl Findings {
    /// Reads a recording.
    pub fn of(recording: &Recording) -> Self {
        Self {
            signals: operator::signals(recording),
            slow: slow::slow(recording),
        }
    }
}

/// A fault that was in force at some instant.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ActiveFault {
    /// Its label.
    pub label: String,
    /// Since when.
    pub since: VirtualTime,
    /// Until when, if it ends.
    pub until: Option<VirtualTime>,
    /// Names of the nodes it acts on, as far as it acts on nodes.
    pub nodes: Vec<String>,
}

/// The faults in force at `at`, in the order of the plan; one line a fault.
pub fn active(plan: &Plan, nodes: &[String], at: VirtualTime) -> Vec<ActiveFault> {
    let mut active: Vec<ActiveFault> = Vec::new();
    for entry in plan.entries() {
        if entry.from > at || entry.until.is_some_and(|until| until <= at) {
            continue;
        }
        let label = &plan.faults[entry.fault as usize].label;
        let node = entry.primitive.node().and_then(|id| nodes.get(id.index()));
        match active.last_mut().filter(|last| last.label == *label) {
            Some(last) => {
                if let Some(node) = node.filter(|node| !last.nodes.contains(node)) {
                    last.nodes.push(node.clone());
                }
            }
            None => active.push(ActiveFault {
                label: label.clone(),
                since: entry.from,
                until: entry.until,
                nodes: node.into_iter().cloned().collect(),
            }),
        }
    }
    active
}

/// The failing properties of a seed.
pub fn failing(seed: &SeedResult) -> impl Iterator<Item = &PropertyResult> {
    seed.properties
        .iter()
        .filter(|p| p.outcome.verdict == Verdict::Fail)
}
