//! Values of which not a bit may change on their way through a file.

use crate::param::{Arg, Issue, Unit, Value, duration, law, law_text};
use squall_core::plan::Series;
use squall_core::{Law, VirtualDuration};

/// Behind a law whose numbers are nanoseconds, and not durations with units.
const IN_NS: &str = " in ns";
/// Before the points of an empirical law.
const EMPIRICAL: &str = "empirical ";

/// A law in words: with units where they say it exactly, else in plain nanoseconds.
pub(super) fn law_text_of(written: &Law, unit: Unit) -> String {
    if let Law::Empirical(points) = written {
        let points = points.iter().map(|(p, x)| format!("{p}:{x}"));
        let points = points.collect::<Vec<_>>().join(" ");
        return match unit {
            Unit::Time => format!("{EMPIRICAL}{points}{IN_NS}"),
            Unit::Plain => format!("{EMPIRICAL}{points}"),
        };
    }
    let text = law_text(written, unit);
    if unit == Unit::Plain || law(&text, unit).is_ok_and(|read| read == *written) {
        return text;
    }
    format!("{}{IN_NS}", law_text(written, Unit::Plain))
}

/// Reads what [`law_text_of`] writes, and every law of a scenario.
pub(super) fn law_of(text: &str, unit: Unit) -> Result<Law, Issue> {
    let (inner, unit) = match text.strip_suffix(IN_NS) {
        Some(inner) if unit == Unit::Time => (inner, Unit::Plain),
        _ => (text, unit),
    };
    let Some(points) = inner.strip_prefix(EMPIRICAL) else {
        return law(inner, unit);
    };
    let refuse = |what: &str| {
        Issue::new(format!("an empirical law {what}"), 0..text.len())
            .help("write \"empirical 0:1.5 1:9\": shares and values, both ascending, from 0 to 1")
    };
    let point = |word: &str| -> Option<(f64, f64)> {
        let (p, x) = word.split_once(':')?;
        Some((p.parse().ok()?, x.parse().ok()?))
    };
    let points: Option<Vec<(f64, f64)>> = points.split_whitespace().map(point).collect();
    let points = points.ok_or_else(|| refuse("has points such as 0.5:12"))?;
    let ends = (points.first().map(|p| p.0), points.last().map(|p| p.0));
    let ascends = points
        .windows(2)
        .all(|w| w[0].0 < w[1].0 && w[0].1 <= w[1].1);
    let whole = points.iter().all(|(_, x)| x.is_finite());
    if ends != (Some(0.0), Some(1.0)) || !ascends || !whole {
        return Err(refuse("ascends from share 0 to share 1"));
    }
    Ok(Law::Empirical(points.into()))
}

/// A time with its sign: `+250ms`, `-1h`.
pub(super) fn offset_text(ns: i64) -> String {
    let sign = if ns < 0 { '-' } else { '+' };
    format!("{sign}{}", VirtualDuration::from_nanos(ns.unsigned_abs()))
}

/// Reads a time with a sign, or without: then it is ahead.
pub(super) fn offset_of(text: &str) -> Result<i64, Issue> {
    let sign = usize::from(text.starts_with(['+', '-']));
    let size = duration(&text[sign..]).map_err(|issue| issue.shifted(sign))?;
    let size = i64::try_from(size.as_nanos())
        .map_err(|_| Issue::new("an offset of more than 292 years", 0..text.len()))?;
    Ok(if text.starts_with('-') { -size } else { size })
}

/// The last line of a series that starts over.
const AGAIN: &str = "again";

/// A line a point, time and value; then when it starts again, if it does.
pub(super) fn series_text(series: &Series) -> Vec<String> {
    let time = |ns: u64| VirtualDuration::from_nanos(ns).to_string();
    let points = series.points().iter();
    let mut lines: Vec<String> = points.map(|(at, x)| format!("{} {x}", time(*at))).collect();
    if let Some(repeat) = series.repeat() {
        lines.push(format!("{repeat} {AGAIN}"));
    }
    lines
}

/// Reads what [`series_text`] writes.
pub(super) fn series_of(list: &[Arg]) -> Result<Series, Issue> {
    let refuse = |what: String| {
        Issue::new(what, 0..0).help("write [\"0s 5000000\", \"1s 8000000\", \"2s again\"]")
    };
    let (mut points, mut repeat) = (Vec::new(), None);
    for arg in list {
        let Value::Text(line) = &arg.value else {
            continue;
        };
        let bad = || refuse(format!("`{line}` is no time and value"));
        let (at, value) = line.split_once(' ').ok_or_else(bad)?;
        let at = duration(at).map_err(|_| bad())?;
        if value == AGAIN {
            repeat = Some(at);
            break;
        }
        let value: f64 = value.parse().map_err(|_| bad())?;
        points.push((at.as_nanos(), value));
    }
    let ascends = points.windows(2).all(|pair| pair[0].0 < pair[1].0);
    let whole = points.iter().all(|(_, x)| x.is_finite() && *x >= 0.0);
    let begins = points.first().is_some_and(|(at, _)| *at == 0);
    let last = points.last().map_or(0, |(at, _)| *at);
    let ends = repeat.is_none_or(|repeat| repeat.as_nanos() > last);
    if !(ascends && whole && begins && ends) {
        let what = "a series has times that ascend from 0s, and values that are not negative";
        return Err(refuse(what.to_owned()));
    }
    Ok(Series::new(points, repeat))
}
