//! Bytes to a checked event log, or to everything that is wrong with them.

mod header;
mod record;

use super::EventLog;
use super::line::{Line, issue_at};
use crate::diagnose::Report;
use squall_core::history::Record;
use squall_core::{NodeId, VirtualTime};
use squall_faults::Issue;
use std::collections::{BTreeMap, BTreeSet};

const RECORD_KEYS: [&str; 8] = [
    "time_ns", "time_s", "kind", "node", "name", "key", "value", "op",
];

/// Errors shown at the most: a log may have millions of lines.
const ISSUES_MAX: usize = 20;

/// The order of a log by time, for the remedy.
const SORTED: &str = "sort the records by time, stably: \
    (head -1 LOG; tail -n +2 LOG | jq -sc 'sort_by(.time_ns // (.time_s*1e9))[]')";

impl EventLog {
    /// Reads a log. `path` is for messages only.
    ///
    /// # Errors
    /// Everything that is wrong with it, by line, up to twenty things.
    pub fn parse(path: &str, bytes: &[u8]) -> Result<Self, Report> {
        let mut reader = Reader::new(path);
        let mut rest = bytes;
        let mut number = 0;
        while !rest.is_empty() && reader.issues.len() < ISSUES_MAX {
            number += 1;
            let feed = rest.iter().position(|byte| *byte == b'\n');
            let (line, after) = match feed {
                Some(at) => (&rest[..at], &rest[at + 1..]),
                None => (rest, &rest[rest.len()..]),
            };
            rest = after;
            let line = line.strip_suffix(b"\r").unwrap_or(line);
            match core::str::from_utf8(line) {
                Ok(text) if text.trim().is_empty() && number > 1 => {}
                Ok(text) => reader.line((path, number, text), feed.is_none()),
                Err(error) => {
                    let valid = String::from_utf8_lossy(&line[..error.valid_up_to()]).into_owned();
                    let at = valid.len();
                    let issue = issue_at((path, number, &valid), at..at, "this is no text");
                    reader.issues.push(issue.help("an event log is UTF-8"));
                }
            }
        }
        reader.finish(number)
    }
}

/// What was read so far.
struct Reader<'a> {
    path: &'a str,
    log: EventLog,
    start: u64,
    /// Whether the header lists what there is, so that another name is an error.
    declared: [bool; 3],
    header: bool,
    /// The latest time, and the line that has it.
    latest: (VirtualTime, u64),
    ended: Option<u64>,
    nodes: BTreeMap<String, NodeId>,
    /// Operations by their name in the log: number, and whether they are under way.
    operations: BTreeMap<String, (u32, bool)>,
    faults: BTreeSet<String>,
    issues: Vec<Issue>,
}

impl<'a> Reader<'a> {
    fn new(path: &'a str) -> Self {
        Self {
            path,
            log: EventLog::default(),
            start: 0,
            declared: [false; 3],
            header: false,
            latest: (VirtualTime::ZERO, 1),
            ended: None,
            nodes: BTreeMap::new(),
            operations: BTreeMap::new(),
            faults: BTreeSet::new(),
            issues: Vec::new(),
        }
    }

    fn line(&mut self, at: (&'a str, u64, &'a str), last: bool) {
        let read = Line::read(at, last).and_then(|line| match self.header {
            true => self.record(&line),
            false => self.header(&line),
        });
        if let Err(issue) = read {
            self.issues.push(issue);
        }
        self.header = true;
    }

    fn record(&mut self, line: &Line<'_>) -> Result<(), Issue> {
        self.issues.extend(line.unknown_keys(&RECORD_KEYS));
        if let Some(end) = self.ended {
            let issue = line.whole("a record after the end");
            return Err(issue.help(format!("the record of kind `end` stands in line {end}")));
        }
        let at = line.time(self.start)?;
        let (latest, of) = self.latest;
        if at < latest {
            let key = if line.fields.contains_key("time_s") {
                "time_s"
            } else {
                "time_ns"
            };
            let issue = line.issue(key, format!("time goes back: {at} after {latest}"));
            let label = format!("line {of} is at {latest}");
            return Err(issue.label(label).help(SORTED));
        }
        self.latest = (at, line.number);
        let kind = line.text_of("kind")?;
        let what = self.what(line, kind, at)?;
        self.log
            .records
            .extend(what.map(|what| Record { at, what }));
        Ok(())
    }

    fn finish(mut self, lines: u64) -> Result<EventLog, Report> {
        if lines == 0 {
            let issue = issue_at((self.path, 1, ""), 0..0, "the event log is empty");
            self.issues
                .push(issue.help("its first line is the header; see docs/event-log.md"));
        }
        if self.issues.len() >= ISSUES_MAX {
            let text = format!("and perhaps more: reading ended after {ISSUES_MAX} errors");
            self.issues.truncate(ISSUES_MAX);
            self.issues
                .push(issue_at((self.path, lines, ""), 0..0, text));
        }
        if !self.issues.is_empty() {
            return Err(Report::in_order(self.path, self.issues));
        }
        self.log.end = self.latest.0;
        self.log.lines = lines;
        self.log.complete = self.ended.is_some();
        Ok(self.log)
    }
}
