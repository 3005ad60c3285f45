//! The first line: what it says of the log, and the names that it declares.

use super::super::line::Line;
use super::super::{FORMAT, VERSION};
use super::Reader;
use serde_json::Value;
use squall_faults::Issue;

const HEADER_KEYS: [&str; 7] = [
    "format", "version", "name", "start_ns", "nodes", "events", "metrics",
];

impl Reader<'_> {
    pub(super) fn header(&mut self, line: &Line<'_>) -> Result<(), Issue> {
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
