//! Drives the memory model of a node: working sets, faults of computations, intruders, the device.

use super::Kernel;
use crate::history::{NodeChange, What};
use crate::memory::{
    Activity, Arrival, ClassSpec, Domain, Intruder, PAGE_BYTES, Preset, SwapDevice, Victim, faults,
};
use crate::plan::{Damage, Entry, Primitive, Swap};
use crate::world::NodeSpec;
use crate::world::compute::MemorySet;
use crate::world::kernel::Kind;
use crate::{EntryId, Key, NodeId, Sample, Seed, VirtualTime};

/// The memory of one node.
#[derive(Debug)]
pub(super) struct HostMemory {
    pub(super) domain: Domain,
    pub(super) device: Option<SwapDevice>,
    pub(super) bytes: u64,
    preset: Option<Preset>,
    /// The device's own cap, in reads a second.
    cap: Option<f64>,
    /// Working sets declared by dead processes: a new one of the same shape takes its place.
    sets: Vec<(ClassSpec, bool)>,
    /// Swap-device overlays: (entry, order of coming into force, device).
    devices: Vec<(EntryId, u64, Swap)>,
    /// When the next tick is scheduled.
    tick: Option<VirtualTime>,
    keys: Keys,
}

/// Keys and ordinals of the draws: by request half, by fault, by read.
#[derive(Debug)]
struct Keys {
    faults: (Key, u64),
    reclaim: (Key, u64),
    service: (Key, u64),
    restored: Key,
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
        let preset = match &spec.swap {
            Some(Swap::Preset(name)) => Preset::by_name(name),
            // A cap without a device is one on the device of the calibration.
            Some(Swap::Iops(_)) => Some(Preset::Vdisk),
            None => None,
        };
        let cap = match spec.swap {
            Some(Swap::Iops(iops)) => Some(iops),
            _ => None,
        };
        let device = preset.map(|preset| {
            let mut device = SwapDevice::new(preset.device());
            device.set_iops_cap(VirtualTime::ZERO, cap);
            device
        });
        let path = format!("node/{}", spec.name);
        let key = |purpose| Key::new(seed, &path, purpose);
        Some(Self {
            // As much swap as memory: a common rule of thumb, and a choice.
            domain: Domain::new(bytes, preset.map(|preset| preset.space(bytes))),
            device,
            bytes,
            preset,
            cap,
            sets: Vec::new(),
            devices: Vec::new(),
            tick: None,
            keys: Keys {
                faults: (key("mem.faults"), 0),
                reclaim: (key("mem.reclaim"), 0),
                service: (key("swap.service"), 0),
                restored: key("mem.restored"),
            },
        })
    }
    /// The device overlay in force: the latest.
    fn device_overlay(&self) -> Option<&(EntryId, u64, Swap)> {
        self.devices
            .iter()
            .max_by_key(|(id, started, _)| (*started, *id))
    }
    /// Puts the device into the state that base and overlays ask for.
    fn set_device(&mut self, now: VirtualTime) {
        let overlay = self.device_overlay().map(|(_, _, swap)| swap.clone());
        let (preset, cap) = match &overlay {
            Some(Swap::Preset(name)) => (Preset::by_name(name).or(self.preset), None),
            Some(Swap::Iops(iops)) => (self.preset, Some(*iops)),
            None => (self.preset, self.cap),
        };
        let Some(preset) = preset else {
            return;
        };
        let device = self
            .device
            .get_or_insert_with(|| SwapDevice::new(preset.device()));
        if *device.device() != preset.device() {
            device.replace(now, preset.device());
        }
        device.set_iops_cap(now, cap);
        self.domain.set_swap(Some(preset.space(self.bytes)));
    }
}

impl Kernel {
    fn memory(&mut self, node: NodeId) -> Option<&mut HostMemory> {
        let host = &mut self.hosts.list[node.index()];
        host.stirred = true;
        host.memory.as_deref_mut()
    }

    /// Declares a working set; one of the same shape that a dead process left is filled again.
    pub(in crate::world) fn memory_set(
        &mut self,
        node: NodeId,
        bytes: u64,
        zipf: f64,
        write_share: f64,
    ) -> MemorySet {
        let now = self.time();
        let Some(memory) = self.memory(node) else {
            return MemorySet { class: None };
        };
        let spec = ClassSpec {
            pages: bytes.div_ceil(PAGE_BYTES),
            zipf,
            write_share,
        };
        let left = memory
            .sets
            .iter()
            .position(|(old, live)| !live && *old == spec);
        let class = match left {
            Some(class) => {
                memory.domain.populate_class(now, class);
                memory.sets[class].1 = true;
                class
            }
            None => {
                memory.sets.push((spec, true));
                memory.domain.add_class(spec)
            }
        };
        self.hosts.list[node.index()].fresh_pages += spec.pages;
        self.memory_tick(node);
        MemorySet { class: Some(class) }
    }

    /// Whether a touch can fault at all.
    #[inline]
    pub(in crate::world) fn memory_busy(&self, node: NodeId) -> bool {
        let memory = self.hosts.list[node.index()].memory.as_deref();
        memory.is_some_and(|memory| memory.domain.busy())
    }

    /// Touches pages of a working set; gives the number of major faults.
    pub(in crate::world) fn touch(&mut self, node: NodeId, class: usize, pages: u32) -> u32 {
        let Some(memory) = self.memory(node) else {
            return 0;
        };
        memory.domain.touch(class, u64::from(pages));
        if !memory.domain.busy() || memory.device.is_none() {
            return 0;
        }
        let miss = memory.domain.miss(class);
        let count = faults::binomial(pages, miss, &mut next(&mut memory.keys.faults));
        memory.domain.fault(count);
        count
    }

    /// Processor time in nanoseconds to serve faults of `pages` pages: the fault itself, reclaim
    /// where room must be made, and the read where the device is memory.
    pub(in crate::world) fn fault_work(&mut self, node: NodeId, pages: u32) -> f64 {
        let now = self.time();
        self.hosts.list[node.index()].faulting += 1;
        let Some(memory) = self.memory(node) else {
            return 0.0;
        };
        let mut work = faults::FAULT_CPU * u64::from(pages);
        if memory.domain.reclaiming() {
            let dirty = memory.domain.dirty_share();
            let draw = &mut next(&mut memory.keys.reclaim);
            work += faults::reclaim_cost(pages, dirty, draw).unwrap_or_default();
        }
        if let Some(device) = memory.device.as_mut().filter(|device| device.on_core()) {
            let draw = &mut next(&mut memory.keys.service);
            work += device.read_bundle(now, pages, draw).since(now);
        }
        work.as_nanos_f64()
    }
    pub(in crate::world) fn fault_cpu_done(&mut self, node: NodeId) {
        let faulting = &mut self.hosts.list[node.index()].faulting;
        *faulting = faulting.saturating_sub(1);
        self.pressure_changed(node);
    }

    /// Submits the reads of a fault: when they are there, and whether the wait counts as memory
    /// pressure. `None` if they were served on the core.
    pub(in crate::world) fn read_swap(
        &mut self,
        node: NodeId,
        pages: u32,
    ) -> Option<(VirtualTime, bool)> {
        let now = self.time();
        let memory = self.memory(node)?;
        let overlay = memory.device_overlay().map(|(id, ..)| *id);
        let device = memory.device.as_mut()?;
        let mut done = None;
        if !device.on_core() {
            let ordinal = memory.keys.service.1;
            let until = device.read_bundle(now, pages, &mut next(&mut memory.keys.service));
            let share = memory.domain.restored_share();
            done = Some((until, memory.keys.restored.at(ordinal).chance(share)));
        }
        if let Some(id) = overlay {
            self.land(id, u64::from(pages));
        }
        if let Some((_, restored)) = done {
            let host = &mut self.hosts.list[node.index()];
            host.in_io += 1;
            host.restored += u32::from(restored);
            self.pressure_changed(node);
        }
        done
    }
    pub(in crate::world) fn read_done(&mut self, node: NodeId, restored: bool) {
        let host = &mut self.hosts.list[node.index()];
        host.in_io = host.in_io.saturating_sub(1);
        host.restored = host.restored.saturating_sub(u32::from(restored));
        self.pressure_changed(node);
    }

    /// An intruder comes or goes, or the swap device changes.
    pub(in crate::world) fn memory_overlay(&mut self, id: EntryId, entry: &Entry, start: bool) {
        let now = self.time();
        let Some(node) = entry.primitive.node() else {
            return;
        };
        let Some(memory) = self.memory(node) else {
            return;
        };
        let (mut displaced, mut fresh) = (0, 0);
        match &entry.primitive {
            Primitive::MemoryPressure {
                size, active, ramp, ..
            } if start => {
                let pages = match size {
                    Damage::Bytes(bytes) => bytes.div_ceil(PAGE_BYTES),
                    Damage::Overcommit(ratio) => memory.domain.overcommit_pages(*ratio),
                };
                let intruder = Intruder {
                    pages,
                    activity: if *active {
                        Activity::Active
                    } else {
                        Activity::Idle
                    },
                    arrival: Arrival::Burst { ramp: *ramp },
                };
                if pages > 0 {
                    fresh = pages;
                    displaced = memory.domain.press(now, id.0, intruder).displacing_pages;
                }
            }
            Primitive::MemoryPressure { .. } => {
                memory.domain.release(now, id.0);
            }
            Primitive::SwapDevice { device, .. } => {
                memory.devices.retain(|(other, ..)| *other != id);
                if start {
                    memory.devices.push((id, now.as_nanos(), device.clone()));
                }
                memory.set_device(now);
            }
            _ => {}
        }
        self.hosts.list[node.index()].fresh_pages += fresh;
        if displaced > 0 {
            self.land(id, displaced);
        }
        self.memory_tick(node);
    }

    /// Schedules the next tick, if one is due before the one that is scheduled.
    fn memory_tick(&mut self, node: NodeId) {
        let now = self.time();
        let Some(memory) = self.memory(node) else {
            return;
        };
        let Some(at) = memory.domain.next_tick(now) else {
            return;
        };
        if memory.tick.is_none_or(|tick| at < tick) {
            memory.tick = Some(at);
            self.schedule(at.as_nanos(), Kind::Memory, node.0, 0);
        }
    }

    pub(in crate::world) fn memory_event(&mut self, node: NodeId) {
        let now = self.time();
        let Some(memory) = self.memory(node) else {
            return;
        };
        if memory.tick != Some(now) {
            return;
        }
        memory.tick = None;
        let tick = memory.domain.tick(now);
        if let Some(device) = memory.device.as_mut().filter(|device| !device.on_core()) {
            for _ in 0..tick.background_reads {
                device.read(now, &mut next(&mut memory.keys.service));
            }
        }
        if tick.out_of_memory {
            self.out_of_memory(node);
        }
        self.memory_tick(node);
    }

    /// The kernel kills who has most pages. Processes of the node are started again at once, as a
    /// supervisor would (a choice); an intruder is gone.
    fn out_of_memory(&mut self, node: NodeId) {
        let now = self.time();
        let victim = self
            .memory(node)
            .and_then(|memory| memory.domain.largest(now));
        self.hosts.list[node.index()].kills += 1;
        let change = NodeChange::OutOfMemory;
        self.record(What::Node { node, change });
        match victim {
            Some(Victim::Intruder(id)) => {
                if let Some(memory) = self.memory(node) {
                    memory.domain.release(now, id);
                }
            }
            Some(Victim::Class(_)) => self.restart_processes(node),
            None => {}
        }
    }

    /// The node's processes died: their pages are free, their waits are over.
    pub(in crate::world) fn memory_crashed(&mut self, node: NodeId) {
        let now = self.time();
        let host = &mut self.hosts.list[node.index()];
        host.in_io = 0;
        host.restored = 0;
        host.faulting = 0;
        if let Some(memory) = &mut host.memory {
            for (class, (_, live)) in memory.sets.iter_mut().enumerate() {
                if core::mem::take(live) {
                    memory.domain.free_class(now, class);
                }
            }
        }
        self.pressure_changed(node);
    }
}
