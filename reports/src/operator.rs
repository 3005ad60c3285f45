//! What an operator would have seen: host signals before, during and after the faults.

use squall_core::history::What;
use squall_core::plan::Plan;
use squall_core::recording::Recording;
use squall_core::{NodeId, VirtualTime};
use std::collections::BTreeMap;

/// One signal of one node: means over the run before the first fault that hits the node, while such
/// faults last, and afterwards.
#[derive(Clone, Debug, PartialEq)]
pub struct SignalChange {
    /// Name of the node.
    pub node: String,
    /// Name of the signal, without the node.
    pub signal: String,
    /// Mean before.
    pub before: f64,
    /// Mean during.
    pub during: f64,
    /// Mean after.
    pub after: f64,
}

/// From the first start to the last end of the faults that hit a node.
fn window(plan: &Plan, node: NodeId) -> Option<(VirtualTime, VirtualTime)> {
    let hits = || {
        plan.entries()
            .iter()
            .filter(|entry| entry.primitive.node() == Some(node))
    };
    // A change of a knob is no disturbance of the host.
    let hits = || hits().filter(|entry| entry.primitive.name() != "knob");
    let start = hits().map(|entry| entry.from).min()?;
    let end = hits().filter_map(|entry| entry.until).max();
    Some((start, end.unwrap_or(VirtualTime::MAX)))
}

/// The signals of the nodes that faults hit.
pub(crate) fn signals(recording: &Recording) -> Vec<SignalChange> {
    let header = &recording.header;
    let windows: Vec<_> = (0..header.nodes.len())
        .map(|index| window(&header.plan, NodeId::from_index(index)))
        .collect();
    // Sum and count before, during and after, by signal.
    let mut sums: BTreeMap<(NodeId, squall_core::NameId), [(f64, u32); 3]> = BTreeMap::new();
    for record in &recording.records {
        let What::Sample { name, node, value } = record.what else {
            continue;
        };
        let Some(Some((start, end))) = windows.get(node.index()) else {
            continue;
        };
        let phase = usize::from(record.at > *start) + usize::from(record.at > *end);
        let (sum, count) = &mut sums.entry((node, name)).or_default()[phase];
        *sum += value;
        *count += 1;
    }
    let mean = |(sum, count): (f64, u32)| {
        if count == 0 {
            0.0
        } else {
            sum / f64::from(count)
        }
    };
    let mut changes = Vec::new();
    for ((node, name), [before, during, after]) in sums {
        let host = &header.nodes[node.index()];
        let full = header.names.text(name);
        let Some(signal) = full
            .strip_prefix(host.as_str())
            .and_then(|s| s.strip_prefix('.'))
        else {
            continue;
        };
        let change = SignalChange {
            node: host.clone(),
            signal: signal.to_owned(),
            before: mean(before),
            during: mean(during),
            after: mean(after),
        };
        if change.before != 0.0 || change.during != 0.0 || change.after != 0.0 {
            changes.push(change);
        }
    }
    changes
}
