//! Placement of pods on nodes: filter, score, quotas, preemption, budgets, gangs. Pure: no clock, no draws.
//!
//! ```text
//! place(pod) -> quota -> classes that admit it -> first node in order with room -> placed
//!                                   none has room -> first node where evicting lower ranks makes room -> placed
//!                                                                                        none -> Refusal
//! ```
//!
//! * **Filter**: cores, memory, whole GPUs or a share of one, GPU models, taints, labels, affinity. Nodes that
//!   agree in all but their capacity are a *class*; a shape is compared with classes, not with nodes.
//! * **Score** ([`Policy`]): the fullest node that has room, the emptiest, or the one with the fewest cores a
//!   free GPU. Fullness is what is left of the scarce thing: GPUs for a pod with GPUs, cores for one without,
//!   which also prefers nodes without GPUs.
//!   Of equals the one with the lower number is taken. So the order of nodes does not depend on the pod, and
//!   an index (`order`) finds the first with room without a look at every node.
//! * **Preemption**: the victims are of a lower rank, the highest of them as low as possible, on the node with
//!   the lowest number; who need not go stays, higher ranks and lower numbers first. A pod whose budget has
//!   nothing left is no victim, nor is one that the new pod must be near to. Affinity is judged as it is before
//!   anybody goes, and quotas are too: what victims give back to a tenant does not count.
//! * **Gang**: all members or none; a gang that fails leaves everything as it was.
//!
//! Scenarios drive it from the controller in the module above; `W3` and others may use it by itself.

mod affinity;
mod find;
mod fragments;
mod node;
mod nodes;
mod order;
mod place;
mod preempt;
mod scan;
#[cfg(test)]
mod tests;
mod tree;
mod types;

pub use fragments::Fragments;
pub use scan::{Left, Placed, Scan, Site};

pub use types::{
    Demand, Domain, GPU_MILLI, GPUS_MAX, Gpu, Machine, Placement, Policy, Quota, Refusal, Room,
    Rules, Set, Shape, Slip,
};

use affinity::Groups;
use node::Node;
use order::Order;
use std::collections::BTreeMap;
use tree::Tree;

/// A pod that has a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// Its shape.
    pub shape: u32,
    /// Its node.
    pub node: u32,
    /// Its GPUs, a bit each.
    pub gpus: u32,
    /// Whether it serves, and counts for the budget of its group.
    pub serves: bool,
}

/// Nodes that agree in all but their capacity.
#[derive(Clone, Debug)]
struct Class {
    /// One of them, without capacity.
    machine: Machine,
    /// Its nodes by slot.
    nodes: Vec<u32>,
    /// Those that take pods, for pods without GPUs.
    by_cpu: Order,
    /// The same for pods with GPUs, if the class has any.
    by_gpu: Order,
    /// By rank, what would be left without pods of this rank and lower ones.
    without: Vec<Tree>,
}

/// What a tenant has.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Usage {
    cpu_milli: u64,
    memory_mib: u64,
    gpu_milli: u64,
}

/// Nodes, and the pods on them.
#[derive(Clone, Debug)]
pub struct Cluster {
    rules: Rules,
    nodes: Vec<Node>,
    classes: Vec<Class>,
    shapes: Vec<Shape>,
    numbers: BTreeMap<Shape, u32>,
    /// By shape, the classes that admit it.
    admitted: Vec<Vec<usize>>,
    pods: Vec<Option<Bound>>,
    tenants: Vec<Usage>,
    groups: Groups,
    /// Whether any shape keeps others away: otherwise nobody asks for groups.
    choosy: bool,
}

impl Cluster {
    /// A cluster without nodes.
    pub fn new(rules: Rules) -> Self {
        Self {
            rules,
            nodes: Vec::new(),
            classes: Vec::new(),
            shapes: Vec::new(),
            numbers: BTreeMap::new(),
            admitted: Vec::new(),
            pods: Vec::new(),
            tenants: Vec::new(),
            groups: Groups::default(),
            choosy: false,
        }
    }
    /// The number of a shape.
    ///
    /// # Panics
    /// If its level is not below [`Rules::levels`], or it asks for no sensible part of a GPU.
    pub fn shape(&mut self, shape: &Shape) -> u32 {
        assert!(
            shape.level < self.rules.levels.max(1),
            "levels of shapes are below those of the rules"
        );
        if let Gpu::Share(milli) = shape.demand.gpu {
            assert!(
                (1..GPU_MILLI).contains(&milli),
                "a share of a GPU is 1 to 999 thousandths"
            );
        }
        if let Some(number) = self.numbers.get(shape) {
            return *number;
        }
        let number = index(self.shapes.len());
        self.numbers.insert(shape.clone(), number);
        self.choosy |= !shape.apart.is_empty() || !shape.near.is_empty();
        let admit = (0..self.classes.len()).filter(|class| self.admits(shape, *class));
        self.admitted.push(admit.collect());
        self.shapes.push(shape.clone());
        number
    }
    /// The shape of this number.
    pub fn shape_of(&self, number: u32) -> &Shape {
        &self.shapes[number as usize]
    }
    fn admits(&self, shape: &Shape, class: usize) -> bool {
        let machine = &self.classes[class].machine;
        match self.rules.slip {
            Some(Slip::Taints) => Machine {
                taints: Set::NONE,
                ..*machine
            }
            .admits(shape),
            _ => machine.admits(shape),
        }
    }
    /// Where a pod is.
    pub fn pod(&self, pod: u32) -> Option<&Bound> {
        self.pods.get(pod as usize)?.as_ref()
    }
    /// Says that a pod serves, or does not any more: it counts for its group's budget.
    pub fn serves(&mut self, pod: u32, serves: bool) {
        if let Some(Some(bound)) = self.pods.get_mut(pod as usize)
            && bound.serves != serves
        {
            bound.serves = serves;
            self.groups
                .served(&self.shapes[bound.shape as usize], serves);
        }
    }
    /// How many pods of a group may be evicted now.
    pub fn spare(&self, group: u32) -> u32 {
        match self.rules.budgets.get(group as usize) {
            None => u32::MAX,
            Some(least) => self.groups.serving(group).saturating_sub(*least),
        }
    }
    /// Whether a pod may be evicted without breaking the budget of its group. One that does not serve may.
    pub fn may_evict(&self, pod: u32) -> bool {
        self.pod(pod).is_none_or(|bound| {
            let group = self.shapes[bound.shape as usize].group;
            !bound.serves || group.is_none_or(|group| self.spare(group) > 0)
        })
    }

    /// Puts a pod that has no place on a node where it was before, whatever the index says: to rebuild what
    /// is known of a cluster.
    pub fn adopt(&mut self, pod: u32, bound: Bound) {
        self.put(pod, bound);
    }
    fn put(&mut self, pod: u32, bound: Bound) {
        let at = pod as usize;
        if self.pods.len() <= at {
            self.pods.resize(at + 1, None);
        }
        self.pods[at] = Some(bound);
        let shape = &self.shapes[bound.shape as usize];
        let demand = shape.demand;
        let machine = self.nodes[bound.node as usize].machine;
        self.groups.moved(shape, (bound.node, &machine), true);
        if bound.serves {
            self.groups.served(shape, true);
        }
        if let Some(usage) = usage_of(&mut self.tenants, shape.tenant) {
            usage.change(&demand, true);
        }
        self.alter(bound.node, |node| {
            node.take(&demand, bound.gpus);
            let place = node.pods.partition_point(|other| *other < pod);
            node.pods.insert(place, pod);
        });
    }
    /// Takes a pod from its place: it has ended, or is evicted. Gives the place, if it had one.
    pub fn remove(&mut self, pod: u32) -> Option<Bound> {
        let bound = self.pods.get_mut(pod as usize)?.take()?;
        let shape = &self.shapes[bound.shape as usize];
        let demand = shape.demand;
        let machine = self.nodes[bound.node as usize].machine;
        self.groups.moved(shape, (bound.node, &machine), false);
        if bound.serves {
            self.groups.served(shape, false);
        }
        if let Some(usage) = usage_of(&mut self.tenants, shape.tenant) {
            usage.change(&demand, false);
        }
        self.alter(bound.node, |node| {
            node.give(&demand, bound.gpus);
            node.pods.retain(|other| *other != pod);
        });
        Some(bound)
    }
}

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 nodes, shapes and pods")
}

fn usage_of(tenants: &mut Vec<Usage>, tenant: Option<u32>) -> Option<&mut Usage> {
    let at = tenant? as usize;
    if tenants.len() <= at {
        tenants.resize(at + 1, Usage::default());
    }
    tenants.get_mut(at)
}

impl Usage {
    fn change(&mut self, demand: &Demand, comes: bool) {
        let gpu_milli = u64::from(demand.gpu.milli());
        let (cpu, memory) = (u64::from(demand.cpu_milli), u64::from(demand.memory_mib));
        if comes {
            self.cpu_milli += cpu;
            self.memory_mib += memory;
            self.gpu_milli += gpu_milli;
        } else {
            self.cpu_milli -= cpu;
            self.memory_mib -= memory;
            self.gpu_milli -= gpu_milli;
        }
    }
}
