//! Primitives into words.

use super::exact::{law_text_of, offset_text, series_text};
use super::{Frozen, Written};
use crate::fields::{Field, fields, form};
use crate::param::{bandwidth, bandwidth_text, size_text};
use crate::topology::{KnobKind, Topology};
use squall_core::plan::{HoldBack, Primitive, Swap};
use squall_core::{KnobId, NodeId};

/// Puts a primitive into words. Names come from the topology of its plan.
pub fn write(primitive: &Primitive, topology: &Topology) -> Frozen {
    let mut copy = primitive.clone();
    let mut written = Vec::new();
    let mut knob = None;
    fields(&mut copy, &mut |name, field| {
        if let Field::Knob(id) = &field {
            knob = Some(**id);
        }
        if let Some(value) = write_field(&field, knob, topology) {
            written.push((name.key, value));
        }
    });
    Frozen {
        form: form(primitive),
        fields: written,
    }
}

fn write_field(field: &Field<'_>, knob: Option<KnobId>, topology: &Topology) -> Option<Written> {
    let node = |id: &NodeId| topology.node(*id).name.clone();
    let text = match field {
        Field::Node(id) => node(id),
        Field::NodeOpt(id) => node(id.as_ref()?),
        Field::Link(link) => format!("{} -> {}", node(&link.from), node(&link.to)),
        Field::Path(path) => path.as_ref()?.clone(),
        Field::Service(id) => topology.services()[id.index()].clone(),
        Field::ServiceOpt(id) => topology.services()[id.as_ref()?.index()].clone(),
        Field::Channel(id) => topology.channels()[id.index()].name.clone(),
        Field::Knob(id) => topology.knobs()[id.index()].name.clone(),
        Field::KnobValue(value) => {
            let kind = knob.map(|id| &topology.knobs()[id.index()].kind);
            match word_of(kind, **value) {
                Some(word) => word,
                None => return Some(Written::Number(**value)),
            }
        }
        Field::Word(words, at) => words[**at].to_owned(),
        Field::Flag(flag) => return flag.then_some(Written::Flag(true)),
        Field::Number(x, ..) => return Some(Written::Number(**x)),
        Field::NumberOpt(x, ..) => return x.map(Written::Number),
        Field::Count(n, ..) => return Some(Written::Integer(**n)),
        Field::CountOpt(n, _) => return n.map(Written::Integer),
        Field::Size(bytes, _) => size_text(**bytes),
        Field::SizeOpt(bytes) => size_text((**bytes)?),
        Field::RateOpt(rate, _) => {
            let rate = (**rate)?;
            let text = bandwidth_text(rate);
            let exact = bandwidth(&text).is_ok_and(|read| read == rate);
            if exact { text } else { format!("{rate}B/s") }
        }
        Field::Length(length, _) => length.to_string(),
        Field::LengthOpt(length) => length.as_ref()?.to_string(),
        Field::Offset(ns) => offset_text(**ns),
        Field::Law(law, unit, _) => law_text_of(law, *unit),
        Field::HoldBack(HoldBack::Time(time)) => time.to_string(),
        Field::HoldBack(HoldBack::Messages(count)) => format!("{count} messages"),
        Field::Device(device) => device_text(device),
        Field::Series(series, _) => return Some(Written::List(series_text(series))),
    };
    Some(Written::Text(text))
}

/// The word of a knob that has words.
fn word_of(kind: Option<&KnobKind>, value: f64) -> Option<String> {
    let Some(KnobKind::Words(words)) = kind else {
        return None;
    };
    let at = (0..words.len()).find(|at| *at as f64 == value)?;
    Some(words[at].clone())
}

fn device_text(device: &Swap) -> String {
    match device {
        Swap::Preset(name) => name.clone(),
        Swap::Disk => "disk".to_owned(),
        Swap::Iops(iops) => format!("{iops} iops"),
        // These are forms of their own.
        Swap::Slow(_) | Swap::Off => "-".to_owned(),
    }
}
