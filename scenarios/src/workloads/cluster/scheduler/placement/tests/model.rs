//! The same rules once more, without an index: every question goes over all nodes and all pods.

use super::super::*;

/// A pod with a place, as the model has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Placed {
    pub(super) pod: u32,
    pub(super) shape: Shape,
    pub(super) node: u32,
    pub(super) gpus: u32,
    pub(super) serves: bool,
}

/// All that is known, in plain lists.
#[derive(Clone, Debug, Default)]
pub(super) struct Model {
    pub(super) rules: Rules,
    pub(super) machines: Vec<(Machine, bool, bool)>,
    pub(super) pods: Vec<Placed>,
}

const AREAS: [Domain; 3] = [Domain::Node, Domain::Rack, Domain::Zone];

impl Model {
    fn same(&self, domain: Domain, a: u32, b: u32) -> bool {
        let machine = |node: u32| &self.machines[node as usize].0;
        match domain {
            Domain::Node => a == b,
            Domain::Rack => machine(a).rack == machine(b).rack,
            Domain::Zone => machine(a).zone == machine(b).zone,
        }
    }
    pub(super) fn affinity(&self, shape: &Shape, node: u32, but: Option<u32>) -> bool {
        let others = || self.pods.iter().filter(move |other| Some(other.pod) != but);
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
    /// What is left on a node without these pods.
    pub(super) fn left(&self, node: u32, without: &[u32]) -> (u32, u32, Vec<u16>) {
        let machine = &self.machines[node as usize].0;
        let (mut cpu, mut memory) = (machine.cpu_milli, machine.memory_mib);
        let mut gpus = vec![GPU_MILLI; usize::from(machine.gpus)];
        for pod in self
            .pods
            .iter()
            .filter(|pod| pod.node == node && !without.contains(&pod.pod))
        {
            let demand = &pod.shape.demand;
            cpu = cpu
                .checked_sub(demand.cpu_milli)
                .expect("cores are not exceeded");
            memory = memory
                .checked_sub(demand.memory_mib)
                .expect("memory is not exceeded");
            let each = match demand.gpu {
                Gpu::None => 0,
                Gpu::Share(milli) => milli,
                Gpu::Whole(_) => GPU_MILLI,
            };
            let mine = gpus
                .iter_mut()
                .enumerate()
                .filter(|(at, _)| pod.gpus >> at & 1 == 1);
            for (_, left) in mine {
                *left = left.checked_sub(each).expect("a GPU is not exceeded");
            }
        }
        (cpu, memory, gpus)
    }
    fn fits(&self, shape: &Shape, node: u32, without: &[u32]) -> bool {
        let (cpu, memory, gpus) = self.left(node, without);
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
    fn candidates(&self, shape: &Shape) -> Vec<u32> {
        let nodes = (0u32..).zip(&self.machines);
        let good = nodes.filter(|(number, (machine, up, open))| {
            *up && *open && machine.admits(shape) && self.affinity(shape, *number, None)
        });
        good.map(|(number, _)| number).collect()
    }
    pub(super) fn quota(&self, shape: &Shape) -> bool {
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
            .iter()
            .filter(|pod| pod.shape.tenant == Some(tenant));
        let all = mine.map(|pod| &pod.shape.demand).chain([&shape.demand]);
        let sum =
            |of: fn(&Demand) -> u32| all.clone().map(|demand| u64::from(of(demand))).sum::<u64>();
        sum(|demand| demand.cpu_milli) <= quota.cpu_milli
            && sum(|demand| demand.memory_mib) <= quota.memory_mib
            && sum(|demand| demand.gpu.milli()) <= quota.gpu_milli
    }
    /// The node that a scan of all nodes chooses, and who goes for it.
    pub(super) fn choose(&self, shape: &Shape) -> Option<(u32, Vec<u32>)> {
        if !self.quota(shape) {
            return None;
        }
        let candidates = self.candidates(shape);
        let preference = |node: &u32| {
            let (cpu, memory, gpus) = self.left(*node, &[]);
            let gpu: u32 = gpus.iter().map(|left| u32::from(*left)).sum();
            let (first, second, third) = match shape.demand.gpu {
                Gpu::None => (u32::from(!gpus.is_empty()), cpu, memory),
                _ => (0, gpu, cpu),
            };
            match self.rules.policy {
                Policy::BinPack => (first, second, third, *node),
                Policy::Spread => (first, u32::MAX - second, u32::MAX - third, *node),
            }
        };
        let free = candidates
            .iter()
            .filter(|node| self.fits(shape, **node, &[]));
        if let Some(node) = free.min_by_key(|node| preference(node)) {
            return Some((*node, Vec::new()));
        }
        for level in 0..shape.level {
            for node in &candidates {
                if let Some(victims) = self.victims(shape, *node, level) {
                    return Some((*node, victims));
                }
            }
        }
        None
    }
    fn victims(&self, shape: &Shape, node: u32, level: u8) -> Option<Vec<u32>> {
        let near = |other: &Placed| {
            shape
                .near
                .iter()
                .any(|(group, _)| other.shape.group == Some(*group))
        };
        let mut lower: Vec<&Placed> = self
            .pods
            .iter()
            .filter(|pod| pod.node == node && pod.shape.level <= level && !near(pod))
            .collect();
        lower.sort_by_key(|pod| (pod.shape.level, core::cmp::Reverse(pod.pod)));
        let mut out: Vec<u32> = Vec::new();
        for pod in &lower {
            let allowed = match pod.shape.group {
                Some(group) if pod.serves => {
                    let least = self.rules.budgets.get(group as usize).copied();
                    let serving = self.pods.iter().filter(|other| {
                        other.serves
                            && other.shape.group == Some(group)
                            && !out.contains(&other.pod)
                    });
                    least.is_none_or(|least| serving.count() > least as usize)
                }
                _ => true,
            };
            if allowed {
                out.push(pod.pod);
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
    /// What holds at any time.
    pub(super) fn check(&self) {
        for (number, (_, up, _)) in (0u32..).zip(&self.machines) {
            self.left(number, &[]);
            assert!(
                *up || self.pods.iter().all(|pod| pod.node != number),
                "nobody is on a lost node"
            );
        }
        for pod in &self.pods {
            assert!(
                self.machines[pod.node as usize].0.admits(&pod.shape),
                "constraints hold"
            );
        }
    }
}
