//! Bytes to a checked event log, or to everything that is wrong with them.

use super::line::{Line, issue_at};
use super::{EventLog, FORMAT, VERSION};
use crate::diagnose::Report;
use serde_json::Value;
use squall_core::history::{Digest, NodeChange, Outcome, Record, What};
use squall_core::{NodeId, VirtualTime};
use squall_faults::Issue;
use squall_faults::param::suggest;
use std::collections::{BTreeMap, BTreeSet};

/// Kinds of records.
const KINDS: [&str; 13] = [
    "event",
    "metric",
    "op-invoke",
    "op-ok",
    "op-fail",
    "op-info",
    "fault-start",
    "fault-end",
    "node-up",
    "node-down",
    "node-paused",
    "node-resumed",
    "end",
];
const HEADER_KEYS: [&str; 7] = [
    "format", "version", "name", "start_ns", "nodes", "events", "metrics",
];
const RECORD_KEYS: [&str; 8] = [
    "time_ns", "time_s", "kind", "node", "name", "key", "value", "op",
];

/// Errors shown at the most: a log may have millions of lines.
const ISSUES_MAX: usize = 20;

/// Names beyond which a log holds something else than names.
const NAMES_MAX: usize = 1_000_000;

/// The order of a log by time, for the remedy.
const SORTED: &str = "sort the records by time, stably: (head -1 LOG; tail -n +2 LOG | jq -sc 'sort_by(.time_ns)[]')";

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
            false => self.read_header(&line),
        });
        if let Err(issue) = read {
            self.issues.push(issue);
        }
        self.header = true;
    }

    fn read_header(&mut self, line: &Line<'_>) -> Result<(), Issue> {
        let format = line.text_opt("format")?;
        if format != Some(FORMAT) {
            let issue = line.whole("the first line of an event log is its header");
            return Err(issue.help(format!(
                "write {{\"format\": \"{FORMAT}\", \"version\": {VERSION}}}; docs/event-log.md has the rest"
            )));
        }
        let version = line.fields.get("version").and_then(Value::as_u64);
        if version != Some(VERSION) {
            let issue = line.issue("version", format!("this build reads version {VERSION}"));
            return Err(issue.help("write the log in that version"));
        }
        self.issues.extend(line.unknown_keys(&HEADER_KEYS));
        self.log.name = line.text_opt("name")?.unwrap_or_default().to_owned();
        self.start = match line.fields.get("start_ns") {
            None => 0,
            Some(start) => start.as_u64().ok_or_else(|| {
                line.issue("start_ns", "`start_ns` is a whole number of nanoseconds")
            })?,
        };
        for name in texts(line, "nodes")?.into_iter().flatten() {
            self.declared[0] = true;
            self.add_node(&name);
        }
        for name in texts(line, "events")?.into_iter().flatten() {
            self.declared[1] = true;
            self.log.events.insert(name);
        }
        match line.fields.get("metrics") {
            None => {}
            Some(Value::Object(metrics)) => {
                self.declared[2] = true;
                for (name, unit) in metrics {
                    let Some(unit) = unit.as_str() else {
                        let text = "a metric has its unit: \"s\", \"bytes\", \"1/s\" or \"1\"";
                        return Err(line.issue(name, text));
                    };
                    self.log.metrics.insert(name.clone(), unit.to_owned());
                }
            }
            Some(_) => {
                let issue = line.issue("metrics", "`metrics` is an object of names and units");
                return Err(issue.help("write for instance {\"latency\": \"s\"}"));
            }
        }
        Ok(())
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

    fn what(
        &mut self,
        line: &Line<'_>,
        kind: &str,
        at: VirtualTime,
    ) -> Result<Option<What>, Issue> {
        let what = match kind {
            "event" => {
                let name = self.named(line, 1)?;
                What::Event {
                    name: self.log.names.intern(&name),
                    node: self.node(line)?,
                    a: word(line, "key")?,
                    b: word(line, "value")?,
                }
            }
            "metric" => {
                let name = self.named(line, 2)?;
                What::Sample {
                    name: self.log.names.intern(&name),
                    node: self.node(line)?,
                    value: line.number_of("value")?,
                }
            }
            "op-invoke" => {
                let name = line.text_of("name")?.to_owned();
                if !self.log.operations.contains(&name) {
                    self.log.operations.insert(name.clone());
                }
                What::Invoke {
                    op: self.operation(line, true)?,
                    node: self.node(line)?,
                    name: self.log.names.intern(&name),
                    key: word(line, "key")?,
                    value: word(line, "value")?,
                }
            }
            "op-ok" | "op-fail" | "op-info" => What::Return {
                op: self.operation(line, false)?,
                outcome: match kind {
                    "op-ok" => Outcome::Ok,
                    "op-fail" => Outcome::Fail,
                    _ => Outcome::Info,
                },
                value: word(line, "value")?,
            },
            "node-up" | "node-down" | "node-paused" | "node-resumed" => {
                line.text_of("node")?;
                What::Node {
                    node: self.node(line)?,
                    change: match kind {
                        "node-up" => NodeChange::Up,
                        "node-down" => NodeChange::Down,
                        "node-paused" => NodeChange::Paused,
                        _ => NodeChange::Resumed,
                    },
                }
            }
            "fault-start" | "fault-end" => {
                self.fault(line, kind == "fault-start", at)?;
                return Ok(None);
            }
            "end" => {
                self.ended = Some(line.number);
                return Ok(None);
            }
            other => {
                let issue = line.issue(other, format!("unknown kind `{other}`"));
                return Err(issue.maybe_help(suggest(other, KINDS)));
            }
        };
        Ok(Some(what))
    }

    /// The name of an event (1) or a metric (2): one that the header lists, if it lists any.
    fn named(&mut self, line: &Line<'_>, list: usize) -> Result<String, Issue> {
        let name = line.text_of("name")?.to_owned();
        let (known, noun) = match list {
            1 => (self.log.events.contains(&name), "event"),
            _ => (self.log.metrics.contains_key(&name), "metric"),
        };
        if known {
            return Ok(name);
        }
        if self.declared[list] {
            let all: Vec<&str> = match list {
                1 => self.log.events.iter().map(String::as_str).collect(),
                _ => self.log.metrics.keys().map(String::as_str).collect(),
            };
            let issue = line.issue(&name, format!("the header declares no {noun} `{name}`"));
            return Err(issue.maybe_help(suggest(&name, all)));
        }
        if self.log.names.all().count() >= NAMES_MAX {
            let issue = line.issue(&name, format!("more than {NAMES_MAX} different names"));
            return Err(issue.help("what differs from record to record belongs into `key`"));
        }
        match list {
            1 => drop(self.log.events.insert(name.clone())),
            _ => drop(self.log.metrics.insert(name.clone(), String::new())),
        }
        Ok(name)
    }

    fn add_node(&mut self, name: &str) -> NodeId {
        let next = NodeId::from_index(self.log.nodes.len());
        let id = *self.nodes.entry(name.to_owned()).or_insert(next);
        if id == next {
            self.log.nodes.push(name.to_owned());
        }
        id
    }
    /// The node of a record; none is `NodeId::NONE`.
    fn node(&mut self, line: &Line<'_>) -> Result<NodeId, Issue> {
        let Some(name) = line.text_opt("node")? else {
            return Ok(NodeId::NONE);
        };
        if self.declared[0] && !self.nodes.contains_key(name) {
            let issue = line.issue(name, format!("the header declares no node `{name}`"));
            return Err(issue.maybe_help(suggest(name, self.log.nodes.iter().map(String::as_str))));
        }
        Ok(self.add_node(name))
    }

    /// The number of the operation of a record, which must begin before it returns, and return once.
    fn operation(&mut self, line: &Line<'_>, invoke: bool) -> Result<u32, Issue> {
        let op = match line.fields.get("op") {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Number(number)) => number.to_string(),
            Some(_) => return Err(line.issue("op", "`op` is a number or a string")),
            None => return Err(line.whole("`op` is missing: which operation this is about")),
        };
        let next = u32::try_from(self.operations.len()).unwrap_or(u32::MAX);
        match (self.operations.get_mut(&op), invoke) {
            (None, true) => {
                self.operations.insert(op, (next, true));
                Ok(next)
            }
            (Some(_), true) => Err(line.issue("op", format!("operation {op} began before"))),
            (None, false) => {
                let issue = line.issue("op", format!("operation {op} did not begin"));
                Err(issue.help("an `op-invoke` with this `op` stands before it"))
            }
            (Some((_, open)), false) if !*open => {
                Err(line.issue("op", format!("operation {op} has ended before")))
            }
            (Some((number, open)), false) => {
                *open = false;
                Ok(*number)
            }
        }
    }

    fn fault(&mut self, line: &Line<'_>, start: bool, at: VirtualTime) -> Result<(), Issue> {
        let name = line.text_of("name")?;
        if start {
            if !self.faults.insert(name.to_owned()) {
                return Err(line.issue(name, format!("fault `{name}` is in force already")));
            }
            self.log.times.first_fault.get_or_insert(at);
        } else {
            if !self.faults.remove(name) {
                let issue = line.issue(name, format!("fault `{name}` is not in force"));
                let known = suggest(name, self.faults.iter().map(String::as_str));
                return Err(issue.maybe_help(known));
            }
            self.log.times.last_heal = at;
        }
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
        self.log.complete = self.ended.is_some();
        Ok(self.log)
    }
}

/// The list of strings of a key, if it is there.
fn texts(line: &Line<'_>, key: &str) -> Result<Option<Vec<String>>, Issue> {
    let wrong = || line.issue(key, format!("`{key}` is a list of names"));
    match line.fields.get(key) {
        None => Ok(None),
        Some(Value::Array(list)) => {
            let text = |value: &Value| value.as_str().map(str::to_owned);
            let texts: Option<Vec<String>> = list.iter().map(text).collect();
            texts.map(Some).ok_or_else(wrong)
        }
        Some(_) => Err(wrong()),
    }
}

/// A key or value of a record as a word: a number as it is, a text as its digest; 0 if it is not there.
fn word(line: &Line<'_>, key: &str) -> Result<u64, Issue> {
    match line.fields.get(key) {
        None | Some(Value::Null) => Ok(0),
        Some(Value::String(text)) => Ok(Digest::of_text(text).as_u64()),
        Some(Value::Bool(flag)) => Ok(u64::from(*flag)),
        Some(Value::Number(number)) => {
            let whole = number.as_u64().or(number.as_i64().map(i64::cast_unsigned));
            Ok(whole.unwrap_or_else(|| number.as_f64().unwrap_or(0.0).to_bits()))
        }
        Some(_) => {
            let text = format!("`{key}` is a number, a string or a flag");
            Err(line.issue(key, text))
        }
    }
}
