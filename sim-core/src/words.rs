//! Numbers, durations and lists of names as people read them. What a program reads again has the exact
//! forms of [`core::fmt::Display`].

use crate::VirtualDuration;
use core::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// A number with four significant digits.
pub fn number(x: f64) -> String {
    if x == 0.0 || !x.is_finite() {
        return format!("{x}");
    }
    let power = exponent(x);
    if !(-6..12).contains(&power) {
        return format!("{x:.3e}");
    }
    let digits = 4 - 1 - power;
    if digits <= 0 {
        return format!("{x:.0}");
    }
    let text = format!("{x:.0$}", usize::try_from(digits.min(12)).unwrap_or(0));
    let text = text.trim_end_matches('0').trim_end_matches('.');
    text.to_owned()
}

/// The power of ten of a number that is not zero.
fn exponent(x: f64) -> i32 {
    let text = format!("{x:e}");
    text.split_once('e')
        .and_then(|(_, power)| power.parse().ok())
        .unwrap_or(0)
}

/// A duration: four significant digits below a minute, from there on its two largest units: `12.5 s`,
/// `396.1 ms`, `1 m 30 s`, `26 d 6 h`.
pub fn span(duration: VirtualDuration) -> String {
    const LARGE: [(u64, &str); 4] = [(86_400, "d"), (3_600, "h"), (60, "m"), (1, "s")];
    let ns = duration.as_nanos();
    if ns < 59_995_000_000 {
        let (count, unit) = small(ns as f64);
        return format!("{} {unit}", number(count));
    }
    let mut rest = ns / 1_000_000_000 + u64::from(ns % 1_000_000_000 >= 500_000_000);
    let mut parts = Vec::new();
    for (size, unit) in LARGE {
        parts.push((rest / size, unit));
        rest %= size;
    }
    let first = parts.iter().position(|(count, _)| *count > 0).unwrap_or(0);
    let shown = parts[first..]
        .iter()
        .take(2)
        .filter(|(count, _)| *count > 0);
    let shown: Vec<String> = shown
        .map(|(count, unit)| format!("{count} {unit}"))
        .collect();
    shown.join(" ")
}

/// Nanoseconds in the largest unit of which they are one.
fn small(ns: f64) -> (f64, &'static str) {
    const SMALL: [(f64, &str); 4] = [(1e9, "s"), (1e6, "ms"), (1e3, "us"), (1.0, "ns")];
    if ns == 0.0 {
        return (0.0, "s");
    }
    let unit = SMALL.iter().find(|(size, _)| ns.abs() >= *size);
    unit.map_or((ns, "ns"), |(size, unit)| (ns / size, *unit))
}

/// A value of a metric with its unit, which is `s`, `bytes`, `1/s` or another word, with four significant
/// digits and as scenario files write it: `3.1s`, `300ms`, `1.5MiB`, `20/s`.
pub fn amount(x: f64, unit: &str) -> String {
    const SIZES: [(f64, &str); 4] = [
        (1_099_511_627_776.0, "TiB"),
        (1_073_741_824.0, "GiB"),
        (1_048_576.0, "MiB"),
        (1024.0, "KiB"),
    ];
    match unit {
        "s" if x.is_finite() => {
            let (count, unit) = small(x * 1e9);
            format!("{}{unit}", number(count))
        }
        "bytes" => {
            let found = SIZES.iter().find(|(size, _)| x.abs() >= *size);
            let (size, unit) = found.unwrap_or(&(1.0, "B"));
            format!("{}{unit}", number(x / size))
        }
        "1/s" => format!("{}/s", number(x)),
        _ => number(x),
    }
}

/// A name as what stands before its number, and the number.
fn parts(name: &str) -> (&str, Option<u64>) {
    let stem = name.trim_end_matches(|c: char| c.is_ascii_digit());
    let digits = &name[stem.len()..];
    let plain = digits == "0" || !digits.starts_with('0');
    match digits.parse() {
        Ok(number) if plain => (stem, Some(number)),
        _ => (name, None),
    }
}

/// Compares names as people count: `host-2` comes before `host-10`.
pub fn natural(a: &str, b: &str) -> Ordering {
    parts(a).cmp(&parts(b)).then_with(|| a.cmp(b))
}

/// Names in the order in which people count, each once, three and more in a row as one: `host-0..19`.
pub fn ranges<'a>(names: impl IntoIterator<Item = &'a str>) -> Vec<String> {
    let mut names: Vec<&str> = names.into_iter().collect();
    names.sort_by(|a, b| natural(a, b));
    names.dedup();
    let follows = |a: &str, b: &str| match (parts(a), parts(b)) {
        ((stem, Some(one)), (other, Some(two))) => stem == other && one.checked_add(1) == Some(two),
        _ => false,
    };
    let mut out = Vec::new();
    for run in names.chunk_by(|a, b| follows(a, b)) {
        match run {
            [first, .., last] if run.len() > 2 => {
                out.push(format!("{first}..{}", parts(last).1.unwrap_or(0)));
            }
            few => out.extend(few.iter().map(|name| (*name).to_owned())),
        }
    }
    out
}

/// The first `most` of a list, and how many there are more.
pub fn listed(items: &[String], most: usize) -> String {
    let shown = items[..items.len().min(most)].join(", ");
    match items.len().saturating_sub(most) {
        0 => shown,
        more => format!("{shown} and {more} more"),
    }
}

/// Names that one side of a bundle of links shows.
const SIDE_MAX: usize = 4;

/// Directed links as people draw them: `web-0 -> db-0`, `web-0..11 -> db-0`, `a <-> b-0, b-1` if they lead
/// both ways, `among kv-0..4` if everybody is joined to everybody. Those to receivers that hear the same
/// senders are one.
pub fn links<'a>(pairs: impl IntoIterator<Item = (&'a str, &'a str)>) -> Vec<String> {
    let pairs: BTreeSet<(&str, &str)> = pairs.into_iter().collect();
    let side = |ends: &BTreeSet<&str>| listed(&ranges(ends.iter().copied()), SIDE_MAX);
    let ends: BTreeSet<&str> = pairs.iter().flat_map(|(from, to)| [*from, *to]).collect();
    if ends.len() > 2 && pairs.len() == ends.len() * (ends.len() - 1) {
        return vec![format!("among {}", side(&ends))];
    }
    let mut senders: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
    for (from, to) in pairs {
        senders.entry(to).or_default().insert(from);
    }
    let mut bundles: BTreeMap<BTreeSet<&str>, BTreeSet<&str>> = BTreeMap::new();
    for (to, from) in senders {
        bundles.entry(from).or_default().insert(to);
    }
    let mut out = Vec::new();
    for (from, to) in &bundles {
        let both = bundles.get(to) == Some(from);
        // The other way is said with this one.
        if !both || from <= to {
            let arrow = if both { "<->" } else { "->" };
            out.push(format!("{} {arrow} {}", side(from), side(to)));
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn links_are_bundled_by_who_hears_whom() {
        let all = |from: &[&'static str], to: &[&'static str]| -> Vec<(&str, &str)> {
            let pairs = from.iter().flat_map(|f| to.iter().map(move |t| (*f, *t)));
            pairs.filter(|(from, to)| from != to).collect()
        };
        let (kv, deaf) = (["kv-0", "kv-1", "kv-2", "kv-3"], ["kv-0"]);
        for (pairs, text) in [
            (all(&["a"], &["b"]), vec!["a -> b"]),
            (all(&kv, &deaf), vec!["kv-1..3 -> kv-0"]),
            (
                [all(&kv, &deaf), all(&deaf, &kv)].concat(),
                vec!["kv-0 <-> kv-1..3"],
            ),
            (all(&kv, &kv), vec!["among kv-0..3"]),
            (vec![("a", "b"), ("b", "a")], vec!["a <-> b"]),
            (vec![("a", "b"), ("c", "d")], vec!["a -> b", "c -> d"]),
            (Vec::new(), Vec::new()),
        ] {
            assert_eq!(links(pairs), text);
        }
    }

    #[test]
    fn numbers_have_four_digits() {
        for (x, text) in [
            (0.0, "0"),
            (1234.56, "1235"),
            (0.000_123_456, "0.0001235"),
            (97.25, "97.25"),
            (1.0, "1"),
            (123_456_789.0, "123456789"),
            (1.670_39e22, "1.670e22"),
        ] {
            assert_eq!(number(x), text);
        }
    }

    #[test]
    fn spans_are_short() {
        for (ns, text) in [
            (0, "0 s"),
            (12_500_000_000, "12.5 s"),
            (396_088_467, "396.1 ms"),
            (60_000_000_000, "1 m"),
            (59_999_000_000, "1 m"),
            (90_000_000_000, "1 m 30 s"),
            (3_600_000_000_000, "1 h"),
            (
                26 * 86_400_000_000_000 + 6 * 3_600_000_000_000 + 1,
                "26 d 6 h",
            ),
            (u64::MAX, "213503 d 23 h"),
        ] {
            assert_eq!(span(VirtualDuration::from_nanos(ns)), text);
        }
    }

    #[test]
    fn amounts_have_the_units_of_their_metric() {
        for (x, unit, text) in [
            (0.3, "s", "300ms"),
            (3.1, "s", "3.1s"),
            (-2.8, "s", "-2.8s"),
            (0.0, "s", "0s"),
            (1_572_864.0, "bytes", "1.5MiB"),
            (12.0, "bytes", "12B"),
            (20.0, "1/s", "20/s"),
            (0.5, "1", "0.5"),
            (f64::NAN, "s", "NaN"),
        ] {
            assert_eq!(amount(x, unit), text);
        }
    }

    #[test]
    fn names_are_counted_and_runs_are_one() {
        let names = [
            "host-10", "host-2", "db", "host-1", "host-0", "host-2", "web-1", "web-0", "x-07",
        ];
        assert_eq!(
            ranges(names),
            ["db", "host-0..2", "host-10", "web-0", "web-1", "x-07"]
        );
        assert_eq!(natural("host-2", "host-10"), Ordering::Less);
        let list = ["a", "b", "c"].map(str::to_owned);
        assert_eq!(listed(&list, 2), "a, b and 1 more");
        assert_eq!(listed(&list, 3), "a, b, c");
    }
}
