//! The dependency map as the spans of a recording show it: who called whom.

use squall_core::depends::DependencyMap;
use squall_core::history::What;
use squall_core::recording::Recording;
use squall_core::{NameId, SpanId};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// One unit waited for another.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Call {
    /// Who waited.
    pub caller: String,
    /// For whom.
    pub callee: String,
    /// How often.
    pub count: u64,
    /// Whether the dependency map has it.
    pub declared: bool,
}

/// Who called whom: a span inside of another one, where both are operations of units. Spans between
/// them that belong to no unit are passed over.
pub fn calls(map: &DependencyMap, recording: &Recording) -> Vec<Call> {
    let names = &recording.header.names;
    let mut owners: BTreeMap<NameId, Option<&str>> = BTreeMap::new();
    // Of every span the nearest unit, its own or that of a span around it.
    let mut nearest: BTreeMap<SpanId, &str> = BTreeMap::new();
    let mut counts: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for record in &recording.records {
        let What::SpanStart {
            span, parent, name, ..
        } = record.what
        else {
            continue;
        };
        let owner = *owners
            .entry(name)
            .or_insert_with(|| map.operates(names.text(name)));
        let around = nearest.get(&parent).copied();
        if let (Some(owner), Some(around)) = (owner, around)
            && owner != around
        {
            *counts.entry((around, owner)).or_default() += 1;
        }
        if let Some(unit) = owner.or(around) {
            nearest.insert(span, unit);
        }
    }
    let call = |((caller, callee), count): ((&str, &str), u64)| Call {
        caller: caller.to_owned(),
        callee: callee.to_owned(),
        count,
        declared: map.knows(caller, callee),
    };
    counts.into_iter().map(call).collect()
}

/// The text of the observed map: what was seen, what of it the dependency map lacks, and what it has
/// that was never seen.
pub fn observed(map: &DependencyMap, recording: &Recording) -> String {
    let calls = calls(map, recording);
    let path = &recording.header.path;
    let seed = recording.header.seed;
    let mut out = format!("dependency map, as the spans of {path}, seed {seed}, show it\n");
    for call in &calls {
        let mark = if call.declared { "ok" } else { "??" };
        let lacks = match call.declared {
            false => "   not in the dependency map",
            true if map.can_do_without(&call.caller, &call.callee) => "   which it can do without",
            true => "",
        };
        let _ = writeln!(
            out,
            "  {mark:<4} {} -> {}   {} calls{lacks}",
            call.caller, call.callee, call.count
        );
    }
    let seen: BTreeSet<(&str, &str)> = calls
        .iter()
        .map(|c| (c.caller.as_str(), c.callee.as_str()))
        .collect();
    for (caller, callee) in map
        .observable()
        .into_iter()
        .filter(|need| !seen.contains(need))
    {
        let _ = writeln!(out, "  --   {caller} -> {callee}   never seen");
    }
    if calls.is_empty() {
        out.push_str("  no span lies inside another one of another unit\n");
    }
    out
}
