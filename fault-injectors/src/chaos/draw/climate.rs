//! What holds for all slots of a seed: who may be hit, which kinds are on, how large a partition is.

use super::super::recipe::{How, needs_role, recipe};
use super::super::{Chaos, LABEL};
use super::ON;
use crate::catalog::FaultKind;
use crate::draws::Draws;
use crate::topology::{GroupRole, Topology};
use squall_core::{NodeId, Sample, Seed};

/// What holds for all slots of a seed.
pub(super) struct Climate<'a> {
    pub(super) chaos: &'a Chaos,
    pub(super) topology: &'a Topology,
    pub(super) seed: Seed,
    pub(super) draws: Draws,
    /// Nodes that may be hit.
    pub(super) victims: Vec<NodeId>,
    /// Those of them that may be down.
    pub(super) down: Vec<NodeId>,
    /// Kinds that are on.
    pub(super) kinds: Vec<&'static FaultKind>,
    /// Shapes of a partition; empty unless the seed has partitions. Then no node is down, unless all may be.
    pub(super) splits: Vec<&'static str>,
    /// Whether the budget has no bound: all nodes may be hit, and down together.
    pub(super) boundless: bool,
    /// Roles of which somebody may be hit, in words.
    pub(super) roles: Vec<String>,
}

/// Whether a fault takes nodes out: down, stopped, or cut off.
pub(super) fn takes_out(kind: &FaultKind) -> bool {
    const OUT: [&str; 7] = [
        "crash",
        "power-loss",
        "oom-kill",
        "pause",
        "cut",
        "cut-existing",
        "hold",
    ];
    kind.lowers_to.iter().any(|name| OUT.contains(name))
}

/// Nodes on the smaller side of a partition of `n`.
const fn side(split: &str, n: usize) -> usize {
    match split.as_bytes() {
        b"isolate-one" => 1,
        b"minority-third" => n.saturating_sub(1) / 3,
        _ => n / 2,
    }
}

impl<'a> Climate<'a> {
    pub(super) fn new(chaos: &'a Chaos, seed: Seed, topology: &'a Topology) -> Self {
        let draws = Draws::new(seed, LABEL);
        let mut order = chaos.pool.clone();
        order.sort_by_cached_key(|id| (draws.rank("victim", &topology.node(*id).name), *id));
        let n = order.len();
        let room = n
            .saturating_sub(chaos.keep_healthy)
            .min(chaos.nodes_max)
            .max(1);
        let mut victims = order;
        victims.truncate(1 + draws.stream("victims").index(room));
        let boundless = chaos.keep_healthy == 0 && chaos.nodes_max.min(chaos.down_max) >= n;
        // Whoever has a role may be anybody; so one place among those who are down is theirs.
        let roles = match chaos.roles {
            true => roles(topology, &chaos.pool),
            false => Vec::new(),
        };
        let reserved = usize::from(!roles.is_empty() && !boundless);
        let down_max = chaos.down_max.saturating_sub(reserved);
        let down = victims.iter().copied().take(down_max).collect();
        let on = |kind: &FaultKind| draws.of(kind.name).stream("on").chance(ON);
        let partition = chaos
            .kinds
            .iter()
            .any(|kind| kind.name == "partition" && on(kind));
        let fits = |split: &&&str| {
            let side = side(split, n);
            boundless
                || side >= 1
                    && side <= chaos.down_max
                    && side + victims.len() + chaos.keep_healthy <= n
        };
        let shapes = ["isolate-one", "minority-third", "halves", "bridge"];
        let enough = |split: &&&str| n >= if **split == "bridge" { 3 } else { 2 };
        let splits: Vec<&'static str> = match partition {
            true => shapes.iter().filter(enough).filter(fits).copied().collect(),
            false => Vec::new(),
        };
        let mut climate = Self {
            chaos,
            topology,
            seed,
            draws: draws.clone(),
            victims,
            down,
            kinds: Vec::new(),
            splits,
            boundless,
            roles,
        };
        let possible: Vec<&'static FaultKind> = chaos
            .kinds
            .iter()
            .copied()
            .filter(|kind| climate.possible(kind))
            .collect();
        climate.kinds = possible.iter().copied().filter(|kind| on(kind)).collect();
        if climate.kinds.is_empty() {
            climate.kinds = possible;
        }
        climate
    }

    /// Whether a fault finds what it needs, and the budget has room for it in this seed.
    fn possible(&self, kind: &FaultKind) -> bool {
        let Ok(recipe) = recipe(kind) else {
            return false;
        };
        if kind.name == "partition" {
            return !self.splits.is_empty();
        }
        let partitioned = !self.splits.is_empty() && !self.boundless;
        let nobody = self.down.is_empty() && self.roles.is_empty();
        if takes_out(kind) && (nobody || partitioned) {
            return false;
        }
        if needs_role(kind) && self.roles.is_empty() {
            return false;
        }
        recipe.iter().all(|(_, how)| match how {
            How::Links => self.topology.nodes().len() > 1,
            How::Service => !self.topology.services().is_empty(),
            How::Workload => !loaded(self.topology).is_empty(),
            _ => true,
        })
    }
}

/// Roles that only nodes of the pool may have, as selectors.
pub(in super::super) fn roles(topology: &Topology, pool: &[NodeId]) -> Vec<String> {
    let inside = |role: &&GroupRole| role.nodes.iter().all(|node| pool.contains(node));
    let roles = topology.group_roles().iter().filter(inside);
    let word = |role: &GroupRole| match role.role.as_str() {
        "primary" => "primaries".to_owned(),
        role => role.to_owned(),
    };
    roles
        .map(|role| format!("any 1 of {} of {}", word(role), role.of))
        .collect()
}

/// Workloads that have a load.
pub(super) fn loaded(topology: &Topology) -> Vec<String> {
    let named = topology.workloads().iter().map(|(name, _)| name.clone());
    named
        .filter(|name| topology.knob(&format!("{name}.load")).is_some())
        .collect()
}
