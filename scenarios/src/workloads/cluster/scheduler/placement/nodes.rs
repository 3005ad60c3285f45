//! Nodes of a cluster, and the index over them, which every change of one keeps true.

use super::node::Node;
use super::order::{Order, Rank};
use super::tree::Tree;
use super::types::{GPU_MILLI, GPUS_MAX, Machine, Policy, Room};
use super::{Class, Cluster, index};

impl Cluster {
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
    pub(super) fn alter(&mut self, number: u32, change: impl FnOnce(&mut Node)) {
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
}

/// Where a node stands for pods without and with GPUs.
pub(super) fn ranks(policy: Policy, number: u32, node: &Node) -> (Rank, Rank) {
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
