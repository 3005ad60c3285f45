//! Who has which role, by the records of the workloads.

use super::super::handler::HandlerCx;
use super::super::{Cx, World};
use crate::history::What;
use crate::plan::{Role, Whom};
use crate::{NameId, Names, NodeId};
use std::collections::BTreeMap;

/// A role in a group, or in a part of it: what a node can take and give up.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct RoleOf {
    role: NameId,
    of: NameId,
    key: u64,
}

impl RoleOf {
    /// The same role in part `key` of the group: a shard, a session, a lock.
    #[must_use]
    pub const fn part(self, key: u64) -> Self {
        Self { key, ..self }
    }
    pub(in crate::world) const fn record(self, node: NodeId, term: u64, gained: bool) -> What {
        let Self { role, of, key } = self;
        What::Role {
            node,
            role,
            of,
            key,
            term,
            gained,
        }
    }
}

impl World {
    /// The role `role` of the group `of`: `leader` of `kv`. Selectors know the roles leader, primary,
    /// holder and owner.
    pub fn role(&mut self, role: &str, of: &str) -> RoleOf {
        let (role, of) = (self.name(role), self.name(of));
        RoleOf { role, of, key: 0 }
    }
}

impl Cx {
    /// The role `role` of the group `of`: see [`World::role`]. Look roles up once.
    pub fn role(&self, role: &str, of: &str) -> RoleOf {
        let (role, of) = (self.name(role), self.name(of));
        RoleOf { role, of, key: 0 }
    }
    /// Records that this node has a role from now on, in this term, epoch or view. Of several nodes
    /// with one role that with the highest term has it, then that with the lowest number. A crash of
    /// the node ends its roles.
    pub fn take_role(&self, role: RoleOf, term: u64) {
        if let Some(mut k) = self.alive() {
            k.record(role.record(self.node, term, true));
        }
    }
    /// Records that this node gives up a role that it had in this term.
    pub fn leave_role(&self, role: RoleOf, term: u64) {
        if let Some(mut k) = self.alive() {
            k.record(role.record(self.node, term, false));
        }
    }
}

impl HandlerCx<'_> {
    /// Records that this node has a role from now on: see [`Cx::take_role`].
    pub fn take_role(&mut self, role: RoleOf, term: u64) {
        self.kernel.record(role.record(self.node, term, true));
    }
    /// Records that this node gives up a role: see [`Cx::leave_role`].
    pub fn leave_role(&mut self, role: RoleOf, term: u64) {
        self.kernel.record(role.record(self.node, term, false));
    }
}

/// Who has which role: node and term.
#[derive(Debug, Default)]
pub(super) struct Roles {
    held: BTreeMap<RoleOf, BTreeMap<NodeId, u64>>,
}

impl Roles {
    pub(super) fn changed(&mut self, role: RoleOf, node: NodeId, term: u64, gained: bool) {
        let holders = self.held.entry(role).or_default();
        if gained {
            holders.insert(node, term);
        } else if holders.get(&node).is_some_and(|held| *held <= term) {
            holders.remove(&node);
        }
        if holders.is_empty() {
            self.held.remove(&role);
        }
    }
    /// A node that is down leads nobody.
    pub(super) fn crashed(&mut self, node: NodeId) {
        self.held.retain(|_, holders| {
            holders.remove(&node);
            !holders.is_empty()
        });
    }

    /// Who is meant now, in the order of numbers.
    pub(super) fn members(&self, whom: &Whom, names: &Names) -> Vec<NodeId> {
        let (role, of, key, among) = match whom {
            Whom::Nodes(nodes) => return nodes.clone(),
            Whom::Role {
                role,
                of,
                key,
                among,
            } => (*role, of, *key, among),
        };
        let found = names.find(role.recorded()).zip(names.find(of));
        let Some((name, of)) = found else {
            return Vec::new();
        };
        let at = |key| RoleOf {
            role: name,
            of,
            key,
        };
        let keys = key.map_or(at(0)..=at(u64::MAX), |key| at(key)..=at(key));
        let holders = self.held.range(keys).flat_map(|(_, holders)| holders);
        let holders = holders.filter(|(node, _)| among.contains(node));
        let mut nodes: Vec<NodeId> = match role {
            Role::Primaries => holders.map(|(node, _)| *node).collect(),
            Role::Leader | Role::Holder | Role::Owner | Role::Followers => {
                // The highest term, then the lowest number.
                let first = holders.min_by_key(|(node, term)| (core::cmp::Reverse(**term), **node));
                let leader = first.map(|(node, _)| *node);
                match (role, leader) {
                    (Role::Followers, Some(leader)) => {
                        let others = among.iter().filter(|node| **node != leader);
                        others.copied().collect()
                    }
                    _ => leader.into_iter().collect(),
                }
            }
        };
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
}

impl RoleOf {
    pub(super) const fn new(role: NameId, of: NameId, key: u64) -> Self {
        Self { role, of, key }
    }
}

/// Followers are nobody as long as nobody leads: whom they follow is what makes them so.
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_highest_term_leads_and_a_crash_ends_it() {
        let mut names = Names::default();
        let role = RoleOf::new(names.intern("leader"), names.intern("kv"), 0);
        let mut roles = Roles::default();
        let among = vec![NodeId(1), NodeId(2), NodeId(3)];
        let who = |role, key| Whom::Role {
            role,
            of: "kv".into(),
            key,
            among: among.clone(),
        };
        let all = |roles: &Roles, role| roles.members(&who(role, None), &names);
        assert_eq!(all(&roles, Role::Followers), []);
        roles.changed(role, NodeId(2), 4, true);
        roles.changed(role, NodeId(3), 4, true);
        assert_eq!(all(&roles, Role::Leader), [NodeId(2)]);
        roles.changed(role, NodeId(1), 5, true);
        // What it says of an earlier term changes nothing.
        roles.changed(role, NodeId(1), 4, false);
        assert_eq!(all(&roles, Role::Leader), [NodeId(1)]);
        assert_eq!(all(&roles, Role::Followers), [NodeId(2), NodeId(3)]);
        roles.crashed(NodeId(1));
        assert_eq!(all(&roles, Role::Leader), [NodeId(2)]);
        // Somebody outside the group is not meant.
        roles.changed(role, NodeId(9), 9, true);
        assert_eq!(all(&roles, Role::Leader), [NodeId(2)]);
        roles.changed(role.part(7), NodeId(3), 8, true);
        assert_eq!(all(&roles, Role::Leader), [NodeId(3)]);
        assert_eq!(
            roles.members(&who(Role::Leader, Some(0)), &names),
            [NodeId(2)]
        );
    }
}
