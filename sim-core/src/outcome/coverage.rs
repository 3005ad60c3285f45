//! Coverage of a campaign: which kinds of fault had an effect on which part of the world, on a calm,
//! a disturbed or a recovering one, and which of them met. What was planned and never happened is named.

use super::Landing;
use crate::plan::{Entry, LinkTarget, Plan, Primitive};
use crate::{ChannelId, KnobId, NodeId, Seed, ServiceId, VirtualTime};
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
    fn of(&self, primitive: &Primitive) -> Vec<Role> {
        match (primitive.link(), primitive) {
            (Some(link), _) => vec![self.link(link)],
            (None, Primitive::Call { service, .. }) => vec![Role::Service(*service)],
            (None, Primitive::Knob { knob, .. }) => vec![Role::Knob(*knob)],
            (None, Primitive::Signal { channel, .. }) => vec![Role::Channel(*channel)],
            (None, other) => {
                let node = other.node().and_then(|node| self.nodes.get(node.index()));
                let roles = node.into_iter().flatten();
                roles.map(|role| Role::Nodes(*role)).collect()
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
fn targets(primitive: &Primitive) -> Vec<Target> {
    match (primitive.link(), primitive) {
        (Some(LinkTarget { from, to }), _) => {
            vec![Target::Link(from, to), Target::Node(from), Target::Node(to)]
        }
        (None, Primitive::Call { service, .. }) => vec![Target::Service(*service)],
        (None, Primitive::Knob { knob, .. }) => vec![Target::Knob(*knob)],
        (None, Primitive::Signal { channel, .. }) => vec![Target::Channel(*channel)],
        (None, other) => other.node().map(Target::Node).into_iter().collect(),
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

/// The phase of an instant as the fault `own` sees it.
fn phase(plan: &Plan, own: u32, at: VirtualTime) -> Phase {
    let mut phase = Phase::Before;
    let others = plan.entries().iter().filter(|entry| entry.fault != own);
    for other in others.filter(|entry| came(entry) && entry.from <= at) {
        if other.until.is_none_or(|until| until > at) {
            return Phase::During;
        }
        phase = Phase::After;
    }
    phase
}

/// Whether an entry came into force at all: what it waited for may not have happened.
fn came(entry: &Entry) -> bool {
    entry.firing.is_none() && !entry.is_void()
}

fn overlap(a: &Entry, b: &Entry) -> bool {
    let before = |until: Option<VirtualTime>, from| until.is_none_or(|until| from < until);
    before(a.until, b.from) && before(b.until, a.from)
}

/// In how many seeds something happened, and the lowest of them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Count {
    seeds: u64,
    first: Option<Seed>,
}

impl Count {
    fn add(&mut self, seed: Seed) {
        self.seeds += 1;
        self.first = Some(self.first.map_or(seed, |first| first.min(seed)));
    }
}

/// Collects what happened, seed by seed. The order of the seeds does not matter.
#[derive(Clone, Debug, Default)]
pub struct Collector {
    kinds: BTreeMap<String, u32>,
    planned: BTreeMap<(u32, Role), Count>,
    landed: BTreeMap<(u32, Role, Phase), Count>,
    met: BTreeMap<(u32, u32, Role), Count>,
    landed_both: BTreeMap<(u32, u32, Role), Count>,
}

impl Collector {
    fn kind(&mut self, kind: &str) -> u32 {
        if let Some(number) = self.kinds.get(kind) {
            return *number;
        }
        let number = u32::try_from(self.kinds.len()).unwrap_or(u32::MAX);
        self.kinds.insert(kind.to_owned(), number);
        number
    }

    /// Adds a seed: its plan, with the times of what fired, and what came of each entry.
    pub fn add(&mut self, seed: Seed, plan: &Plan, landings: &[Landing], roles: &Roles) {
        let kinds: Vec<u32> = plan
            .faults
            .iter()
            .map(|fault| self.kind(&fault.kind))
            .collect();
        let (mut planned, mut landed) = (BTreeSet::new(), BTreeSet::new());
        let mut by_target: BTreeMap<Target, Vec<usize>> = BTreeMap::new();
        let entries = plan.entries().iter().zip(landings).enumerate();
        for (index, (entry, landing)) in entries.filter(|(_, (entry, _))| came(entry)) {
            let kind = kinds[entry.fault as usize];
            for role in roles.of(&entry.primitive) {
                planned.insert((kind, role));
                if let Some(first) = landing.first {
                    landed.insert((kind, role, phase(plan, entry.fault, first)));
                }
            }
            for target in targets(&entry.primitive) {
                by_target.entry(target).or_default().push(index);
            }
        }
        let (mut met, mut both) = (BTreeSet::new(), BTreeSet::new());
        let entries = plan.entries();
        for (target, on) in by_target {
            let role = roles.of_target(target);
            for (position, a) in on.iter().enumerate() {
                for b in &on[position + 1..] {
                    let (one, two) = (&entries[*a], &entries[*b]);
                    if one.fault == two.fault || !overlap(one, two) {
                        continue;
                    }
                    let kinds = [one, two].map(|entry| kinds[entry.fault as usize]);
                    let pair = (kinds[0].min(kinds[1]), kinds[0].max(kinds[1]), role);
                    met.insert(pair);
                    if landings[*a].count > 0 && landings[*b].count > 0 {
                        both.insert(pair);
                    }
                }
            }
        }
        planned
            .into_iter()
            .for_each(|key| self.planned.entry(key).or_default().add(seed));
        landed
            .into_iter()
            .for_each(|key| self.landed.entry(key).or_default().add(seed));
        met.into_iter()
            .for_each(|key| self.met.entry(key).or_default().add(seed));
        both.into_iter()
            .for_each(|key| self.landed_both.entry(key).or_default().add(seed));
    }

    /// What was collected, with names and in their order.
    pub fn finish(&self, roles: &Roles) -> Coverage {
        let names: BTreeMap<u32, &str> = self
            .kinds
            .iter()
            .map(|(name, number)| (*number, name.as_str()))
            .collect();
        let kind = |number: &u32| names.get(number).map_or("?", |name| *name).to_owned();
        let mut cells: Vec<Cell> = Vec::new();
        for ((number, role), planned) in &self.planned {
            let landed = |phase: &Phase| {
                let count = self.landed.get(&(*number, *role, *phase)).copied();
                let count = count.unwrap_or_default();
                PhaseCell {
                    phase: *phase,
                    seeds: count.seeds,
                    first: count.first,
                }
            };
            cells.push(Cell {
                kind: kind(number),
                role: roles.text(*role),
                planned: planned.seeds,
                phases: Phase::ALL.iter().map(landed).collect(),
            });
        }
        cells.sort_by(|a, b| (&a.kind, &a.role).cmp(&(&b.kind, &b.role)));
        let mut pairs: Vec<Pair> = Vec::new();
        for (key, met) in &self.met {
            let both = self.landed_both.get(key).copied().unwrap_or_default();
            let mut kinds = [kind(&key.0), kind(&key.1)];
            kinds.sort();
            pairs.push(Pair {
                kinds,
                role: roles.text(key.2),
                overlapped: met.seeds,
                landed: both.seeds,
                first: both.first,
            });
        }
        pairs.sort_by(|a, b| (&a.kinds, &a.role).cmp(&(&b.kinds, &b.role)));
        let kinds: Vec<String> = self.kinds.keys().cloned().collect();
        let never = never(&kinds, &cells, &pairs, roles);
        Coverage {
            kinds,
            cells,
            pairs,
            never,
        }
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
    /// What was never exercised, as sentences.
    pub never: Vec<String>,
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

/// What the plans could have shown and no seed did.
fn never(kinds: &[String], cells: &[Cell], pairs: &[Pair], roles: &Roles) -> Vec<String> {
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
    for (position, one) in kinds.iter().enumerate() {
        for two in &kinds[position + 1..] {
            let of = |pair: &&Pair| pair.kinds[0] == *one && pair.kinds[1] == *two;
            let found: Vec<&Pair> = pairs.iter().filter(of).collect();
            if found.is_empty() {
                never.push(format!("{one} and {two} never met on a target"));
            } else if found.iter().all(|pair| pair.landed == 0) {
                never.push(format!(
                    "{one} and {two} met, and never had an effect together"
                ));
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
