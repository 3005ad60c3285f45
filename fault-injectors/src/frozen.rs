//! Frozen plans as text: every primitive in units that people read and edit, and back, bit by bit.
//!
//! ```text
//! Primitive --write--> (form, keys and values) --file--> Args --build--> the same Primitive
//! ```
//!
//! Everything derives from the fields of the primitives; see `fields`.

mod exact;

use crate::fields::{Field, Name, fields, form, templates};
use crate::param::{
    Args, Issue, Kind, Need, Param, Value, Variant, bandwidth, bandwidth_text, size_text, suggest,
};
use crate::topology::{KnobKind, Topology};
use exact::{law_of, law_text_of, offset_of, offset_text, series_of, series_text};
use squall_core::plan::{HoldBack, LinkTarget, Plan, Primitive, Swap};
use squall_core::{ChannelId, KnobId, NodeId, ServiceId};
use std::sync::LazyLock;

/// A value as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// A string.
    Text(String),
    /// A number.
    Number(f64),
    /// A whole number.
    Integer(u64),
    /// True or false.
    Flag(bool),
    /// A list of strings.
    List(Vec<String>),
}

/// A primitive as it stands in a file.
#[derive(Clone, Debug, PartialEq)]
pub struct Frozen {
    /// Which primitive, with everything that decides its keys: `delay-add`.
    pub form: &'static str,
    /// Its keys and values, those left out that are at their default.
    pub fields: Vec<(&'static str, Written)>,
}

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

/// The forms of primitives as the choices of `do`.
pub fn forms() -> Vec<Variant> {
    static FORMS: LazyLock<Vec<Variant>> = LazyLock::new(|| {
        let variant = |mut template: Primitive| {
            let name = form(&template);
            let mut params = Vec::new();
            fields(&mut template, &mut |name, field| {
                params.push(param(name, &field))
            });
            Variant {
                name,
                doc: "a primitive of a frozen plan",
                // A table that lives as long as the program, made once.
                params: Vec::leak(params),
            }
        };
        templates().into_iter().map(variant).collect()
    });
    FORMS.clone()
}

fn param(Name { key, doc, group }: Name, field: &Field<'_>) -> Param {
    const TEXTS: Kind = Kind::List(&Kind::Text);
    let integer = |(min, max): (u64, u64)| Kind::Integer {
        min: i64::try_from(min).unwrap_or(i64::MAX),
        max: i64::try_from(max).unwrap_or(i64::MAX),
    };
    let (kind, need) = match field {
        Field::Node(_)
        | Field::Link(_)
        | Field::Service(_)
        | Field::Channel(_)
        | Field::Knob(_) => (Kind::Text, Need::Required),
        Field::NodeOpt(_) | Field::ServiceOpt(_) | Field::Path(_) => (Kind::Text, Need::Optional),
        Field::KnobValue(_) => (Kind::Scalar, Need::Required),
        Field::Word(words, _) => (Kind::Choice(words), Need::Optional),
        Field::Flag(_) => (Kind::Flag, Need::Optional),
        Field::Number(_, (min, max), _) => {
            let (min, max) = (*min, *max);
            (Kind::Number { min, max }, Need::Required)
        }
        Field::NumberOpt(_, (min, max), _) => {
            let (min, max) = (*min, *max);
            (Kind::Number { min, max }, Need::Optional)
        }
        Field::Count(_, bounds, _) => (integer(*bounds), Need::Required),
        Field::CountOpt(_, bounds) => (integer(*bounds), Need::Optional),
        Field::Size(..) => (Kind::Size, Need::Required),
        Field::SizeOpt(_) => (Kind::Size, Need::Optional),
        Field::RateOpt(..) => (Kind::Bandwidth, Need::Optional),
        Field::Length(..) => (Kind::Duration, Need::Required),
        Field::LengthOpt(_) => (Kind::Duration, Need::Optional),
        Field::Offset(_) | Field::Law(..) => (Kind::Text, Need::Required),
        Field::HoldBack(_) => (Kind::HoldBack, Need::Required),
        Field::Device(_) => (Kind::Device, Need::Required),
        Field::Series(..) => (TEXTS, Need::Required),
    };
    Param {
        key,
        kind,
        need,
        group,
        doc,
        sample: "",
    }
}

/// Builds the primitive of a form that [`forms`] names from values that were read with its table.
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

/// The same plan for another topology: everything that it names, by name.
///
/// # Errors
/// The name of something that is not there.
///
/// # Panics
/// If the plan has triggers: what they name is known only when they have fired.
pub fn moved(plan: &Plan, from: &Topology, to: &Topology) -> Result<Plan, String> {
    let mut missing = None;
    let mut entries = plan.entries().to_vec();
    for entry in &mut entries {
        let primitive = &mut entry.primitive;
        fields(primitive, &mut |_, field| {
            if let Err(name) = moved_field(field, from, to) {
                missing.get_or_insert(name);
            }
        });
    }
    let mut clocks = plan.clocks().to_vec();
    for node in &mut clocks {
        if let Err(name) = moved_field(Field::Node(node), from, to) {
            missing.get_or_insert(name);
        }
    }
    match missing {
        Some(name) => Err(name),
        None => Ok(plan.with_entries(entries).with_clocks(clocks)),
    }
}

fn moved_field(field: Field<'_>, from: &Topology, to: &Topology) -> Result<(), String> {
    let node = |id: &mut NodeId| -> Result<(), String> {
        let name = &from.node(*id).name;
        // Most often nothing before it has gone.
        if to.nodes().get(id.index()).is_some_and(|n| n.name == *name) {
            return Ok(());
        }
        let found = to.nodes().iter().position(|node| node.name == *name);
        *id = NodeId::from_index(found.ok_or_else(|| name.clone())?);
        Ok(())
    };
    match field {
        Field::Node(id) | Field::NodeOpt(Some(id)) => node(id)?,
        Field::Link(link) => {
            node(&mut link.from)?;
            node(&mut link.to)?;
        }
        Field::Service(id) | Field::ServiceOpt(Some(id)) => {
            let name = &from.services()[id.index()];
            *id = to.service(name).ok_or_else(|| name.clone())?;
        }
        Field::Channel(id) => {
            let name = &from.channels()[id.index()].name;
            let found = to.channels().iter().position(|c| c.name == *name);
            *id = ChannelId::from_index(found.ok_or_else(|| name.clone())?);
        }
        Field::Knob(id) => {
            let name = &from.knobs()[id.index()].name;
            *id = to.knob(name).ok_or_else(|| name.clone())?.0;
        }
        _ => {}
    }
    Ok(())
}

#[cfg(test)]
mod tests;
