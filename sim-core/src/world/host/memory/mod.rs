//! The memory of a node: what it is made of.
//!
//! `overlays` decides what base and overlays ask for, `faults` serves those who touch pages, `ticks`
//! lets the residency equations move on, and kills.

mod daemons;
mod faults;
mod groups;
mod overlays;
mod ticks;

use super::disk::HostDisk;
use super::{Host, Kernel};
use crate::memory::{ClassSpec, Domain, Intruder, Preset, SwapDevice};
use crate::plan::{Limit, Swap};
use crate::world::{MemoryGroup, NodeSpec};
use crate::{EntryId, Key, NodeId, Seed, VirtualTime};
use daemons::Daemons;

#[derive(Debug)]
pub(super) struct HostMemory {
    pub(super) domain: Domain,
    pub(super) device: Option<SwapDevice>,
    /// Whether the swap file lies on the node's disk, whose queue it shares, instead.
    pub(super) on_disk: bool,
    pub(super) bytes: u64,
    swap_bytes: u64,
    base: Option<Place>,
    /// The device's own cap, in reads a second.
    cap: Option<f64>,
    /// The device's own slow-down.
    slow: f64,
    sets: Vec<Set>,
    /// Leaks in force: they belong to the processes of the node and start again with them.
    leaks: Vec<(EntryId, Intruder)>,
    /// Limits in force.
    limits: Vec<(EntryId, Limit)>,
    /// Swap-device overlays: (entry, order of coming into force, device).
    devices: Vec<(EntryId, u64, Swap)>,
    /// When the next tick is scheduled.
    tick: Option<VirtualTime>,
    /// Time of reclaim that those who bring new pages still owe, in microseconds.
    owed_us: f64,
    /// Whether they reclaim up to the next tick.
    pub(super) arriving: bool,
    /// Whether anybody may be put to sleep for what it charges.
    throttles: bool,
    /// Pages that a fault of a pass in order reads.
    cluster: u32,
    daemons: Option<Box<Daemons>>,
    keys: Keys,
}

/// A working set. One declared by a dead process is filled again by a new one of the same shape.
#[derive(Debug)]
struct Set {
    spec: ClassSpec,
    /// The memory group of its process.
    group: u8,
    live: bool,
    /// Touches a second before the run, if it is said to have been touched.
    rate: Option<f64>,
}

/// Where swapped pages go.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Place {
    Own(Preset),
    Disk,
}

/// The device that serves swap: the memory's own, or that of the disk.
fn swap_of<'a>(
    own: &'a mut Option<SwapDevice>,
    on_disk: bool,
    disk: &'a mut Option<Box<HostDisk>>,
) -> Option<&'a mut SwapDevice> {
    if on_disk {
        disk.as_deref_mut().map(HostDisk::queue_mut)
    } else {
        own.as_mut()
    }
}

type MemoryParts<'a> = (&'a mut Domain, &'a mut Keys);

/// Keys and ordinals of the draws: by request half, by fault, by read.
#[derive(Debug)]
struct Keys {
    faults: (Key, u64),
    reclaim: (Key, u64),
    service: (Key, u64),
    restored: Key,
    stalled: Key,
}

fn next(stream: &mut (Key, u64)) -> crate::rng::Draw {
    let draw = stream.0.at(stream.1);
    stream.1 += 1;
    draw
}

impl HostMemory {
    /// The memory of a node that has a limit.
    pub(super) fn new(seed: Seed, spec: &NodeSpec) -> Option<Self> {
        let bytes = spec.memory?;
        let disk = (spec.swap == Some(Swap::Disk)).then(|| spec.disk_preset());
        let base = match &spec.swap {
            Some(Swap::Preset(name)) => Preset::by_name(name).map(Place::Own),
            Some(Swap::Disk) => Some(Place::Disk),
            // A cap or factor without a device is one on the device of the calibration.
            Some(Swap::Iops(_) | Swap::Slow(_)) => Some(Place::Own(Preset::Vdisk)),
            Some(Swap::Off) | None => None,
        };
        let preset = match base {
            Some(Place::Own(preset)) => Some(preset),
            _ => None,
        };
        let cap = match spec.swap {
            Some(Swap::Iops(iops)) => Some(iops),
            _ => None,
        };
        let device = preset.map(|preset| {
            let mut device = SwapDevice::new(preset.device());
            device.set_iops_cap(VirtualTime::ZERO, cap);
            device.set_slow(base_slow(spec));
            set_stalls(seed, spec, &mut device);
            device
        });
        let swap_bytes = spec.swap_bytes.unwrap_or(bytes);
        let path = format!("node/{}", spec.name);
        let key = |purpose| Key::new(seed, &path, purpose);
        let space = preset.or(disk).map(|preset| preset.space(swap_bytes));
        let mut domain = Domain::new(bytes, space);
        let rules = &spec.memory_rules;
        Self::rule(&mut domain, rules);
        let throttles = |group: &MemoryGroup| group.limit.high_bytes.is_some();
        Some(Self {
            domain,
            device,
            on_disk: base == Some(Place::Disk),
            bytes,
            swap_bytes,
            slow: base_slow(spec),
            base,
            cap,
            sets: Vec::new(),
            leaks: Vec::new(),
            limits: Vec::new(),
            devices: Vec::new(),
            tick: None,
            owed_us: 0.0,
            arriving: false,
            throttles: rules.high.is_some() || rules.groups.iter().any(throttles),
            cluster: 1 << rules.page_cluster.min(PAGE_CLUSTER_MAX),
            daemons: Daemons::new(rules, key("mem.early-oom")).map(Box::new),
            keys: Keys {
                faults: (key("mem.faults"), 0),
                reclaim: (key("mem.reclaim"), 0),
                service: (key("swap.service"), 0),
                restored: key("mem.restored"),
                stalled: key("mem.stalled"),
            },
        })
    }
}

/// The kernel caps `vm.page-cluster` here: a cluster is at most 1024 pages.
const PAGE_CLUSTER_MAX: u32 = 10;

/// The device on which the node's swap lies stalls if the node says so; compressed memory never does.
pub(super) fn set_stalls(seed: Seed, spec: &NodeSpec, device: &mut SwapDevice) {
    if let Some(stalls) = spec.memory_rules.device_stalls {
        let key = Key::new(seed, &format!("node/{}", spec.name), "swap.stall");
        device.set_stalls(stalls, key);
    }
}

/// The slow-down of the node's own device.
const fn base_slow(spec: &NodeSpec) -> f64 {
    match spec.swap {
        Some(Swap::Slow(factor)) => factor,
        _ => 1.0,
    }
}

impl Host {
    /// The memory and the device that serves its swap.
    fn memory_and_swap(&mut self) -> Option<(MemoryParts<'_>, Option<&mut SwapDevice>)> {
        let memory = self.memory.as_deref_mut()?;
        let swap = swap_of(&mut memory.device, memory.on_disk, &mut self.disk);
        Some(((&mut memory.domain, &mut memory.keys), swap))
    }
}

impl Kernel {
    fn memory(&mut self, node: NodeId) -> Option<&mut HostMemory> {
        let host = &mut self.hosts.list[node.index()];
        host.stirred = true;
        host.memory.as_deref_mut()
    }
}
