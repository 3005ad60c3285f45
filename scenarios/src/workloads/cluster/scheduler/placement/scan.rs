//! The same rules once more, without an index: every question goes over all nodes and their pods.
//!
//! Tests compare the index with it, and invariants of the workload ask it what would have been right. It
//! shares no code with the index but the types.

use super::types::{Demand, Domain, GPU_MILLI, Gpu, Machine, Policy, Quota, Rules, Shape};
use std::collections::BTreeMap;
use std::rc::Rc;

/// A pod with a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placed {
    /// What it asks for.
    pub shape: Rc<Shape>,
    /// Its node.
    pub node: u32,
    /// Its GPUs, a bit each.
    pub gpus: u32,
    /// Whether it serves.
    pub serves: bool,
}

/// A node.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Site {
    /// What it is.
    pub machine: Machine,
    /// Whether it is there and takes new pods.
    pub open: bool,
    /// Its pods.
    pub pods: Vec<u32>,
}

/// What is left of a node: cores, memory, and each GPU, in the units of [`Demand`].
pub type Left = (u32, u32, Vec<u16>);

/// All that is known, in plain lists.
#[derive(Clone, Debug, Default)]
pub struct Scan {
    /// What holds for all.
    pub rules: Rules,
    /// Nodes by number.
    pub sites: Vec<Site>,
    pods: BTreeMap<u32, Placed>,
    /// Pods that wish others near or away, or are in a group that is wished so.
    choosy: u32,
}

const AREAS: [Domain; 3] = [Domain::Node, Domain::Rack, Domain::Zone];

fn wishes(shape: &Shape) -> bool {
    !shape.apart.is_empty() || !shape.near.is_empty()
}

impl Scan {
    /// Nodes without pods, all open or all closed.
    pub fn new(rules: Rules, machines: &[Machine], open: bool) -> Self {
        let site = |machine: &Machine| Site {
            machine: *machine,
            open,
            pods: Vec::new(),
        };
        Self {
            rules,
            sites: machines.iter().map(site).collect(),
            ..Self::default()
        }
    }
    /// All pods with a place, by number.
    pub const fn pods(&self) -> &BTreeMap<u32, Placed> {
        &self.pods
    }
    /// The pod of this number, if it has a place.
    pub fn pod(&self, pod: u32) -> Option<&Placed> {
        self.pods.get(&pod)
    }
    /// A pod got a place.
    pub fn put(&mut self, pod: u32, placed: Placed) {
        self.choosy += u32::from(wishes(&placed.shape));
        self.sites[placed.node as usize].pods.push(pod);
        self.pods.insert(pod, placed);
    }
    /// A pod lost its place.
    pub fn take(&mut self, pod: u32) -> Option<Placed> {
        let placed = self.pods.remove(&pod)?;
        self.choosy -= u32::from(wishes(&placed.shape));
        self.sites[placed.node as usize]
            .pods
            .retain(|other| *other != pod);
        Some(placed)
    }
    /// A pod serves, or does not.
    pub fn serves(&mut self, pod: u32, serves: bool) {
        if let Some(placed) = self.pods.get_mut(&pod) {
            placed.serves = serves;
        }
    }
    /// How many pods of a group serve.
    pub fn serving(&self, group: u32) -> usize {
        let all = self.pods.values();
        all.filter(|pod| pod.serves && pod.shape.group == Some(group))
            .count()
    }
    /// Whether two nodes are one, or in one rack or zone.
    pub fn same(&self, domain: Domain, a: u32, b: u32) -> bool {
        let machine = |node: u32| &self.sites[node as usize].machine;
        match domain {
            Domain::Node => a == b,
            Domain::Rack => machine(a).rack == machine(b).rack,
            Domain::Zone => machine(a).zone == machine(b).zone,
        }
    }
    /// Whether affinity lets a pod of this shape be on a node; `but` is a pod that does not count.
    pub fn affinity(&self, shape: &Shape, node: u32, but: Option<u32>) -> bool {
        if self.choosy == 0 && !wishes(shape) {
            return true;
        }
        let others = || {
            let all = self.pods.iter().filter(move |(pod, _)| Some(**pod) != but);
            all.map(|(_, placed)| placed)
        };
        let has = |group: u32, domain: Domain| {
            others().any(|other| {
                other.shape.group == Some(group) && self.same(domain, other.node, node)
            })
        };
        let first = |group: u32| {
            shape.group == Some(group) && !others().any(|other| other.shape.group == Some(group))
        };
        let apart = shape
            .apart
            .iter()
            .all(|(group, domain)| !has(*group, *domain));
        let near = shape
            .near
            .iter()
            .all(|(group, domain)| has(*group, *domain) || first(*group));
        let repelled = others().any(|other| {
            AREAS.iter().any(|domain| {
                let wish = shape.group.map(|group| (group, *domain));
                wish.is_some_and(|wish| other.shape.apart.contains(&wish))
                    && self.same(*domain, other.node, node)
            })
        });
        apart && near && !repelled
    }
    /// What is left on a node without these pods; `None` if it holds more than it has.
    pub fn left(&self, node: u32, without: &[u32]) -> Option<Left> {
        let site = &self.sites[node as usize];
        let (mut cpu, mut memory) = (site.machine.cpu_milli, site.machine.memory_mib);
        let mut gpus = vec![GPU_MILLI; usize::from(site.machine.gpus)];
        for pod in site.pods.iter().filter(|pod| !without.contains(pod)) {
            let placed = &self.pods[pod];
            let demand = &placed.shape.demand;
            cpu = cpu.checked_sub(demand.cpu_milli)?;
            memory = memory.checked_sub(demand.memory_mib)?;
            let each = match demand.gpu {
                Gpu::None => 0,
                Gpu::Share(milli) => milli,
                Gpu::Whole(_) => GPU_MILLI,
            };
            let mine = gpus.iter_mut().enumerate();
            for (_, left) in mine.filter(|(at, _)| placed.gpus >> at & 1 == 1) {
                *left = left.checked_sub(each)?;
            }
        }
        Some((cpu, memory, gpus))
    }
    fn fits(&self, shape: &Shape, node: u32, without: &[u32]) -> bool {
        let Some((cpu, memory, gpus)) = self.left(node, without) else {
            return false;
        };
        let demand = &shape.demand;
        cpu >= demand.cpu_milli
            && memory >= demand.memory_mib
            && match demand.gpu {
                Gpu::None => true,
                Gpu::Share(milli) => gpus.iter().any(|left| *left >= milli),
                Gpu::Whole(count) => {
                    gpus.iter().filter(|left| **left == GPU_MILLI).count() >= usize::from(count)
                }
            }
    }
    /// The GPUs that a pod gets on a node where it fits.
    fn gpus(&self, shape: &Shape, node: u32) -> u32 {
        let (_, _, left) = self.left(node, &[]).unwrap_or_default();
        let numbered = || (0u32..).zip(left.iter().copied());
        match shape.demand.gpu {
            Gpu::None => 0,
            Gpu::Share(milli) => {
                let enough = numbered().filter(|(_, left)| *left >= milli);
                let best = enough.min_by_key(|(number, left)| (*left, *number));
                best.map_or(0, |(number, _)| 1 << number)
            }
            Gpu::Whole(count) => {
                let free = numbered().filter(|(_, left)| *left == GPU_MILLI);
                free.take(usize::from(count))
                    .fold(0, |mask, (number, _)| mask | 1 << number)
            }
        }
    }
    /// Who should go so that all of a gang of these pods has places; `None` if there are none.
    pub fn choose_all(&self, shape: &Rc<Shape>, gang: &[u32]) -> Option<Vec<u32>> {
        let [_] = gang else {
            let mut trial = self.clone();
            let mut victims = Vec::new();
            for pod in gang {
                let (node, more) = trial.choose(shape)?;
                for victim in &more {
                    trial.take(*victim);
                }
                let placed = Placed {
                    shape: Rc::clone(shape),
                    node,
                    gpus: trial.gpus(shape, node),
                    serves: false,
                };
                trial.put(*pod, placed);
                victims.extend(more);
            }
            return Some(victims);
        };
        self.choose(shape).map(|(_, victims)| victims)
    }
    fn candidates(&self, shape: &Shape) -> Vec<u32> {
        let sites = (0u32..).zip(&self.sites);
        let good = sites.filter(|(number, site)| {
            site.open
                && shape.may_live_on(*number)
                && site.machine.admits(shape)
                && self.affinity(shape, *number, None)
        });
        good.map(|(number, _)| number).collect()
    }
    /// Whether a tenant's quota has room for one more, or, with `more` false, holds what it has.
    pub fn quota(&self, shape: &Shape, more: bool) -> bool {
        let Some(tenant) = shape.tenant else {
            return true;
        };
        let quota = self
            .rules
            .quotas
            .get(tenant as usize)
            .copied()
            .unwrap_or(Quota::NONE);
        let mine = self
            .pods
            .values()
            .filter(|pod| pod.shape.tenant == Some(tenant));
        let all = mine
            .map(|pod| &pod.shape.demand)
            .chain(more.then_some(&shape.demand));
        let sum =
            |of: fn(&Demand) -> u32| all.clone().map(|demand| u64::from(of(demand))).sum::<u64>();
        sum(|demand| demand.cpu_milli) <= quota.cpu_milli
            && sum(|demand| demand.memory_mib) <= quota.memory_mib
            && sum(|demand| demand.gpu.milli()) <= quota.gpu_milli
    }
    /// The node that a pod should get, and who should go for it.
    pub fn choose(&self, shape: &Shape) -> Option<(u32, Vec<u32>)> {
        if !self.quota(shape, true) {
            return None;
        }
        let candidates = self.candidates(shape);
        let preference = |node: &u32| {
            let (cpu, memory, gpus) = self.left(*node, &[]).unwrap_or_default();
            let gpu: u32 = gpus.iter().map(|left| u32::from(*left)).sum();
            let (first, second, third) = match shape.demand.gpu {
                Gpu::None => (u32::from(!gpus.is_empty()), cpu, memory),
                _ => (0, gpu, cpu),
            };
            match self.rules.policy {
                Policy::BinPack => (first, second, third, *node),
                Policy::Balance if shape.demand.gpu != Gpu::None => {
                    let each = u64::from(cpu) * u64::from(GPU_MILLI) / (u64::from(gpu) + 1);
                    (0, u32::try_from(each).unwrap_or(u32::MAX), cpu, *node)
                }
                Policy::Balance => (first, second, third, *node),
                Policy::Spread => (first, u32::MAX - second, u32::MAX - third, *node),
            }
        };
        let free = candidates
            .iter()
            .filter(|node| self.fits(shape, **node, &[]));
        if let Some(node) = free.min_by_key(|node| preference(node)) {
            return Some((*node, Vec::new()));
        }
        let below = |level| candidates.iter().map(move |node| (*node, level));
        (0..shape.level).flat_map(below).find_map(|(node, level)| {
            self.victims(shape, node, level)
                .map(|victims| (node, victims))
        })
    }
    fn victims(&self, shape: &Shape, node: u32, level: u8) -> Option<Vec<u32>> {
        let near = |other: &Placed| {
            shape
                .near
                .iter()
                .any(|(group, _)| other.shape.group == Some(*group))
        };
        let here = self.sites[node as usize]
            .pods
            .iter()
            .map(|pod| (*pod, &self.pods[pod]));
        let lower = here.filter(|(_, pod)| pod.shape.level <= level && !near(pod));
        let mut lower: Vec<(u32, &Placed)> = lower.collect();
        lower.sort_by_key(|(number, pod)| (pod.shape.level, core::cmp::Reverse(*number)));
        let mut out: Vec<u32> = Vec::new();
        for (number, pod) in lower {
            let allowed = match pod.shape.group {
                Some(group) if pod.serves => {
                    let least = self.rules.budgets.get(group as usize).copied();
                    let gone = out.iter().map(|pod| &self.pods[pod]);
                    let gone = gone.filter(|pod| pod.serves && pod.shape.group == Some(group));
                    least.is_none_or(|least| self.serving(group) - gone.count() > least as usize)
                }
                _ => true,
            };
            if allowed {
                out.push(number);
            }
        }
        if !self.fits(shape, node, &out) {
            return None;
        }
        for pod in out.clone().into_iter().rev() {
            let without: Vec<u32> = out.iter().copied().filter(|other| *other != pod).collect();
            if self.fits(shape, node, &without) {
                out = without;
            }
        }
        out.sort_unstable();
        Some(out)
    }
}
