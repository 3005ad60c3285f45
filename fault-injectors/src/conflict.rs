//! Faults that cannot be in force together. Everything else composes: see the primitives.

use crate::lowering::{FaultUse, LowerError};
use crate::param::Issue;
use crate::topology::Topology;
use squall_core::plan::{Entry, KnobChange, Primitive};

/// Two sets of one knob that start at one instant on one node and disagree: no order of theirs is
/// better than the other, so the file must say what is meant.
pub(crate) fn find(entries: &[Entry], faults: &[FaultUse], topology: &Topology) -> Vec<LowerError> {
    let mut sets: Vec<&Entry> = entries
        .iter()
        .filter(|e| {
            let change = KnobChange::Set;
            matches!(e.primitive, Primitive::Knob { change: c, .. } if c == change)
        })
        .collect();
    sets.sort_by_key(|e| (e.from, e.fault, e.part));
    let mut errors: Vec<LowerError> = Vec::new();
    for (at, later) in sets.iter().enumerate() {
        let same_start = sets[..at].iter().rev().take_while(|e| e.from == later.from);
        let Some(earlier) = same_start.into_iter().find(|e| disagree(e, later)) else {
            continue;
        };
        let (index, other) = (later.fault as usize, earlier.fault as usize);
        if errors.iter().any(|e| e.fault == index) {
            continue;
        }
        let name = match later.primitive {
            Primitive::Knob { knob, .. } => topology.knobs()[knob.index()].name.as_str(),
            _ => "?",
        };
        let (fault, other) = (&faults[index], &faults[other]);
        let keys = ["name", "workload", "loop"];
        let key = keys.into_iter().find(|key| fault.args.given(key));
        let key = key.unwrap_or("workload");
        let span = fault.args.place(key).span.clone();
        errors.push(LowerError {
            fault: index,
            issue: Issue::new(
                format!(
                    "`{}` and `{}` set `{name}` to different values at the same instant",
                    other.label, fault.label
                ),
                span,
            )
            .label(format!(
                "`{}` in line {} sets it too",
                other.label, other.line
            ))
            .help("start one of the two later, or set it on other nodes"),
        });
    }
    errors
}

fn disagree(a: &Entry, b: &Entry) -> bool {
    match (&a.primitive, &b.primitive) {
        (
            Primitive::Knob {
                knob, node, value, ..
            },
            Primitive::Knob {
                knob: knob_b,
                node: node_b,
                value: value_b,
                ..
            },
        ) => {
            let meet = node.is_none() || node_b.is_none() || node == node_b;
            a.fault != b.fault && knob == knob_b && meet && value != value_b
        }
        _ => false,
    }
}
