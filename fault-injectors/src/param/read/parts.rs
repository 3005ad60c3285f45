//! Values with parts: maps, lists, and records of which one key chooses the rest.

use super::super::{Arg, Args, Issue, Kind, Node, NodeKey, Value, Variant, suggest_choice};
use super::{place_of, read, read_value};
pub(super) fn read_map(
    of: &Kind,
    entries: &[(NodeKey, Node)],
    node: &Node,
    issues: &mut Vec<Issue>,
) -> Args {
    let before = issues.len();
    let mut args = Args {
        place: place_of(node),
        ..Args::default()
    };
    for (key, value) in entries {
        if let Some(read) = read_value(of, value, issues) {
            args.entries.push(Arg {
                key: key.name.clone(),
                key_span: key.span.clone(),
                value: read,
                place: place_of(value),
                given: true,
            });
        } else {
            args.unread.push(key.name.clone());
        }
    }
    args.broken = issues.len() > before;
    args
}

pub(super) fn read_list(of: &Kind, nodes: &[Node], issues: &mut Vec<Issue>) -> Vec<Arg> {
    let read = |node: &Node| {
        let value = read_value(of, node, issues)?;
        Some(Arg {
            key: String::new(),
            key_span: node.span.clone(),
            value,
            place: place_of(node),
            given: true,
        })
    };
    nodes.iter().filter_map(read).collect()
}

pub(super) fn read_variant(
    noun: &str,
    choices: &[Variant],
    entries: &[(NodeKey, Node)],
    node: &Node,
    issues: &mut Vec<Issue>,
) -> Option<Value> {
    let before = issues.len();
    let mut chosen = None;
    for (key, value) in entries {
        let Some(choice) = choices.iter().find(|c| c.name == key.name) else {
            issues.push(
                Issue::new(format!("unknown {noun} `{}`", key.name), key.span.clone())
                    .label(format!("no {noun} of this name"))
                    .maybe_help(suggest_choice(noun, &key.name, choices)),
            );
            continue;
        };
        if chosen.is_some() {
            issues.push(
                Issue::new(
                    format!("more than one {noun} in one record"),
                    key.span.clone(),
                )
                .help(format!("give each {noun} a record of its own")),
            );
            continue;
        }
        let args = read(choice.params, value, issues);
        chosen = Some(Value::Variant(choice.name, args));
    }
    if chosen.is_none() && issues.len() == before {
        issues.push(
            Issue::new(format!("no {noun} is named"), node.span.clone())
                .maybe_help(suggest_choice(noun, "", choices)),
        );
    }
    chosen
}
