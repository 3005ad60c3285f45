//! Intensities: values round the default of a parameter, in the words of the file.

use crate::compose::significant;
use crate::param::{
    Kind, Unit, Value, bandwidth_text, law_text, node_of, rate_text, read_value, size_text,
};
use squall_core::{Law, Sample};

/// A drawn number is at most this many times smaller or larger than the default.
const SPREAD: f64 = 4.0;
/// The smallest share drawn for a default of one, and the largest for a default of none.
const SHARE: (f64, f64) = (0.05, 0.9);

/// Words for a value round the default `words`; `None` keeps the default: there is nothing to scale,
/// or nothing that words can say.
pub(super) fn around(kind: &Kind, words: &str, source: &mut impl Sample) -> Option<String> {
    let value = read_value(kind, &node_of(kind, words), &mut Vec::new())?;
    let factor = Law::Loguniform {
        low: 1.0 / SPREAD,
        high: SPREAD,
    }
    .sample(source);
    Some(match (kind, value) {
        (Kind::Share, Value::Number(share)) => significant(self::share(share, factor, source)),
        (Kind::Number { min, max }, Value::Number(x)) if x > 0.0 => {
            significant((x * factor).clamp(*min, *max))
        }
        (Kind::Integer { min, max }, Value::Integer(n)) if n > 0 => whole(n as f64 * factor)
            .clamp((*min).max(1), *max)
            .to_string(),
        (_, Value::Duration(d)) if !d.is_zero() => time(d.as_nanos_f64() * factor),
        (_, Value::Size(bytes)) if bytes > 0 => size(bytes as f64 * factor),
        (Kind::ByteRate, Value::Number(x)) if x > 0.0 => format!("{}/s", size(x * factor)),
        (Kind::Bandwidth, Value::Number(x)) if x > 0.0 => bandwidth_text(short(x * factor)),
        (Kind::Rate, Value::Number(x)) if x > 0.0 => rate_text(short(x * factor)),
        (Kind::Law(unit), Value::Law(law)) => law_text(&scaled(law, factor)?, *unit),
        _ => return None,
    })
}

/// A share round another; one and none have a side only.
fn share(share: f64, factor: f64, source: &mut impl Sample) -> f64 {
    let (low, high) = SHARE;
    if share >= 1.0 {
        source.between(low, 1.0)
    } else if share <= 0.0 {
        source.between(0.0, high)
    } else {
        (share * factor).min(1.0)
    }
}

/// The law with all its values multiplied; `None` for one that words cannot say.
fn scaled(law: Law, by: f64) -> Option<Law> {
    Some(match law {
        Law::Constant(0.0) => return None,
        Law::Constant(x) => Law::Constant(short(x * by)),
        Law::Uniform { low, high } => Law::Uniform {
            low: short(low * by),
            high: short(high * by),
        },
        Law::Normal { mean, sd } => Law::Normal {
            mean: short(mean * by),
            sd: short(sd * by),
        },
        Law::Exponential { mean } => Law::Exponential {
            mean: short(mean * by),
        },
        Law::Hyperexponential { mean, cv2 } => Law::Hyperexponential {
            mean: short(mean * by),
            cv2,
        },
        Law::Lognormal { median, sigma } => Law::Lognormal {
            median: short(median * by),
            sigma: short(sigma),
        },
        Law::Pareto { scale, alpha } => Law::Pareto {
            scale: short(scale * by),
            alpha,
        },
        Law::Loguniform { low, high } => Law::Loguniform {
            low: short(low * by),
            high: short(high * by),
        },
        Law::Empirical(_) => return None,
    })
}

/// Three significant digits, so that a plan reads well and its words say exactly what is meant.
fn short(x: f64) -> f64 {
    significant(x).parse().unwrap_or(x)
}

/// A time of so many nanoseconds.
fn time(ns: f64) -> String {
    law_text(&Law::Constant(short(ns).max(1.0)), Unit::Time)
}

/// A size, in whole units of 1 KiB where it has so many.
fn size(bytes: f64) -> String {
    let unit = if bytes >= 4_096.0 { 1_024.0 } else { 1.0 };
    let bytes = short(bytes / unit).round().max(1.0) * unit;
    size_text(whole(bytes).unsigned_abs())
}

#[expect(clippy::cast_possible_truncation, reason = "`as` saturates")]
fn whole(x: f64) -> i64 {
    x.round() as i64
}
