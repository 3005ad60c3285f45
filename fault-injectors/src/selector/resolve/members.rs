//! The members of one term: by name, label, workload or role.

use super::super::{Term, Who};
use crate::param::{Issue, suggest};
use crate::topology::{GroupRole, Topology};
use squall_core::NodeId;
use squall_core::plan::Role;

impl Term {
    /// Whether it is a role that nodes take and give up.
    pub(crate) fn is_role(&self, topology: &Topology) -> bool {
        matches!(&self.who, Who::Role(role, of) if role_of(role, of, topology).is_some())
    }
    /// Its members; of a role everybody who may have it.
    pub(crate) fn candidates(&self, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
        if let Who::Role(role, of) = &self.who
            && let Some(role) = role_of(role, of, topology)
        {
            return Ok(role.nodes.clone());
        }
        members_of(self, topology)
    }
}

/// The role behind a word of selectors: `followers of kv` are known by who leads.
fn role_of<'t>(word: &str, of: &str, topology: &'t Topology) -> Option<&'t GroupRole> {
    let fixed = topology.roles().iter();
    if fixed.clone().any(|r| r.role == word && r.of == of) {
        return None;
    }
    let role = Role::by_word(word)?.recorded();
    let (group, _) = crate::trigger::split_key(of);
    let mut roles = topology.group_roles().iter();
    roles.find(|r| r.role == role && r.of == group && !r.nodes.is_empty())
}

fn nobody(role: &str, of: &str, topology: &Topology, range: core::ops::Range<usize>) -> Issue {
    let issue = Issue::new(format!("nobody is ever {role} of `{of}`"), range);
    let known = topology.group_roles().iter();
    let known: Vec<String> = known.map(|r| format!("{} of {}", r.role, r.of)).collect();
    match known.is_empty() {
        true => issue.help("no workload of this scenario records roles: name nodes"),
        false => {
            let wanted = format!("{role} of {of}");
            issue.maybe_help(suggest(&wanted, known.iter().map(String::as_str)))
        }
    }
}

/// The nodes that a term means; of a role that is taken and given up nobody yet.
pub(super) fn members_of(term: &Term, topology: &Topology) -> Result<Vec<NodeId>, Issue> {
    let range = || term.range.clone();
    let found = match &term.who {
        Who::Named(name) => {
            let found = topology.nodes_where(|n| n.name == *name || n.group == *name);
            if found.is_empty() {
                let groups = topology.groups();
                let nodes = topology.nodes().iter().map(|n| n.name.as_str());
                let help = suggest(name, groups.iter().copied().chain(nodes));
                return Err(Issue::new(
                    format!("selector names an unknown node group `{name}`"),
                    range(),
                )
                .label(format!("groups here: {}", groups.join(", ")))
                .maybe_help(help));
            }
            found
        }
        Who::Indexed(group, index) => {
            let members = topology.nodes_where(|n| n.group == *group);
            if members.is_empty() {
                let groups = topology.groups();
                return Err(Issue::new(
                    format!("selector names an unknown node group `{group}`"),
                    range(),
                )
                .label(format!("groups here: {}", groups.join(", ")))
                .maybe_help(suggest(group, groups)));
            }
            let Some(id) = members.get(*index as usize) else {
                return Err(
                    Issue::new(format!("`{group}` has no member {index}"), range())
                        .label(format!("members go from 0 to {}", members.len() - 1)),
                );
            };
            vec![*id]
        }
        Who::Label(key, value) => {
            let found = topology.nodes_where(|n| n.label(key) == Some(value));
            if found.is_empty() {
                let mut values: Vec<&str> = topology
                    .nodes()
                    .iter()
                    .filter_map(|n| n.label(key))
                    .collect();
                values.sort_unstable();
                values.dedup();
                return Err(Issue::new(format!("no node has {key} `{value}`"), range())
                    .maybe_help(suggest(value, values)));
            }
            found
        }
        Who::HostOf(name) => {
            let found = topology.workloads().iter().find(|(w, _)| w == name);
            let Some((_, nodes)) = found else {
                let known = topology.workloads().iter().map(|(w, _)| w.as_str());
                return Err(Issue::new(format!("unknown workload `{name}`"), range())
                    .maybe_help(suggest(name, known)));
            };
            nodes.clone()
        }
        Who::Role(role, of) => {
            let found = topology
                .roles()
                .iter()
                .find(|r| r.role == *role && r.of == *of);
            let Some(found) = found else {
                if let Some(known) = role_of(role, of, topology) {
                    let issue = Issue::new(format!("who is {role} of `{of}` changes"), range());
                    let known = topology.node(known.nodes[0]).group.clone();
                    return Err(issue
                        .label("known when a fault fires, and not here")
                        .help(format!("name nodes, for instance \"{known}\"")));
                }
                return Err(nobody(role, of, topology, range()));
            };
            found.nodes.clone()
        }
    };
    Ok(found)
}
