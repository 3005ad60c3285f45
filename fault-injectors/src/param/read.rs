//! The reader: a tree against a table. It collects all issues and keeps whatever is right, so that
//! one bad value does not hide the next.

use super::{
    Arg, Args, Issue, Kind, Need, Node, NodeKey, Param, Place, Raw, Shape, Unit, Value, Variant,
};
use super::{
    Signed, bandwidth, byte_rate, date, device, duration, hold_back, law, length, moment, rate,
    signed, size, suggest, suggest_choice, trace,
};
use crate::selector::{LinkSelector, Selector};
use std::ops::Range;

/// Reads the record `node` by its table. Ranges of the issues are absolute.
pub fn read(params: &[Param], node: &Node, issues: &mut Vec<Issue>) -> Args {
    let before = issues.len();
    let Raw::Table(entries) = &node.raw else {
        issues.push(mismatch(&Kind::Table(&[]), node));
        return Args {
            broken: true,
            ..Args::default()
        };
    };
    for (key, _) in entries {
        if !params.iter().any(|p| p.key == key.name) {
            issues.push(unknown_key(key, params));
        }
    }
    let given = |key: &str| entries.iter().find(|(k, _)| k.name == key);
    let mut args = Args {
        place: place_of(node),
        ..Args::default()
    };
    for param in params {
        if let Some((key, value)) = given(param.key) {
            if matches!(param.kind, Kind::Reserved) {
                let message = format!("`{}` is not supported yet", param.key);
                issues.push(Issue::new(message, key.span.clone()).label(param.doc));
                continue;
            }
            if let Some(other) = rival(param, params, &given) {
                issues.push(exclusive(key, param, other));
                continue;
            }
            if let Some(value_read) = read_value(&param.kind, value, issues) {
                args.entries.push(Arg {
                    key: param.key.to_owned(),
                    key_span: key.span.clone(),
                    value: value_read,
                    place: place_of(value),
                    given: true,
                });
            } else {
                args.unread.push(param.key.to_owned());
            }
        } else if group_given(param, params, &given) {
            // Another member of its group stands there: neither missing nor at its default.
        } else if let Need::Default(text) = param.need {
            args.entries.push(default_of(param, text));
        } else if param.need == Need::Required {
            issues.push(missing(param, params, node));
        }
    }
    args.broken = issues.len() > before;
    args
}

/// The value of a parameter that is not written.
fn default_of(param: &Param, text: &str) -> Arg {
    let mut wrong = Vec::new();
    let value = read_value(&param.kind, &node_of(&param.kind, text), &mut wrong);
    assert!(
        wrong.is_empty(),
        "the default of `{}` is valid: {wrong:?}",
        param.key
    );
    Arg {
        key: param.key.to_owned(),
        key_span: 0..0,
        value: value.expect("a valid default has a value"),
        place: Place::default(),
        given: false,
    }
}

/// A default in the words of the file, as the file's parser would have it.
pub(crate) fn node_of(kind: &Kind, text: &str) -> Node {
    let number = || text.parse::<f64>().map(Raw::Float);
    let raw = match kind {
        Kind::Share | Kind::Number { .. } => number().ok(),
        Kind::Scalar | Kind::Law(Unit::Plain) | Kind::Signed(Unit::Plain) => number().ok(),
        Kind::Integer { .. } => text.parse().map(Raw::Integer).ok(),
        Kind::Flag => text.parse().map(Raw::Flag).ok(),
        Kind::Table(_) | Kind::Map(_) => Some(Raw::Table(Vec::new())),
        Kind::List(of) => {
            let parts = text.split(", ").filter(|part| !part.is_empty());
            Some(Raw::List(parts.map(|part| node_of(of, part)).collect()))
        }
        _ => None,
    };
    let mut node = Node::text(text);
    node.raw = raw.unwrap_or(node.raw);
    node.span = 0..0;
    node
}

type Given<'a> = dyn Fn(&str) -> Option<&'a (NodeKey, Node)> + 'a;

/// The member of the param's group that is written before it in the table.
fn rival<'p>(param: &Param, params: &'p [Param], given: &Given<'_>) -> Option<&'p Param> {
    let group = params
        .iter()
        .filter(|p| !param.group.is_empty() && p.group == param.group);
    group
        .take_while(|p| p.key != param.key)
        .find(|p| given(p.key).is_some())
}

fn group_given(param: &Param, params: &[Param], given: &Given<'_>) -> bool {
    let mut group = params
        .iter()
        .filter(|p| !param.group.is_empty() && p.group == param.group);
    group.any(|p| given(p.key).is_some())
}

fn exclusive(key: &NodeKey, param: &Param, other: &Param) -> Issue {
    Issue::new(
        format!("`{}` and `{}` exclude each other", other.key, param.key),
        key.span.clone(),
    )
    .label(format!("`{}` is already there", other.key))
    .help("keep one of the two")
}

fn unknown_key(key: &NodeKey, params: &[Param]) -> Issue {
    let known = params
        .iter()
        .filter(|p| !matches!(p.kind, Kind::Reserved))
        .map(|p| p.key);
    Issue::new(format!("unknown key `{}`", key.name), key.span.clone())
        .label("no such key here")
        .maybe_help(suggest(&key.name, known))
}

fn missing(param: &Param, params: &[Param], node: &Node) -> Issue {
    let group: Vec<String> = params
        .iter()
        .filter(|p| p.key == param.key || (!param.group.is_empty() && p.group == param.group))
        .map(|p| format!("`{}`", p.key))
        .collect();
    let keys = group.join(" or ");
    // A long record is marked at its beginning: a caret under forty lines helps nobody.
    let range = node.span.start..node.span.end.min(node.span.start + 1);
    Issue::new(format!("missing key {keys}"), range)
        .label("in this record")
        .help(format!(
            "add `{} = ..`, {}: {}",
            param.key,
            param.kind.expects(),
            param.doc
        ))
}

fn place_of(node: &Node) -> Place {
    let start = match &node.raw {
        Raw::Text { start, .. } => *start,
        _ => None,
    };
    Place {
        span: node.span.clone(),
        start,
    }
}

fn mismatch(kind: &Kind, node: &Node) -> Issue {
    Issue::new(
        format!("expected {}, found {}", kind.expects(), node.raw.describe()),
        node.span.clone(),
    )
}

/// Reads one value of a kind; `None` if it is wrong.
pub fn read_value(kind: &Kind, node: &Node, issues: &mut Vec<Issue>) -> Option<Value> {
    match read_scalar(kind, node) {
        Some(Ok(value)) => return Some(value),
        Some(Err(issue)) => {
            issues.push(issue);
            return None;
        }
        None => {}
    }
    match (kind, &node.raw) {
        (Kind::Table(params), Raw::Table(_)) => Some(Value::Table(read(params, node, issues))),
        (Kind::Named { of, .. }, Raw::Table(_)) => Some(Value::Table(read(of(), node, issues))),
        (Kind::Selector(Shape::Nodes), Raw::Table(_)) => {
            crate::selector::long_form(node, issues).map(Value::Selector)
        }
        (Kind::Map(of), Raw::Table(entries)) => {
            Some(Value::Table(read_map(of, entries, node, issues)))
        }
        (Kind::List(of), Raw::List(nodes)) => Some(Value::List(read_list(of, nodes, issues))),
        (Kind::Variant { noun, of }, Raw::Table(entries)) => {
            read_variant(noun, &of(), entries, node, issues)
        }
        _ => {
            issues.push(mismatch(kind, node));
            None
        }
    }
}

/// Values without parts; `None` for other kinds.
fn read_scalar(kind: &Kind, node: &Node) -> Option<Result<Value, Issue>> {
    let place = place_of(node);
    let value = match (kind, &node.raw) {
        (Kind::Any, _) => Ok(Value::Any),
        (Kind::Flag | Kind::Scalar, Raw::Flag(flag)) => Ok(Value::Flag(*flag)),
        (Kind::Scalar, Raw::Integer(i)) => Ok(Value::Number(*i as f64)),
        (Kind::Scalar, Raw::Float(x)) => Ok(Value::Number(*x)),
        (Kind::Integer { min, max }, Raw::Integer(i)) => {
            if (min..=max).contains(&i) {
                Ok(Value::Integer(*i))
            } else {
                Err(outside(kind, &i.to_string(), node.span.clone()))
            }
        }
        (Kind::Share, raw) => bounded(kind, raw, (0.0, 1.0), node)?,
        (Kind::Number { min, max }, raw) => bounded(kind, raw, (*min, *max), node)?,
        (Kind::Law(Unit::Plain), Raw::Integer(i)) => {
            Ok(Value::Law(squall_core::Law::Constant(*i as f64)))
        }
        (Kind::Law(Unit::Plain), Raw::Float(x)) if x.is_finite() => {
            Ok(Value::Law(squall_core::Law::Constant(*x)))
        }
        (Kind::Signed(Unit::Plain), Raw::Integer(i)) => {
            Ok(Value::Signed(Signed::constant(*i as f64)))
        }
        (Kind::Signed(Unit::Plain), Raw::Float(x)) if x.is_finite() => {
            Ok(Value::Signed(Signed::constant(*x)))
        }
        (_, Raw::Text { text, .. }) => read_text(kind, text)?.map_err(|issue| place.locate(issue)),
        (_, Raw::Integer(i)) => Err(unitless(kind, &i.to_string(), node)?),
        (_, Raw::Float(x)) => Err(unitless(kind, &x.to_string(), node)?),
        _ => return None,
    };
    Some(value)
}

/// Values that are strings; `None` for other kinds. Ranges of issues are within the string.
fn read_text(kind: &Kind, text: &str) -> Option<Result<Value, Issue>> {
    Some(match kind {
        Kind::Duration => duration(text).map(Value::Duration),
        Kind::Moment => moment(text).map(Value::Law),
        Kind::Length => match trace(text, Unit::Time) {
            Some(trace) => trace,
            None => length(text),
        },
        Kind::Rate => rate(text).map(Value::Number),
        Kind::ByteRate => byte_rate(text).map(Value::Number),
        Kind::Size => size(text).map(Value::Size),
        Kind::Bandwidth => bandwidth(text).map(Value::Number),
        Kind::HoldBack => hold_back(text).map(Value::HoldBack),
        Kind::Law(unit) => match trace(text, *unit) {
            Some(trace) => trace,
            None => law(text, *unit).map(Value::Law),
        },
        Kind::Signed(unit) => signed(text, *unit).map(Value::Signed),
        Kind::Date => date(text).map(Value::Date),
        Kind::Device => device(text).map(Value::Device),
        Kind::Selector(Shape::Nodes) => Selector::parse(text).map(Value::Selector),
        Kind::Selector(Shape::Links) => LinkSelector::parse(text).map(Value::Links),
        Kind::Text | Kind::File | Kind::Recording | Kind::Scalar if text.is_empty() => {
            Err(Issue::new("empty string", 0..0).label(format!("expected {}", kind.expects())))
        }
        Kind::Text | Kind::File | Kind::Scalar => Ok(Value::Text(text.to_owned())),
        Kind::Recording => Ok(Value::Recording(text.to_owned(), None)),
        Kind::Choice(words) => match words.iter().find(|word| **word == text) {
            Some(word) => Ok(Value::Word(word)),
            None => Err(Issue::new(format!("unknown word `{text}`"), 0..text.len())
                .label(format!("expected {}", kind.expects()))
                .maybe_help(suggest(text, words.iter().copied()))),
        },
        _ => return None,
    })
}

/// A number in a range; `None` if it is not a number at all.
fn bounded(
    kind: &Kind,
    raw: &Raw,
    (min, max): (f64, f64),
    node: &Node,
) -> Option<Result<Value, Issue>> {
    let x = match raw {
        Raw::Integer(i) => *i as f64,
        Raw::Float(x) => *x,
        Raw::Text { text, .. } => {
            let issue = mismatch(kind, node);
            let share = text
                .strip_suffix('%')
                .and_then(|n| n.trim().parse::<f64>().ok());
            return Some(Err(match (share, text.parse::<f64>()) {
                (Some(percent), _) => issue.help(format!("write {}", percent / 100.0)),
                (None, Ok(_)) => issue.help(format!("write {text} without quotes")),
                _ => issue,
            }));
        }
        _ => return None,
    };
    Some(if x >= min && x <= max {
        Ok(Value::Number(x))
    } else {
        Err(outside(kind, &x.to_string(), node.span.clone()))
    })
}

fn outside(kind: &Kind, text: &str, range: Range<usize>) -> Issue {
    Issue::new(format!("{text} is out of range"), range)
        .label(format!("expected {}", kind.expects()))
}

/// A bare number where a unit is needed; `None` if the kind has no units.
fn unitless(kind: &Kind, number: &str, node: &Node) -> Option<Issue> {
    let (what, unit, help) = match kind {
        Kind::Duration
        | Kind::Moment
        | Kind::Length
        | Kind::Law(Unit::Time)
        | Kind::Signed(Unit::Time) => ("duration", "s", "units are ns, us, ms, s, m, h, d"),
        Kind::Rate => ("rate", "/s", "units are /ms, /s, /m, /h, /d"),
        Kind::ByteRate => ("rate of bytes", "MiB/s", "write for instance \"50MiB/s\""),
        Kind::Size => ("size", "MiB", "units are B, KiB, MiB, GiB, TiB"),
        Kind::Bandwidth => ("rate", "Mbit/s", "units are bit/s, kbit/s, Mbit/s, Gbit/s"),
        _ => return None,
    };
    Some(
        Issue::new(format!("{what} has no unit"), node.span.clone())
            .label("expected a string with a number and a unit")
            .help(format!("write \"{number}{unit}\"; {help}")),
    )
}

fn read_map(of: &Kind, entries: &[(NodeKey, Node)], node: &Node, issues: &mut Vec<Issue>) -> Args {
    let before = issues.len();
    let mut args = Args {
        place: place_of(node),
        ..Args::default()
    };
    for (key, value) in entries {
        if let Some(read) = read_value(of, value, issues) {
            args.entries.push(Arg {
                key: key.name.clone(),
                key_span: key.span.clone(),
                value: read,
                place: place_of(value),
                given: true,
            });
        } else {
            args.unread.push(key.name.clone());
        }
    }
    args.broken = issues.len() > before;
    args
}

fn read_list(of: &Kind, nodes: &[Node], issues: &mut Vec<Issue>) -> Vec<Arg> {
    let read = |node: &Node| {
        let value = read_value(of, node, issues)?;
        Some(Arg {
            key: String::new(),
            key_span: node.span.clone(),
            value,
            place: place_of(node),
            given: true,
        })
    };
    nodes.iter().filter_map(read).collect()
}

fn read_variant(
    noun: &str,
    choices: &[Variant],
    entries: &[(NodeKey, Node)],
    node: &Node,
    issues: &mut Vec<Issue>,
) -> Option<Value> {
    let before = issues.len();
    let mut chosen = None;
    for (key, value) in entries {
        let Some(choice) = choices.iter().find(|c| c.name == key.name) else {
            issues.push(
                Issue::new(format!("unknown {noun} `{}`", key.name), key.span.clone())
                    .label(format!("no {noun} of this name"))
                    .maybe_help(suggest_choice(noun, &key.name, choices)),
            );
            continue;
        };
        if chosen.is_some() {
            issues.push(
                Issue::new(
                    format!("more than one {noun} in one record"),
                    key.span.clone(),
                )
                .help(format!("give each {noun} a record of its own")),
            );
            continue;
        }
        let args = read(choice.params, value, issues);
        chosen = Some(Value::Variant(choice.name, args));
    }
    if chosen.is_none() && issues.len() == before {
        issues.push(
            Issue::new(format!("no {noun} is named"), node.span.clone())
                .maybe_help(suggest_choice(noun, "", choices)),
        );
    }
    chosen
}
