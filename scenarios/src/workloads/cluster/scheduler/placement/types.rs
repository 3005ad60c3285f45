//! What pods ask for, what machines have, and why a pod finds no place.

/// A GPU in thousandths: what can be shared out of one.
pub const GPU_MILLI: u16 = 1000;

/// Most GPUs of a machine: a placement names them in a word of 32 bits.
pub const GPUS_MAX: u16 = 32;

/// A set of names, each known by a number below 64: GPU models, taints, labels.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Set(pub u64);

impl Set {
    /// Nothing.
    pub const NONE: Self = Self(0);
    /// This one.
    ///
    /// # Panics
    /// If the number is 64 or more.
    pub const fn one(number: u8) -> Self {
        assert!(number < 64, "a set has 64 places");
        Self(1 << number)
    }
    /// Both.
    #[must_use]
    pub const fn and(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }
    /// Whether all of it is in `other`.
    pub const fn within(self, other: Self) -> bool {
        self.0 & !other.0 == 0
    }
    /// Whether something is in both.
    pub const fn meets(self, other: Self) -> bool {
        self.0 & other.0 != 0
    }
}

/// What a pod asks of GPUs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gpu {
    /// None.
    #[default]
    None,
    /// So many thousandths of one, 1 to 999.
    Share(u16),
    /// So many whole ones.
    Whole(u16),
}

impl Gpu {
    /// All of it, in thousandths.
    pub const fn milli(self) -> u32 {
        match self {
            Self::None => 0,
            Self::Share(milli) => milli as u32,
            Self::Whole(count) => count as u32 * GPU_MILLI as u32,
        }
    }
}

/// What a pod asks for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Demand {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory.
    pub memory_mib: u32,
    /// GPUs.
    pub gpu: Gpu,
}

/// What is left somewhere, or the most that is left anywhere in a part of the cluster.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Room {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory.
    pub memory_mib: u32,
    /// GPUs of which nothing is taken.
    pub whole: u16,
    /// The most that is left of one GPU, in thousandths.
    pub part: u16,
}

impl Shape {
    /// Whether its volume, if it has one, lets it be on a node.
    pub fn may_live_on(&self, node: u32) -> bool {
        self.home.is_none_or(|home| home == node)
    }
}

impl Room {
    /// Whether a demand fits. True of the most in a part of the cluster, it only says that it may.
    pub const fn holds(&self, demand: &Demand) -> bool {
        self.cpu_milli >= demand.cpu_milli
            && self.memory_mib >= demand.memory_mib
            && match demand.gpu {
                Gpu::None => true,
                Gpu::Share(milli) => self.part >= milli,
                Gpu::Whole(count) => self.whole >= count,
            }
    }
    /// The most of each.
    #[must_use]
    pub fn max(self, other: Self) -> Self {
        Self {
            cpu_milli: self.cpu_milli.max(other.cpu_milli),
            memory_mib: self.memory_mib.max(other.memory_mib),
            whole: self.whole.max(other.whole),
            part: self.part.max(other.part),
        }
    }
}

/// How far something reaches.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Domain {
    /// One node.
    Node,
    /// All nodes of a rack.
    Rack,
    /// All nodes of a zone.
    Zone,
}

impl Domain {
    /// The number of the one that a node is in: two nodes are in the same if theirs are equal.
    pub const fn of(self, node: u32, machine: &Machine) -> u32 {
        match self {
            Self::Node => node,
            Self::Rack => machine.rack,
            Self::Zone => machine.zone,
        }
    }
    /// That of this word, as files have it: a rack, a zone, or else a node.
    pub(in super::super) fn named(word: &str) -> Self {
        match word {
            "rack" => Self::Rack,
            "zone" => Self::Zone,
            _ => Self::Node,
        }
    }
}

/// What pods of one kind have in common.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Shape {
    /// What each asks for.
    pub demand: Demand,
    /// GPU models that will do; any if missing.
    pub models: Option<Set>,
    /// Taints that it tolerates.
    pub tolerates: Set,
    /// Labels that a node must have, all of them.
    pub labels: Set,
    /// Who pays.
    pub tenant: Option<u32>,
    /// The group it is in, for affinity and budgets.
    pub group: Option<u32>,
    /// Its rank among [`Rules::levels`]: a higher one may evict a lower one.
    pub level: u8,
    /// Groups whose pods must not be in the same domain. It holds both ways.
    pub apart: Vec<(u32, Domain)>,
    /// Groups of which a pod must be in the same domain, unless it is its own group and there is none yet.
    pub near: Vec<(u32, Domain)>,
    /// The only node where it may be, such as the one that has its volume.
    pub home: Option<u32>,
}

/// What a node is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Machine {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u32,
    /// Memory.
    pub memory_mib: u32,
    /// GPUs, at most [`GPUS_MAX`].
    pub gpus: u16,
    /// Their model.
    pub model: Option<u8>,
    /// Taints: only pods that tolerate all of them may be here.
    pub taints: Set,
    /// Labels.
    pub labels: Set,
    /// Its rack, which is in one zone.
    pub rack: u32,
    /// Its zone.
    pub zone: u32,
}

impl Machine {
    /// What it has when it is empty.
    pub const fn room(&self) -> Room {
        Room {
            cpu_milli: self.cpu_milli,
            memory_mib: self.memory_mib,
            whole: self.gpus,
            part: if self.gpus > 0 { GPU_MILLI } else { 0 },
        }
    }
    /// Whether a pod of this shape may be here, as far as models, taints and labels say.
    pub fn admits(&self, shape: &Shape) -> bool {
        let model = match (shape.models, shape.demand.gpu) {
            (_, Gpu::None) | (None, _) => true,
            (Some(models), _) => self
                .model
                .is_some_and(|model| Set::one(model).within(models)),
        };
        model && self.taints.within(shape.tolerates) && shape.labels.within(self.labels)
    }
}

/// Which of several nodes is taken.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Policy {
    /// The fullest that has room: least GPUs free for pods with GPUs, else least cores free.
    #[default]
    BinPack,
    /// The emptiest.
    Spread,
    /// For pods with GPUs the one with the fewest cores left for each GPU that is free, so that cores and
    /// GPUs run out together; else the fullest.
    Balance,
}

/// The most that a tenant may have placed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Processor time, in thousandths of a core.
    pub cpu_milli: u64,
    /// Memory.
    pub memory_mib: u64,
    /// GPUs, in thousandths.
    pub gpu_milli: u64,
}

impl Quota {
    /// No bound.
    pub const NONE: Self = Self {
        cpu_milli: u64::MAX,
        memory_mib: u64::MAX,
        gpu_milli: u64::MAX,
    };
}

/// What holds for the whole cluster.
#[derive(Clone, Debug, Default)]
pub struct Rules {
    /// Which node is taken.
    pub policy: Policy,
    /// How many ranks pods have: levels are below it. 0 is 1.
    pub levels: u8,
    /// Quotas by tenant; a tenant that is missing has none.
    pub quotas: Vec<Quota>,
    /// By group, how many of its pods must stay in service: those beyond may be evicted. A group that is
    /// missing has no budget.
    pub budgets: Vec<u32>,
    /// A planted mistake, for tests of invariants.
    pub slip: Option<Slip>,
}

/// Mistakes that can be planted in placement; see the mutants of the workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Slip {
    /// A share of a GPU is taken from the first that has something left, be it enough or not.
    Shares,
    /// Quotas are not looked at.
    Quota,
    /// Taints are tolerated by all.
    Taints,
    /// Affinity is not looked at.
    Affinity,
    /// Nobody is evicted.
    NoPreemption,
    /// Budgets do not protect from preemption.
    Budget,
    /// Members of a gang that fit stay, though others do not.
    Gang,
}

/// Why a pod finds no place, as far as the index tells.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Refusal {
    /// Its tenant has no quota left.
    Quota,
    /// No node that is up has the model, labels and taints, or the node of its volume is not there.
    Constraint,
    /// Where it may be by its affinity, nothing has room, or it may be nowhere.
    Affinity,
    /// No such node has the cores.
    Cpu,
    /// No such node has the memory.
    Memory,
    /// No such node has the GPUs, or as much of one.
    Gpu,
    /// There is enough of each, but not on one node.
    Scattered,
    /// Another member of its gang finds no place.
    Gang,
}

impl Refusal {
    /// All of them.
    pub const ALL: [Self; 8] = [
        Self::Quota,
        Self::Constraint,
        Self::Affinity,
        Self::Cpu,
        Self::Memory,
        Self::Gpu,
        Self::Scattered,
        Self::Gang,
    ];
}

/// Where a pod was placed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Placement {
    /// The node.
    pub node: u32,
    /// Its GPUs, a bit each; of one GPU if the pod has a share.
    pub gpus: u32,
    /// Pods that were evicted for it, in the order of their numbers.
    pub victims: Vec<u32>,
}
