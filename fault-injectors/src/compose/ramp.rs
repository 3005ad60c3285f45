//! Ramps: a parameter that goes up or down in equal steps while a fault lasts.
//!
//! ```text
//!  to  |                  ____________      steps of equal length over `over`, of equal height
//!      |            ______|          |      from `from` to `to`; the last one lasts until the end
//! from |      ______|                |
//!      +------|-----------|----------|--
//!          start    start + over    end
//! ```
//!
//! Every step is lowered with the parameter's value and cut to its time, so that a step is an overlay
//! of its own. What does not depend on the parameter stays one overlay.

use crate::catalog::FaultKind;
use crate::lowering::{Lowering, Parts, Refusal};
use crate::param::{Arg, Args, Issue, Kind, Node, Param, Raw, Value, read_value, suggest};
use crate::timing::{Length, Timing};
use squall_core::memory::Arrival;
use squall_core::plan::{Primitive, StepEnd};
use squall_core::{Law, VirtualDuration, VirtualTime};

pub(super) const PARAMS: &[Param] = &[
    Param::new(
        "param",
        Kind::Text,
        "the parameter of the fault; the ramp stands for its value",
    )
    .required(),
    Param::new("from", Kind::Scalar, "its value in the first step").required(),
    Param::new("to", Kind::Scalar, "its value in the last step").required(),
    Param::new(
        "over",
        Kind::Duration,
        "time that the steps take together; the last value then stays",
    )
    .required(),
    Param::new(
        "steps",
        Kind::Integer { min: 2, max: 1000 },
        "number of steps",
    )
    .default("12"),
];

/// A staircase of one parameter.
#[derive(Clone, Debug, PartialEq)]
pub struct Ramp {
    /// The parameter.
    pub key: &'static str,
    /// Its values, one a step; at least two.
    pub values: Vec<Value>,
    /// Time that the steps take together.
    pub over: VirtualDuration,
}

impl Ramp {
    /// The ramp in a record that was read with its table, for a parameter of `kind`.
    pub(crate) fn read(record: &Args, kind: &FaultKind, issues: &mut Vec<Issue>) -> Option<Self> {
        let name = record.text_opt("param")?;
        let place = |key: &str, issue: Issue| record.place(key).locate(issue);
        let rampable = |p: &&Param| numeric(&p.kind) && Some(p.key) != kind.own_length;
        let known = kind.params.iter().filter(rampable).map(|p| p.key);
        let Some(param) = kind.params.iter().find(|p| p.key == name) else {
            let issue = Issue::new(format!("unknown parameter `{name}`"), 0..name.len())
                .label(format!("{} has no such parameter", kind.name));
            issues.push(place("param", issue.maybe_help(suggest(name, known))));
            return None;
        };
        if !rampable(&param) {
            let why = match Some(param.key) == kind.own_length {
                true => "it is the length of the fault".to_owned(),
                false => format!("it is {}", param.kind.expects()),
            };
            let issue = Issue::new(format!("`{name}` has no ramp"), 0..name.len()).label(why);
            let known: Vec<&str> = known.collect();
            let help = match known.is_empty() {
                true => format!("no parameter of {} is a number", kind.name),
                false => format!("these have: {}", known.join(", ")),
            };
            issues.push(place("param", issue.help(help)));
            return None;
        }
        let over = record.duration_opt("over")?;
        if over.is_zero() {
            issues.push(place("over", Issue::new("ramp takes no time", 0..0)));
            return None;
        }
        let from = end(record, "from", &param.kind, issues);
        let to = end(record, "to", &param.kind, issues);
        let (from, to) = from.zip(to)?;
        let steps = u32::try_from(record.integer_opt("steps")?).ok()?;
        let value = |step: u32| between(&from, &to, f64::from(step) / f64::from(steps - 1));
        let values: Vec<Value> = (0..steps).map(value).collect();
        Some(Self {
            key: param.key,
            values,
            over,
        })
    }

    /// Whether it fits into the shortest length that the fault may have. Where that is not known
    /// before a length is drawn, the steps that do not fit are cut off.
    pub(crate) fn check_length(
        &self,
        timing: &Timing,
        own: Option<VirtualDuration>,
    ) -> Result<(), Refusal> {
        let shortest = match &timing.length {
            Some(Length::Law(Law::Constant(ns))) => Some(*ns),
            Some(Length::Law(Law::Uniform { low, .. } | Law::Loguniform { low, .. })) => Some(*low),
            Some(_) => None,
            None => own.map(VirtualDuration::as_nanos_f64),
        };
        let Some(shortest) = shortest.filter(|ns| *ns < self.over.as_nanos_f64()) else {
            return Ok(());
        };
        let lasts = VirtualDuration::from_nanos_f64(shortest);
        let may = match &timing.length {
            Some(Length::Law(Law::Constant(_))) | None => "lasts",
            Some(_) => "may last only",
        };
        Err(Refusal::timing(
            "ramp",
            Issue::new(
                format!("ramp takes {}, the fault {may} {lasts}", self.over),
                0..0,
            )
            .help("make `over` shorter, or `for` longer"),
        ))
    }

    /// Lowers one occurrence: every step as if its value held all the time, cut to the step.
    pub(crate) fn lower(
        &self,
        kind: &FaultKind,
        args: &Args,
        lowering: &mut Lowering<'_>,
    ) -> Result<(), Refusal> {
        let before = lowering.entries_mut().split_off(0);
        let mut all: Parts = Vec::new();
        let steps = self.values.len() as u64;
        let from = lowering.window.from;
        for (step, value) in (0u64..).zip(&self.values) {
            let start = from.saturating_add(self.over / steps * step);
            let last = step + 1 == steps;
            let end = (!last).then(|| from.saturating_add(self.over / steps * (step + 1)));
            (kind.lower)(&with(args, kind.params, self.key, value), lowering)?;
            let mut parts = std::mem::take(lowering.entries_mut());
            for (_, _, primitive) in &parts {
                check_piece(primitive)?;
            }
            cut(&mut parts, (step > 0).then_some(start), end);
            join(&mut all, parts);
        }
        let end = lowering.window.until;
        if end.is_some_and(|end| from.saturating_add(self.over) > end) {
            lowering.note("the ramp is cut short: the fault is over before it");
        }
        *lowering.entries_mut() = before;
        lowering.entries_mut().append(&mut all);
        Ok(())
    }
}

/// The record with one value replaced; keys that exclude it go.
fn with(args: &Args, params: &[Param], key: &'static str, value: &Value) -> Args {
    let mut args = args.clone();
    let group = params.iter().find(|p| p.key == key).map_or("", |p| p.group);
    let rival = |other: &str| {
        let of = params.iter().find(|p| p.key == other);
        other != key && !group.is_empty() && of.is_some_and(|p| p.group == group)
    };
    args.entries.retain(|arg| !rival(&arg.key));
    match args.entries.iter_mut().find(|arg| arg.key == key) {
        Some(arg) => arg.value = value.clone(),
        None => args.entries.push(Arg {
            key: key.to_owned(),
            key_span: 0..0,
            value: value.clone(),
            place: args.place.clone(),
            given: false,
        }),
    }
    args
}

/// Things that grow by themselves from their start on cannot be cut into pieces.
fn check_piece(primitive: &Primitive) -> Result<(), Refusal> {
    let (what, help) = match primitive {
        Primitive::MemoryPressure {
            arrival: Arrival::Linear { .. },
            ..
        } => ("a leak grows by itself", "ramp the size of a memory-hog"),
        Primitive::LinkTrace { .. } => (
            "every step would start the recording again",
            "write a recording that has the ramp",
        ),
        _ => return Ok(()),
    };
    let issue = Issue::new("this fault has no ramp", 0..0).label(what);
    Err(Refusal::timing("ramp", issue.help(help)))
}

/// Cuts overlays to a step. What follows from the end of the fault belongs to the last one.
fn cut(parts: &mut Parts, start: Option<VirtualTime>, end: Option<VirtualTime>) {
    for (from, until, primitive) in parts.iter_mut() {
        if let Some(start) = start {
            *from = (*from).max(start);
        }
        if let Some(end) = end
            && until.is_none_or(|until| until > end)
        {
            *until = Some(end);
            // What stays after the end of the fault does not stay after a step.
            if let Primitive::ClockStep { end, .. } = primitive {
                *end = StepEnd::Back;
            }
        }
    }
    parts.retain(|(from, until, _)| until.is_none_or(|until| until > *from));
}

/// Adds the overlays of a step; one that goes on as it was is made longer.
fn join(all: &mut Parts, parts: Parts) {
    for (from, until, primitive) in parts {
        let before = all
            .iter_mut()
            .find(|(_, end, other)| *end == Some(from) && *other == primitive);
        match before {
            Some((_, end, _)) => *end = until,
            None => all.push((from, until, primitive)),
        }
    }
}

/// Whether values of this kind have others between them.
const fn numeric(kind: &Kind) -> bool {
    matches!(
        kind,
        Kind::Duration
            | Kind::Rate
            | Kind::ByteRate
            | Kind::Bandwidth
            | Kind::Size
            | Kind::Share
            | Kind::Number { .. }
            | Kind::Integer { .. }
            | Kind::Law(_)
            | Kind::Signed(_)
    )
}

/// The value at one end of the ramp, read as the parameter is.
fn end(record: &Args, key: &str, kind: &Kind, issues: &mut Vec<Issue>) -> Option<Value> {
    let arg = record.arg(key)?;
    let raw = match (&arg.value, kind) {
        (Value::Number(x), Kind::Integer { .. }) if x.trunc() == *x => Raw::Integer(whole(*x)),
        (Value::Number(x), _) => Raw::Float(*x),
        (Value::Text(text), _) => Raw::Text {
            text: text.clone(),
            start: arg.place.start,
        },
        (Value::Flag(flag), _) => Raw::Flag(*flag),
        _ => return None,
    };
    let node = Node {
        span: arg.place.span.clone(),
        raw,
    };
    let value = read_value(kind, &node, issues)?;
    if number(&value).is_none() {
        let issue = Issue::new("a ramp goes between two values", node.span);
        issues.push(
            issue
                .label("this is drawn")
                .help("write a value without a distribution"),
        );
        return None;
    }
    Some(value)
}

/// The number behind a value; `None` if it is drawn.
fn number(value: &Value) -> Option<f64> {
    match value {
        Value::Number(x) | Value::Law(Law::Constant(x)) => Some(*x),
        Value::Duration(d) => Some(d.as_nanos_f64()),
        Value::Integer(i) => Some(*i as f64),
        Value::Size(bytes) => Some(*bytes as f64),
        Value::Signed(signed) => signed.constant_value(),
        _ => None,
    }
}

/// The value at `share` of the way.
fn between(from: &Value, to: &Value, share: f64) -> Value {
    let (a, b) = (number(from).unwrap_or(0.0), number(to).unwrap_or(0.0));
    // Exact at both ends; in between a number that reads well.
    let x = match share {
        0.0 => a,
        1.0 => b,
        _ => rounded(a + (b - a) * share),
    };
    match from {
        Value::Duration(_) => Value::Duration(VirtualDuration::from_nanos_f64(x)),
        Value::Integer(_) => Value::Integer(whole(x)),
        Value::Size(_) => Value::Size(u64::try_from(whole(x)).unwrap_or(0)),
        Value::Law(_) => Value::Law(Law::Constant(x)),
        Value::Signed(_) => Value::Signed(crate::param::Signed::constant(x)),
        _ => Value::Number(x),
    }
}

/// Nine significant digits.
fn rounded(x: f64) -> f64 {
    format!("{x:.8e}").parse().unwrap_or(x)
}

#[expect(
    clippy::cast_possible_truncation,
    reason = "`as` saturates; ends of a ramp are inside the range of their parameter"
)]
fn whole(x: f64) -> i64 {
    x.round() as i64
}
