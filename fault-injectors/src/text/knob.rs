//! What a knob is set to, as text.

use crate::topology::{KnobKind, Topology};
use squall_core::plan::KnobChange;
use squall_core::words::number;
use squall_core::{KnobId, VirtualDuration};

/// What a change does to its knob.
pub(super) fn effect(
    knob: KnobId,
    (change, value): (KnobChange, f64),
    topology: &Topology,
) -> String {
    let Some(info) = topology.knobs().get(knob.index()) else {
        return format!("knob {} {} {value}", knob.0, change_sign(change));
    };
    if change == KnobChange::Scale {
        return format!("{} x {}", info.name, number(value));
    }
    let text = match &info.kind {
        KnobKind::Flag => (value > 0.5).to_string(),
        KnobKind::Seconds => VirtualDuration::from_secs_f64(value).to_string(),
        KnobKind::Words(words) => {
            let found = words
                .iter()
                .enumerate()
                .find(|(i, _)| (*i as f64 - value).abs() < 0.5);
            found.map_or(value.to_string(), |(_, word)| word.clone())
        }
        KnobKind::Number { .. } => number(value),
    };
    format!("{} {} {text}", info.name, change_sign(change))
}

const fn change_sign(change: KnobChange) -> &'static str {
    match change {
        KnobChange::Set => "=",
        KnobChange::Scale => "x",
        KnobChange::Add => "+",
    }
}
