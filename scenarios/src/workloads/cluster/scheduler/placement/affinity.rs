//! Groups of pods: where they are, whom they keep away, and how many of each are in service.

use super::types::{Domain, Machine, Shape};
use std::collections::BTreeMap;

/// Counts of pods by domain, the number of the domain, and group.
type Counts = BTreeMap<(Domain, u32, u32), u32>;

/// What is known about groups.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Groups {
    /// Pods of a group in a domain.
    placed: Counts,
    /// Pods in a domain that do not want a group there.
    repels: Counts,
    /// By group, its pods on each node that has any.
    pub(super) holders: Vec<BTreeMap<u32, u32>>,
    /// By group, its pods that serve.
    pub(super) serving: Vec<u32>,
}

const AREAS: [Domain; 3] = [Domain::Node, Domain::Rack, Domain::Zone];

fn count(counts: &mut Counts, key: (Domain, u32, u32), comes: bool) {
    let entry = counts.entry(key).or_insert(0);
    *entry = if comes { *entry + 1 } else { *entry - 1 };
    if *entry == 0 {
        counts.remove(&key);
    }
}

/// The number of a group in a list that grows.
fn grown<T: Default + Clone>(list: &mut Vec<T>, group: u32) -> &mut T {
    let at = group as usize;
    if list.len() <= at {
        list.resize(at + 1, T::default());
    }
    &mut list[at]
}

impl Groups {
    /// A pod comes to a node, or goes.
    pub(super) fn moved(&mut self, shape: &Shape, (node, machine): (u32, &Machine), comes: bool) {
        for (group, domain) in &shape.apart {
            let key = (*domain, domain.of(node, machine), *group);
            count(&mut self.repels, key, comes);
        }
        let Some(group) = shape.group else {
            return;
        };
        for domain in AREAS {
            let key = (domain, domain.of(node, machine), group);
            count(&mut self.placed, key, comes);
        }
        let holders = grown(&mut self.holders, group);
        let here = holders.entry(node).or_insert(0);
        *here = if comes { *here + 1 } else { *here - 1 };
        if *here == 0 {
            holders.remove(&node);
        }
    }
    /// A pod begins to serve, or ends.
    pub(super) fn served(&mut self, shape: &Shape, begins: bool) {
        if let Some(group) = shape.group {
            let serving = grown(&mut self.serving, group);
            *serving = if begins { *serving + 1 } else { *serving - 1 };
        }
    }
    /// How many pods of a group serve.
    pub(super) fn serving(&self, group: u32) -> u32 {
        self.serving.get(group as usize).copied().unwrap_or(0)
    }
    fn has(&self, group: u32) -> bool {
        let holders = self.holders.get(group as usize);
        holders.is_some_and(|holders| !holders.is_empty())
    }
    /// The group whose nodes alone come into question, if there is one.
    pub(super) fn bound_to(&self, shape: &Shape) -> Option<&BTreeMap<u32, u32>> {
        let nodes = shape.near.iter().filter(|(group, domain)| {
            *domain == Domain::Node && (shape.group != Some(*group) || self.has(*group))
        });
        static NOWHERE: BTreeMap<u32, u32> = BTreeMap::new();
        let mut holders =
            nodes.map(|(group, _)| self.holders.get(*group as usize).unwrap_or(&NOWHERE));
        holders.next()
    }
    /// Whether a pod may come, as far as these domains are concerned.
    fn allows(
        &self,
        shape: &Shape,
        (node, machine): (u32, &Machine),
        wanted: impl Fn(Domain) -> bool,
    ) -> bool {
        let here = |counts: &Counts, domain: Domain, group: u32| {
            counts.contains_key(&(domain, domain.of(node, machine), group))
        };
        let apart = |(group, domain): &(u32, Domain)| {
            !wanted(*domain) || !here(&self.placed, *domain, *group)
        };
        let near = |(group, domain): &(u32, Domain)| {
            !wanted(*domain)
                || here(&self.placed, *domain, *group)
                || shape.group == Some(*group) && !self.has(*group)
        };
        let welcome = |group: u32| {
            let repelled = |domain: &Domain| wanted(*domain) && here(&self.repels, *domain, group);
            !AREAS.iter().any(repelled)
        };
        shape.apart.iter().all(apart)
            && shape.near.iter().all(near)
            && shape.group.is_none_or(welcome)
    }
    /// Whether a pod may come to the rack and zone of a machine.
    pub(super) fn allows_area(&self, shape: &Shape, machine: &Machine) -> bool {
        self.allows(shape, (0, machine), |domain| domain != Domain::Node)
    }
    /// Whether a pod may come to a node.
    pub(super) fn allows_node(&self, shape: &Shape, node: u32, machine: &Machine) -> bool {
        self.allows(shape, (node, machine), |domain| domain == Domain::Node)
    }
}
