//! Strict parsers of units. They work on integers, and every error has its place in the string.

use super::Value;
use super::{Issue, law};
use squall_core::plan::{HoldBack, Swap};
use squall_core::{Law, VirtualDuration};
use std::ops::Range;

/// Units of time with their nanoseconds; longer words first where one begins another.
const TIME: [(&str, u64); 7] = [
    ("ns", 1),
    ("us", 1_000),
    ("ms", 1_000_000),
    ("s", 1_000_000_000),
    ("m", 60_000_000_000),
    ("h", 3_600_000_000_000),
    ("d", 86_400_000_000_000),
];
const SIZES: [(&str, u64); 5] = [
    ("B", 1),
    ("KiB", 1 << 10),
    ("MiB", 1 << 20),
    ("GiB", 1 << 30),
    ("TiB", 1 << 40),
];
/// Swap devices the memory model knows by name.
pub const SWAP_PRESETS: [&str; 12] = [
    "vdisk",
    "zram",
    "zram-lzo-rle",
    "zram-lz4",
    "zram-zstd",
    "zswap",
    "optane",
    "nvme",
    "ssd",
    "sata-ssd",
    "cloud",
    "hdd",
];
/// Disks that hosts know by name: the swap devices that are no compressed memory.
pub const DISK_PRESETS: [&str; 6] = ["vdisk", "optane", "nvme", "ssd", "cloud", "hdd"];
const TIME_HELP: &str = "units are ns, us, ms, s, m, h, d";
const SIZE_HELP: &str = "units are B, KiB, MiB, GiB, TiB";

/// Reads a duration: `250ms`, `1h30m`, `1.5s`.
pub fn duration(text: &str) -> Result<VirtualDuration, Issue> {
    amount(text, "duration", &TIME, "s", TIME_HELP).map(VirtualDuration::from_nanos)
}

/// Reads a size in bytes: `8GiB`, `1.5MiB`.
pub fn size(text: &str) -> Result<u64, Issue> {
    amount(text, "size", &SIZES, "MiB", SIZE_HELP)
}

/// Reads a rate of bytes, as bytes a second: `50MiB/s`.
pub fn byte_rate(text: &str) -> Result<f64, Issue> {
    let Some(slash) = text.find('/') else {
        let issue = Issue::new("rate has no unit of time", 0..text.len());
        return Err(issue.help("write for instance \"50MiB/s\""));
    };
    let bytes = size(&text[..slash])? as f64;
    // The rest is a rate of one.
    let per = rate(&format!("1{}", &text[slash..]))
        .map_err(|_| Issue::new("unknown unit of time", slash + 1..text.len()).help(TIME_HELP))?;
    Ok(bytes * per)
}

/// Reads a rate, as events a second: `20/s`, `0.5/m`.
pub fn rate(text: &str) -> Result<f64, Issue> {
    let Some(slash) = text.find('/') else {
        let issue = Issue::new("rate has no unit", 0..text.len()).label("expected a number a time");
        return Err(match number(text, 0) {
            Ok(_) => issue.help(format!("write \"{text}/s\"; units are /ms, /s, /m, /h, /d")),
            Err(_) => issue.help("write for instance \"20/s\""),
        });
    };
    let count = number(&text[..slash], 0)?;
    let unit = &text[slash + 1..];
    let per = TIME
        .iter()
        .find(|(name, _)| *name == unit)
        .map(|(_, ns)| *ns);
    let per = per.ok_or_else(|| {
        Issue::new(
            format!("unknown unit `{unit}` of a rate"),
            slash + 1..text.len(),
        )
        .help("units are /ms, /s, /m, /h, /d")
    })?;
    // One of the two quotients is whole, so that `20/s` is exactly 20.
    Ok(if per >= 1_000_000_000 {
        count / (per as f64 / 1e9)
    } else {
        count * (1e9 / per as f64)
    })
}

/// Prints a rate so that [`rate`] reads it back.
pub fn rate_text(rate: f64) -> String {
    format!("{rate}/s")
}

/// Prints a size so that [`size`] reads it back: the largest unit that divides it.
pub fn size_text(bytes: u64) -> String {
    let fits = |scale: u64| bytes.is_multiple_of(scale) && bytes > 0;
    let found = SIZES.iter().rev().find(|(_, scale)| fits(*scale));
    let (unit, scale) = found.copied().unwrap_or(("B", 1));
    format!("{}{unit}", bytes / scale)
}

/// Reads an instant or a range of them: `2m`, `1m..3m`.
pub fn moment(text: &str) -> Result<Law, Issue> {
    let Some(dots) = text.find("..") else {
        return duration(text).map(constant);
    };
    let low = duration(&text[..dots])?;
    let high = duration(&text[dots + 2..]).map_err(|e| e.shifted(dots + 2))?;
    if high <= low {
        return Err(Issue::new("range ends before it begins", 0..text.len())
            .help(format!("write \"{high}..{low}\"")));
    }
    Ok(Law::Uniform {
        low: low.as_nanos_f64(),
        high: high.as_nanos_f64(),
    })
}

/// Reads a length of time: a duration, a range, a distribution, or `forever`.
pub fn length(text: &str) -> Result<Value, Issue> {
    if text == "forever" {
        return Ok(Value::Word("forever"));
    }
    if text.contains("..") {
        return moment(text).map(Value::Law);
    }
    law(text, super::Unit::Time).map(Value::Law)
}

/// Rates of links with their bytes a second; longer words first where one begins another.
const BANDWIDTHS: [(&str, f64); 9] = [
    ("bit/s", 0.125),
    ("kbit/s", 125.0),
    ("Mbit/s", 125e3),
    ("Gbit/s", 125e6),
    ("B/s", 1.0),
    ("KiB/s", 1024.0),
    ("MiB/s", 1_048_576.0),
    ("GiB/s", 1_073_741_824.0),
    ("MB/s", 1e6),
];
const BANDWIDTH_HELP: &str =
    "units are bit/s, kbit/s, Mbit/s, Gbit/s, B/s, KiB/s, MB/s, MiB/s, GiB/s";

/// Reads the rate of a link, `1Mbit/s`, as bytes a second; above zero.
pub fn bandwidth(text: &str) -> Result<f64, Issue> {
    let digits = span_of(text, 0, |b| b.is_ascii_digit() || b"eE+-.".contains(&b));
    let (count, unit) = text.split_at(digits.end);
    let range = digits.end..text.len();
    if count.is_empty() {
        return Err(
            Issue::new(format!("`{text}` is not a rate of bytes"), 0..text.len())
                .help(format!("write for instance \"1Mbit/s\"; {BANDWIDTH_HELP}")),
        );
    }
    if unit.is_empty() {
        return Err(Issue::new("rate of bytes has no unit", 0..text.len())
            .help(format!("write \"{text}Mbit/s\"; {BANDWIDTH_HELP}")));
    }
    let Some((_, bytes)) = BANDWIDTHS.iter().find(|(name, _)| *name == unit) else {
        let issue = Issue::new(format!("unknown unit `{unit}` of a rate of bytes"), range);
        return Err(issue.help(BANDWIDTH_HELP));
    };
    let rate = number(count, 0)? * bytes;
    if rate <= 0.0 {
        return Err(Issue::new("a link that passes nothing", 0..text.len())
            .help("use link-cut, which says so"));
    }
    Ok(rate)
}

/// Prints bytes a second in the words that [`bandwidth`] reads.
pub fn bandwidth_text(rate: f64) -> String {
    let bits = rate * 8.0;
    for (unit, scale) in [("Gbit/s", 1e9), ("Mbit/s", 1e6), ("kbit/s", 1e3)] {
        if bits >= scale {
            return format!("{}{unit}", bits / scale);
        }
    }
    format!("{bits}bit/s")
}

/// Reads how long a message is held back: `10ms`, or `5 messages`.
pub fn hold_back(text: &str) -> Result<HoldBack, Issue> {
    let count = text
        .strip_suffix(" messages")
        .or_else(|| text.strip_suffix(" message"));
    let Some(count) = count else {
        return duration(text)
            .map(HoldBack::Time)
            .map_err(|issue| issue.help("write a duration such as \"10ms\", or \"5 messages\""));
    };
    match count.parse::<u32>() {
        Ok(count) if count > 0 => Ok(HoldBack::Messages(count)),
        _ => Err(Issue::new(
            format!("`{count}` is not a number of messages"),
            0..count.len(),
        )
        .help("write for instance \"5 messages\"")),
    }
}

/// Reads a swap device: the name of a preset, `800 iops`, or `disk`.
pub fn device(text: &str) -> Result<Swap, Issue> {
    if let Some(count) = text.strip_suffix(" iops") {
        let iops = number(count, 0)?;
        if iops <= 0.0 {
            return Err(Issue::new(
                "a device serves at least one read",
                0..count.len(),
            ));
        }
        return Ok(Swap::Iops(iops));
    }
    if text == "disk" {
        return Ok(Swap::Disk);
    }
    if SWAP_PRESETS.contains(&text) {
        return Ok(Swap::Preset(text.to_owned()));
    }
    let known = SWAP_PRESETS.join(", ");
    Err(
        Issue::new(format!("unknown swap device `{text}`"), 0..text.len()).help(format!(
            "write {known}, a limit such as \"800 iops\", or \"disk\""
        )),
    )
}

pub(super) fn constant(d: VirtualDuration) -> Law {
    Law::Constant(d.as_nanos_f64())
}

/// Reads a plain decimal number that is not negative; `offset` is where `text` begins.
pub(super) fn number(text: &str, offset: usize) -> Result<f64, Issue> {
    let plain = !text.is_empty()
        && text
            .bytes()
            .all(|b| b.is_ascii_digit() || b".eE+-".contains(&b));
    let parsed = text.parse::<f64>().ok().filter(|x| plain && x.is_finite());
    parsed.filter(|x| *x >= 0.0).ok_or_else(|| {
        Issue::new(
            format!("`{text}` is not a number"),
            offset..offset + text.len(),
        )
        .label("expected a number")
    })
}

/// Reads a sum of numbers with units, in integers: `1h30m` is 1 h + 30 m, `1.5s` is exact.
fn amount(
    text: &str,
    what: &str,
    units: &[(&str, u64)],
    usual: &str,
    help: &str,
) -> Result<u64, Issue> {
    let whole = 0..text.len();
    let too_long = |range: Range<usize>| Issue::new(format!("{what} is too large"), range);
    let mut at = 0;
    let mut total = 0u64;
    let mut last = u64::MAX;
    while at < text.len() || at == 0 {
        let digits = span_of(text, at, |b| b.is_ascii_digit() || b == b'.');
        let unit = span_of(text, digits.end, |b| !b.is_ascii_digit() && b != b'.');
        let (number, name) = (&text[digits.clone()], &text[unit.clone()]);
        if number.is_empty() || number.starts_with('.') || number.ends_with('.') {
            let range = if whole.is_empty() {
                whole
            } else {
                digits.start..unit.end
            };
            return Err(Issue::new(format!("`{text}` is not a {what}"), range)
                .label("expected a number and a unit")
                .help(format!("write for instance \"10{usual}\"; {help}")));
        }
        if name.is_empty() {
            return Err(Issue::new(format!("{what} has no unit"), digits)
                .label("expected a number and a unit")
                .help(format!("write \"{text}{usual}\"; {help}")));
        }
        let bare = name.trim_start();
        if bare != name && units.iter().any(|(known, _)| *known == bare) {
            return Err(
                Issue::new(format!("blank before the unit of a {what}"), unit)
                    .help(format!("write \"{}\"", text.replace(' ', ""))),
            );
        }
        let Some((_, scale)) = units.iter().find(|(known, _)| *known == name) else {
            return Err(Issue::new(format!("unknown unit `{name}` of a {what}"), unit).help(help));
        };
        if *scale >= last {
            return Err(Issue::new(
                format!("units of a {what} go from large to small"),
                unit,
            ));
        }
        let part = scaled(number, *scale).ok_or_else(|| {
            Issue::new(
                format!("`{number}{name}` is not a whole number of {}", units[0].0),
                digits.clone(),
            )
            .help(format!("{what}s are exact integers"))
        })?;
        let part = u64::try_from(part).map_err(|_| too_long(digits.clone()))?;
        total = total.checked_add(part).ok_or_else(|| too_long(digits))?;
        last = *scale;
        at = unit.end;
    }
    Ok(total)
}

/// `number` times `scale` if that is a whole number.
fn scaled(number: &str, scale: u64) -> Option<u128> {
    let (whole, fraction) = number.split_once('.').unwrap_or((number, ""));
    if fraction.contains('.') || fraction.len() > 12 {
        return None;
    }
    // Whatever has more digits than this is too large in every unit; the caller says so.
    let whole: u128 = if whole.len() > 20 {
        u128::from(u64::MAX)
    } else {
        whole.parse().ok()?
    };
    let below: u128 = if fraction.is_empty() {
        0
    } else {
        fraction.parse().ok()?
    };
    let ten = 10u128.pow(u32::try_from(fraction.len()).ok()?);
    let scale = u128::from(scale);
    (below * scale)
        .is_multiple_of(ten)
        .then(|| whole * scale + below * scale / ten)
}

/// The bytes from `start` on that `keep` holds; ends at a character boundary because every byte of
/// a longer character is treated alike.
fn span_of(text: &str, start: usize, keep: impl Fn(u8) -> bool) -> Range<usize> {
    let length = text.as_bytes()[start..]
        .iter()
        .take_while(|b| keep(**b))
        .count();
    start..start + length
}
