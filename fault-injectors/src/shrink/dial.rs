//! Dials: how each primitive is made weaker, step by step, towards no effect.
//!
//! A dial turns one field of all primitives of one form that one fault has, together. At 1 they are as
//! planned, at 0 they would do nothing; in between lies every strength. Which way a field grows weaker
//! stands with the field (`fields`): shares fall to zero, factors to one, rates and limits rise.

use crate::fields::{Field, Weak, fields, form};
use crate::frozen::{Written, write};
use crate::topology::{KnobInfo, KnobKind, Topology};
use squall_core::plan::{Plan, Primitive, Swap};
use squall_core::words::{amount, number};
use squall_core::{Law, VirtualDuration};

/// One dial of a plan.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dial {
    /// Position of the fault in the plan.
    pub fault: usize,
    /// The form of its primitives, `pressure-overcommit`.
    pub form: &'static str,
    /// The key of the field, `overcommit`.
    pub key: &'static str,
}

/// Limits and rates rise by this at the most: a thousandfold of a limit that hurts is none.
const UP_MAX: f64 = 1_000.0;

/// The dials of a plan, in its order.
pub fn dials(plan: &Plan, topology: &Topology) -> Vec<Dial> {
    let mut found: Vec<Dial> = Vec::new();
    for entry in plan.entries() {
        let mut primitive = entry.primitive.clone();
        let form = form(&primitive);
        let mut base = None;
        fields(&mut primitive, &mut |name, field| {
            note_base(&field, topology, &mut base);
            let dial = Dial {
                fault: entry.fault as usize,
                form,
                key: name.key,
            };
            if has_strength(&field, base) && !found.contains(&dial) {
                found.push(dial);
            }
        });
    }
    found
}

impl Dial {
    /// The plan with this dial at `strength`, from 0 to 1. Values have three digits where they have
    /// changed, as a person would write them.
    #[must_use]
    pub fn turned(&self, plan: &Plan, topology: &Topology, strength: f64) -> Plan {
        let mut entries = plan.entries().to_vec();
        for entry in &mut entries {
            if entry.fault as usize == self.fault && form(&entry.primitive) == self.form {
                let mut base = None;
                fields(&mut entry.primitive, &mut |name, field| {
                    note_base(&field, topology, &mut base);
                    if name.key == self.key {
                        turn(field, base, strength);
                    }
                });
            }
        }
        plan.with_entries(entries)
    }
    /// The primitives of a plan that it turns.
    fn own<'p>(&self, plan: &'p Plan) -> impl Iterator<Item = &'p Primitive> {
        let (fault, form_of) = (self.fault, self.form);
        let own = plan.entries().iter();
        let own = own.filter(move |e| e.fault as usize == fault && form(&e.primitive) == form_of);
        own.map(|entry| &entry.primitive)
    }
    /// The knob whose value it is, if it is such a value.
    fn knob<'t>(&self, plan: &Plan, topology: &'t Topology) -> Option<&'t KnobInfo> {
        let knob = self.own(plan).find_map(|primitive| match primitive {
            Primitive::Knob { knob, .. } => Some(*knob),
            _ => None,
        });
        topology.knobs().get(knob?.index())
    }
    /// Its name for people: of a knob the knob's own, else the key of the field, and the form of its
    /// primitives where another form of the same fault has such a field too.
    pub fn name(&self, plan: &Plan, topology: &Topology) -> String {
        let key = self.key.replace('_', " ");
        if let Some(knob) = self.knob(plan, topology) {
            return match self.key {
                "value" => knob.name.clone(),
                _ => format!("{} {key}", knob.name),
            };
        }
        let alike = |other: &Dial| {
            (other.fault, other.key) == (self.fault, self.key) && other.form != self.form
        };
        match dials(plan, topology).iter().any(alike) {
            true => format!("{key} of {}", self.form),
            false => key,
        }
    }
    /// Its value in a plan, with four digits.
    pub fn text(&self, plan: &Plan, topology: &Topology) -> String {
        let of = |primitive: &Primitive| {
            let written = write(primitive, topology);
            let field = written.fields.into_iter().find(|(key, _)| *key == self.key);
            field.map(|(_, value)| value)
        };
        let knob = self.knob(plan, topology).filter(|_| self.key == "value");
        let seconds = knob.is_some_and(|knob| knob.kind == KnobKind::Seconds);
        match self.own(plan).find_map(of) {
            Some(Written::Text(text)) => text,
            Some(Written::Number(x)) if seconds => amount(x, "s"),
            Some(Written::Number(x)) => number(x),
            Some(Written::Integer(n)) => n.to_string(),
            Some(Written::Flag(flag)) => flag.to_string(),
            Some(Written::List(lines)) => format!("{} values", lines.len()),
            None => "-".to_owned(),
        }
    }
}

/// Remembers the base of the knob that a primitive is about, if it is a quantity.
fn note_base(field: &Field<'_>, topology: &Topology, base: &mut Option<f64>) {
    if let Field::Knob(id) = field {
        let knob = topology.knobs().get(id.index());
        let quantity = |kind: &KnobKind| match kind {
            KnobKind::Number { .. } | KnobKind::Seconds => true,
            KnobKind::Words(_) | KnobKind::Flag => false,
        };
        *base = knob.filter(|k| quantity(&k.kind)).map(|k| k.base);
    }
}

/// Whether a field can be made weaker.
fn has_strength(field: &Field<'_>, base: Option<f64>) -> bool {
    match field {
        Field::KnobValue(_) => base.is_some(),
        Field::Number(_, _, weak)
        | Field::Count(_, _, weak)
        | Field::Size(_, weak)
        | Field::Length(_, weak)
        | Field::Series(_, weak) => *weak != Weak::Fixed,
        Field::RateOpt(rate, weak) | Field::NumberOpt(rate, _, weak) => {
            rate.is_some() && *weak != Weak::Fixed
        }
        Field::Law(law, _, weak) => match weak {
            Weak::Fixed => false,
            Weak::Towards(0.0) | Weak::Up => true,
            // A law moves towards another value than zero only if it is one value.
            Weak::Towards(_) => law.is_constant(),
        },
        Field::Device(device) => matches!(device, Swap::Iops(_)),
        Field::Offset(_) => true,
        Field::Node(_)
        | Field::NodeOpt(_)
        | Field::Link(_)
        | Field::Path(_)
        | Field::Service(_)
        | Field::ServiceOpt(_)
        | Field::Channel(_)
        | Field::Knob(_)
        | Field::Word(..)
        | Field::Flag(_)
        | Field::CountOpt(..)
        | Field::SizeOpt(_)
        | Field::LengthOpt(_)
        | Field::HoldBack(_) => false,
    }
}

fn turn(field: Field<'_>, base: Option<f64>, strength: f64) {
    match field {
        Field::KnobValue(x) => {
            if let Some(base) = base {
                *x = weaker(*x, Weak::Towards(base), strength);
            }
        }
        Field::Number(x, (min, max), weak) => {
            *x = weaker(*x, weak, strength).clamp(min.min(*x), max.max(*x));
        }
        Field::Count(n, (min, max), weak) => {
            *n = whole(weaker(*n as f64, weak, strength)).clamp(min, max);
        }
        Field::Size(bytes, weak) => *bytes = whole(weaker(*bytes as f64, weak, strength)),
        Field::RateOpt(Some(rate), weak) | Field::NumberOpt(Some(rate), _, weak) => {
            *rate = weaker(*rate, weak, strength)
        }
        Field::Length(length, weak) => {
            *length =
                VirtualDuration::from_nanos_f64(weaker(length.as_nanos_f64(), weak, strength));
        }
        Field::Offset(ns) => *ns = towards_zero(*ns, strength),
        Field::Law(law, _, weak) => *law = weaker_law(law, weak, strength),
        Field::Device(Swap::Iops(iops)) => *iops = weaker(*iops, Weak::Up, strength),
        Field::Series(series, weak) => {
            let factor = match weak {
                Weak::Fixed => 1.0,
                Weak::Towards(_) => digits(strength),
                Weak::Up => digits(rise(strength)),
            };
            *series = series.scaled(factor);
        }
        _ => {}
    }
}

/// By how much a limit rises at a strength: the same factor for every step.
fn rise(strength: f64) -> f64 {
    let steps = Law::Loguniform {
        low: 1.0,
        high: UP_MAX,
    };
    steps.quantile(1.0 - strength)
}

/// A value at a strength.
fn weaker(x: f64, weak: Weak, strength: f64) -> f64 {
    match weak {
        _ if strength >= 1.0 => x,
        Weak::Fixed => x,
        Weak::Towards(idle) => digits(idle + (x - idle) * strength),
        Weak::Up => digits(x * rise(strength)),
    }
}

fn weaker_law(law: &Law, weak: Weak, strength: f64) -> Law {
    if strength >= 1.0 {
        return law.clone();
    }
    match (law, weak) {
        (_, Weak::Fixed) => law.clone(),
        (Law::Constant(x), weak) => Law::Constant(weaker(*x, weak, strength)),
        (law, Weak::Towards(_)) => scaled(law, strength),
        (law, Weak::Up) => scaled(law, rise(strength)),
    }
}

/// The law of `factor` times what `law` gives.
fn scaled(law: &Law, factor: f64) -> Law {
    let by = |x: f64| digits(x * factor);
    match law {
        Law::Constant(x) => Law::Constant(by(*x)),
        Law::Uniform { low, high } => Law::Uniform {
            low: by(*low),
            high: by(*high),
        },
        Law::Normal { mean, sd } => Law::Normal {
            mean: by(*mean),
            sd: by(*sd),
        },
        Law::Exponential { mean } => Law::Exponential { mean: by(*mean) },
        Law::Hyperexponential { mean, cv2 } => Law::Hyperexponential {
            mean: by(*mean),
            cv2: *cv2,
        },
        Law::Lognormal { median, sigma } => Law::Lognormal {
            median: by(*median),
            sigma: *sigma,
        },
        Law::Pareto { scale, alpha } => Law::Pareto {
            scale: by(*scale),
            alpha: *alpha,
        },
        Law::Loguniform { low, high } => Law::Loguniform {
            low: by(*low),
            high: by(*high),
        },
        Law::Empirical(points) => {
            Law::Empirical(points.iter().map(|(p, x)| (*p, x * factor)).collect())
        }
    }
}

/// Three significant digits.
pub(super) fn digits(x: f64) -> f64 {
    format!("{x:.2e}").parse().unwrap_or(x)
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "`as` saturates, and a quantity is not negative"
)]
fn whole(x: f64) -> u64 {
    x.round() as u64
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn towards_zero(ns: i64, strength: f64) -> i64 {
    if strength >= 1.0 {
        ns
    } else {
        digits(ns as f64 * strength) as i64
    }
}
