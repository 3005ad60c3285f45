//! What waits, as text: what arms it, what fires it, and what it will do then.

use super::{effect, rows, target};
use crate::topology::{NodeInfo, Topology};
use squall_core::history::NodeChange;
use squall_core::plan::{Count, Entry, FiringId, IfNone, Life, On, Plan, Primitive, Trigger};
use squall_core::{NodeId, VirtualDuration};
use std::fmt::Write as _;

/// The topology with the places of the plan as nodes that are called by the words of their choice.
pub(super) fn with_places(plan: &Plan, topology: &Topology) -> Topology {
    let mut names = std::collections::BTreeMap::new();
    for firing in plan.triggers().iter().flat_map(|t| &t.firings) {
        for choice in &firing.choices {
            for (number, place) in choice.places.iter().enumerate() {
                let name = match choice.places.len() {
                    1 => format!("[{}]", choice.text),
                    _ => format!("[{} #{}]", choice.text, number + 1),
                };
                names.insert(*place, name);
            }
        }
    }
    let mut with = topology.clone();
    for (place, name) in names {
        while with.nodes().len() < place.index() {
            with.add_node(NodeInfo::default());
        }
        if with.nodes().len() == place.index() {
            with.add_node(NodeInfo {
                name,
                ..NodeInfo::default()
            });
        }
    }
    with
}

/// One block a trigger: a line that says when it fires, then what each firing does, with durations as
/// `length` writes them.
pub(super) fn triggers(
    plan: &Plan,
    topology: &Topology,
    length: &dyn Fn(VirtualDuration) -> String,
) -> String {
    let mut text = String::new();
    for (index, trigger) in (0u32..).zip(plan.triggers()) {
        let label = &plan.faults[trigger.fault as usize].label;
        let _ = writeln!(text, "  {label}  {}", waits(plan, trigger, topology));
        let named = with_places(plan, topology);
        let mut lines = Vec::new();
        for (ordinal, firing) in (0u32..).zip(&trigger.firings) {
            let id = FiringId {
                trigger: index,
                ordinal,
            };
            let own = plan.entries().iter().filter(|e| e.firing == Some(id));
            let mut own: Vec<&Entry> = own.collect();
            own.sort_by_key(|e| (e.from, e.part));
            for entry in own {
                let offset = entry.from.since(squall_core::VirtualTime::ZERO);
                let until = match entry.until {
                    _ if matches!(entry.primitive, Primitive::LinkReset { .. }) => {
                        "once".to_owned()
                    }
                    Some(until) => format!("for {}", length(until.since(entry.from))),
                    None => "forever".to_owned(),
                };
                let number = match trigger.firings.len() {
                    1 => String::new(),
                    _ => format!("{}: ", ordinal + 1),
                };
                let at = firing.delay.saturating_add(offset);
                lines.push([
                    format!("{number}+{}  {until}", length(at)),
                    String::new(),
                    target(&entry.primitive, &named),
                    effect(&entry.primitive, &named),
                ]);
            }
        }
        text.push_str(&rows(&lines, "    "));
        for (number, firing) in (1..).zip(&trigger.firings) {
            for choice in firing.choices.iter().filter(|c| c.count != Count::All) {
                let number = match trigger.firings.len() {
                    1 => String::new(),
                    _ => format!("{number}: "),
                };
                let order = names(&choice.order, topology);
                let _ = writeln!(text, "    {number}[{}] in the order {order}", choice.text);
            }
        }
    }
    text
}

/// When a trigger fires, in words.
fn waits(plan: &Plan, trigger: &Trigger, topology: &Topology) -> String {
    let nodes = |nodes: &Option<Vec<NodeId>>| match nodes {
        None => String::new(),
        Some(nodes) => format!(" on {}", names(nodes, topology)),
    };
    let what = match &trigger.on {
        On::At(at) => format!("at {at}"),
        On::Event {
            name,
            nodes: on,
            a,
            b,
        } => {
            let mut text = format!("{name}{}", nodes(on));
            for (key, value) in [("a", a), ("b", b)] {
                if let Some(value) = value {
                    let _ = write!(text, ", {key} = {value}");
                }
            }
            text
        }
        On::Node { change, nodes: on } => {
            let change = match change {
                NodeChange::Up => "start",
                NodeChange::Down => "crash",
                NodeChange::Paused => "pause",
                NodeChange::Resumed => "end of a pause",
                NodeChange::OutOfMemory => "want of memory",
            };
            format!("{change} of a node{}", nodes(on))
        }
        On::Role {
            role,
            of,
            nodes: on,
            gained,
        } => {
            let role = role.as_deref().unwrap_or("a role");
            let of = of.as_ref().map_or(String::new(), |of| format!(" of {of}"));
            let does = if *gained { "new" } else { "lost" };
            format!("{does} {role}{of}{}", nodes(on))
        }
        On::Fault { fault, life } => {
            let label = &plan.faults[*fault as usize].label;
            let life = match life {
                Life::Started => "start",
                Life::Landed => "first effect",
                Life::Ended => "end",
            };
            format!("{life} of {label}")
        }
        On::Call { service, nodes: on } => {
            let name = topology.services().get(service.index());
            let name = name.map_or("a service", String::as_str);
            format!("call of {name}{}", nodes(on))
        }
        On::Metric {
            name,
            limit,
            above,
            hold,
            nodes: on,
        } => {
            let side = if *above { "above" } else { "below" };
            let long = match hold.is_zero() {
                true => String::new(),
                false => format!(" for {hold}"),
            };
            format!("{name}{} {side} {limit}{long}", nodes(on))
        }
    };
    let mut text = match (trigger.after, trigger.firings.len()) {
        _ if matches!(trigger.on, On::At(_)) => what,
        (1, 1) => format!("once, on {what}"),
        (n, 1) => format!("once, on the {} {what}", ordinal(n)),
        (1, times) => format!("on each {what}, {times} times at most"),
        (n, times) => format!("on every {} {what}, {times} times at most", ordinal(n)),
    };
    if !matches!(trigger.on, On::At(_)) {
        let _ = write!(text, ", armed from {} to {}", trigger.from, trigger.until);
        if !trigger.cooldown.is_zero() {
            let _ = write!(text, ", then {} of rest", trigger.cooldown);
        }
    }
    found_later(&mut text, trigger);
    text
}

/// What is said of targets that are found at the moment of firing.
fn found_later(text: &mut String, trigger: &Trigger) {
    let choices = || trigger.firings.iter().flat_map(|firing| &firing.choices);
    let roles = choices().any(|choice| {
        let whom = choice.terms.iter().map(|(_, whom)| whom);
        let all = whom.chain(&choice.only).chain(&choice.without);
        all.into_iter()
            .any(|whom| matches!(whom, squall_core::plan::Whom::Role { .. }))
    });
    if roles {
        let _ = match trigger.if_none {
            IfNone::Miss => write!(text, ", waits {} for the role", trigger.patience),
            IfNone::Skip => write!(text, ", nothing if nobody has the role"),
            IfNone::Fail => write!(text, ", fails after {} without the role", trigger.patience),
        };
    }
    if let Some(floor) = choices().find_map(|choice| choice.floor.as_ref()) {
        let _ = write!(text, ", leaves {} of {}", floor.least, floor.of.len());
    }
}

/// Nodes shown by name at the most.
const NAMES_MAX: usize = 8;

fn names(nodes: &[NodeId], topology: &Topology) -> String {
    let known = nodes
        .iter()
        .filter_map(|id| topology.nodes().get(id.index()));
    let shown = known.take(NAMES_MAX).map(|node| node.name.as_str());
    let shown: Vec<&str> = shown.collect();
    let more = match nodes.len().saturating_sub(NAMES_MAX) {
        0 => String::new(),
        more => format!(" and {more} more"),
    };
    format!("{}{more}", shown.join(", "))
}

/// `2nd`.
fn ordinal(n: u32) -> String {
    let end = match (n % 10, n % 100) {
        (1, rest) if rest != 11 => "st",
        (2, rest) if rest != 12 => "nd",
        (3, rest) if rest != 13 => "rd",
        _ => "th",
    };
    format!("{n}{end}")
}
