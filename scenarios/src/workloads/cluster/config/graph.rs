//! The graph of a file: who calls whom, which calls are left out, and what is out of reach.

use super::super::generate::generate;
use super::super::graph::{Edges, Graph};
use super::read::number;
use crate::workloads::Prepare;
use squall_faults::Issue;
use squall_faults::param::{Args, Value, suggest};
use std::ops::Range;

/// Refuses written edges that close a cycle. Graphs in a file are recorded ones, whose cycles are cut.
pub(super) fn cycles(
    prepare: &Prepare<'_>,
    graph: &Graph,
    cut: &[(usize, usize)],
    issues: &mut Vec<Issue>,
) {
    let edges = prepare.args.table("graph").list_opt("edges").unwrap_or(&[]);
    for &(caller, callee) in cut {
        let name = |service: usize| graph.names()[service].as_str();
        let (from, to) = (name(caller), name(callee));
        let found = edges.iter().find_map(|edge| match &edge.value {
            Value::Text(text) => Some((&edge.place, hop(text, from, to)?)),
            _ => None,
        });
        let Some((place, range)) = found else {
            continue;
        };
        let way = graph.way(callee, caller);
        let way: Vec<&str> = way.into_iter().chain([callee]).map(name).collect();
        let issue = Issue::new(format!("`{from} -> {to}` closes a cycle"), range);
        let issue = issue.label(format!("{} is without end", way.join(" -> ")));
        issues.push(place.locate(issue.help(format!(
            "leave the call out; a call back is a service with a name of its own: \"{from} -> {to}-again\""
        ))));
    }
}

/// Where the call from `from` to `to` stands in an edge.
fn hop(text: &str, from: &str, to: &str) -> Option<Range<usize>> {
    let mut at = 0;
    let mut before: Option<Range<usize>> = None;
    for part in text.split("->") {
        let start = at + part.len() - part.trim_start().len();
        let here = start..start + part.trim().len();
        if let Some(before) = before.filter(|before| &text[before.clone()] == from)
            && &text[here.clone()] == to
        {
            return Some(before.start..here.end);
        }
        before = Some(here);
        at += part.len() + 2;
    }
    None
}

/// The services that a fault of `objective.faulted` may reach.
pub(super) fn reach(
    prepare: &Prepare<'_>,
    objective: &Args,
    graph: &Graph,
    issues: &mut Vec<Issue>,
) -> Option<Vec<u32>> {
    let name = objective.text_opt("faulted")?;
    let Some(faulted) = graph.find(name) else {
        let issue = prepare.issue(
            "objective.faulted",
            format!("no service is called `{name}`"),
        );
        let names = graph.names().iter().map(String::as_str);
        issues.push(issue.maybe_help(suggest(name, names)));
        return None;
    };
    Some(graph.affected(faulted).into_iter().map(number).collect())
}

/// The graph, and the replicas of its services where those are drawn with it.
pub(super) fn read_graph(
    prepare: &Prepare<'_>,
    issues: &mut Vec<Issue>,
) -> (Graph, Option<Vec<u32>>) {
    let args = prepare.args.table("graph");
    let size = |key| {
        args.integer_opt(key)
            .map(|n| usize::try_from(n).unwrap_or(1))
    };
    let mut graph = Graph::default();
    let mut drawn = None;
    if let Some(args) = args.table_opt("generate") {
        (graph, drawn) = generate(args);
    } else if let Some(n) = size("chain") {
        graph = Graph::chain(n);
    } else if let Some(n) = size("fan") {
        graph = Graph::fan(n);
    } else if let Some(edges) = args.list_opt("edges") {
        for edge in edges {
            if let Value::Text(text) = &edge.value
                && let Err(message) = graph.edge(text)
            {
                issues.push(edge.place.locate(Issue::new(message, 0..text.len())));
            }
        }
    } else if let Some(path) = args.text_opt("file") {
        match prepare.files.read(path) {
            Err(why) => {
                let issue = prepare.issue("graph.file", format!("cannot read `{path}`: {why}"));
                issues
                    .push(issue.help("give the path of a CSV file, or `edges` instead of `file`"));
            }
            Ok(bytes) => match Graph::from_csv(&bytes, args.text_opt("app")) {
                Edges::Graph(read) => graph = read,
                Edges::BadRows(rows) => issues.extend(
                    rows.into_iter()
                        .map(|row| prepare.issue("graph.file", format!("{path}, {row}")))
                        .map(|issue| {
                            issue.help(
                                "correct the row; the columns are app, caller, callee, callee_kind",
                            )
                        }),
                ),
                Edges::UnknownApp(advice) => issues.push(match args.text_opt("app") {
                    Some(app) => {
                        let text = format!("`{path}` holds no application `{app}`");
                        prepare.issue("graph.app", text).maybe_help(advice)
                    }
                    None => {
                        let text = format!("`{path}` holds several applications or none");
                        let issue = prepare.issue("graph.file", text).maybe_help(advice);
                        issue.label("say which with `app`")
                    }
                }),
            },
        }
    }
    if graph.names().is_empty() {
        graph.add("s0");
    }
    for call in args.list_opt("soft").unwrap_or_default() {
        if let Value::Text(text) = &call.value
            && let Err(message) = graph.soften(text)
        {
            issues.push(call.place.locate(Issue::new(message, 0..text.len())));
        }
    }
    (graph, drawn)
}
