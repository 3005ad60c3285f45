//! Properties and the expected verdict.

mod subjects;

pub(crate) use subjects::Subjects;

use crate::diagnose::line_of;
use crate::scenario::Expect;
use squall_core::VirtualDuration;
use squall_core::property::{
    Compared, Comparison, Consistency, PropertyKind, PropertySpec, Stat, Verdict,
};
use squall_faults::Issue;
use squall_faults::param::{Arg, Args, Value, duration, rate, size, suggest};
use subjects::{Wanted, subject};

/// The properties of a file, and what those are called that could not be read.
pub(super) fn check(
    list: &[Arg],
    text: &str,
    stop: VirtualDuration,
    subjects: Subjects<'_>,
    issues: &mut Vec<Issue>,
) -> (Vec<PropertySpec>, Vec<String>) {
    let mut unread = Vec::new();
    let mut specs: Vec<PropertySpec> = Vec::new();
    for arg in list {
        let Value::Table(record) = &arg.value else {
            continue;
        };
        let Some(kind) = promise(record, stop, subjects, issues) else {
            unread.extend(words_of(record));
            continue;
        };
        let same = |spec: &&PropertySpec| match (&spec.kind, &kind) {
            (PropertyKind::Always { invariant: a }, PropertyKind::Always { invariant: b }) => {
                a == b
            }
            _ => false,
        };
        if let Some(first) = specs.iter().find(same) {
            let text = format!("`{}` is promised twice", kind.subject());
            let issue = Issue::new(text, 0..kind.subject().len());
            let issue = issue.label(format!("the other one is in line {}", first.line));
            issues.push(
                record
                    .place("always")
                    .locate(issue.help("take one of them out")),
            );
        }
        let given = record.text_opt("name");
        let mut name = given.map_or_else(|| default_name(&kind), str::to_owned);
        if let Some(first) = specs.iter().find(|spec| spec.name == name) {
            if given.is_some() {
                let issue =
                    Issue::new(format!("two properties are called `{name}`"), 0..name.len())
                        .label(format!("the other one is in line {}", first.line));
                issues.push(record.place("name").locate(issue));
            }
            name = format!("{name}#{}", specs.len() + 1);
        }
        specs.push(PropertySpec {
            name,
            kind,
            line: line_of(text, record.place.span.start),
            optional: record.flag_opt("optional").unwrap_or(false),
        });
    }
    (specs, unread)
}

/// What a property that could not be read may be called by: its name, or its kind and what it is about.
fn words_of(record: &Args) -> Vec<String> {
    if let Some(name) = record.text_opt("name") {
        return vec![name.to_owned()];
    }
    let mut words: Vec<String> = record.unread.clone();
    for arg in record.entries.iter().filter(|arg| arg.given) {
        words.push(arg.key.clone());
        let subject = match &arg.value {
            Value::Text(subject) => Some(subject.as_str()),
            Value::Table(args) => args.text_opt("metric").or(args.text_opt("event")),
            _ => None,
        };
        words.extend(subject.map(str::to_owned));
        words.extend(subject.map(|subject| format!("{} {subject}", arg.key)));
    }
    words
}

fn default_name(kind: &PropertyKind) -> String {
    match kind {
        PropertyKind::Operations { promise, .. } => format!("{promise} {}", kind.subject()),
        PropertyKind::Always { invariant } => invariant.clone(),
        kind => format!("{} {}", kind.word(), kind.subject()),
    }
}

/// What a record promises; `None` if it cannot be told.
fn promise(
    record: &Args,
    stop: VirtualDuration,
    subjects: Subjects<'_>,
    issues: &mut Vec<Issue>,
) -> Option<PropertyKind> {
    let text = |args: &Args, key: &str| args.text_opt(key).map(str::to_owned);
    if let Some(invariant) = text(record, "always") {
        subject(
            record.place("always"),
            &invariant,
            Wanted::Invariant,
            subjects,
            issues,
        );
        return Some(PropertyKind::Always { invariant });
    }
    if let Some(event) = text(record, "never") {
        subject(
            record.place("never"),
            &event,
            Wanted::Event,
            subjects,
            issues,
        );
        return Some(PropertyKind::Never { event });
    }
    if let Some(event) = text(record, "sometimes") {
        subject(
            record.place("sometimes"),
            &event,
            Wanted::Event,
            subjects,
            issues,
        );
        return Some(PropertyKind::Sometimes { event });
    }
    if let Some(args) = record.table_opt("operations") {
        return operations(args, subjects, issues);
    }
    if let Some(args) = record.table_opt("eventually") {
        let event = text(args, "event")?;
        subject(args.place("event"), &event, Wanted::Event, subjects, issues);
        before(args, "after", stop, issues);
        return Some(PropertyKind::Eventually {
            event,
            within: args.duration_opt("within"),
            after: args.duration_opt("after")?,
        });
    }
    if let Some(args) = record.table_opt("recovers") {
        let metric = text(args, "metric")?;
        subject(
            args.place("metric"),
            &metric,
            Wanted::Metric,
            subjects,
            issues,
        );
        let to = args.text_opt("to")?;
        let Some(factor) = baseline(to) else {
            let issue = Issue::new(
                format!("`{to}` is not a multiple of the baseline"),
                0..to.len(),
            );
            let issue = issue.help("write for instance \"1.2x baseline\"");
            issues.push(args.place("to").locate(issue));
            return None;
        };
        return Some(PropertyKind::Recovers {
            metric,
            stat: stat(args)?,
            factor,
            within: args.duration_opt("within")?,
            window: args.duration_opt("window")?,
        });
    }
    threshold(record.table_opt("threshold")?, stop, subjects, issues)
}

fn threshold(
    args: &Args,
    stop: VirtualDuration,
    subjects: Subjects<'_>,
    issues: &mut Vec<Issue>,
) -> Option<PropertyKind> {
    let metric = args.text_opt("metric")?.to_owned();
    let unit = subject(
        args.place("metric"),
        &metric,
        Wanted::Metric,
        subjects,
        issues,
    );
    before(args, "from", stop, issues);
    let (key, is) = match args.get("below") {
        Some(_) => ("below", Comparison::Below),
        None => ("above", Comparison::Above),
    };
    let stat = stat(args)?;
    // Statistics that count have no unit of the metric's.
    let unit = if stat == Stat::Count { Some("1") } else { unit };
    let limit = match limit(args.get(key)?, unit) {
        Ok(limit) => limit,
        Err(issue) => {
            let place = args.place(key);
            issues.push(match issue.range.is_empty() {
                true => Issue {
                    range: place.span.clone(),
                    ..issue
                },
                false => place.locate(issue),
            });
            return None;
        }
    };
    Some(PropertyKind::Threshold {
        metric,
        stat,
        is,
        limit,
        unit: unit.unwrap_or_default().to_owned(),
        from: args.duration_opt("from")?,
        until: args.duration_opt("until"),
    })
}

/// A promise about the operations on a store.
fn operations(
    args: &Args,
    subjects: Subjects<'_>,
    issues: &mut Vec<Issue>,
) -> Option<PropertyKind> {
    let mut names = |key: &str| {
        let mut names = Vec::new();
        for arg in args.list_opt(key).unwrap_or(&[]) {
            let Value::Text(name) = &arg.value else {
                continue;
            };
            subject(&arg.place, name, Wanted::Operation, subjects, issues);
            names.push(name.clone());
        }
        if names.is_empty() && args.given(key) {
            let place = args.place(key);
            let issue = Issue::new(format!("`{key}` names no operation"), 0..0);
            issues.push(place.locate(issue.help("name those of the store: \"kv.get\"")));
        }
        names
    };
    let (reads, writes) = (names("reads"), names("writes"));
    Some(PropertyKind::Operations {
        promise: Consistency::find(args.word_opt("are")?)?,
        reads,
        writes,
        initial: args.integer_opt("initial")?.unsigned_abs(),
        steps_max: args.integer_opt("steps_max")?.unsigned_abs(),
    })
}

fn stat(args: &Args) -> Option<Stat> {
    args.word_opt("stat")?.parse().ok()
}

/// A time in the run must come before its end.
fn before(args: &Args, key: &str, stop: VirtualDuration, issues: &mut Vec<Issue>) {
    if args.duration_opt(key).is_some_and(|d| d >= stop) {
        let span = args.place(key).span.clone();
        issues.push(
            Issue::new("this is after the end of the run", span)
                .label(format!("it stops at {stop}")),
        );
    }
}

/// `1.2x baseline`.
fn baseline(text: &str) -> Option<f64> {
    let factor = text
        .strip_suffix("x baseline")?
        .trim()
        .parse::<f64>()
        .ok()?;
    (factor.is_finite() && factor > 0.0).then_some(factor)
}

/// A limit in the unit of its metric; `unit` is `None` if the metric is not known.
fn limit(value: &Value, unit: Option<&str>) -> Result<Compared, Issue> {
    let unit = unit.unwrap_or("");
    match value {
        Value::Number(x) if matches!(unit, "s" | "bytes") => {
            let (what, help) = match unit {
                "s" => (
                    "duration",
                    format!("write \"{x}s\"; units are ns, us, ms, s, m, h, d"),
                ),
                _ => (
                    "size",
                    format!("write \"{x}B\"; units are B, KiB, MiB, GiB, TiB"),
                ),
            };
            Err(Issue::new(format!("{what} has no unit"), 0..0).help(help))
        }
        Value::Number(x) => Ok(Compared::Value(*x)),
        Value::Text(text) => match (baseline(text), unit) {
            (Some(factor), _) => Ok(Compared::Baseline(factor)),
            (None, "s") => duration(text).map(|d| Compared::Value(d.as_secs_f64())),
            (None, "bytes") => size(text).map(|bytes| Compared::Value(bytes as f64)),
            (None, "1/s") => rate(text).map(Compared::Value),
            (None, "") => Ok(Compared::Value(0.0)),
            (None, unit) => Err(Issue::new(
                format!("`{text}` is not a limit in {unit}"),
                0..text.len(),
            )
            .help("write a plain number, or for instance \"1.2x baseline\"")),
        },
        _ => Err(Issue::new("a limit is a number or a string", 0..0)),
    }
}

/// The expected verdict and the properties that must give it.
pub(super) fn expect(
    args: Option<&Args>,
    (properties, unread): (&[PropertySpec], &[String]),
    issues: &mut Vec<Issue>,
) -> Option<Expect> {
    let args = args?;
    let mut because = Vec::new();
    for arg in args.list_opt("because").unwrap_or(&[]) {
        let Value::Text(word) = &arg.value else {
            continue;
        };
        let meant =
            |p: &PropertySpec| p.name == *word || p.kind.word() == word || p.kind.subject() == word;
        let found: Vec<usize> = (0..properties.len())
            .filter(|i| meant(&properties[*i]))
            .collect();
        if found.is_empty() && !unread.contains(word) {
            let known = properties.iter().map(|p| p.name.as_str());
            let known = known.chain(unread.iter().map(String::as_str));
            let issue = Issue::new(format!("no property is called `{word}`"), 0..word.len());
            issues.push(arg.place.locate(issue.maybe_help(suggest(word, known))));
        }
        because.extend(found);
    }
    because.sort_unstable();
    because.dedup();
    let verdict = match args.word_opt("verdict")? {
        "fail" => Verdict::Fail,
        "inconclusive" => Verdict::Inconclusive,
        "not-exercised" => Verdict::NotExercised,
        _ => Verdict::Pass,
    };
    Some(Expect { verdict, because })
}
