//! One line of an event log: its keys, and where they stand.

use serde_json::{Map, Value};
use squall_core::VirtualTime;
use squall_faults::Issue;
use squall_faults::param::{Quote, suggest};
use std::ops::Range;

/// A line that is a JSON object.
pub(super) struct Line<'a> {
    pub(super) path: &'a str,
    /// From 1.
    pub(super) number: u64,
    pub(super) text: &'a str,
    pub(super) fields: Map<String, Value>,
}

/// An issue at a word of a line.
pub(super) fn issue_at(
    (path, number, text): (&str, u64, &str),
    range: Range<usize>,
    message: impl Into<String>,
) -> Issue {
    // A line may be long: what is shown is what surrounds the word.
    let floor = |mut at: usize| {
        at = at.min(text.len());
        while !text.is_char_boundary(at) {
            at -= 1;
        }
        at
    };
    let start = floor(range.start.saturating_sub(SHOWN));
    let end = floor(range.end.saturating_add(SHOWN));
    let word = floor(range.start) - start..floor(range.end).max(floor(range.start)) - start;
    Issue::new(message, 0..0).quoting(Some(Quote {
        path: path.to_owned(),
        line: number,
        text: text[start..end].to_owned(),
        range: word,
    }))
}

/// Bytes shown on either side of a word.
const SHOWN: usize = 100;

impl<'a> Line<'a> {
    /// Reads a line; `last` says that no line feed ends it.
    pub(super) fn read(
        (path, number, text): (&'a str, u64, &'a str),
        last: bool,
    ) -> Result<Self, Issue> {
        let whole = (path, number, text);
        match serde_json::from_str::<Value>(text) {
            Ok(Value::Object(fields)) => Ok(Self {
                path,
                number,
                text,
                fields,
            }),
            Ok(_) => Err(issue_at(whole, 0..text.len(), "a record is a JSON object")
                .help("write for instance {\"time_ns\": 1500, \"kind\": \"event\", \"name\": \"order.paid\"}")),
            Err(_) if last => Err(issue_at(whole, 0..text.len(), "the last line is cut off")
                .help("the log was cut while it was written: let its writer finish, or take the line out")),
            Err(error) => {
                let column = error.column().saturating_sub(1);
                let issue = issue_at(whole, column..column + 1, "this is no JSON");
                Err(issue.label(reason(&error)).help("one JSON object a line, and nothing else"))
            }
        }
    }
    fn at(&self) -> (&'a str, u64, &'a str) {
        (self.path, self.number, self.text)
    }
    /// Where a key stands; the whole line if it is not written plainly.
    fn key(&self, key: &str) -> Range<usize> {
        let quoted = format!("\"{key}\"");
        let found = self.text.find(&quoted);
        found.map_or(0..self.text.len(), |at| at + 1..at + 1 + key.len())
    }
    /// An issue about a key.
    pub(super) fn issue(&self, key: &str, message: impl Into<String>) -> Issue {
        issue_at(self.at(), self.key(key), message)
    }
    /// An issue about the whole line.
    pub(super) fn whole(&self, message: impl Into<String>) -> Issue {
        issue_at(self.at(), 0..self.text.len(), message)
    }
    /// Keys that are not `known`.
    pub(super) fn unknown_keys(&self, known: &[&str]) -> Vec<Issue> {
        let unknown = self
            .fields
            .keys()
            .filter(|key| !known.contains(&key.as_str()));
        unknown
            .map(|key| {
                let issue = self.issue(key, format!("unknown key `{key}`"));
                issue.maybe_help(suggest(key, known.iter().copied()))
            })
            .collect()
    }
    /// The text of a key, if it is there.
    pub(super) fn text_opt(&self, key: &str) -> Result<Option<&str>, Issue> {
        match self.fields.get(key) {
            None | Some(Value::Null) => Ok(None),
            Some(Value::String(text)) => Ok(Some(text)),
            Some(_) => Err(self.issue(key, format!("`{key}` is a string"))),
        }
    }
    /// The text of a key that must be there.
    pub(super) fn text_of(&self, key: &str) -> Result<&str, Issue> {
        let missing = || self.whole(format!("`{key}` is missing"));
        self.text_opt(key)?.ok_or_else(missing)
    }
    /// The time, from the start of the log.
    pub(super) fn time(&self, start: u64) -> Result<VirtualTime, Issue> {
        let ns = match (self.fields.get("time_ns"), self.fields.get("time_s")) {
            (Some(_), Some(_)) => {
                let issue = self.issue("time_s", "a record has one time");
                Err(issue.help(
                    "keep `time_ns`, nanoseconds, or `time_s`, seconds, and leave out the other",
                ))
            }
            (Some(ns), None) => ns.as_u64().ok_or_else(|| {
                let issue = self.issue("time_ns", "`time_ns` is a whole number of nanoseconds");
                issue.help("write seconds with a point as `time_s`")
            }),
            (None, Some(s)) => seconds(s).ok_or_else(|| {
                self.issue("time_s", "`time_s` is a number of seconds, not below zero")
            }),
            (None, None) => {
                let issue = self.whole("a record has a time");
                Err(issue.help("give `time_ns`, nanoseconds, or `time_s`, seconds"))
            }
        }?;
        match ns.checked_sub(start) {
            Some(since) => Ok(VirtualTime::from_nanos(since)),
            None => Err(self.issue(
                "time_ns",
                format!("this is before the `start_ns` of the header, {start}"),
            )),
        }
    }
    /// The finite number of a key that must be there.
    pub(super) fn number_of(&self, key: &str) -> Result<f64, Issue> {
        let number = self.fields.get(key).map(Value::as_f64);
        match number {
            None => Err(self.whole(format!("`{key}` is missing"))),
            Some(Some(x)) if x.is_finite() => Ok(x),
            Some(_) => Err(self.issue(key, format!("`{key}` is a number"))),
        }
    }
}

/// Seconds as nanoseconds, to the nearest.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "it is between 0 and the largest time"
)]
fn seconds(value: &Value) -> Option<u64> {
    let ns = value.as_f64()? * 1e9;
    (0.0..u64::MAX as f64)
        .contains(&ns)
        .then(|| ns.round() as u64)
}

/// The reason of a JSON error without its place, which the caret shows.
fn reason(error: &serde_json::Error) -> String {
    let text = error.to_string();
    let reason = text.split(" at line ").next().unwrap_or("");
    reason.to_owned()
}
