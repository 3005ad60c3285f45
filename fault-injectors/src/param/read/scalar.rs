//! Values without parts: numbers in a range, and strings with their own grammar.

use super::super::{
    Issue, Kind, Node, Raw, Shape, Signed, Unit, Value, bandwidth, byte_rate, date, device,
    duration, hold_back, law, length, moment, rate, signed, size, suggest, trace,
};
use super::{mismatch, place_of};
use crate::selector::{LinkSelector, Selector};
use std::ops::Range;

/// Values without parts; `None` for other kinds.
pub(super) fn read_scalar(kind: &Kind, node: &Node) -> Option<Result<Value, Issue>> {
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
