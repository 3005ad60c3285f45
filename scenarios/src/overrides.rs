//! Settings: `--set key=value` and named variants. They edit the document, so that the effective
//! file can be printed, stored and read again, comments included.
//!
//! A key is a dotted path through the tables: `workload.support.agents.retry.budget`. Faults and
//! properties are named by label, kind or position: `fault.swap-storm.for`, `fault.0.at`. Only keys
//! of the file format can be set; a key that excludes another takes its place.

use crate::diagnose::{Diagnostic, Origin, Report};
use crate::{tables, tree};
use core::fmt;
use squall_faults::param::{Kind, Param, Raw, suggest, suggest_choice};
use squall_faults::{Issue, labels};
use std::ops::Range;
use toml_edit::{DocumentMut, InlineTable, Item, TableLike, Value};

/// What is changed in a file before it is read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Variants, applied in this order.
    pub with: Vec<String>,
    /// Pairs of key and value, applied after the variants. A value that is not TOML is a string.
    pub set: Vec<(String, String)>,
}

impl Settings {
    /// Whether nothing is changed.
    pub fn is_empty(&self) -> bool {
        self.with.is_empty() && self.set.is_empty()
    }
    /// Adds an argument `key=value` of `--set`.
    pub fn push_set(&mut self, argument: &str) -> Result<(), String> {
        let (key, value) = argument
            .split_once('=')
            .ok_or_else(|| format!("`{argument}` is not a setting: write key=value"))?;
        self.set
            .push((key.trim().to_owned(), value.trim().to_owned()));
        Ok(())
    }
}

impl Settings {
    /// As arguments of the command line.
    pub fn arguments(&self) -> Vec<String> {
        let with = self
            .with
            .iter()
            .map(|name| ["--with".to_owned(), name.clone()]);
        let set = self.set.iter();
        let set = set.map(|(key, value)| ["--set".to_owned(), format!("{key}={value}")]);
        with.chain(set).flatten().collect()
    }
}

impl fmt::Display for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let with = self.with.iter().map(|name| format!("--with {name}"));
        let set = self
            .set
            .iter()
            .map(|(key, value)| format!("--set {key}={value}"));
        f.write_str(&with.chain(set).collect::<Vec<_>>().join(" "))
    }
}

/// The text with its settings applied.
pub(crate) fn apply(path: &str, text: &str, settings: &Settings) -> Result<String, Report> {
    let mut document: DocumentMut = text.parse().map_err(|error: toml_edit::TomlError| {
        let range = error.span().unwrap_or(0..0);
        Report::of_file(
            path,
            text,
            vec![Issue::new(error.message().to_owned(), range)],
        )
    })?;
    let mut diagnostics = Vec::new();
    let mut fail = |origin: Origin, issue: Issue| diagnostics.push(Diagnostic { issue, origin });
    for name in &settings.with {
        match variant(text, name) {
            Err(issue) => fail(Origin::Argument(format!("--with {name}")), issue.shifted(7)),
            Ok(changes) => {
                for change in changes {
                    let place = change.place.clone();
                    let set = set(&mut document, &change.key, change.value);
                    if let Err(issue) = set {
                        let issue = match change.verbatim {
                            Some(start) => issue.shifted(start),
                            None => Issue {
                                range: place,
                                ..issue
                            },
                        };
                        fail(Origin::File, issue);
                    }
                }
            }
        }
    }
    for (key, text) in &settings.set {
        let value = text.parse().unwrap_or_else(|_| Value::from(text.as_str()));
        if let Err(issue) = set(&mut document, key, value) {
            fail(
                Origin::Argument(format!("--set {key}={text}")),
                issue.shifted(6),
            );
        }
    }
    if diagnostics.is_empty() {
        return Ok(document.to_string());
    }
    Err(Report {
        path: path.to_owned(),
        text: text.to_owned(),
        diagnostics,
    })
}

/// One change of a variant.
struct Change {
    key: String,
    value: Value,
    place: Range<usize>,
    /// First byte of the key's content, if it stands in the file letter by letter.
    verbatim: Option<usize>,
}

/// The changes of a variant; the range of the issue is within its name.
fn variant(text: &str, name: &str) -> Result<Vec<Change>, Issue> {
    let (root, _) = tree::parse(text);
    let with = root.get("with");
    let Some(found) = with.and_then(|with| with.get(name)) else {
        let known: Vec<&str> = match with.map(|with| &with.raw) {
            Some(Raw::Table(entries)) => entries.iter().map(|(key, _)| key.name.as_str()).collect(),
            _ => Vec::new(),
        };
        return Err(
            Issue::new(format!("unknown variant `{name}`"), 0..name.len())
                .label("the file has no variant of this name")
                .maybe_help(suggest(name, known)),
        );
    };
    let Some(Raw::Table(entries)) = found.get("set").map(|set| &set.raw) else {
        return Ok(Vec::new());
    };
    let change = |(key, node): &(squall_faults::param::NodeKey, squall_faults::param::Node)| {
        let written = text.get(key.span.clone()).unwrap_or("");
        let quotes = usize::from(written.starts_with(['"', '\'']));
        let verbatim = written.get(quotes..written.len().saturating_sub(quotes)) == Some(&key.name);
        Some(Change {
            key: key.name.clone(),
            value: text.get(node.span.clone())?.parse().ok()?,
            place: key.span.clone(),
            verbatim: verbatim.then_some(key.span.start + quotes),
        })
    };
    Ok(entries.iter().filter_map(change).collect())
}

/// Sets one key. Ranges of issues are within the key.
fn set(document: &mut DocumentMut, key: &str, value: Value) -> Result<(), Issue> {
    let path = split(key)?;
    in_record(document.as_table_mut(), tables::FILE, &path, value)
}

/// A part of a key and where it stands.
type Part = (String, Range<usize>);

/// The parts of a dotted key; quotes keep dots together.
fn split(key: &str) -> Result<Vec<Part>, Issue> {
    let mut parts = Vec::new();
    let mut part = String::new();
    let (mut start, mut quote) = (0, None);
    for (at, c) in key.char_indices() {
        match (c, quote) {
            ('"' | '\'', None) => quote = Some(c),
            (c, Some(open)) if c == open => quote = None,
            ('.', None) => {
                parts.push((std::mem::take(&mut part), start..at));
                start = at + 1;
            }
            (c, _) => part.push(c),
        }
    }
    parts.push((part, start..key.len()));
    match parts.iter().find(|(part, _)| part.is_empty()) {
        Some((_, range)) => Err(Issue::new("empty part of a key", range.clone())),
        None if quote.is_some() => Err(Issue::new("quote is not closed", 0..key.len())),
        None => Ok(parts),
    }
}

/// Sets a key of a record with this table.
fn in_record(
    record: &mut dyn TableLike,
    params: &[Param],
    path: &[Part],
    value: Value,
) -> Result<(), Issue> {
    let ((name, range), rest) = path.split_first().expect("a path has a part");
    let Some(param) = params.iter().find(|p| p.key == name) else {
        return Err(Issue::new(format!("unknown key `{name}`"), range.clone())
            .label("no such key here")
            .maybe_help(suggest(name, params.iter().map(|p| p.key))));
    };
    for rival in params
        .iter()
        .filter(|p| p.group == param.group && p.key != param.key)
    {
        if !param.group.is_empty() {
            record.remove(rival.key);
        }
    }
    if rest.is_empty() {
        put(record, name, value);
        return Ok(());
    }
    if !record.contains_key(name) {
        record.insert(name, Item::Value(Value::InlineTable(InlineTable::new())));
    }
    let item = record.get_mut(name).expect("it was just put there");
    in_value(item, &param.kind, path, value)
}

/// Puts a value where one may stand; the old one gives its comment.
fn put(record: &mut dyn TableLike, name: &str, mut value: Value) {
    match record.get_mut(name) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => {
            value.decor_mut().clear();
            record.insert(name, Item::Value(value));
        }
    }
}

/// Goes on inside the value of `path[0]`.
fn in_value(item: &mut Item, kind: &Kind, path: &[Part], value: Value) -> Result<(), Issue> {
    let ((name, range), rest) = path.split_first().expect("a path has a part");
    let (next, next_range) = rest.first().expect("the caller has a part to go to");
    let list_of = match kind {
        Kind::List(Kind::Table(params)) => Some(*params),
        Kind::List(Kind::Named { of, .. }) => Some(of()),
        _ => None,
    };
    if let Some(params) = list_of {
        let record = element(item, next, next_range)?;
        if rest.len() < 2 {
            return Err(
                Issue::new("a whole record cannot be set", next_range.clone())
                    .help("set one of its keys"),
            );
        }
        return in_record(record, params, &rest[1..], value);
    }
    let Some(table) = item.as_table_like_mut() else {
        return Err(Issue::new(format!("`{name}` has no parts"), range.clone())
            .label("this is not a table"));
    };
    let known = |table: &dyn TableLike| {
        table
            .iter()
            .map(|(key, _)| key.to_owned())
            .collect::<Vec<_>>()
    };
    match kind {
        Kind::Table(params) => in_record(table, params, rest, value),
        Kind::Map(of) => {
            if rest.len() == 1 && !matches!(of, Kind::Variant { .. }) {
                put(table, next, value);
                return Ok(());
            }
            if !table.contains_key(next) {
                return Err(Issue::new(
                    format!("there is no `{next}` in `{name}`"),
                    next_range.clone(),
                )
                .maybe_help(suggest(next, known(table).iter().map(String::as_str))));
            }
            if rest.len() == 1 {
                return Err(Issue::new(
                    "a whole record cannot be set",
                    next_range.clone(),
                ));
            }
            let item = table.get_mut(next).expect("it is there");
            in_value(item, of, rest, value)
        }
        Kind::Variant { noun, of } => {
            let Some(choice) = of().into_iter().find(|choice| choice.name == next) else {
                return Err(
                    Issue::new(format!("unknown {noun} `{next}`"), next_range.clone())
                        .maybe_help(suggest_choice(noun, next, &of())),
                );
            };
            if !table.contains_key(next) {
                let there = known(table).join(", ");
                return Err(Issue::new(
                    format!("`{name}` is not `{next}` here"),
                    next_range.clone(),
                )
                .help(format!("it is `{there}`")));
            }
            if rest.len() == 1 {
                put(table, next, value);
                return Ok(());
            }
            let item = table.get_mut(next).expect("it is there");
            in_value(item, &Kind::Table(choice.params), rest, value)
        }
        _ => Err(Issue::new(format!("`{name}` has no parts"), range.clone())),
    }
}

/// The record of a list by position, label, or kind if only one has it.
fn element<'a>(
    item: &'a mut Item,
    name: &str,
    range: &Range<usize>,
) -> Result<&'a mut dyn TableLike, Issue> {
    let mut records: Vec<&mut dyn TableLike> = match item {
        Item::ArrayOfTables(tables) => tables.iter_mut().map(|t| t as &mut dyn TableLike).collect(),
        Item::Value(Value::Array(values)) => values
            .iter_mut()
            .filter_map(|v| v.as_inline_table_mut().map(|t| t as &mut dyn TableLike))
            .collect(),
        _ => Vec::new(),
    };
    let kinds: Vec<String> = records.iter().map(|record| kind_of(&**record)).collect();
    let names: Vec<Option<String>> = records
        .iter()
        .map(|record| record.get("name").and_then(Item::as_str).map(str::to_owned))
        .collect();
    let labels = labels(
        kinds
            .iter()
            .map(String::as_str)
            .zip(names.iter().map(Option::as_deref)),
    );
    let same_kind: Vec<usize> = (0..kinds.len()).filter(|i| kinds[*i] == name).collect();
    let found = labels.iter().position(|label| label == name);
    let found = found.or_else(|| name.parse().ok().filter(|i| *i < labels.len()));
    let found = found.or(match same_kind[..] {
        [only] => Some(only),
        _ => None,
    });
    match found {
        Some(index) => Ok(records.swap_remove(index)),
        None => Err(
            Issue::new(format!("there is no `{name}` in this list"), range.clone())
                .maybe_help(suggest(name, labels.iter().map(String::as_str))),
        ),
    }
}

/// What a record of a list is: the fault it injects, or the promise it makes.
fn kind_of(record: &dyn TableLike) -> String {
    if let Some(inject) = record.get("inject").and_then(Item::as_table_like) {
        return inject
            .iter()
            .next()
            .map_or(String::new(), |(key, _)| key.to_owned());
    }
    if let Some(preset) = record.get("use").and_then(Item::as_str) {
        return preset.to_owned();
    }
    for group in ["serial", "parallel"] {
        if record.contains_key(group) {
            return group.to_owned();
        }
    }
    let promise = tables::PROPERTY
        .iter()
        .find(|p| p.group == "promise" && record.contains_key(p.key));
    promise.map_or(String::new(), |p| p.key.to_owned())
}
