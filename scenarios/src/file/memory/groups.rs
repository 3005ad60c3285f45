//! Groups of processes with a memory limit of their own.

use super::at;
use crate::file::world::Running;
use crate::scenario::NodeGroup;
use squall_core::memory::GroupLimit;
use squall_core::world::MemoryGroup;
use squall_faults::Issue;
use squall_faults::param::{Arg, Args, Place, Value, suggest};

/// Most groups of a node.
const GROUPS_MAX: usize = 255;

/// The memory groups, each behind the one it is in. Those that are in none that exists are left out.
pub(super) fn groups(args: &Args, issues: &mut Vec<Issue>) -> Vec<MemoryGroup> {
    let Some(table) = args.table_opt("memory_groups") else {
        return Vec::new();
    };
    if table.entries.len() > GROUPS_MAX {
        let message = format!("a node has at most {GROUPS_MAX} memory groups");
        issues.push(Issue::new(message, table.place.span.clone()));
        return Vec::new();
    }
    let mut left: Vec<(&Args, MemoryGroup)> = Vec::new();
    for arg in &table.entries {
        if let Value::Table(own) = &arg.value {
            left.push((own, group(arg, own, issues)));
        }
    }
    let names: Vec<String> = left.iter().map(|(_, group)| group.name.clone()).collect();
    let mut sorted: Vec<MemoryGroup> = Vec::new();
    // Each round places those whose group around is placed; what stays goes round in a circle.
    loop {
        let before = sorted.len();
        left.retain(|(_, group)| {
            let outer = group.inside.as_ref();
            let placed = outer.is_none_or(|outer| sorted.iter().any(|g| g.name == *outer));
            if placed {
                sorted.push(group.clone());
            }
            !placed
        });
        if sorted.len() == before {
            break;
        }
    }
    let around = |name: &str| {
        let (_, group) = left.iter().find(|(_, group)| group.name == name)?;
        group.inside.as_deref()
    };
    for (own, group) in &left {
        let outer = group.inside.as_deref().unwrap_or_default();
        let mut outwards = std::iter::successors(Some(outer), |name| around(name)).take(left.len());
        if !names.iter().any(|name| name == outer) {
            let others = names.iter().filter(|name| **name != group.name);
            let issue = at(own, "inside", format!("no memory group `{outer}`"));
            issues.push(issue.maybe_help(suggest(outer, others.map(String::as_str))));
        } else if outwards.any(|name| name == group.name) {
            let message = format!("`{}` is inside itself", group.name);
            issues
                .push(at(own, "inside", message).help("name a group that is not inside this one"));
        }
        // Else it hangs on one of those, whose error is shown.
    }
    sorted
}

fn group(arg: &Arg, own: &Args, issues: &mut Vec<Issue>) -> MemoryGroup {
    let (limit, high) = (own.size_opt("limit"), own.size_opt("high"));
    if limit == Some(0) {
        let issue = at(own, "limit", "a group without any memory");
        issues.push(issue.help("write a size such as \"512MiB\""));
    }
    if let (Some(limit), Some(high)) = (limit, high)
        && high >= limit
    {
        let issue = at(own, "high", "`high` is not below the limit of the group");
        issues.push(issue.help("lower it, or remove it"));
    }
    let holds = own.list_opt("holds").unwrap_or(&[]);
    let processes = holds.iter().filter_map(|held| match &held.value {
        Value::Text(name) => Some(name.clone()),
        _ => None,
    });
    MemoryGroup {
        name: arg.key.clone(),
        inside: own.text_opt("inside").map(str::to_owned),
        limit: GroupLimit {
            max_bytes: limit,
            high_bytes: high,
        },
        processes: processes.collect(),
    }
}

/// Whether every workload that a memory group holds is there, runs on those nodes, and is in no other.
pub(in crate::file) fn check_holds(
    topology_args: &Args,
    groups: &[NodeGroup],
    running: &Running,
    issues: &mut Vec<Issue>,
) {
    let Some(table) = topology_args.table_opt("nodes") else {
        return;
    };
    for node in &table.entries {
        let Value::Table(args) = &node.value else {
            continue;
        };
        let first = groups.iter().take_while(|group| group.name != node.key);
        let first: u32 = first.map(|group| group.count).sum();
        let count = groups.iter().find(|group| group.name == node.key);
        let nodes = first..first + count.map_or(0, |group| group.count);
        let mut seen: Vec<&str> = Vec::new();
        for (place, name) in held(args) {
            let known = running.known.iter().find(|w| w.name == name);
            let twice = seen.contains(&name);
            seen.push(name);
            let issue = match known {
                _ if twice => Issue::new(format!("`{name}` is in a memory group already"), 0..0)
                    .help("a process is in one group; put that group inside another"),
                Some(w) if w.nodes.iter().any(|n| nodes.contains(&n.0)) || runs_apart(w) => {
                    continue;
                }
                Some(_) => Issue::new(format!("`{name}` does not run on `{}`", node.key), 0..0)
                    .help("a group holds workloads of its own nodes"),
                None if running.unknown.iter().any(|unknown| unknown == name) => continue,
                None => {
                    let all = running.known.iter().map(|w| w.name.as_str());
                    Issue::new(format!("no workload `{name}`"), 0..0).maybe_help(suggest(name, all))
                }
            };
            issues.push(Issue {
                range: place.span.clone(),
                ..issue
            });
        }
    }
}

/// Whether a workload names other nodes than those of `on` for some of its parts: then it is not known
/// here where they run.
fn runs_apart(workload: &crate::WorkloadUse) -> bool {
    let mut apart = false;
    workload.args.walk(&mut |arg| {
        apart |= arg.key != "on" && matches!(arg.value, Value::Selector(_));
    });
    apart
}

/// The names of workloads that the memory groups of a record hold, with their places.
fn held(args: &Args) -> Vec<(&Place, &str)> {
    let groups = args.table_opt("memory_groups");
    let mut all = Vec::new();
    for group in groups.iter().flat_map(|table| &table.entries) {
        if let Value::Table(own) = &group.value {
            for arg in own.list_opt("holds").unwrap_or(&[]) {
                if let Value::Text(name) = &arg.value {
                    all.push((&arg.place, name.as_str()));
                }
            }
        }
    }
    all
}
