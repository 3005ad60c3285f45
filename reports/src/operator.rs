//! What an operator would have seen: host signals before, during and after the faults.

use squall_core::history::What;
use squall_core::plan::Plan;
use squall_core::property::{Series, Stat};
use squall_core::recording::{Header, Recording};
use squall_core::{NameId, NodeId, VirtualDuration, VirtualTime};
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
        let all = plan.fixed().map(|(_, entry)| entry);
        all.filter(|entry| {
            let to = entry.primitive.link().map(|link| link.to);
            entry.primitive.node() == Some(node) || to == Some(node)
        })
    };
    // A change of a knob is no disturbance of the host.
    let hits = || hits().filter(|entry| entry.primitive.name() != "knob");
    let start = hits().map(|entry| entry.from).min()?;
    let end = hits().filter_map(|entry| entry.until).max();
    Some((start, end.unwrap_or(VirtualTime::MAX)))
}

/// The time between two samples of host signals: `node_up` is recorded at the first of them.
pub(crate) fn period(recording: &Recording) -> Option<u64> {
    let header = &recording.header;
    let first = recording.records.iter().find(|record| match record.what {
        What::Sample { name, .. } => header.names.text(name).ends_with(".node_up"),
        _ => false,
    });
    first.map(|record| record.at.as_nanos())
}

/// A signal without samples yet, which are so many nanoseconds apart up to `end`: it holds its value in
/// between.
pub(crate) fn held((period, end): (u64, VirtualTime)) -> Series {
    Series::held(VirtualTime::from_nanos(period), period, end)
}

/// The signals of the nodes that faults hit. They are recorded when they change: the means are over
/// all samples, the others filled in.
pub(crate) fn signals(recording: &Recording) -> Vec<SignalChange> {
    let header = &recording.header;
    let Some(period) = period(recording) else {
        return Vec::new();
    };
    let first = VirtualTime::from_nanos(period);
    let end = recording.records.last().map_or(first, |record| record.at);
    let plan = recording.plan_as_run();
    let windows: Vec<_> = (0..header.nodes.len())
        .map(|index| window(&plan, NodeId::from_index(index)))
        .collect();
    let mut all: BTreeMap<(NodeId, NameId), Series> = BTreeMap::new();
    for record in &recording.records {
        let What::Sample { name, node, value } = record.what else {
            continue;
        };
        if matches!(windows.get(node.index()), Some(Some(_)))
            && signal(header, node, name).is_some()
        {
            let series = all.entry((node, name));
            let series = series.or_insert_with(|| held((period, end)));
            series.push(record.at, value);
        }
    }
    let mut changes = Vec::new();
    for ((node, name), series) in all {
        let (Some(Some((start, end))), Some(signal)) =
            (windows.get(node.index()), signal(header, node, name))
        else {
            continue;
        };
        let mean = |from, until| series.stat(Stat::Mean, from, until).unwrap_or(0.0);
        let after = |at: VirtualTime| at.saturating_add(VirtualDuration::from_nanos(1));
        let change = SignalChange {
            node: header.nodes[node.index()].clone(),
            signal: signal.to_owned(),
            before: mean(VirtualTime::ZERO, after(*start)),
            during: mean(after(*start), after(*end)),
            after: mean(after(*end), VirtualTime::MAX),
        };
        if change.before != 0.0 || change.during != 0.0 || change.after != 0.0 {
            changes.push(change);
        }
    }
    changes
}

/// The name of a host signal without its node.
fn signal(header: &Header, node: NodeId, name: NameId) -> Option<&str> {
    let host = header.nodes.get(node.index())?;
    let full = header.names.text(name);
    full.strip_prefix(host.as_str())?.strip_prefix('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::plan::{Entry, Land, LinkTarget, PlannedFault, Primitive};

    /// Who does not hear is disturbed as much as who is not heard.
    #[test]
    fn a_fault_of_a_link_disturbs_both_of_its_ends() {
        let fault = PlannedFault {
            kind: "link-hold".to_owned(),
            label: "deaf".to_owned(),
            land: Land::Any,
            notes: Vec::new(),
        };
        let [from, until] = [5, 9].map(VirtualTime::from_nanos);
        let entry = Entry {
            fault: 0,
            part: 0,
            from,
            until: Some(until),
            primitive: Primitive::LinkHold {
                link: LinkTarget {
                    from: NodeId(1),
                    to: NodeId(0),
                },
            },
            firing: None,
        };
        let plan = Plan::new(vec![fault], vec![entry]);
        let windows = [0, 1, 2].map(|node| window(&plan, NodeId(node)));
        assert_eq!(windows, [Some((from, until)), Some((from, until)), None]);
    }
}
