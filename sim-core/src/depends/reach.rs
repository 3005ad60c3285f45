//! What primitives can reach: the units that need what they act on, and the units that need those.

use super::{DependencyMap, Exposure, HOST, Unit, UnitId};
use crate::plan::{LinkTarget, Primitive};
use crate::{ChannelId, KnobId, NodeId, ServiceId};
use std::collections::{BTreeMap, BTreeSet};

impl DependencyMap {
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
        if let Some((knob, at)) = hits.turned(unit).next() {
            let at = at.map_or_else(String::new, |at| format!(" on {}", node(&at)));
            return Some(format!("goes by {}{at}", name(&self.knobs, knob.index())));
        }
        let mut hit = unit.channels.intersection(&hits.channels);
        hit.next().map(|channel| {
            let channel = name(&self.channels, channel.index());
            match channel == unit.name {
                true => "its own signal is disturbed".to_owned(),
                false => format!("its signal passes {channel}"),
            }
        })
    }

    /// Units that share a node with one whose knob is turned there: it may take more of the node than before.
    fn beside(&self, hits: &Hits) -> Vec<(UnitId, String)> {
        let mut beside = Vec::new();
        for turned in &self.units {
            let on = hits.turned_on(turned);
            if on.is_empty() {
                continue;
            }
            for (index, unit) in self.units.iter().enumerate() {
                if let Some(node) = unit.nodes.intersection(&on).next() {
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
    /// Knobs, and on which node alone they are turned.
    knobs: BTreeSet<(KnobId, Option<NodeId>)>,
    channels: BTreeSet<ChannelId>,
}

impl Hits {
    /// The knobs by which `unit` goes, and on which node alone they are turned.
    fn turned<'a>(&'a self, unit: &'a Unit) -> impl Iterator<Item = (KnobId, Option<NodeId>)> + 'a {
        let turned = self.knobs.iter().copied();
        turned.filter(|(knob, _)| unit.knobs.contains(knob))
    }
    /// The nodes on which `unit` may take more than before: where a knob of its is turned, or, if it does
    /// not run there and so gets what others send for it, all of its own.
    fn turned_on(&self, unit: &Unit) -> BTreeSet<NodeId> {
        let mut on = BTreeSet::new();
        for (_, node) in self.turned(unit) {
            match node.filter(|node| unit.nodes.contains(node)) {
                Some(node) => drop(on.insert(node)),
                None => on.extend(&unit.nodes),
            }
        }
        on
    }
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
                (None, Primitive::Knob { knob, node, .. }) => {
                    hits.knobs.insert((*knob, *node));
                }
                (None, Primitive::Signal { channel, .. }) => drop(hits.channels.insert(*channel)),
                (None, other) => hits.nodes.extend(other.node()),
            }
        }
        hits
    }
}
