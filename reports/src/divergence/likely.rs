//! A first guess at the cause, from the form of the difference.

use squall_core::history::{Record, What};
use squall_core::recording::Recording;

/// So many records after the difference are looked at for one that only moved.
const NEAR: usize = 64;

/// What usually makes two runs part like this, in one line.
pub(super) fn cause(a: &Recording, b: &Recording, at: usize) -> &'static str {
    let (Some(left), Some(right)) = (a.records.get(at), b.records.get(at)) else {
        return "one run stopped earlier: its end, or a wake-up, came from outside the run";
    };
    if moved(a, right, at) && moved(b, left, at) {
        return "the same things in another order at one instant: order came from a hash map, an \
                address or a thread";
    }
    if subject(&left.what) != subject(&right.what) {
        return "another step was taken: a choice rests on a hash map, an address, a clock, or a \
                static that outlives the run";
    }
    if left.at != right.at {
        return "the same step at another time: a delay was drawn outside `cx`, or measured";
    }
    "the same step with another value: it came from an address, a clock, the environment, or a \
     static that outlives the run"
}

/// Whether `record` comes in `run` too, at the same time, soon after `at`.
fn moved(run: &Recording, record: &Record, at: usize) -> bool {
    let later = run.records[at..].iter().take(NEAR);
    later
        .take_while(|other| other.at == record.at)
        .any(|other| other.same(record))
}

/// What a record is about, without its values.
fn subject(what: &What) -> (u32, u32, u32) {
    match *what {
        What::Node { node, change } => (1, node.0, change as u32),
        What::Fault { entry, change, .. } => (2, entry.0, change as u32),
        What::Invoke { node, name, .. } => (3, node.0, name.0),
        What::Return { op, .. } => (4, op, 0),
        What::Event { name, node, .. } => (5, node.0, name.0),
        What::Sample { name, node, .. } => (6, node.0, name.0),
        What::SpanStart { node, name, .. } => (7, node.0, name.0),
        What::SpanTime { span, part, .. } => (8, span.0, part as u32),
        What::SpanEnd { span, .. } => (9, span.0, 0),
        What::Role { node, role, .. } => (10, node.0, role.0),
        What::Trigger { firing, .. } => (11, firing.trigger, firing.ordinal),
    }
}
