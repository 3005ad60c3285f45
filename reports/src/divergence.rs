//! Where two runs part: bisection over the rolling digests, then record by record.

use squall_core::history::{CHECKPOINT_RECORDS, Record};
use squall_core::recording::Recording;
use std::fmt::Write as _;

/// The index of the first record in which two recordings differ; `None` if they are equal.
pub fn first(a: &Recording, b: &Recording) -> Option<usize> {
    // Checkpoints agree up to some point and differ from there on.
    let (left, right) = (&a.header.checkpoints, &b.header.checkpoints);
    let (mut equal, mut differs) = (0, left.len().min(right.len()));
    while equal < differs {
        let middle = equal + (differs - equal) / 2;
        if left[middle] == right[middle] {
            equal = middle + 1;
        } else {
            differs = middle;
        }
    }
    let start = equal * usize::try_from(CHECKPOINT_RECORDS).unwrap_or(usize::MAX);
    let start = start.min(a.records.len()).min(b.records.len());
    let pairs = a.records[start..].iter().zip(&b.records[start..]);
    let found = pairs.enumerate().find(|(_, (a, b))| a != b);
    match found {
        Some((offset, _)) => Some(start + offset),
        None if a.records.len() == b.records.len() => None,
        None => Some(a.records.len().min(b.records.len())),
    }
}

/// The report of a nondeterminism: the last equal record and the first two that differ.
pub fn text(a: &Recording, b: &Recording) -> String {
    let mut out = format!(
        "NONDETERMINISM   {}   seed {}   two runs, same inputs\n",
        a.header.path, a.header.seed
    );
    let Some(at) = first(a, b) else {
        let _ = writeln!(out, "  equal      all {} records", a.records.len());
        return out;
    };
    let show = |recording: &Recording, index: usize| match recording.records.get(index) {
        Some(record) => line(recording, record),
        None => "nothing more".to_owned(),
    };
    let _ = writeln!(out, "  equal      records 0..{at}");
    if at > 0 {
        let _ = writeln!(out, "  before     {}", show(a, at - 1));
    }
    let _ = writeln!(out, "  differs    record {at}");
    let _ = writeln!(out, "    run 1    {}", show(a, at));
    let _ = writeln!(out, "    run 2    {}", show(b, at));
    out
}

/// One record in words: names instead of numbers where it has names.
pub fn line(recording: &Recording, record: &Record) -> String {
    use squall_core::history::What;
    let names = &recording.header.names;
    let node = |id: squall_core::NodeId| {
        let name = recording.header.nodes.get(id.index());
        name.map_or_else(|| format!("node {}", id.0), Clone::clone)
    };
    let what = match record.what {
        What::Node { node: id, change } => format!("{}  {change:?}", node(id)),
        What::Fault { entry, change, .. } => {
            let plan = &recording.header.plan;
            let label = plan
                .entries()
                .get(entry.index())
                .map(|_| plan.fault_of(entry).label.clone());
            format!("fault {}  {change:?}", label.unwrap_or_default())
        }
        What::Event {
            name,
            node: id,
            a,
            b,
        } => {
            format!("{}  event {}  {a} {b}", node(id), names.text(name))
        }
        What::Sample {
            name,
            node: id,
            value,
        } => {
            format!("{}  {} = {value}", node(id), names.text(name))
        }
        What::SpanStart {
            span,
            node: id,
            name,
            ..
        } => {
            format!(
                "{}  {} begins (span {})",
                node(id),
                names.text(name),
                span.0
            )
        }
        other => format!("{other:?}"),
    };
    format!("{}  {what}", record.at)
}
