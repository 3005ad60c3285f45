//! Distributions in words: `lognormal median 400us p99 2ms`.

use super::units::number;
use super::{Issue, TraceUse, Unit, Value, duration, suggest};
use squall_core::{Law, VirtualDuration};
use std::ops::Range;

/// Each law with a sample of its words.
const FORMS: [(&str, &str); 9] = [
    ("uniform", "uniform 10ms 90ms"),
    ("normal", "normal 50ms sd 10ms"),
    ("exponential", "exponential mean 60ms"),
    ("hyperexponential", "hyperexponential mean 60ms cv2 4"),
    ("lognormal", "lognormal median 400us p99 2ms"),
    ("pareto", "pareto xm 10ms alpha 1.46"),
    ("loguniform", "loguniform 11ms 288s"),
    (
        "quantiles",
        "quantiles p0 12ms p50 17ms p99 33ms p100 282ms",
    ),
    ("trace", "trace rtt.csv column rtt in ms"),
];

/// Points up to which an empirical law is printed as its quantiles.
const QUANTILES_MAX: usize = 24;

/// Below this exponent half of the draws of a pareto law are more than a million times the smallest one, and
/// times end after 584 years.
const ALPHA_MIN: f64 = 0.05;

/// How to write the law that `text` begins with, or any.
fn form(text: &str) -> String {
    let first = text.split_whitespace().next().unwrap_or("");
    match FORMS.iter().find(|(name, _)| *name == first) {
        Some((_, form)) => format!("write for instance \"{form}\""),
        None => {
            let all: Vec<String> = FORMS
                .iter()
                .map(|(_, form)| format!("\"{form}\""))
                .collect();
            format!("write \"50ms\", {}", all.join(", "))
        }
    }
}

/// Reads a distribution. Numbers are durations (as nanoseconds) or plain, by `unit`.
pub fn law(text: &str, unit: Unit) -> Result<Law, Issue> {
    let mut words = Words::new(text, unit);
    let Some((first, range)) = words.next() else {
        return Err(Issue::new("empty distribution", 0..text.len()).help(form("")));
    };
    let law = match first {
        "uniform" => Law::Uniform {
            low: words.value("the smallest value")?,
            high: words.value("the largest value")?,
        },
        "normal" => Law::Normal {
            mean: words.value("the mean")?,
            sd: words.keyed("sd")?,
        },
        "exponential" => Law::Exponential {
            mean: words.keyed("mean")?,
        },
        "hyperexponential" => Law::Hyperexponential {
            mean: words.keyed("mean")?,
            cv2: words.plain("cv2")?,
        },
        "lognormal" => {
            let median = words.keyed("median")?;
            match words.peek() {
                Some("sigma") => Law::Lognormal {
                    median,
                    sigma: words.plain("sigma")?,
                },
                _ => {
                    let p99 = words.keyed("p99")?;
                    if median <= 0.0 || p99 < median {
                        return Err(Issue::new("p99 is below the median", words.last.clone()));
                    }
                    Law::lognormal_p99(median, p99)
                }
            }
        }
        "pareto" => Law::Pareto {
            scale: words.keyed("xm")?,
            alpha: words.plain("alpha")?,
        },
        "loguniform" => Law::Loguniform {
            low: words.value("the smallest value")?,
            high: words.value("the largest value")?,
        },
        "quantiles" => words.quantiles()?,
        "trace" => {
            return Err(
                Issue::new("a distribution cannot be read from a file here", range).help(
                    "give its quantiles in words, for instance \"lognormal median 400us p99 2ms\"",
                ),
            );
        }
        _ if first.starts_with(|c: char| c.is_ascii_alphabetic()) => {
            let help = suggest(first, FORMS.map(|(name, _)| name));
            return Err(
                Issue::new(format!("unknown distribution `{first}`"), range).maybe_help(help)
            );
        }
        _ => Law::Constant(words.read(first, range)?),
    };
    if let Some((extra, range)) = words.next() {
        return Err(
            Issue::new(format!("unexpected `{extra}` after a distribution"), range)
                .help(form(text)),
        );
    }
    ordered(law, text.len())
}

/// Reads `trace FILE [column NAME] [in UNIT]`: the values of a column are the law, each with the same
/// weight. `None` if `text` is not about a file. What stands for it until the file is read is one
/// second, or one.
pub fn trace(text: &str, unit: Unit) -> Option<Result<Value, Issue>> {
    let mut words = Words::new(text, unit);
    let (first, _) = words.next()?;
    (first == "trace").then(|| trace_after(words, unit))
}

fn trace_after(mut words: Words<'_>, of: Unit) -> Result<Value, Issue> {
    let Some((path, _)) = words.next() else {
        return Err(words.missing("the path of a file"));
    };
    let mut trace = TraceUse {
        path: path.to_owned(),
        column: None,
        unit: None,
        of,
    };
    while let Some((word, range)) = words.next() {
        let value = words.next();
        match (word, value) {
            ("column", Some((name, _))) => trace.column = Some(name.to_owned()),
            ("in", Some((name, range))) if of == Unit::Time => {
                // One of the unit, by the parser that knows them all.
                let one = duration(&format!("1{name}"));
                let one = one.map_err(|issue| Issue { range, ..issue })?;
                trace.unit = Some(one.as_nanos_f64());
            }
            ("column" | "in", None) => return Err(words.missing("a word after that")),
            _ => {
                let help = form("trace");
                return Err(
                    Issue::new(format!("unexpected `{word}` after a file"), range).help(help),
                );
            }
        }
    }
    let until_read = match of {
        Unit::Time => 1e9,
        Unit::Plain => 1.0,
    };
    Ok(Value::Trace(trace, Law::Constant(until_read)))
}

/// Refuses laws that have no samples.
fn ordered(law: Law, len: usize) -> Result<Law, Issue> {
    let refuse = |message: &str| Err(Issue::new(message, 0..len));
    match law {
        Law::Uniform { low, high } | Law::Loguniform { low, high } if low > high => {
            refuse("the smallest value is above the largest")
        }
        Law::Loguniform { low, .. } if low <= 0.0 => refuse("a loguniform law begins above zero"),
        Law::Pareto { scale, alpha } if scale <= 0.0 || alpha <= 0.0 => {
            refuse("xm and alpha of a pareto law are above zero")
        }
        Law::Pareto { alpha, .. } if alpha < ALPHA_MIN => {
            refuse("alpha of a pareto law is 0.05 or more")
        }
        // Above 1e6 the quantiles of one exponential law are all that a run will ever see.
        Law::Hyperexponential { cv2, .. } if !(1.0..=1e6).contains(&cv2) => {
            refuse("cv2 of a hyperexponential law is 1 to 1000000")
        }
        Law::Lognormal { median, .. } if median <= 0.0 => refuse("a median is above zero"),
        law => Ok(law),
    }
}

/// The words of a string, one after the other, with their places.
struct Words<'a> {
    text: &'a str,
    unit: Unit,
    at: usize,
    last: Range<usize>,
}

impl<'a> Words<'a> {
    fn new(text: &'a str, unit: Unit) -> Self {
        let last = 0..text.len();
        Self {
            text,
            unit,
            at: 0,
            last,
        }
    }
    fn next(&mut self) -> Option<(&'a str, Range<usize>)> {
        let rest = &self.text[self.at..];
        let start = self.at + (rest.len() - rest.trim_start().len());
        let rest = &self.text[start..];
        let len = rest.find(char::is_whitespace).unwrap_or(rest.len());
        if len == 0 {
            return None;
        }
        self.at = start + len;
        self.last = start..self.at;
        Some((&self.text[start..self.at], start..self.at))
    }
    fn peek(&self) -> Option<&'a str> {
        self.text[self.at..].split_whitespace().next()
    }
    fn read(&self, word: &str, range: Range<usize>) -> Result<f64, Issue> {
        match self.unit {
            Unit::Plain => number(word, range.start),
            Unit::Time => match duration(word) {
                Ok(d) => Ok(d.as_nanos_f64()),
                Err(issue) => Err(issue.shifted(range.start)),
            },
        }
    }
    fn value(&mut self, what: &str) -> Result<f64, Issue> {
        match self.next() {
            Some((word, range)) => self.read(word, range),
            None => Err(self.missing(what)),
        }
    }
    fn keyed(&mut self, key: &str) -> Result<f64, Issue> {
        self.key(key)?;
        self.value(&format!("the value of {key}"))
    }
    /// A number without unit after `key`: shapes have none.
    fn plain(&mut self, key: &str) -> Result<f64, Issue> {
        self.key(key)?;
        match self.next() {
            Some((word, range)) => number(word, range.start),
            None => Err(self.missing(&format!("the value of {key}"))),
        }
    }
    fn key(&mut self, key: &str) -> Result<(), Issue> {
        match self.next() {
            Some((word, _)) if word == key => Ok(()),
            Some((word, range)) => Err(Issue::new(
                format!("expected `{key}`, found `{word}`"),
                range,
            )
            .help(form(self.text))),
            None => Err(self.missing(&format!("`{key}`"))),
        }
    }
    /// Points `p50 17ms` from `p0` to `p100`, linear in between.
    fn quantiles(&mut self) -> Result<Law, Issue> {
        let mut points: Vec<(f64, f64)> = Vec::new();
        while let Some((word, range)) = self.next() {
            let percent = word.strip_prefix('p').and_then(|p| p.parse::<f64>().ok());
            let Some(percent) = percent.filter(|p| (0.0..=100.0).contains(p)) else {
                let issue = Issue::new(format!("expected a quantile, found `{word}`"), range);
                return Err(issue.help(form(self.text)));
            };
            let value = self.value(&format!("the value of {word}"))?;
            let (p0, x0) = points.last().copied().unwrap_or((-1.0, value));
            if percent / 100.0 <= p0 || value < x0 {
                let issue = Issue::new("quantiles do not ascend", range.start..self.at);
                return Err(issue.help(form(self.text)));
            }
            points.push((percent / 100.0, value));
        }
        let ends = (points.first().map(|p| p.0), points.last().map(|p| p.0));
        if ends != (Some(0.0), Some(1.0)) {
            let issue = Issue::new("quantiles go from p0 to p100", self.last.clone());
            return Err(issue.help(form(self.text)));
        }
        Ok(Law::Empirical(points.into()))
    }
    fn missing(&self, what: &str) -> Issue {
        Issue::new(format!("distribution lacks {what}"), self.last.clone()).help(form(self.text))
    }
}

/// Prints a law in the words that [`law`] reads; an empirical one of many points by its size.
pub fn law_text(law: &Law, unit: Unit) -> String {
    let v = |x: f64| match unit {
        Unit::Plain => x.to_string(),
        Unit::Time => VirtualDuration::from_nanos_f64(x).to_string(),
    };
    match law {
        Law::Constant(x) => v(*x),
        Law::Uniform { low, high } => format!("uniform {} {}", v(*low), v(*high)),
        Law::Normal { mean, sd } => format!("normal {} sd {}", v(*mean), v(*sd)),
        Law::Exponential { mean } => format!("exponential mean {}", v(*mean)),
        Law::Lognormal { median, sigma } => {
            format!("lognormal median {} sigma {sigma}", v(*median))
        }
        Law::Hyperexponential { mean, cv2 } => {
            format!("hyperexponential mean {} cv2 {cv2}", v(*mean))
        }
        Law::Pareto { scale, alpha } => format!("pareto xm {} alpha {alpha}", v(*scale)),
        Law::Loguniform { low, high } => format!("loguniform {} {}", v(*low), v(*high)),
        Law::Empirical(points) if points.len() <= QUANTILES_MAX => {
            // Shares such as 0.999 are 99.9 again, and not 99.90000000000001.
            let percent = |p: f64| (p * 1e8).round() / 1e6;
            let point = |(p, x): &(f64, f64)| format!(" p{} {}", percent(*p), v(*x));
            let points: String = points.iter().map(point).collect();
            format!("quantiles{points}")
        }
        Law::Empirical(points) => format!("empirical law of {} points", points.len()),
    }
}
