//! Words into primitives.

use super::exact::{law_of, offset_of, series_of};
use crate::fields::{Field, fields, form, templates};
use crate::param::{Args, Issue, Value, suggest};
use crate::topology::{KnobKind, Topology};
use squall_core::plan::{LinkTarget, Primitive};
use squall_core::{ChannelId, KnobId, NodeId, ServiceId};

/// Builds the primitive of a form that [`forms`](super::forms) names from values that were read with its
/// table. Of values of which some could not be read, those that could are checked all the same; what is
/// built of them is no whole primitive.
///
/// # Errors
/// Everything in it that does not fit the topology; ranges are absolute in the file.
///
/// # Panics
/// If no form has this name.
pub fn build(name: &str, args: &Args, topology: &Topology) -> Result<Primitive, Vec<Issue>> {
    let template = templates().into_iter().find(|t| form(t) == name);
    let mut primitive = template.expect("the reader chooses among the forms");
    let mut issues = Vec::new();
    let mut knob = None;
    fields(&mut primitive, &mut |name, field| {
        let known = match &field {
            Field::KnobValue(_) => knob,
            _ => None,
        };
        match read_field(field, name.key, args, (known, topology)) {
            Ok(Some(id)) => knob = Some(id),
            Ok(None) => {}
            Err(issue) => issues.push(args.place(name.key).locate(issue)),
        }
    });
    if let Primitive::LinkDelay { link, .. } | Primitive::LinkCut { link, .. } = &primitive
        && link.from == link.to
        && issues.is_empty()
        && !args.broken
    {
        let span = args.place("link").span.clone();
        issues.push(Issue::new("a link has two ends", span));
    }
    if issues.is_empty() {
        Ok(primitive)
    } else {
        Err(issues)
    }
}

/// Reads one field; gives the knob if it was one. Ranges of issues are within the value.
fn read_field(
    field: Field<'_>,
    key: &str,
    args: &Args,
    (knob, topology): (Option<KnobId>, &Topology),
) -> Result<Option<KnobId>, Issue> {
    let Some(value) = args.get(key) else {
        return Ok(None);
    };
    match (field, value) {
        (Field::Node(id), Value::Text(text)) => *id = node(text, topology)?,
        (Field::NodeOpt(id), Value::Text(text)) => *id = Some(node(text, topology)?),
        (Field::Link(link), Value::Text(text)) => *link = link_of(text, topology)?,
        (Field::Path(path), Value::Text(text)) => *path = Some(text.clone()),
        (Field::Service(id), Value::Text(text)) => *id = service(text, topology)?,
        (Field::ServiceOpt(id), Value::Text(text)) => *id = Some(service(text, topology)?),
        (Field::Channel(id), Value::Text(text)) => *id = channel(text, topology)?,
        (Field::Knob(id), Value::Text(text)) => {
            *id = knob_of(text, topology)?;
            return Ok(Some(*id));
        }
        // What a knob may be set to is not known without the knob.
        (Field::KnobValue(_), _) if knob.is_none() => {}
        (Field::KnobValue(x), value) => *x = knob_value(value, knob, topology)?,
        (Field::Word(words, at), Value::Word(word)) => {
            *at = words.iter().position(|w| w == word).unwrap_or(*at);
        }
        (Field::Flag(flag), Value::Flag(given)) => *flag = *given,
        (Field::Number(x, ..), Value::Number(given)) => *x = *given,
        (Field::NumberOpt(x, ..), Value::Number(given)) => *x = Some(*given),
        (Field::Count(n, ..), Value::Integer(given)) => *n = given.unsigned_abs(),
        (Field::CountOpt(n, _), Value::Integer(given)) => *n = Some(given.unsigned_abs()),
        (Field::Size(bytes, _), Value::Size(given)) => *bytes = *given,
        (Field::SizeOpt(bytes), Value::Size(given)) => *bytes = Some(*given),
        (Field::RateOpt(rate, _), Value::Number(given)) => *rate = Some(*given),
        (Field::Length(length, _), Value::Duration(given)) => *length = *given,
        (Field::LengthOpt(length), Value::Duration(given)) => *length = Some(*given),
        (Field::Offset(ns), Value::Text(text)) => *ns = offset_of(text)?,
        (Field::Law(law, unit, _), Value::Text(text)) => *law = law_of(text, unit)?,
        (Field::HoldBack(by), Value::HoldBack(given)) => *by = *given,
        (Field::Device(device), Value::Device(given)) => *device = given.clone(),
        (Field::Series(series, _), Value::List(list)) => *series = series_of(list)?,
        _ => {}
    }
    Ok(None)
}

/// The node of this name.
///
/// # Errors
/// If there is none; the range is within the name.
pub fn node(text: &str, topology: &Topology) -> Result<NodeId, Issue> {
    let found = topology.nodes().iter().position(|node| node.name == text);
    found.map(NodeId::from_index).ok_or_else(|| {
        let known: Vec<&str> = topology.nodes().iter().map(|n| n.name.as_str()).collect();
        Issue::new(format!("unknown node `{text}`"), 0..text.len())
            .label("no node of this name")
            .maybe_help(suggest(text, known))
    })
}

fn link_of(text: &str, topology: &Topology) -> Result<LinkTarget, Issue> {
    let Some(arrow) = text.find("->") else {
        return Err(Issue::new(format!("`{text}` is not a link"), 0..text.len())
            .help("write the names of two nodes: \"gateway-0 -> model-1\""));
    };
    let (from, to) = (text[..arrow].trim(), text[arrow + 2..].trim());
    let place = |end: &str, from: usize| from + text[from..].find(end).unwrap_or(0);
    Ok(LinkTarget {
        from: node(from, topology).map_err(|issue| issue.shifted(place(from, 0)))?,
        to: node(to, topology).map_err(|issue| issue.shifted(place(to, arrow + 2)))?,
    })
}

fn service(text: &str, topology: &Topology) -> Result<ServiceId, Issue> {
    topology.service(text).ok_or_else(|| {
        let known = topology.services().iter().map(String::as_str);
        Issue::new(format!("unknown service `{text}`"), 0..text.len())
            .maybe_help(suggest(text, known))
    })
}

fn channel(text: &str, topology: &Topology) -> Result<ChannelId, Issue> {
    let found = topology.channels().iter().position(|c| c.name == text);
    found.map(ChannelId::from_index).ok_or_else(|| {
        let known = topology.channels().iter().map(|c| c.name.as_str());
        Issue::new(format!("unknown channel `{text}`"), 0..text.len())
            .maybe_help(suggest(text, known))
    })
}

fn knob_of(text: &str, topology: &Topology) -> Result<KnobId, Issue> {
    topology.knob(text).map(|(id, _)| id).ok_or_else(|| {
        let known = topology.knobs().iter().map(|k| k.name.as_str());
        Issue::new(format!("unknown knob `{text}`"), 0..text.len()).maybe_help(suggest(text, known))
    })
}

/// What a knob is set to. Numbers may lie outside of its range: `config-push` does that on purpose.
fn knob_value(value: &Value, knob: Option<KnobId>, topology: &Topology) -> Result<f64, Issue> {
    let kind = knob.map(|id| &topology.knobs()[id.index()].kind);
    match (value, kind) {
        (Value::Number(x), _) if x.is_finite() => Ok(*x),
        (Value::Text(text), Some(KnobKind::Words(words))) => {
            let at = words.iter().position(|word| word == text);
            at.map(|at| at as f64).ok_or_else(|| {
                Issue::new(format!("unknown word `{text}`"), 0..text.len())
                    .maybe_help(suggest(text, words.iter().map(String::as_str)))
            })
        }
        _ => Err(Issue::new(
            "a knob is set to a number or one of its words",
            0..0,
        )),
    }
}
