//! All other lines: a record each, by its kind.

use super::super::line::Line;
use super::Reader;
use serde_json::Value;
use squall_core::history::{Digest, NodeChange, Outcome, What};
use squall_core::{NodeId, VirtualTime};
use squall_faults::Issue;
use squall_faults::param::suggest;

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
/// Names beyond which a log holds something else than names.
const NAMES_MAX: usize = 1_000_000;

impl Reader<'_> {
    pub(super) fn what(
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

    pub(super) fn add_node(&mut self, name: &str) -> NodeId {
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
                self.log.called.insert(next, (op.clone(), line.number));
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
