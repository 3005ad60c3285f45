//! One record in words.

use squall_core::history::{FaultChange, Miss, NodeChange, Outcome, Record, TriggerChange, What};
use squall_core::plan::FiringId;
use squall_core::recording::Recording;
use squall_core::{EntryId, NameId, NodeId, SpanId};

/// One record in words: names instead of numbers where it has names.
pub fn line(recording: &Recording, record: &Record) -> String {
    format!("{}  {}", record.at, what(recording, &record.what))
}

fn what(recording: &Recording, what: &What) -> String {
    let name = |id: NameId| recording.header.names.text(id);
    let node = |id: NodeId| node(recording, id);
    match *what {
        What::Node { node: id, change } => format!("{}  {}", node(id), changed(change)),
        What::Fault {
            entry,
            change,
            planned,
        } => {
            let state = match change {
                FaultChange::Active => "in force",
                FaultChange::Landed => "has its first effect",
                FaultChange::Healed => "over",
                FaultChange::Clamped => "is clamped to the range of its knob",
            };
            let label = label(recording, entry);
            format!(
                "fault {label}  {state} (plan entry {}, planned at {planned})",
                entry.0
            )
        }
        What::Invoke {
            op,
            node: id,
            name: kind,
            key,
            value,
        } => {
            let (at, kind) = (node(id), name(kind));
            format!("{at}  operation {op} begins: {kind} key {key} value {value}")
        }
        What::Return { op, outcome, value } => {
            format!("operation {op} ends: {}, value {value}", ended(outcome))
        }
        What::Event {
            name: event,
            node: id,
            a,
            b,
        } => format!("{}  event {}  {a} {b}", node(id), name(event)),
        What::Sample {
            name: metric,
            node: id,
            value,
        } => format!("{}  {} = {value}", node(id), name(metric)),
        What::SpanStart {
            span,
            parent,
            node: id,
            name: kind,
        } => {
            let inside = if parent == SpanId::NONE {
                String::new()
            } else {
                format!(", in span {}", parent.0)
            };
            format!(
                "{}  {} begins (span {}{inside})",
                node(id),
                name(kind),
                span.0
            )
        }
        What::SpanTime { span, part, ns } => {
            format!("span {}  {ns} ns {}", span.0, part.name())
        }
        What::Role {
            node: id,
            role,
            of,
            key,
            term,
            gained,
        } => {
            let does = if gained { "is" } else { "is no longer" };
            let part = if key > 0 {
                format!("/{key}")
            } else {
                String::new()
            };
            let (at, role, of) = (node(id), name(role), name(of));
            format!("{at}  {does} {role} of {of}{part} (term {term})")
        }
        What::Trigger { firing, change } => trigger(recording, firing, change),
        What::SpanEnd { span, outcome } => format!("span {}  ends: {}", span.0, ended(outcome)),
    }
}

/// What a trigger did, by the label of its fault.
fn trigger(recording: &Recording, firing: FiringId, change: TriggerChange) -> String {
    let plan = &recording.header.plan;
    let known = plan.triggers().get(firing.trigger as usize);
    let label = known.map_or("of no plan", |trigger| {
        plan.faults[trigger.fault as usize].label.as_str()
    });
    let does = match change {
        TriggerChange::Armed => "is armed".to_owned(),
        TriggerChange::Dropped { node: id } => format!("spares {}: its floor", node(recording, id)),
        TriggerChange::Hit { node: id, .. } => format!("hits {}", node(recording, id)),
        TriggerChange::Fired => "fires".to_owned(),
        TriggerChange::Missed(Miss::Role) => "hits nobody: nobody has the role".to_owned(),
        TriggerChange::Missed(Miss::Floor) => "hits nobody: its floor".to_owned(),
        TriggerChange::Missed(Miss::Spared) => {
            "hits nobody: `never` spares who has the role".to_owned()
        }
        TriggerChange::Missed(Miss::Late) => "hits nobody: its time is over".to_owned(),
    };
    format!("trigger {label}  {does} (firing {})", firing.ordinal + 1)
}

fn node(recording: &Recording, id: NodeId) -> String {
    let name = recording.header.nodes.get(id.index());
    name.map_or_else(|| format!("node {}", id.0), Clone::clone)
}

fn label(recording: &Recording, entry: EntryId) -> &str {
    let plan = &recording.header.plan;
    match plan.entries().get(entry.index()) {
        Some(_) => &plan.fault_of(entry).label,
        None => "of no plan",
    }
}

const fn changed(change: NodeChange) -> &'static str {
    match change {
        NodeChange::Up => "up",
        NodeChange::Down => "down",
        NodeChange::Paused => "paused",
        NodeChange::Resumed => "resumed",
        NodeChange::OutOfMemory => "out of memory",
    }
}

const fn ended(outcome: Outcome) -> &'static str {
    match outcome {
        Outcome::Ok => "ok",
        Outcome::Fail => "failed",
        Outcome::Info => "nobody knows how",
    }
}
