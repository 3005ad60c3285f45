//! The search for a node with room: class by class, in the order of preference.

use super::order::Rank;
use super::types::{Gpu, Machine, Refusal, Room, Shape, Slip};
use super::{Class, Cluster};

/// Pods without GPUs come to nodes without GPUs first.
type Preference = (bool, Rank);

impl Cluster {
    /// The node that a pod of this shape gets without evicting anybody.
    pub(super) fn find(&self, number: u32) -> Result<u32, Refusal> {
        let shape = &self.shapes[number as usize];
        let classes = &self.admitted[number as usize];
        let mut rejected = false;
        let found = match (shape.home, self.bound_to(shape)) {
            (Some(home), _) => self.find_among(
                shape,
                Some(home).filter(|home| *home < self.nodes()).into_iter(),
            ),
            (None, Some(nodes)) => self.find_among(shape, nodes),
            (None, None) => self.find_in_classes(shape, classes, &mut rejected),
        };
        found
            .map(|(_, rank)| rank.2)
            .ok_or_else(|| self.refusal(shape, classes, rejected))
    }
    /// The nodes to which affinity binds a shape, if it does.
    fn bound_to(&self, shape: &Shape) -> Option<impl Iterator<Item = u32>> {
        let heeds = self.rules.slip != Some(Slip::Affinity);
        let holders = heeds.then(|| self.groups.bound_to(shape)).flatten();
        holders.map(|nodes| nodes.keys().copied())
    }
    /// The best of a few nodes.
    fn find_among(&self, shape: &Shape, nodes: impl Iterator<Item = u32>) -> Option<Preference> {
        let preference = |number: u32| {
            let node = &self.nodes[number as usize];
            let (by_cpu, by_gpu) = super::nodes::ranks(self.rules.policy, number, node);
            let fits = node.up
                && node.open
                && node.room().holds(&shape.demand)
                && self.may_be(shape, &node.machine)
                && self.allows_area_of(shape, &node.machine)
                && self.allows_node(shape, number);
            let preference = match shape.demand.gpu {
                Gpu::None => (node.machine.gpus > 0, by_cpu),
                _ => (false, by_gpu),
            };
            fits.then_some(preference)
        };
        nodes.filter_map(preference).min()
    }
    /// Whether models, taints and labels let a shape be on a machine.
    pub(super) fn may_be(&self, shape: &Shape, machine: &Machine) -> bool {
        match self.rules.slip {
            Some(Slip::Taints) => Machine {
                taints: super::Set::NONE,
                ..*machine
            }
            .admits(shape),
            _ => machine.admits(shape),
        }
    }
    fn find_in_classes(
        &self,
        shape: &Shape,
        classes: &[usize],
        rejected: &mut bool,
    ) -> Option<Preference> {
        let mut best: Option<Preference> = None;
        for class in classes {
            let class = &self.classes[*class];
            let with_gpus = shape.demand.gpu == Gpu::None && class.machine.gpus > 0;
            let before = match best {
                Some((other, _)) if with_gpus && !other => continue,
                Some((other, rank)) if other == with_gpus => Some(rank),
                _ => None,
            };
            if !self.allows_area(shape, class) {
                *rejected = true;
                continue;
            }
            let order = match shape.demand.gpu {
                Gpu::None => &class.by_cpu,
                _ => &class.by_gpu,
            };
            let found = order.first(&shape.demand, before, |node| {
                let allowed = self.allows_node(shape, node);
                *rejected |= !allowed;
                allowed
            });
            if let Some(rank) = found {
                best = Some((with_gpus, rank));
            }
        }
        best
    }
    pub(super) fn allows_area(&self, shape: &Shape, class: &Class) -> bool {
        self.allows_area_of(shape, &class.machine)
    }
    fn allows_area_of(&self, shape: &Shape, machine: &Machine) -> bool {
        !self.choosy
            || self.rules.slip == Some(Slip::Affinity)
            || self.groups.allows_area(shape, machine)
    }
    pub(super) fn allows_node(&self, shape: &Shape, node: u32) -> bool {
        if !shape.may_live_on(node) {
            return false;
        }
        !self.choosy || self.rules.slip == Some(Slip::Affinity) || {
            let machine = &self.nodes[node as usize].machine;
            self.groups.allows_node(shape, node, machine)
        }
    }
    /// Why nothing was found, from what the index has.
    fn refusal(&self, shape: &Shape, classes: &[usize], rejected: bool) -> Refusal {
        let most = |classes: &mut dyn Iterator<Item = &usize>| {
            let rooms = classes.map(|class| self.classes[*class].by_cpu.most());
            rooms.fold(Room::default(), Room::max)
        };
        let all = most(&mut classes.iter());
        let away = shape
            .home
            .is_some_and(|home| home >= self.nodes() || !self.takes(home));
        if away || all == Room::default() && !classes.iter().any(|class| self.has_nodes(*class)) {
            return Refusal::Constraint;
        }
        let demand = &shape.demand;
        let gpu = match demand.gpu {
            Gpu::None => true,
            Gpu::Share(milli) => all.part >= milli,
            Gpu::Whole(count) => all.whole >= count,
        };
        match () {
            () if !gpu => Refusal::Gpu,
            () if all.cpu_milli < demand.cpu_milli => Refusal::Cpu,
            () if all.memory_mib < demand.memory_mib => Refusal::Memory,
            () if rejected || !shape.near.is_empty() => Refusal::Affinity,
            () => Refusal::Scattered,
        }
    }
    fn has_nodes(&self, class: usize) -> bool {
        let mut nodes = self.classes[class].nodes.iter();
        nodes.any(|node| self.takes(*node))
    }
}
