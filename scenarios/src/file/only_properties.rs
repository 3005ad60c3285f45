//! The properties of a file, for something that was stored: a file with nothing but `[[property]]`, or a
//! scenario, of which nothing else is read.

use super::properties::{self, Subjects};
use super::{Running, tables};
use crate::diagnose::Report;
use crate::log::EventLog;
use crate::run::Ready;
use crate::tree;
use squall_core::VirtualDuration;
use squall_core::property::PropertySpec;
use squall_faults::Issue;
use squall_faults::param::{Node, Param, Raw, Value, read, suggest};

/// The properties in `text`, checked against a scenario.
///
/// # Errors
/// Everything that is wrong with them, and a file without any.
pub fn properties_for(path: &str, text: &str, ready: &Ready) -> Result<Vec<PropertySpec>, Report> {
    let scenario = &ready.scenario;
    let hosts = scenario
        .topology
        .nodes()
        .iter()
        .map(|node| node.name.clone());
    let running = Running {
        known: scenario.workloads.clone(),
        unknown: Vec::new(),
        hosts: hosts.collect(),
    };
    only(path, text, scenario.stop, Subjects::Running(&running))
}

/// The properties in `text`, checked against what an event log declares and holds.
///
/// # Errors
/// Everything that is wrong with them, and a file without any.
pub fn properties_for_log(
    path: &str,
    text: &str,
    log: &EventLog,
) -> Result<Vec<PropertySpec>, Report> {
    // A time at the very end of the log is still inside it.
    let end = VirtualDuration::from_nanos(log.end.as_nanos().saturating_add(1));
    only(path, text, end, Subjects::Log(log))
}

fn only(
    path: &str,
    text: &str,
    stop: VirtualDuration,
    subjects: Subjects<'_>,
) -> Result<Vec<PropertySpec>, Report> {
    let (node, mut issues) = tree::parse(text);
    let broken = !issues.is_empty();
    if !broken {
        issues.extend(unknown_keys(&node));
        let records = of_key(node, "property");
        let args = read(&[property()], &records, &mut issues);
        let list = args.list_opt("property").unwrap_or(&[]);
        if !list.iter().any(|arg| matches!(arg.value, Value::Table(_))) && issues.is_empty() {
            let issue = Issue::new("the file promises nothing", 0..text.len().min(1));
            issues.push(issue.help("write at least one [[property]]"));
        }
        let (specs, _) = properties::check(list, text, stop, subjects, &mut issues);
        if issues.is_empty() {
            return Ok(specs);
        }
    }
    Err(Report::of_file(path, text, issues))
}

/// The key of scenario files that holds properties.
fn property() -> Param {
    let found = tables::FILE.iter().find(|param| param.key == "property");
    *found.expect("scenario files have properties")
}

fn of_key(node: Node, key: &str) -> Node {
    let raw = match node.raw {
        Raw::Table(mut entries) => {
            entries.retain(|(name, _)| name.name == key);
            Raw::Table(entries)
        }
        other => other,
    };
    Node {
        span: node.span,
        raw,
    }
}

/// Keys that are none of a scenario file.
fn unknown_keys(node: &Node) -> Vec<Issue> {
    let Raw::Table(entries) = &node.raw else {
        return Vec::new();
    };
    let known = || tables::FILE.iter().map(|param| param.key);
    let unknown = entries
        .iter()
        .filter(|(key, _)| !known().any(|k| k == key.name));
    unknown
        .map(|(key, _)| {
            let issue = Issue::new(format!("unknown key `{}`", key.name), key.span.clone());
            issue.maybe_help(suggest(&key.name, known()))
        })
        .collect()
}
