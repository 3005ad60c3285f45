//! The dependency map: who needs whom, known before anything runs. What a fault can reach follows from
//! it, and a run shows whether that was right.
//!
//! A *unit* is a part of a world that people name: a workload, a service, a tenant, a loop, a host. Its needs are
//! nodes, links, named calls, knobs, channels and other units. Whoever needs something that a primitive
//! acts on is exposed, and so is whoever needs an exposed unit.

mod reach;
mod sign;

pub use sign::{About, Job, JobEvent, Sign};

use crate::plan::LinkTarget;
use crate::{ChannelId, KnobId, NodeId, ServiceId};
use std::collections::{BTreeMap, BTreeSet};

/// The position of a unit in its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(usize);

/// Kind of the units that every map has: one a node, called as the node is.
pub const HOST: &str = "host";

/// A part of the world, and what it needs.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// What it is: `workload`, `service`, `tenant`, `loop`, `sensor`, `actuator`, [`HOST`] or a word of the
    /// workload's own.
    pub kind: &'static str,
    /// Its name, unique among units of its kind.
    pub name: String,
    nodes: BTreeSet<NodeId>,
    links: BTreeSet<LinkTarget>,
    services: BTreeSet<ServiceId>,
    knobs: BTreeSet<KnobId>,
    channels: BTreeSet<ChannelId>,
    needs: BTreeSet<UnitId>,
    /// What it asks and can do without: its answers do not hang on that.
    asks: BTreeSet<UnitId>,
    signs: Vec<Sign>,
}

impl Unit {
    /// The links that its messages take, sorted.
    pub fn links(&self) -> impl Iterator<Item = LinkTarget> {
        self.links.iter().copied()
    }
}

/// Who tries again what has failed: load that grows as answers fail.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Retries {
    /// What people call it: `retry loop of the clients of shop on shop.front`.
    pub name: String,
    /// Name of the event of a retry, `<workload>.<event>`.
    pub again: String,
    /// Only with this first argument.
    pub a: Option<u64>,
    /// Name of the event or of the span that is one operation, with or without retries.
    pub of: String,
}

/// A unit that a fault can reach.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Exposure {
    /// Kind of the unit.
    pub kind: String,
    /// Its name.
    pub name: String,
    /// How many needs lie between it and what the fault acts on: 0 is hit itself.
    pub hops: u32,
    /// Why, as a fragment: `runs on web-0 (1 of 2 nodes)`, `needs shop.cart`.
    pub why: String,
}

/// Who needs whom in a world.
#[derive(Clone, Debug, Default)]
pub struct DependencyMap {
    nodes: Vec<String>,
    services: Vec<String>,
    knobs: Vec<String>,
    channels: Vec<String>,
    units: Vec<Unit>,
    retries: Vec<Retries>,
    index: BTreeMap<(&'static str, String), UnitId>,
}

impl DependencyMap {
    /// A map of a world with these nodes, services, knobs and channels, by number; every node is a unit.
    pub fn new(
        nodes: Vec<String>,
        services: Vec<String>,
        knobs: Vec<String>,
        channels: Vec<String>,
    ) -> Self {
        let mut map = Self {
            services,
            knobs,
            channels,
            ..Self::default()
        };
        for (index, node) in nodes.iter().enumerate() {
            let host = map.unit(HOST, node);
            map.runs_on(host, NodeId::from_index(index));
        }
        map.nodes = nodes;
        map
    }
    /// The unit of this kind and name, new if it is not there.
    pub fn unit(&mut self, kind: &'static str, name: &str) -> UnitId {
        let next = UnitId(self.units.len());
        let id = *self.index.entry((kind, name.to_owned())).or_insert(next);
        if id == next {
            self.units.push(Unit {
                kind,
                name: name.to_owned(),
                ..Unit::default()
            });
        }
        id
    }
    /// `unit` runs on `node`.
    pub fn runs_on(&mut self, unit: UnitId, node: NodeId) {
        self.units[unit.0].nodes.insert(node);
    }
    /// `unit` sends to `to` from `from` and waits for answers. A node needs no link to itself.
    pub fn talks(&mut self, unit: UnitId, from: NodeId, to: NodeId) {
        if from != to {
            let links = &mut self.units[unit.0].links;
            links.insert(LinkTarget { from, to });
            links.insert(LinkTarget { from: to, to: from });
        }
    }
    /// `unit` calls the named service.
    pub fn calls(&mut self, unit: UnitId, service: ServiceId) {
        self.units[unit.0].services.insert(service);
    }
    /// `unit` goes by the knob.
    pub fn reads(&mut self, unit: UnitId, knob: KnobId) {
        self.units[unit.0].knobs.insert(knob);
    }
    /// The values of the channel are those of `unit`: of a sensor what it says, of an actuator what it
    /// is told.
    pub fn speaks(&mut self, unit: UnitId, channel: ChannelId) {
        self.units[unit.0].channels.insert(channel);
    }
    /// `unit` needs `other`.
    pub fn needs(&mut self, unit: UnitId, other: UnitId) {
        if unit != other {
            self.units[unit.0].needs.insert(other);
        }
    }
    /// `unit` asks `other`, and can do without its answer.
    pub fn asks(&mut self, unit: UnitId, other: UnitId) {
        if unit != other {
            self.units[unit.0].asks.insert(other);
        }
    }
    /// What records show about `unit`.
    pub fn sign(&mut self, unit: UnitId, sign: Sign) {
        self.units[unit.0].signs.push(sign);
    }
    /// Somebody in it tries again.
    pub fn tries_again(&mut self, retries: Retries) {
        self.retries.push(retries);
    }
    /// Who tries again, in the order in which it was said.
    pub fn retries(&self) -> &[Retries] {
        &self.retries
    }
    /// All units with what records show about them, in the order in which they were added.
    pub fn units(&self) -> impl Iterator<Item = (&Unit, &[Sign])> {
        self.units.iter().map(|unit| (unit, unit.signs.as_slice()))
    }
    /// The name of the unit whose operations the spans of this name are.
    pub fn operates(&self, span: &str) -> Option<&str> {
        let is = |sign: &Sign| matches!(sign, Sign::Operation(name) if name == span);
        let unit = self.units.iter().find(|unit| unit.signs.iter().any(is));
        unit.map(|unit| unit.name.as_str())
    }
    /// The needs between units that have operations, by name: what spans can show.
    pub fn observable(&self) -> Vec<(&str, &str)> {
        let operates = |unit: &&Unit| unit.signs.iter().any(|s| matches!(s, Sign::Operation(_)));
        let mut needs = Vec::new();
        for unit in self.units.iter().filter(operates) {
            let needed = unit
                .needs
                .iter()
                .map(|id| &self.units[id.0])
                .filter(operates);
            needs.extend(needed.map(|needed| (unit.name.as_str(), needed.name.as_str())));
        }
        needs.sort_unstable();
        needs
    }
    /// The position of a unit that is no host.
    fn called(&self, name: &str) -> Option<usize> {
        let mut units = self.units.iter();
        units.position(|u| u.kind != HOST && u.name == name)
    }
    /// Whether `caller` needs or asks `callee`, units by name, directly.
    pub fn knows(&self, caller: &str, callee: &str) -> bool {
        match (self.called(caller), self.called(callee)) {
            (Some(caller), Some(callee)) => {
                caller == callee
                    || self.units[caller].needs.contains(&UnitId(callee))
                    || self.units[caller].asks.contains(&UnitId(callee))
            }
            _ => false,
        }
    }
    /// Whether `caller` asks `callee`, units by name, and can do without.
    pub fn can_do_without(&self, caller: &str, callee: &str) -> bool {
        let called = self.called(caller).zip(self.called(callee));
        called.is_some_and(|(caller, callee)| self.units[caller].asks.contains(&UnitId(callee)))
    }
    /// The unit that a subject such as `shop.latency` or `web-0.node_load1` is about: the one with the
    /// longest name that the subject begins with.
    pub fn owner(&self, subject: &str) -> Option<&Unit> {
        let owns = |unit: &&Unit| {
            let rest = subject.strip_prefix(unit.name.as_str());
            rest.is_some_and(|rest| rest.starts_with(['.', '/']))
        };
        self.units
            .iter()
            .filter(owns)
            .max_by_key(|unit| unit.name.len())
    }
}

#[cfg(test)]
mod tests;
