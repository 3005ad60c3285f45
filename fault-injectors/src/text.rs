//! A plan as text: who, what, when, how much, in which direction.

mod calls;
mod disk;
mod grouped;
mod host;
mod knob;
mod network;
mod signal;
mod target;
mod trigger;

pub use grouped::plan_summary;
pub use target::target;

use crate::topology::Topology;
use squall_core::plan::{Entry, Plan, Primitive};
use std::fmt::Write as _;

/// The timeline of a plan, one line an overlay, in the order in which they start; then what waits for
/// something to happen, with the times of its overlays from then on; then the notes.
pub fn plan_text(plan: &Plan, topology: &Topology) -> String {
    let mut entries: Vec<&Entry> = plan.fixed().map(|(_, entry)| entry).collect();
    entries.sort_by_key(|e| (e.from, e.fault, e.part));
    let lines: Vec<[String; 4]> = entries
        .iter()
        .map(|entry| {
            let until = match entry.until {
                _ if matches!(entry.primitive, Primitive::LinkReset { .. }) => "once".to_owned(),
                Some(until) => format!("for {}", until.since(entry.from)),
                None => "forever".to_owned(),
            };
            [
                format!("{}  {until}", entry.from),
                plan.faults[entry.fault as usize].label.clone(),
                target(&entry.primitive, topology),
                effect(&entry.primitive, topology),
            ]
        })
        .collect();
    let mut text = rows(&lines, "  ");
    text.push_str(&trigger::triggers(plan, topology, &|length| {
        length.to_string()
    }));
    if text.is_empty() {
        text.push_str("  no fault acts\n");
    }
    for fault in &plan.faults {
        for note in &fault.notes {
            let _ = writeln!(text, "  {}: {note}", fault.label);
        }
    }
    text
}

/// Lines of four columns, the last of which is as long as it is. An empty column is left out.
fn rows(lines: &[[String; 4]], indent: &str) -> String {
    let width = |column: usize| {
        let lengths = lines.iter().map(|row| row[column].chars().count());
        lengths.max().unwrap_or(0)
    };
    let widths = [width(0), width(1), width(2)];
    let mut text = String::new();
    for row in lines {
        text.push_str(indent);
        for (cell, width) in row.iter().zip(widths).filter(|(_, width)| *width > 0) {
            let _ = write!(text, "{cell:<width$}  ");
        }
        let _ = writeln!(text, "{}", row[3]);
    }
    text
}

/// What a primitive does to what it acts on.
pub fn effect(primitive: &Primitive, topology: &Topology) -> String {
    match primitive {
        Primitive::Crash { .. }
        | Primitive::PowerLoss { .. }
        | Primitive::Pause { .. }
        | Primitive::CpuSpeed { .. }
        | Primitive::CpuQuota { .. }
        | Primitive::CpuSteal { .. }
        | Primitive::MemoryPressure { .. }
        | Primitive::MemoryLimit { .. }
        | Primitive::OomKill { .. }
        | Primitive::SwapDevice { .. }
        | Primitive::ClockStep { .. }
        | Primitive::ClockDrift { .. }
        | Primitive::ClockFreeze { .. } => host::effect(primitive),
        Primitive::LinkDelay { .. }
        | Primitive::LinkLoss { .. }
        | Primitive::LinkBurstLoss { .. }
        | Primitive::LinkCorrupt { .. }
        | Primitive::LinkDuplicate { .. }
        | Primitive::LinkRate { .. }
        | Primitive::LinkTrace { .. }
        | Primitive::LinkReorder { .. }
        | Primitive::LinkClog { .. }
        | Primitive::LinkReset { .. }
        | Primitive::LinkCut { .. }
        | Primitive::LinkHold { .. } => network::effect(primitive),
        Primitive::DiskLatency { .. }
        | Primitive::DiskHold { .. }
        | Primitive::DiskError { .. }
        | Primitive::DiskFull { .. }
        | Primitive::LyingFsync { .. }
        | Primitive::UnsyncedLoss { .. }
        | Primitive::TornWrite { .. }
        | Primitive::BitRot { .. }
        | Primitive::Misdirect { .. } => disk::effect(primitive),
        Primitive::Signal { rule, .. } => signal::effect(rule),
        Primitive::Call { rule, .. } => calls::rule(rule),
        Primitive::Knob {
            knob,
            change,
            value,
            ..
        } => knob::effect(*knob, (*change, *value), topology),
    }
}

/// `all calls`, or `8 % of the calls`.
fn part(share: f64, what: &str) -> String {
    if share >= 1.0 {
        return format!("all {what}");
    }
    let percent = (share * 1e6).round() / 1e4;
    // A share too small for that is said as it is.
    match percent > 0.0 || share <= 0.0 {
        true => format!("{percent} % of the {what}"),
        false => format!("{share} of the {what}"),
    }
}
