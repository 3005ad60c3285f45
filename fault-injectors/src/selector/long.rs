//! The long form of nodes in words: a table with the words of the short form.

use super::Selector;
use crate::param::{Args, Issue, Kind, Node, Param, Place, Value, read};

/// The keys of the long form.
pub const LONG: &[Param] = &[
    Param::new(
        "of",
        Kind::Text,
        "the set: `gateway`, `leader of kv`, `zone=b + kv[0]`",
    )
    .required(),
    Param::new(
        "pick",
        Kind::Text,
        "how many: `all`, `any 2`, `20%`, `up to 20%`, `minority`, `majority`",
    )
    .default("all"),
    Param::new("zone", Kind::Text, "only those of this zone"),
    Param::new("rack", Kind::Text, "only those of this rack"),
    Param::new("pdu", Kind::Text, "only those of this power unit"),
    Param::new("room", Kind::Text, "only those of this room"),
    Param::new("kind", Kind::Text, "only those of this kind"),
    Param::new("not", Kind::Text, "all but these: `leader of kv`"),
    Param::new("except", Kind::List(&Kind::Text), "all but each of these").default(""),
    Param::new(
        "spread",
        Kind::Text,
        "taken in turn over the values of this label",
    ),
    Param::new(
        "keep_healthy",
        Kind::Scalar,
        "nodes of its groups that must be left: a number, or \"quorum\"",
    ),
];

/// Reads a table; `None` if something is wrong, which is among `issues` then.
pub(crate) fn long_form(node: &Node, issues: &mut Vec<Issue>) -> Option<Selector> {
    let args = read(LONG, node, issues);
    if args.broken {
        return None;
    }
    let (text, parts) = short_form(&args);
    match Selector::parse(&text) {
        Ok(selector) => Some(selector),
        Err(issue) => {
            // At the value that the words come from.
            let part = parts
                .iter()
                .rev()
                .find(|(start, _)| *start <= issue.range.start);
            issues.push(match part {
                Some((start, place)) if place.start.is_some() => {
                    let inside = issue.range.start - start..issue.range.end.max(*start) - start;
                    place.locate(Issue {
                        range: inside,
                        ..issue
                    })
                }
                _ => Issue {
                    range: args.place.span.clone(),
                    ..issue
                },
            });
            None
        }
    }
}

/// The words in the short form, and where each value begins in them.
fn short_form(args: &Args) -> (String, Vec<(usize, Place)>) {
    let (mut text, mut parts) = (String::new(), Vec::new());
    let mut add = |before: &str, words: &str, place: &Place| {
        if !text.is_empty() {
            text.push(' ');
        }
        text.push_str(before);
        parts.push((text.len(), place.clone()));
        text.push_str(words);
    };
    add("", args.text("pick"), args.place("pick"));
    add("of ", args.text("of"), args.place("of"));
    for key in ["zone", "rack", "pdu", "room", "kind", "not", "spread"] {
        if let Some(words) = args.text_opt(key) {
            add(&format!("{key} "), words, args.place(key));
        }
    }
    for arg in args.list("except") {
        if let Value::Text(words) = &arg.value {
            add("not ", words, &arg.place);
        }
    }
    match args.get("keep_healthy") {
        Some(Value::Number(x)) => add("keep_healthy ", &x.to_string(), args.place("keep_healthy")),
        Some(Value::Text(word)) => add("keep_healthy ", word, args.place("keep_healthy")),
        Some(_) => add("keep_healthy ", "?", args.place("keep_healthy")),
        None => {}
    }
    (text, parts)
}
