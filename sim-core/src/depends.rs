//! The dependency map: who needs whom, known before anything runs. What a fault can reach follows from
//! it, and a run shows whether that was right.
//!
//! A *unit* is a part of a world that people name: a workload, a service, a loop, a host. Its needs are
//! nodes, links, named calls, knobs and other units. Whoever needs something that a primitive acts on
//! is exposed, and so is whoever needs an exposed unit.

use crate::history::{Record, What};
use crate::plan::{LinkTarget, Primitive};
use crate::{KnobId, NodeId, ServiceId};
use std::collections::{BTreeMap, BTreeSet};

/// The position of a unit in its map.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct UnitId(usize);

/// Kind of the units that every map has: one a node, called as the node is.
pub const HOST: &str = "host";

/// A part of the world, and what it needs.
#[derive(Clone, Debug, Default)]
pub struct Unit {
    /// What it is: `workload`, `service`, `loop`, [`HOST`] or a word of the workload's own.
    pub kind: &'static str,
    /// Its name, unique among units of its kind.
    pub name: String,
    nodes: BTreeSet<NodeId>,
    links: BTreeSet<LinkTarget>,
    services: BTreeSet<ServiceId>,
    knobs: BTreeSet<KnobId>,
    needs: BTreeSet<UnitId>,
    signs: Vec<Sign>,
}

impl Unit {
    /// The links that its messages take, sorted.
    pub fn links(&self) -> impl Iterator<Item = LinkTarget> {
        self.links.iter().copied()
    }
}

/// What records show about how a unit fares.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sign {
    /// Spans of this name are its operations.
    Operation(String),
    /// An event of this name is trouble for it.
    Trouble {
        /// Name of the event, `<workload>.<event>`.
        event: String,
        /// Only on these nodes; empty is any.
        nodes: Vec<NodeId>,
        /// Only with this first argument.
        a: Option<u64>,
    },
}

impl Sign {
    /// Whether a record is trouble, given the name in it.
    pub fn is_trouble(&self, record: &Record, name: &str) -> bool {
        match (self, record.what) {
            (
                Self::Trouble { event, nodes, a },
                What::Event {
                    node, a: argument, ..
                },
            ) => {
                event == name
                    && (nodes.is_empty() || nodes.contains(&node))
                    && a.is_none_or(|a| a == argument)
            }
            _ => false,
        }
    }
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
    units: Vec<Unit>,
    index: BTreeMap<(&'static str, String), UnitId>,
}

impl DependencyMap {
    /// A map of a world with these nodes, services and knobs, by number; every node is a unit.
    pub fn new(nodes: Vec<String>, services: Vec<String>, knobs: Vec<String>) -> Self {
        let mut map = Self {
            services,
            knobs,
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
    /// `unit` needs `other`.
    pub fn needs(&mut self, unit: UnitId, other: UnitId) {
        if unit != other {
            self.units[unit.0].needs.insert(other);
        }
    }
    /// What records show about `unit`.
    pub fn sign(&mut self, unit: UnitId, sign: Sign) {
        self.units[unit.0].signs.push(sign);
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
    /// Whether `caller` needs `callee`, units by name, directly.
    pub fn knows(&self, caller: &str, callee: &str) -> bool {
        let called = |name: &str| {
            self.units
                .iter()
                .position(|u| u.kind != HOST && u.name == name)
        };
        match (called(caller), called(callee)) {
            (Some(caller), Some(callee)) => {
                caller == callee || self.units[caller].needs.contains(&UnitId(callee))
            }
            _ => false,
        }
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

    /// The units that primitives can reach, by kind and name, with the shortest way.
    pub fn exposed<'a>(&self, primitives: impl Iterator<Item = &'a Primitive>) -> Vec<Exposure> {
        let hits = Hits::of(primitives);
        let mut found: BTreeMap<UnitId, (u32, String)> = BTreeMap::new();
        let mut front: Vec<UnitId> = Vec::new();
        for (index, unit) in self.units.iter().enumerate() {
            if let Some(why) = self.direct(unit, &hits) {
                found.insert(UnitId(index), (0, why));
                front.push(UnitId(index));
            }
        }
        for (unit, why) in self.beside(&hits) {
            found.entry(unit).or_insert_with(|| {
                front.push(unit);
                (1, why)
            });
        }
        let mut hops = 0;
        while !front.is_empty() {
            hops += 1;
            let mut next = Vec::new();
            for (index, unit) in self.units.iter().enumerate() {
                let needed = front.iter().find(|hit| unit.needs.contains(hit));
                if let Some(needed) = needed.filter(|_| !found.contains_key(&UnitId(index))) {
                    let why = format!("needs {}", self.units[needed.0].name);
                    found.insert(UnitId(index), (hops, why));
                    next.push(UnitId(index));
                }
            }
            front = next;
        }
        let mut exposures: Vec<Exposure> = found
            .into_iter()
            .map(|(id, (hops, why))| Exposure {
                kind: self.units[id.0].kind.to_owned(),
                name: self.units[id.0].name.clone(),
                hops,
                why,
            })
            .collect();
        exposures.sort();
        exposures
    }

    /// Why `unit` is hit itself.
    fn direct(&self, unit: &Unit, hits: &Hits) -> Option<String> {
        let name = |names: &[String], index: usize| {
            names
                .get(index)
                .map_or_else(|| "?".to_owned(), Clone::clone)
        };
        let node = |id: &NodeId| name(&self.nodes, id.index());
        let on: Vec<&NodeId> = unit.nodes.intersection(&hits.nodes).collect();
        if let Some(first) = on.first() {
            let part = match unit.nodes.len() {
                1 => String::new(),
                all => format!(" ({} of {all} nodes)", on.len()),
            };
            let verb = if unit.kind == HOST { "is" } else { "runs on" };
            return Some(format!("{verb} {}{part}", node(first)));
        }
        let links: Vec<&LinkTarget> = unit.links.intersection(&hits.links).collect();
        if let Some(first) = links.first() {
            let more = match links.len() {
                1 => String::new(),
                all => format!(" and {} links more", all - 1),
            };
            let (from, to) = (node(&first.from), node(&first.to));
            return Some(format!("its messages take {from}->{to}{more}"));
        }
        let called = hits.calls.iter().find(|(service, client)| {
            unit.services.contains(service) && client.is_none_or(|c| unit.nodes.contains(&c))
        });
        if let Some((service, _)) = called {
            return Some(format!("calls {}", name(&self.services, service.index())));
        }
        let knob = unit.knobs.intersection(&hits.knobs).next()?;
        Some(format!("goes by {}", name(&self.knobs, knob.index())))
    }

    /// Units that share a node with one whose knob is turned: it may take more of the node than before.
    fn beside(&self, hits: &Hits) -> Vec<(UnitId, String)> {
        let mut beside = Vec::new();
        let turned = |unit: &&Unit| unit.knobs.intersection(&hits.knobs).next().is_some();
        for turned in self.units.iter().filter(turned) {
            for (index, unit) in self.units.iter().enumerate() {
                if let Some(node) = unit.nodes.intersection(&turned.nodes).next() {
                    let node = self.nodes.get(node.index()).map_or("?", String::as_str);
                    let why = match unit.kind {
                        HOST => format!("carries {}", turned.name),
                        _ => format!("shares {node} with {}", turned.name),
                    };
                    beside.push((UnitId(index), why));
                }
            }
        }
        beside
    }
}

/// What primitives act on.
#[derive(Debug, Default)]
struct Hits {
    nodes: BTreeSet<NodeId>,
    links: BTreeSet<LinkTarget>,
    calls: BTreeSet<(ServiceId, Option<NodeId>)>,
    knobs: BTreeSet<KnobId>,
}

impl Hits {
    fn of<'a>(primitives: impl Iterator<Item = &'a Primitive>) -> Self {
        let mut hits = Self::default();
        for primitive in primitives {
            match (primitive.link(), primitive) {
                (Some(link), _) => drop(hits.links.insert(link)),
                (
                    None,
                    Primitive::Call {
                        client, service, ..
                    },
                ) => {
                    hits.calls.insert((*service, *client));
                }
                (None, Primitive::Knob { knob, .. }) => drop(hits.knobs.insert(*knob)),
                (None, other) => hits.nodes.extend(other.node()),
            }
        }
        hits
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::plan::{CutMode, CutScope};

    /// A shop on two web nodes whose cart asks a database, and a robot beside the database.
    fn shop() -> DependencyMap {
        let names = |names: &[&str]| names.iter().map(|n| (*n).to_owned()).collect();
        let (web0, web1, db) = (NodeId(0), NodeId(1), NodeId(2));
        let nodes = names(&["web-0", "web-1", "db-0"]);
        let mut map = DependencyMap::new(nodes, names(&["shop.service"]), names(&["db.load"]));
        let shop = map.unit("workload", "shop");
        let [front, cart, data] =
            ["shop.front", "shop.cart", "shop.db"].map(|name| map.unit("service", name));
        for node in [web0, web1] {
            map.runs_on(front, node);
            map.talks(front, node, web1);
        }
        map.runs_on(cart, web1);
        map.runs_on(data, db);
        map.talks(cart, web1, db);
        map.needs(shop, front);
        map.needs(front, cart);
        map.needs(cart, data);
        map.calls(cart, ServiceId(0));
        map.reads(data, KnobId(0));
        let robot = map.unit("loop", "robot/0");
        map.runs_on(robot, db);
        map
    }

    fn reached(primitive: &Primitive) -> Vec<(String, u32, String)> {
        let exposed = shop().exposed([primitive].into_iter());
        exposed
            .into_iter()
            .map(|e| (e.name, e.hops, e.why))
            .collect()
    }

    fn row(name: &str, hops: u32, why: &str) -> (String, u32, String) {
        (name.to_owned(), hops, why.to_owned())
    }

    #[test]
    fn a_node_reaches_what_runs_on_it_and_what_needs_that() {
        assert_eq!(
            reached(&Primitive::Pause { node: NodeId(2) }),
            [
                row("db-0", 0, "is db-0"),
                row("robot/0", 0, "runs on db-0"),
                row("shop.cart", 1, "needs shop.db"),
                row("shop.db", 0, "runs on db-0"),
                row("shop.front", 2, "needs shop.cart"),
                row("shop", 3, "needs shop.front"),
            ]
        );
        let of_web = reached(&Primitive::Pause { node: NodeId(0) });
        let names: Vec<&str> = of_web.iter().map(|(name, ..)| name.as_str()).collect();
        assert_eq!(names, ["web-0", "shop.front", "shop"]);
        assert_eq!(of_web[1].2, "runs on web-0 (1 of 2 nodes)");
    }

    #[test]
    fn a_link_reaches_who_sends_over_it_or_waits_for_answers() {
        let cut = |from, to| Primitive::LinkCut {
            link: LinkTarget {
                from: NodeId(from),
                to: NodeId(to),
            },
            mode: CutMode::Drop,
            scope: CutScope::All,
        };
        let both = [reached(&cut(1, 2)), reached(&cut(2, 1))];
        for (found, way) in both.iter().zip(["web-1->db-0", "db-0->web-1"]) {
            assert_eq!(
                found[0],
                row("shop.cart", 0, &format!("its messages take {way}"))
            );
            assert_eq!(found.len(), 3, "{found:?}");
        }
        assert_eq!(reached(&cut(0, 2)), [], "nobody sends there");
    }

    #[test]
    fn calls_and_knobs_reach_who_goes_by_them_and_their_neighbours() {
        let call = |client| Primitive::Call {
            client,
            service: ServiceId(0),
            only: crate::plan::CallScope::ALL,
            rule: crate::plan::CallRule::Hang { share: 1.0 },
        };
        assert_eq!(
            reached(&call(None))[0],
            row("shop.cart", 0, "calls shop.service")
        );
        assert_eq!(reached(&call(Some(NodeId(1))))[0].0, "shop.cart");
        assert_eq!(
            reached(&call(Some(NodeId(2)))),
            [],
            "it does not call from there"
        );
        let turned = reached(&Primitive::Knob {
            knob: KnobId(0),
            node: None,
            change: crate::plan::KnobChange::Set,
            value: 2.0,
        });
        assert_eq!(turned[0], row("db-0", 1, "carries shop.db"));
        assert_eq!(turned[1], row("robot/0", 1, "shares db-0 with shop.db"));
        assert!(turned.contains(&row("shop.db", 0, "goes by db.load")));
    }

    #[test]
    fn a_subject_belongs_to_the_unit_with_the_longest_name() {
        let map = shop();
        let owner = |subject| map.owner(subject).map(|unit| unit.name.as_str());
        assert_eq!(owner("shop.latency"), Some("shop"));
        assert_eq!(owner("shop.cart.latency"), Some("shop.cart"));
        assert_eq!(owner("web-1.node_load1"), Some("web-1"));
        assert_eq!(owner("shopping.latency"), None);
        assert!(map.knows("shop.front", "shop.cart") && !map.knows("shop.cart", "shop.front"));
    }
}
