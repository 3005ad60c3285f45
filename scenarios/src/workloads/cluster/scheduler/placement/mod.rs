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
mod order;
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
use order::{Order, Rank};
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

/// What a change is undone by.
#[derive(Clone, Debug)]
enum Undo {
    Placed(u32),
    Evicted(u32, Bound),
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
    /// Adds a node, up and open. Nodes are numbered from 0.
    ///
    /// # Panics
    /// If it has more than [`GPUS_MAX`] GPUs.
    pub fn add(&mut self, machine: Machine) -> u32 {
        assert!(machine.gpus <= GPUS_MAX, "a machine has at most 32 GPUs");
        let number = index(self.nodes.len());
        let class = self.class(&machine);
        let slot = self.classes[class].nodes.len();
        self.classes[class].nodes.push(number);
        let mut node = Node::new(machine, class, slot);
        node.open = false;
        self.nodes.push(node);
        self.alter(number, |node| node.open = true);
        number
    }
    fn class(&mut self, machine: &Machine) -> usize {
        let bare = Machine {
            cpu_milli: 0,
            memory_mib: 0,
            // Whether it has any matters: pods without GPUs prefer nodes without.
            gpus: u16::from(machine.gpus > 0),
            ..*machine
        };
        let known = self.classes.iter().position(|class| class.machine == bare);
        known.unwrap_or_else(|| {
            let class = self.classes.len();
            self.classes.push(Class {
                machine: bare,
                nodes: Vec::new(),
                by_cpu: Order::default(),
                by_gpu: Order::default(),
                without: vec![Tree::default(); usize::from(self.rules.levels.max(1)) - 1],
            });
            for (number, shape) in self.shapes.iter().enumerate() {
                if self.admits(shape, class) {
                    self.admitted[number].push(class);
                }
            }
            class
        })
    }
    /// Changes a node, and keeps the index true.
    fn alter(&mut self, number: u32, change: impl FnOnce(&mut Node)) {
        let node = &mut self.nodes[number as usize];
        let ranks = |node: &Node| ranks(self.rules.policy, number, node);
        let class = &mut self.classes[node.class];
        let gpus = node.machine.gpus > 0;
        if node.up && node.open {
            let (by_cpu, by_gpu) = ranks(node);
            class.by_cpu.remove(by_cpu);
            if gpus {
                class.by_gpu.remove(by_gpu);
            }
        }
        change(node);
        let takes = node.up && node.open;
        if takes {
            let ((by_cpu, by_gpu), room) = (ranks(node), node.room());
            class.by_cpu.insert(by_cpu, room);
            if gpus {
                class.by_gpu.insert(by_gpu, room);
            }
        }
        self.measure(number, takes);
    }
    /// Says what would be left without pods of each rank and lower ones.
    fn measure(&mut self, number: u32, takes: bool) {
        let node = &self.nodes[number as usize];
        let class = &mut self.classes[node.class];
        let mut left = node.clone_room();
        for (level, tree) in class.without.iter_mut().enumerate() {
            for pod in &node.pods {
                let bound = self.pods[*pod as usize].expect("a pod of a node has a place");
                let shape = &self.shapes[bound.shape as usize];
                if usize::from(shape.level) == level {
                    left.give(&shape.demand, bound.gpus);
                }
            }
            let room = if takes { left.room() } else { Room::default() };
            tree.set(node.slot, room);
        }
    }
    /// Whether a node is there and takes new pods.
    pub fn takes(&self, node: u32) -> bool {
        let node = &self.nodes[node as usize];
        node.up && node.open
    }
    /// Opens a node to new pods, or closes it: those that are there stay.
    pub fn open(&mut self, node: u32, open: bool) {
        if self.nodes[node as usize].open != open {
            self.alter(node, |node| node.open = open);
        }
    }
    /// Takes a node away; gives its pods, which have no place any more.
    pub fn lose(&mut self, node: u32) -> Vec<u32> {
        let pods = self.nodes[node as usize].pods.clone();
        for pod in &pods {
            self.remove(*pod);
        }
        if self.nodes[node as usize].up {
            self.alter(node, |node| node.up = false);
        }
        pods
    }
    /// Brings it back, empty.
    pub fn restore(&mut self, node: u32) {
        if !self.nodes[node as usize].up {
            self.alter(node, |node| node.up = true);
        }
    }
    /// The machine of a node.
    pub fn machine(&self, node: u32) -> &Machine {
        &self.nodes[node as usize].machine
    }
    /// What is left on a node.
    pub fn room(&self, node: u32) -> Room {
        self.nodes[node as usize].room()
    }
    /// The pods of a node, in the order of their numbers.
    pub fn pods_on(&self, node: u32) -> &[u32] {
        &self.nodes[node as usize].pods
    }
    /// How many nodes there ever were.
    pub fn nodes(&self) -> u32 {
        index(self.nodes.len())
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

    /// Finds a place for a pod that has none, evicting others if need be.
    ///
    /// # Errors
    /// Why there is none; nothing has changed then.
    ///
    /// # Panics
    /// If the pod has a place.
    pub fn place(&mut self, pod: u32, shape: u32) -> Result<Placement, Refusal> {
        self.place_one(pod, shape, &mut Vec::new())
    }
    /// Puts a pod that has no place on a node where it was before, whatever the index says: to rebuild what
    /// is known of a cluster.
    pub fn adopt(&mut self, pod: u32, bound: Bound) {
        self.put(pod, bound);
    }
    /// Finds places for all of these pods, or for none.
    ///
    /// # Errors
    /// Which of them has none, and why; nothing has changed then.
    pub fn place_gang(
        &mut self,
        members: &[(u32, u32)],
    ) -> Result<Vec<Placement>, (usize, Refusal)> {
        let mut undo = Vec::new();
        let mut placed = vec![None; members.len()];
        // Higher ranks first: a member must not be evicted for another.
        let mut turns: Vec<usize> = (0..members.len()).collect();
        let level = |at: &usize| self.shapes[members[*at].1 as usize].level;
        turns.sort_by_key(|at| core::cmp::Reverse(level(at)));
        for at in turns {
            let (pod, shape) = members[at];
            match self.place_one(pod, shape, &mut undo) {
                Ok(placement) => placed[at] = Some(placement),
                Err(_) if self.rules.slip == Some(Slip::Gang) => {}
                Err(refusal) => {
                    self.undo(undo);
                    return Err((at, refusal));
                }
            }
        }
        let first = placed.iter().position(Option::is_none);
        match first {
            // Only the planted mistake comes here.
            Some(at) if placed.iter().all(Option::is_none) => Err((at, Refusal::Gang)),
            _ => Ok(placed
                .into_iter()
                .map(|placement| placement.unwrap_or(NOWHERE))
                .collect()),
        }
    }
    fn place_one(
        &mut self,
        pod: u32,
        shape: u32,
        undo: &mut Vec<Undo>,
    ) -> Result<Placement, Refusal> {
        assert!(self.pod(pod).is_none(), "pod {pod} has a place");
        if !self.within_quota(shape) {
            return Err(Refusal::Quota);
        }
        let (node, victims) = match self.find(shape) {
            Ok(node) => (node, Vec::new()),
            Err(refusal) => self.find_with_victims(shape).ok_or(refusal)?,
        };
        for victim in &victims {
            undo.push(Undo::Evicted(
                *victim,
                self.remove(*victim).expect("a victim has a place"),
            ));
        }
        let asked = self.shapes[shape as usize].demand.gpu;
        let gpus = node::choose_gpus(&self.nodes[node as usize].gpus, asked, self.rules.slip)
            .expect("a node that was found has the GPUs");
        let bound = Bound {
            shape,
            node,
            gpus,
            serves: false,
        };
        self.put(pod, bound);
        undo.push(Undo::Placed(pod));
        Ok(Placement {
            node,
            gpus,
            victims,
        })
    }
    fn undo(&mut self, changes: Vec<Undo>) {
        for change in changes.into_iter().rev() {
            match change {
                Undo::Placed(pod) => {
                    self.remove(pod);
                }
                Undo::Evicted(pod, bound) => self.put(pod, bound),
            }
        }
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
    fn within_quota(&self, shape: u32) -> bool {
        let shape = &self.shapes[shape as usize];
        let Some(tenant) = shape.tenant else {
            return true;
        };
        let at = tenant as usize;
        let quota = self.rules.quotas.get(at).copied().unwrap_or(Quota::NONE);
        let mut usage = self.tenants.get(at).copied().unwrap_or_default();
        usage.change(&shape.demand, true);
        self.rules.slip == Some(Slip::Quota)
            || usage.cpu_milli <= quota.cpu_milli
                && usage.memory_mib <= quota.memory_mib
                && usage.gpu_milli <= quota.gpu_milli
    }
}

/// Of a member that the planted mistake left without a place.
const NOWHERE: Placement = Placement {
    node: u32::MAX,
    gpus: 0,
    victims: Vec::new(),
};

fn index(at: usize) -> u32 {
    u32::try_from(at).expect("fewer than 2^32 nodes, shapes and pods")
}

/// Where a node stands for pods without and with GPUs.
fn ranks(policy: Policy, number: u32, node: &Node) -> (Rank, Rank) {
    let (cpu, memory, gpu) = (node.cpu_milli, node.memory_mib, node.gpu_milli());
    match policy {
        Policy::BinPack => ((cpu, memory, number), (gpu, cpu, number)),
        Policy::Balance => {
            let each = u64::from(cpu) * u64::from(GPU_MILLI) / (u64::from(gpu) + 1);
            let each = u32::try_from(each).unwrap_or(u32::MAX);
            ((cpu, memory, number), (each, cpu, number))
        }
        Policy::Spread => ((!cpu, !memory, number), (!gpu, !cpu, number)),
    }
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
