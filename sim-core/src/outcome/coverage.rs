//! Coverage of a campaign: which kinds of fault had an effect on which part of the world, on a calm,
//! a disturbed or a recovering one, and which of them met. What was planned and never happened is named.

mod collect;

pub use collect::Collector;

use crate::plan::{LinkTarget, Primitive};
use crate::{ChannelId, KnobId, NodeId, Seed, ServiceId};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};

/// The parts of a world by number, as a person calls them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Roles {
    /// Names of the roles of nodes: groups and labels.
    pub names: Vec<String>,
    /// Of every node its roles, by position in `names`; the first is its group.
    pub nodes: Vec<Vec<u32>>,
    /// Names of the services, by number.
    pub services: Vec<String>,
    /// Names of the knobs, by number.
    pub knobs: Vec<String>,
    /// Names of the sensors and actuators, by number.
    pub channels: Vec<String>,
}

/// A part of the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Role {
    Nodes(u32),
    Links(u32, u32),
    Service(ServiceId),
    Knob(KnobId),
    Channel(ChannelId),
}

/// One thing that an entry acts on. Two entries share a target if they share one of these.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Target {
    Node(NodeId),
    Link(NodeId, NodeId),
    Service(ServiceId),
    Knob(KnobId),
    Channel(ChannelId),
}

impl Target {
    /// Its class and its numbers, which are no other target's.
    const fn numbers(self) -> (u8, u32, u32) {
        match self {
            Self::Node(node) => (0, node.0, 0),
            Self::Link(from, to) => (1, from.0, to.0),
            Self::Service(service) => (2, service.0, 0),
            Self::Knob(knob) => (3, knob.0, 0),
            Self::Channel(channel) => (4, channel.0, 0),
        }
    }
}

impl Roles {
    fn group(&self, node: NodeId) -> u32 {
        let roles = self.nodes.get(node.index());
        roles
            .and_then(|roles| roles.first())
            .copied()
            .unwrap_or(u32::MAX)
    }
    fn link(&self, link: LinkTarget) -> Role {
        Role::Links(self.group(link.from), self.group(link.to))
    }
    /// The roles of what a primitive acts on; the first is the narrowest class.
    fn for_each(&self, primitive: &Primitive, mut see: impl FnMut(Role)) {
        match (primitive.link(), primitive) {
            (Some(link), _) => see(self.link(link)),
            (None, Primitive::Call { service, .. }) => see(Role::Service(*service)),
            (None, Primitive::Knob { knob, .. }) => see(Role::Knob(*knob)),
            (None, Primitive::Signal { channel, .. }) => see(Role::Channel(*channel)),
            (None, other) => {
                let node = other.node().and_then(|node| self.nodes.get(node.index()));
                let roles = node.into_iter().flatten();
                roles.for_each(|role| see(Role::Nodes(*role)));
            }
        }
    }
    fn of_target(&self, target: Target) -> Role {
        match target {
            Target::Node(node) => Role::Nodes(self.group(node)),
            Target::Link(from, to) => self.link(LinkTarget { from, to }),
            Target::Service(service) => Role::Service(service),
            Target::Knob(knob) => Role::Knob(knob),
            Target::Channel(channel) => Role::Channel(channel),
        }
    }
    fn text(&self, role: Role) -> String {
        let name = |names: &[String], index: usize| {
            names
                .get(index)
                .map_or_else(|| "?".to_owned(), Clone::clone)
        };
        let group = |index: u32| name(&self.names, index as usize);
        match role {
            Role::Nodes(index) => format!("nodes {}", group(index)),
            Role::Links(from, to) => format!("links {} -> {}", group(from), group(to)),
            Role::Service(service) => format!("service {}", name(&self.services, service.index())),
            Role::Knob(knob) => format!("knob {}", name(&self.knobs, knob.index())),
            Role::Channel(channel) => {
                format!("channel {}", name(&self.channels, channel.index()))
            }
        }
    }
}

/// What an entry acts on: of a link also the nodes at its ends, which feel it.
fn for_each_target(primitive: &Primitive, mut see: impl FnMut(Target)) {
    match (primitive.link(), primitive) {
        (Some(LinkTarget { from, to }), _) => {
            see(Target::Link(from, to));
            see(Target::Node(from));
            see(Target::Node(to));
        }
        (None, Primitive::Call { service, .. }) => see(Target::Service(*service)),
        (None, Primitive::Knob { knob, .. }) => see(Target::Knob(*knob)),
        (None, Primitive::Signal { channel, .. }) => see(Target::Channel(*channel)),
        (None, other) => {
            if let Some(node) = other.node() {
                see(Target::Node(node));
            }
        }
    }
}

/// The state in which a fault met the world.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Phase {
    /// Warm-up: no other fault had been in force yet.
    Before,
    /// Main: another fault was in force.
    During,
    /// Heal: other faults had been in force, and none was.
    After,
}

impl Phase {
    /// All phases.
    pub const ALL: [Self; 3] = [Self::Before, Self::During, Self::After];
}

impl fmt::Display for Phase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Before => "before others",
            Self::During => "during others",
            Self::After => "after others",
        })
    }
}

/// What a campaign covered.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Coverage {
    /// Kinds of fault in any plan, by name.
    pub kinds: Vec<String>,
    /// Every kind on every part of the world that it was planned for.
    pub cells: Vec<Cell>,
    /// Every two kinds that were in force at one time on one target.
    pub pairs: Vec<Pair>,
    /// What was never exercised, as sentences, but for pairs.
    pub never: Vec<String>,
    /// The same of pairs of kinds that some part of the world could have shown together.
    #[serde(default)]
    pub never_together: Vec<String>,
}

/// A kind of fault on a part of the world.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cell {
    /// The kind.
    pub kind: String,
    /// The part of the world: `nodes gateway`, `links gateway -> model`.
    pub role: String,
    /// Seeds whose plan had it.
    pub planned: u64,
    /// Where it landed, in the order of [`Phase::ALL`], by its first effect.
    pub phases: Vec<PhaseCell>,
}

impl Cell {
    /// Whether it landed at all.
    pub fn landed(&self) -> bool {
        self.phases.iter().any(|phase| phase.seeds > 0)
    }
}

/// One phase of a [`Cell`].
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct PhaseCell {
    /// The phase.
    pub phase: Phase,
    /// Seeds in which it landed then.
    pub seeds: u64,
    /// The lowest of them.
    pub first: Option<Seed>,
}

/// Two kinds of fault on one target at one time.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pair {
    /// The kinds, by name.
    pub kinds: [String; 2],
    /// The part of the world.
    pub role: String,
    /// Seeds in which they were in force together.
    pub overlapped: u64,
    /// Seeds in which both had an effect there.
    pub landed: u64,
    /// The lowest of those.
    pub first: Option<Seed>,
}

/// Kinds that act on one part of the world and never met there, or never both had an effect. Kinds that
/// share no part (a call and a disk) cannot meet, and are no gap.
fn never_together(kinds: &[String], pairs: &[Pair], acts: &Acts<'_>) -> Vec<String> {
    let mut never = Vec::new();
    let nowhere = BTreeSet::new();
    let on = |kind: &String| acts.get(kind.as_str()).unwrap_or(&nowhere);
    for (position, one) in kinds.iter().enumerate() {
        for two in &kinds[position + 1..] {
            let of = |pair: &&Pair| pair.kinds[0] == *one && pair.kinds[1] == *two;
            let found: Vec<&Pair> = pairs.iter().filter(of).collect();
            if found.is_empty() && !on(one).is_disjoint(on(two)) {
                never.push(format!("{one} and {two} never met on a target"));
            } else if !found.is_empty() && found.iter().all(|pair| pair.landed == 0) {
                never.push(format!(
                    "{one} and {two} met, and never had an effect together"
                ));
            }
        }
    }
    never
}

/// The parts of the world that a kind acts on, by its name.
type Acts<'a> = BTreeMap<&'a str, BTreeSet<Role>>;

/// What the plans could have shown and no seed did.
fn never(kinds: &[String], cells: &[Cell], roles: &Roles) -> Vec<String> {
    let mut never = Vec::new();
    for kind in kinds {
        let of_kind = || cells.iter().filter(|cell| cell.kind == *kind);
        let landed: Vec<&Cell> = of_kind().filter(|cell| cell.landed()).collect();
        if landed.is_empty() {
            never.push(format!("{kind} had no effect anywhere"));
            continue;
        }
        for cell in of_kind().filter(|cell| !cell.landed()) {
            never.push(format!("{kind} had no effect on {}", cell.role));
        }
        // Without another fault there is no other phase.
        for (index, phase) in Phase::ALL.iter().enumerate().filter(|_| kinds.len() > 1) {
            if landed.iter().all(|cell| cell.phases[index].seeds == 0) {
                never.push(format!("{kind} landed in no seed {phase}"));
            }
        }
    }
    let groups: BTreeSet<u32> = roles
        .nodes
        .iter()
        .filter_map(|r| r.first().copied())
        .collect();
    let groups = groups.into_iter().map(Role::Nodes);
    let services = (0..roles.services.len()).map(|i| Role::Service(ServiceId::from_index(i)));
    for role in groups.chain(services).map(|role| roles.text(role)) {
        if !cells.iter().any(|cell| cell.role == role && cell.landed()) {
            never.push(format!("no fault had an effect on {role}"));
        }
    }
    never
}

#[cfg(test)]
mod tests;
