//! What a record belongs to: its operation, its spans up to the root, its node, the faults in force.

use squall_core::history::{FaultChange, Record, What};
use squall_core::recording::Recording;
use squall_core::{EntryId, NodeId, SpanId};
use std::collections::BTreeSet;

/// An earlier record that a record belongs to, or that was in force around it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Parent {
    /// What it is to the record: `operation`, `span`, `node` or `fault`.
    pub role: &'static str,
    /// Position of the earlier record.
    pub record: usize,
}

/// More faults in force than this explain nothing.
const FAULTS_MAX: usize = 8;

/// The parents of record `at`: the operation or the spans that it is part of, innermost first; the
/// record before it on the same node, and that node's last change; then the faults in force, the
/// latest first.
pub fn parents(recording: &Recording, at: usize) -> Vec<Parent> {
    let Some(record) = recording.records.get(at) else {
        return Vec::new();
    };
    let mut search = Search::of(&record.what);
    for (index, earlier) in recording.records[..at].iter().enumerate().rev() {
        search.look(index, earlier);
    }
    let Search {
        mut chain,
        around,
        mut faults,
        ..
    } = search;
    faults.truncate(FAULTS_MAX);
    chain.extend(around);
    chain.extend(faults);
    chain
}

/// One walk back over the records.
struct Search {
    /// The operation whose beginning is looked for.
    operation: Option<u32>,
    /// The span whose beginning is looked for.
    span: SpanId,
    node: Option<NodeId>,
    previous: bool,
    changed: bool,
    healed: BTreeSet<EntryId>,
    chain: Vec<Parent>,
    around: Vec<Parent>,
    faults: Vec<Parent>,
}

impl Search {
    fn of(what: &What) -> Self {
        let (mut operation, mut span, mut node) = (None, SpanId::NONE, None);
        match *what {
            What::Return { op, .. } => operation = Some(op),
            What::SpanTime { span: own, .. } | What::SpanEnd { span: own, .. } => span = own,
            What::SpanStart {
                parent, node: at, ..
            } => (span, node) = (parent, Some(at)),
            What::Node { node: at, .. }
            | What::Invoke { node: at, .. }
            | What::Event { node: at, .. }
            | What::Sample { node: at, .. }
            | What::Role { node: at, .. } => node = Some(at),
            What::Fault { .. } | What::Trigger { .. } => {}
        }
        Self {
            operation,
            span,
            node,
            previous: false,
            changed: false,
            healed: BTreeSet::new(),
            chain: Vec::new(),
            around: Vec::new(),
            faults: Vec::new(),
        }
    }

    /// Looks at one earlier record; the walk goes from late to early.
    fn look(&mut self, record: usize, earlier: &Record) {
        let parent = |role| Parent { role, record };
        match earlier.what {
            What::Invoke { op, node, .. } if self.operation == Some(op) => {
                self.operation = None;
                self.chain.push(parent("operation"));
                self.node.get_or_insert(node);
                return;
            }
            What::SpanStart {
                span,
                parent: above,
                node,
                ..
            } if span == self.span && span != SpanId::NONE => {
                self.span = above;
                self.chain.push(parent("span"));
                self.node.get_or_insert(node);
                return;
            }
            What::Fault { entry, change, .. } => {
                match change {
                    FaultChange::Healed => _ = self.healed.insert(entry),
                    FaultChange::Active if !self.healed.contains(&entry) => {
                        self.faults.push(parent("fault"));
                    }
                    FaultChange::Active | FaultChange::Landed | FaultChange::Clamped => {}
                }
                return;
            }
            _ => {}
        }
        let Some((node, change)) = on(&earlier.what) else {
            return;
        };
        if self.node == Some(node) {
            if change && !self.changed {
                self.changed = true;
                self.around.push(parent("node"));
            } else if !self.previous && !self.changed {
                self.around.push(parent("same node"));
            }
            self.previous = true;
        }
    }
}

/// The node that a record names, and whether the record is a change of that node.
fn on(what: &What) -> Option<(NodeId, bool)> {
    match *what {
        What::Node { node, .. } => Some((node, true)),
        What::Invoke { node, .. }
        | What::Event { node, .. }
        | What::Sample { node, .. }
        | What::Role { node, .. }
        | What::SpanStart { node, .. } => Some((node, false)),
        What::Fault { .. }
        | What::Trigger { .. }
        | What::Return { .. }
        | What::SpanTime { .. }
        | What::SpanEnd { .. } => None,
    }
}
