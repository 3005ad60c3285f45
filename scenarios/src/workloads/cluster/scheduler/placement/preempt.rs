//! Preemption: whom to evict, so that a pod of a higher rank has a place.

use super::types::{Demand, Room, Shape, Slip};
use super::{Cluster, node};
use std::collections::BTreeMap;

/// What is left on a node as pods are thought away and back.
#[derive(Clone, Debug)]
pub(super) struct Left {
    cpu_milli: u32,
    memory_mib: u32,
    gpus: Vec<u16>,
}

impl Left {
    pub(super) fn give(&mut self, demand: &Demand, gpus: u32) {
        self.cpu_milli += demand.cpu_milli;
        self.memory_mib += demand.memory_mib;
        node::give_gpus(&mut self.gpus, demand.gpu, gpus);
    }
    fn take(&mut self, demand: &Demand, gpus: u32) {
        self.cpu_milli -= demand.cpu_milli;
        self.memory_mib -= demand.memory_mib;
        node::take_gpus(&mut self.gpus, demand.gpu, gpus);
    }
    pub(super) fn room(&self) -> Room {
        let (whole, part) = node::gpus_left(&self.gpus);
        Room {
            cpu_milli: self.cpu_milli,
            memory_mib: self.memory_mib,
            whole,
            part,
        }
    }
}

impl node::Node {
    pub(super) fn clone_room(&self) -> Left {
        Left {
            cpu_milli: self.cpu_milli,
            memory_mib: self.memory_mib,
            gpus: self.gpus.clone(),
        }
    }
    pub(super) fn take(&mut self, demand: &Demand, gpus: u32) {
        self.cpu_milli = self.cpu_milli.saturating_sub(demand.cpu_milli);
        self.memory_mib = self.memory_mib.saturating_sub(demand.memory_mib);
        node::take_gpus(&mut self.gpus, demand.gpu, gpus);
    }
    pub(super) fn give(&mut self, demand: &Demand, gpus: u32) {
        let machine = &self.machine;
        self.cpu_milli = (self.cpu_milli + demand.cpu_milli).min(machine.cpu_milli);
        self.memory_mib = (self.memory_mib + demand.memory_mib).min(machine.memory_mib);
        node::give_gpus(&mut self.gpus, demand.gpu, gpus);
    }
}

impl Cluster {
    /// The node on which a pod has a place once some of lower rank have gone, and those.
    pub(super) fn find_with_victims(&self, number: u32) -> Option<(u32, Vec<u32>)> {
        if self.rules.slip == Some(Slip::NoPreemption) {
            return None;
        }
        let shape = &self.shapes[number as usize];
        (0..shape.level).find_map(|level| self.find_above(number, level))
    }
    /// The same with victims up to a rank.
    fn find_above(&self, number: u32, level: u8) -> Option<(u32, Vec<u32>)> {
        let shape = &self.shapes[number as usize];
        let mut best: Option<(u32, Vec<u32>)> = None;
        for class in &self.admitted[number as usize] {
            let class = &self.classes[*class];
            if !self.allows_area(shape, class) {
                continue;
            }
            let earlier = |node: u32| best.as_ref().is_none_or(|(other, _)| node < *other);
            let mut found = None;
            class.without[usize::from(level)].first(&shape.demand, |slot| {
                let node = class.nodes[slot];
                if !earlier(node) {
                    return true;
                }
                let allowed = self.allows_node(shape, node);
                let victims = allowed.then(|| self.victims(shape, node, level)).flatten();
                found = victims.map(|victims| (node, victims));
                found.is_some()
            });
            best = found.or(best);
        }
        best
    }
    /// Who must go from a node, of ranks up to `level`; `None` if that is not enough.
    fn victims(&self, shape: &Shape, number: u32, level: u8) -> Option<Vec<u32>> {
        let node = &self.nodes[number as usize];
        let rank = |pod: u32| {
            let bound = self.pods[pod as usize].expect("a pod of a node has a place");
            (bound, &self.shapes[bound.shape as usize])
        };
        // Lowest ranks first, and of those the latest: who comes first keeps the budget longest.
        let mut candidates: Vec<u32> = node.pods.clone();
        candidates
            .retain(|pod| rank(*pod).1.level <= level && !Self::wants_near(shape, rank(*pod).1));
        candidates.sort_by_key(|pod| (rank(*pod).1.level, core::cmp::Reverse(*pod)));
        let mut left = node.clone_room();
        let mut spare: BTreeMap<u32, u32> = BTreeMap::new();
        let mut out = Vec::new();
        for pod in candidates {
            let (bound, of) = rank(pod);
            if let (true, Some(group)) = (bound.serves, of.group) {
                let more = spare.entry(group).or_insert_with(|| self.spare(group));
                if *more == 0 && self.rules.slip != Some(Slip::Budget) {
                    continue;
                }
                *more = more.saturating_sub(1);
            }
            left.give(&of.demand, bound.gpus);
            out.push(pod);
        }
        if !left.room().holds(&shape.demand) {
            return None;
        }
        // Who need not go stays; those who would go last are asked first.
        let mut victims = Vec::new();
        for pod in out.into_iter().rev() {
            let (bound, of) = rank(pod);
            left.take(&of.demand, bound.gpus);
            if !left.room().holds(&shape.demand) {
                left.give(&of.demand, bound.gpus);
                victims.push(pod);
            }
        }
        victims.sort_unstable();
        Some(victims)
    }
    fn wants_near(shape: &Shape, other: &Shape) -> bool {
        let near = |(group, _): &(u32, _)| other.group == Some(*group);
        shape.near.iter().any(near)
    }
}
