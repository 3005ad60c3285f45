//! A plan on a screen: what is done alike to many at one time is one line, and a fault with many lines is
//! cut short.

use super::{effect, rows, target, trigger};
use crate::topology::Topology;
use squall_core::plan::{Entry, LinkTarget, Plan, Primitive};
use squall_core::words::{listed, ranges, span};
use squall_core::{NodeId, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

/// Lines of one fault that are shown.
const LINES_MAX: usize = 4;
/// Targets, or bundles of links, that one line names.
const TARGETS_MAX: usize = 4;
/// Notes that are shown.
const NOTES_MAX: usize = 8;

/// Entries that start and end together and do the same.
struct Bundle<'a> {
    first: &'a Entry,
    effect: String,
    primitives: Vec<&'a Primitive>,
}

/// The timeline of a plan for a person: see [`super::plan_text`] for every overlay by itself.
pub fn plan_summary(plan: &Plan, topology: &Topology) -> String {
    let mut entries: Vec<&Entry> = plan.fixed().map(|(_, entry)| entry).collect();
    entries.sort_by_key(|e| (e.from, e.fault, e.part));
    let bundles = bundles(&entries, topology);
    let mut of_fault: BTreeMap<u32, Vec<&Bundle<'_>>> = BTreeMap::new();
    for bundle in &bundles {
        of_fault.entry(bundle.first.fault).or_default().push(bundle);
    }
    let mut shown: BTreeMap<u32, usize> = BTreeMap::new();
    let mut lines = Vec::new();
    for bundle in &bundles {
        let fault = bundle.first.fault;
        let (shown, all) = (shown.entry(fault).or_default(), &of_fault[&fault]);
        *shown += 1;
        if *shown <= LINES_MAX || all.len() == LINES_MAX + 1 {
            lines.push(line(plan, bundle, topology));
        } else if *shown == LINES_MAX + 1 {
            let last = all.last().map_or(bundle.first.from, |last| last.first.from);
            let more = format!(
                "and {} lines more, the last at {}: --full shows all",
                all.len() - LINES_MAX,
                rounded(last)
            );
            let at = rounded(bundle.first.from).to_string();
            lines.push([at, called(plan, fault), more, String::new()]);
        }
    }
    let mut text = rows(&lines, "  ");
    text.push_str(&trigger::triggers(plan, topology, &span));
    if text.is_empty() {
        text.push_str("  no fault acts\n");
    }
    notes(&mut text, plan);
    text
}

/// What a person should know about how faults were lowered.
fn notes(text: &mut String, plan: &Plan) {
    let notes = plan.faults.iter().flat_map(|fault| {
        let notes = fault.notes.iter();
        notes.map(move |note| format!("{}: {note}", fault.label))
    });
    let notes: Vec<String> = notes.collect();
    for note in notes.iter().take(NOTES_MAX) {
        let _ = writeln!(text, "  {note}");
    }
    let more = notes.len().saturating_sub(NOTES_MAX);
    if more > 0 {
        let _ = writeln!(text, "  and {more} notes more: --full shows all");
    }
}

fn bundles<'a>(entries: &[&'a Entry], topology: &Topology) -> Vec<Bundle<'a>> {
    let mut places = BTreeMap::new();
    let mut bundles: Vec<Bundle<'a>> = Vec::new();
    for entry in entries {
        let effect = effect(&entry.primitive, topology);
        let key = (entry.fault, entry.from, entry.until, effect.clone());
        let place = *places.entry(key).or_insert(bundles.len());
        if place == bundles.len() {
            let primitives = Vec::new();
            bundles.push(Bundle {
                first: entry,
                effect,
                primitives,
            });
        }
        bundles[place].primitives.push(&entry.primitive);
    }
    bundles
}

fn line(plan: &Plan, bundle: &Bundle<'_>, topology: &Topology) -> [String; 4] {
    let entry = bundle.first;
    let length = match entry.until {
        _ if matches!(entry.primitive, Primitive::LinkReset { .. }) => "once".to_owned(),
        Some(until) => format!("for {}", span(until.since(entry.from))),
        None => "forever".to_owned(),
    };
    [
        format!("{}  {length}", rounded(entry.from)),
        called(plan, entry.fault),
        targets(&bundle.primitives, topology),
        bundle.effect.clone(),
    ]
}

/// A time to the millisecond.
fn rounded(at: VirtualTime) -> VirtualTime {
    const MS: u64 = 1_000_000;
    let ns = at.as_nanos();
    VirtualTime::from_nanos(ns - ns % MS)
}

/// A fault by its label, and by its kind where the label does not say it.
fn called(plan: &Plan, fault: u32) -> String {
    let fault = &plan.faults[fault as usize];
    match fault.label.contains(&fault.kind) {
        true => fault.label.clone(),
        false => format!("{} {}", fault.label, fault.kind),
    }
}

/// What primitives act on: nodes in runs, links in bundles between groups.
fn targets(primitives: &[&Primitive], topology: &Topology) -> String {
    let links: Option<Vec<LinkTarget>> = primitives.iter().map(|p| p.link()).collect();
    let parts = match links {
        Some(links) if links.len() > 1 => bundled(&links, topology),
        _ => {
            let names: Vec<String> = primitives.iter().map(|p| target(p, topology)).collect();
            ranges(names.iter().map(String::as_str))
        }
    };
    listed(&parts, TARGETS_MAX)
}

/// Links by the groups that they join: `web <-> db (30 links)`, `web -> db-0 (3 links)`.
fn bundled(links: &[LinkTarget], topology: &Topology) -> Vec<String> {
    let group = |id: &NodeId| {
        let node = topology.nodes().get(id.index());
        node.map_or("?", |node| node.group.as_str())
    };
    let mut by_groups: BTreeMap<(&str, &str), BTreeSet<(NodeId, NodeId)>> = BTreeMap::new();
    for LinkTarget { from, to } in links {
        let bundle = by_groups.entry((group(from), group(to))).or_default();
        bundle.insert((*from, *to));
    }
    let mut parts = Vec::new();
    for ((one, two), links) in &by_groups {
        let reverse: BTreeSet<_> = links.iter().map(|(from, to)| (*to, *from)).collect();
        let both = by_groups.get(&(*two, *one)) == Some(&reverse);
        // The other way is said with this one.
        if !both || one <= two {
            parts.push(bundle((one, two), links, both, topology));
        }
    }
    parts
}

/// Links between two groups, or within one; `both` ways if the same links go back.
fn bundle(
    (one, two): (&str, &str),
    links: &BTreeSet<(NodeId, NodeId)>,
    both: bool,
    topology: &Topology,
) -> String {
    let name = |id: &NodeId| {
        let node = topology.nodes().get(id.index());
        node.map_or("?", |node| node.name.as_str())
    };
    let count = links.len() * if both && one != two { 2 } else { 1 };
    if one == two && both {
        // One node that all of them touch is called by its name.
        let hub = |node: &&NodeId| links.iter().all(|(from, to)| from == *node || to == *node);
        let hub = links
            .first()
            .and_then(|(from, to)| [from, to].into_iter().find(hub));
        return match hub {
            Some(hub) if count > 2 => format!("{} <-> {one} ({count} links)", name(hub)),
            _ => format!("within {one} ({count} links)"),
        };
    }
    let side = |ends: BTreeSet<NodeId>, group: &str| match ends.first() {
        Some(only) if ends.len() == 1 => name(only).to_owned(),
        _ => group.to_owned(),
    };
    let from = side(links.iter().map(|(from, _)| *from).collect(), one);
    let to = side(links.iter().map(|(_, to)| *to).collect(), two);
    let arrow = if both { "<->" } else { "->" };
    match count {
        1 => format!("{from}->{to}"),
        _ => format!("{from} {arrow} {to} ({count} links)"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Links of whole groups are one bundle, one way and both ways, and a node that all of them touch has
    /// its name.
    #[test]
    fn links_are_bundled_by_the_groups_that_they_join() {
        let mut topology = Topology::default();
        let web = topology.add_group("web", 12);
        let db = topology.add_group("db", 2);
        let all = |from: &[NodeId], to: &[NodeId]| -> Vec<LinkTarget> {
            let pairs = from.iter().flat_map(|f| to.iter().map(move |t| (*f, *t)));
            let pairs = pairs.filter(|(from, to)| from != to);
            pairs.map(|(from, to)| LinkTarget { from, to }).collect()
        };
        let check = |links: &[LinkTarget], wanted: &[&str]| {
            assert_eq!(bundled(links, &topology), wanted);
        };
        check(&all(&web, &db), &["web -> db (24 links)"]);
        let both = [all(&web, &db), all(&db, &web)].concat();
        check(&both, &["db <-> web (48 links)"]);
        check(&all(&web, &web), &["within web (132 links)"]);
        check(&all(&web, &db[..1]), &["web -> db-0 (12 links)"]);
        let hub = [all(&web[3..4], &web), all(&web, &web[3..4])].concat();
        check(&hub, &["web-3 <-> web (22 links)"]);
    }
}
