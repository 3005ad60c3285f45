//! Nodes: what they are made of and whether they run.

use super::clock::{Clock, ClockSpec};
use super::cpu::Cpu;
use super::memory_rules::MemoryRules;
use super::net::NetTotals;
use crate::memory::Preset;
use crate::plan::Swap;
use crate::queue::Pending;
use crate::{EntryId, PortId, ServiceId};
use serde::{Deserialize, Serialize};

/// What a node is made of.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct NodeSpec {
    /// Its name, unique in the world.
    pub name: String,
    /// Processor cores.
    pub cores: u32,
    /// Memory in bytes; `None` is more than anybody needs.
    pub memory: Option<u64>,
    /// Its swap device; `None` is no swap.
    pub swap: Option<Swap>,
    /// What is wrong with its clocks.
    pub clock: ClockSpec,
    /// Size of the swap space in bytes; `None` is as much as memory, a common rule of thumb.
    pub swap_bytes: Option<u64>,
    /// Its disk; `None` is [`DiskSpec::default`], which costs nothing until it is used.
    pub disk: Option<DiskSpec>,
    /// What its kernel does about memory beside the limit.
    pub memory_rules: MemoryRules,
}

/// A node's disk.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskSpec {
    /// Its device: a preset of the memory model that is no compressed memory.
    pub preset: String,
    /// Its size in bytes.
    pub bytes: u64,
}

impl Default for DiskSpec {
    /// The disk of the calibration, with 64 GiB (a choice).
    fn default() -> Self {
        Self {
            preset: Preset::default().name().to_owned(),
            bytes: 64 << 30,
        }
    }
}

impl NodeSpec {
    /// A node with one core and all the memory it needs.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            cores: 1,
            memory: None,
            swap: None,
            clock: ClockSpec::default(),
            swap_bytes: None,
            disk: None,
            memory_rules: MemoryRules::default(),
        }
    }
    /// With these rules of memory.
    #[must_use]
    pub fn memory_rules(self, memory_rules: MemoryRules) -> Self {
        Self {
            memory_rules,
            ..self
        }
    }
    /// With this disk.
    #[must_use]
    pub fn disk(self, disk: DiskSpec) -> Self {
        Self {
            disk: Some(disk),
            ..self
        }
    }
    /// The preset of its disk.
    pub(super) fn disk_preset(&self) -> Preset {
        let named = self.disk.as_ref().map(|disk| disk.preset.as_str());
        let preset = named.and_then(Preset::by_name).unwrap_or_default();
        // Compressed memory is no disk.
        if preset.device().on_core {
            Preset::default()
        } else {
            preset
        }
    }
    /// With this many cores.
    #[must_use]
    pub fn cores(self, cores: u32) -> Self {
        Self { cores, ..self }
    }
    /// With this much swap space, in bytes.
    #[must_use]
    pub fn swap_bytes(self, bytes: u64) -> Self {
        Self {
            swap_bytes: Some(bytes),
            ..self
        }
    }
    /// With this much memory, in bytes, and this swap device.
    #[must_use]
    pub fn memory(self, bytes: u64, swap: Option<Swap>) -> Self {
        Self {
            memory: Some(bytes),
            swap,
            ..self
        }
    }
    /// With clocks that are wrong by this.
    #[must_use]
    pub fn clock(self, clock: ClockSpec) -> Self {
        Self { clock, ..self }
    }
}

/// One life of a process: it ends with its node, or with its memory group.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Life {
    /// The incarnation of its node.
    pub(super) incarnation: u16,
    /// Its memory group on the node; 0 is none but the node itself.
    pub(super) group: u8,
    /// How often that was killed before.
    pub(super) kills: u16,
}

/// A node of the running world.
#[derive(Debug)]
pub(super) struct Node {
    pub(super) name: String,
    /// Whether code runs: up and not paused.
    pub(super) running: bool,
    pub(super) up: bool,
    /// Counts starts; what belongs to an earlier one is stale.
    pub(super) incarnation: u16,
    /// Of each memory group, how often its processes were killed alone; empty where there is none but
    /// the node.
    pub(super) kills: Vec<u16>,
    /// Events for its handlers with a lower sequence number died with an earlier incarnation.
    pub(super) born: u64,
    /// Down holds, in id order.
    pub(super) downs: Vec<EntryId>,
    /// Pause holds, in id order.
    pub(super) pauses: Vec<EntryId>,
    /// What waits for the pause to end, in the order in which it came.
    pub(super) deferred: Vec<Deferred>,
    pub(super) cpu: Cpu,
    /// Its clocks, if they can be wrong.
    pub(super) clock: Option<Box<Clock>>,
    /// Its ports by service.
    pub(super) ports: Vec<(ServiceId, PortId)>,
    /// How many handlers run on it.
    pub(super) handlers: u32,
    /// What its network card counted.
    pub(super) net: NetTotals,
}

/// Something that was due while the node was paused.
#[derive(Clone, Copy, Debug)]
pub(super) enum Deferred {
    Task(u32),
    Event(Pending),
}

impl Node {
    pub(super) fn new(spec: &NodeSpec) -> Self {
        Self {
            name: spec.name.clone(),
            running: true,
            up: true,
            incarnation: 0,
            kills: match spec.memory_rules.groups.len() {
                0 => Vec::new(),
                groups => vec![0; groups + 1],
            },
            born: 0,
            downs: Vec::new(),
            pauses: Vec::new(),
            deferred: Vec::new(),
            cpu: Cpu::new(spec.cores),
            clock: (spec.clock != ClockSpec::default()).then(|| Box::new(Clock::new(spec.clock))),
            ports: Vec::new(),
            handlers: 0,
            net: NetTotals::default(),
        }
    }
}
