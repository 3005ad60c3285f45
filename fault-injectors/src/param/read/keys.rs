//! What may be wrong with the keys of a record: unknown, missing, or excluding each other.

use super::super::{Issue, Kind, Node, NodeKey, Param, suggest};
pub(super) type Given<'a> = dyn Fn(&str) -> Option<&'a (NodeKey, Node)> + 'a;

/// The member of the param's group that is written before it in the table.
pub(super) fn rival<'p>(
    param: &Param,
    params: &'p [Param],
    given: &Given<'_>,
) -> Option<&'p Param> {
    let group = params
        .iter()
        .filter(|p| !param.group.is_empty() && p.group == param.group);
    group
        .take_while(|p| p.key != param.key)
        .find(|p| given(p.key).is_some())
}

pub(super) fn group_given(param: &Param, params: &[Param], given: &Given<'_>) -> bool {
    let mut group = params
        .iter()
        .filter(|p| !param.group.is_empty() && p.group == param.group);
    group.any(|p| given(p.key).is_some())
}

pub(super) fn exclusive(key: &NodeKey, param: &Param, other: &Param) -> Issue {
    Issue::new(
        format!("`{}` and `{}` exclude each other", other.key, param.key),
        key.span.clone(),
    )
    .label(format!("`{}` is already there", other.key))
    .help("keep one of the two")
}

pub(super) fn unknown_key(key: &NodeKey, params: &[Param]) -> Issue {
    let known = params
        .iter()
        .filter(|p| !matches!(p.kind, Kind::Reserved))
        .map(|p| p.key);
    Issue::new(format!("unknown key `{}`", key.name), key.span.clone())
        .label("no such key here")
        .maybe_help(suggest(&key.name, known))
}

pub(super) fn missing(param: &Param, params: &[Param], node: &Node) -> Issue {
    let group: Vec<String> = params
        .iter()
        .filter(|p| p.key == param.key || (!param.group.is_empty() && p.group == param.group))
        .map(|p| format!("`{}`", p.key))
        .collect();
    let keys = group.join(" or ");
    // A long record is marked at its beginning: a caret under forty lines helps nobody.
    let range = node.span.start..node.span.end.min(node.span.start + 1);
    Issue::new(format!("missing key {keys}"), range)
        .label("in this record")
        .help(format!(
            "add `{} = ..`, {}: {}",
            param.key,
            param.kind.expects(),
            param.doc
        ))
}
