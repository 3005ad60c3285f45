//! What the recording of a failing seed says about the failure.

use crate::operator::{self, SignalChange};
use crate::slow::{self, Slow};
use squall_core::history::{Miss, TriggerChange, What};
use squall_core::outcome::{PropertyResult, SeedResult};
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_core::recording::Recording;
use squall_core::words::{links as links_of, ranges};
use squall_core::{NodeId, VirtualTime};

/// What a recording says.
#[derive(Clone, Debug, PartialEq)]
pub struct Findings {
    /// Whether host signals were recorded at all.
    pub sampled: bool,
    /// Host signals of the nodes that faults hit.
    pub signals: Vec<SignalChange>,
    /// Where the time of slow operations went.
    pub slow: Vec<Slow>,
}

impl Findings {
    /// Reads a recording.
    pub fn of(recording: &Recording) -> Self {
        Self {
            sampled: operator::period(recording).is_some(),
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
    /// Its name in the catalogue.
    pub kind: String,
    /// Since when.
    pub since: VirtualTime,
    /// Until when, if it ends.
    pub until: Option<VirtualTime>,
    /// Names of the nodes it acts on, as far as it acts on nodes.
    pub nodes: Vec<String>,
    /// The directed links it acts on, by the names of their ends.
    pub links: Vec<(String, String)>,
}

impl ActiveFault {
    /// What it acts on: nodes in runs, then links by who hears whom.
    pub fn targets(&self) -> Vec<String> {
        let mut targets = ranges(self.nodes.iter().map(String::as_str));
        let links = self.links.iter();
        targets.extend(links_of(
            links.map(|(from, to)| (from.as_str(), to.as_str())),
        ));
        targets
    }
}

/// The faults in force at `at`, in the order of the plan; one a fault.
pub fn active(plan: &Plan, nodes: &[String], at: VirtualTime) -> Vec<ActiveFault> {
    merged(plan, nodes, |from, until| {
        from <= at && until.is_none_or(|until| until > at)
    })
}

/// The faults that were over at `at`, those that ended last first; one a fault.
pub fn healed(plan: &Plan, nodes: &[String], at: VirtualTime) -> Vec<ActiveFault> {
    let mut healed = merged(plan, nodes, |_, until| {
        until.is_some_and(|until| until <= at)
    });
    healed.sort_by_key(|fault| core::cmp::Reverse(fault.until));
    healed
}

/// The overlays that are meant, one a fault: from its first start to its last end.
fn merged(
    plan: &Plan,
    nodes: &[String],
    meant: impl Fn(VirtualTime, Option<VirtualTime>) -> bool,
) -> Vec<ActiveFault> {
    let mut faults: Vec<ActiveFault> = Vec::new();
    let fixed = plan.fixed().map(|(_, entry)| entry);
    for entry in fixed.filter(|e| meant(e.from, e.until)) {
        let planned = &plan.faults[entry.fault as usize];
        let label = &planned.label;
        if faults.last().is_none_or(|last| last.label != *label) {
            faults.push(ActiveFault {
                label: label.clone(),
                kind: planned.kind.clone(),
                since: entry.from,
                until: entry.until,
                nodes: Vec::new(),
                links: Vec::new(),
            });
        }
        let fault = faults.last_mut().expect("it was just put there");
        fault.since = fault.since.min(entry.from);
        fault.until = fault.until.zip(entry.until).map(|(a, b)| a.max(b));
        let name = |id: NodeId| nodes.get(id.index()).cloned();
        if let Some(link) = entry.primitive.link() {
            // Bundles forget what is there twice.
            fault.links.extend(name(link.from).zip(name(link.to)));
            continue;
        }
        let node = entry.primitive.node().and_then(name);
        fault
            .nodes
            .extend(node.filter(|node| !fault.nodes.contains(node)));
    }
    faults
}

/// What triggers did, in words, one line a firing.
pub fn firings(recording: &Recording) -> Vec<String> {
    let (plan, names) = (&recording.header.plan, &recording.header.nodes);
    let name = |node: NodeId| names.get(node.index()).map_or("?", String::as_str);
    let (mut hit, mut spared) = (Vec::new(), Vec::new());
    let mut lines = Vec::new();
    for record in &recording.records {
        let What::Trigger { firing, change } = record.what else {
            continue;
        };
        let label = plan.triggers().get(firing.trigger as usize);
        let label = label.map_or("?", |t| plan.faults[t.fault as usize].label.as_str());
        let what = match change {
            TriggerChange::Armed => continue,
            TriggerChange::Hit { node, .. } => {
                hit.push(name(node));
                continue;
            }
            TriggerChange::Dropped { node } => {
                spared.push(name(node));
                continue;
            }
            TriggerChange::Fired if hit.is_empty() => "fired".to_owned(),
            TriggerChange::Fired => format!("hit {}", hit.join(", ")),
            TriggerChange::Missed(Miss::Role) => "missed: nobody had the role".to_owned(),
            TriggerChange::Missed(Miss::Floor) => "missed: its floor left nobody".to_owned(),
            TriggerChange::Missed(Miss::Spared) => {
                "missed: who had the role is spared by `never`".to_owned()
            }
            TriggerChange::Missed(Miss::Late) => "missed: its time was over".to_owned(),
        };
        let floor = match spared.is_empty() {
            true => String::new(),
            false => format!(", its floor spared {}", spared.join(", ")),
        };
        lines.push(format!("{label}  {what}{floor} at {}", record.at));
        hit.clear();
        spared.clear();
    }
    lines
}

/// The failing properties of a seed.
pub fn failing(seed: &SeedResult) -> impl Iterator<Item = &PropertyResult> {
    seed.properties
        .iter()
        .filter(|p| p.outcome.verdict == Verdict::Fail)
}
