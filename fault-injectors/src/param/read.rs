//! The reader: a tree against a table. It collects all issues and keeps whatever is right, so that
//! one bad value does not hide the next.

mod keys;
mod parts;
mod scalar;

use super::{Arg, Args, Issue, Kind, Need, Node, Param, Place, Raw, Shape, Unit, Value};
use keys::{exclusive, group_given, missing, rival, unknown_key};
use parts::{read_list, read_map, read_variant};
use scalar::read_scalar;

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
