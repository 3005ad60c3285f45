//! Drives the memory model of a node: working sets, faults of computations, intruders, the device.

use super::disk::HostDisk;
use super::{Host, Kernel};
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
    /// Whether the swap file lies on the node's disk, whose queue it shares, instead.
    pub(super) on_disk: bool,
    pub(super) bytes: u64,
    base: Option<Place>,
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
            // A cap without a device is one on the device of the calibration.
            Some(Swap::Iops(_)) => Some(Place::Own(Preset::Vdisk)),
            None => None,
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
            device
        });
        let path = format!("node/{}", spec.name);
        let key = |purpose| Key::new(seed, &path, purpose);
        Some(Self {
            // As much swap as memory: a common rule of thumb, and a choice.
            domain: Domain::new(bytes, preset.or(disk).map(|preset| preset.space(bytes))),
            device,
            on_disk: base == Some(Place::Disk),
            bytes,
            base,
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
    fn set_device(&mut self, now: VirtualTime, disk: &mut Option<Box<HostDisk>>) {
        let overlay = self.device_overlay().map(|(_, _, swap)| swap.clone());
        let (place, cap) = match &overlay {
            Some(Swap::Preset(name)) => (Preset::by_name(name).map(Place::Own).or(self.base), None),
            Some(Swap::Disk) => (Some(Place::Disk), None),
            Some(Swap::Iops(iops)) => (self.base, Some(*iops)),
            None => (self.base, self.cap),
        };
        let Some(place) = place else {
            return;
        };
        if self.on_disk && place != Place::Disk {
            let queue = disk.as_deref_mut().map(HostDisk::queue_mut);
            queue.into_iter().for_each(|q| q.set_iops_cap(now, None));
        }
        self.on_disk = place == Place::Disk;
        let preset = match place {
            Place::Own(preset) => {
                let device = self
                    .device
                    .get_or_insert_with(|| SwapDevice::new(preset.device()));
                if *device.device() != preset.device() {
                    device.replace(now, preset.device());
                }
                preset
            }
            Place::Disk => disk.as_deref().map(HostDisk::preset).unwrap_or_default(),
        };
        if let Some(device) = swap_of(&mut self.device, self.on_disk, disk) {
            device.set_iops_cap(now, cap);
        }
        self.domain.set_swap(Some(preset.space(self.bytes)));
    }
}

impl Host {
    /// The device that serves swap, if there is one.
    pub(super) fn swap(&self) -> Option<&SwapDevice> {
        let memory = self.memory.as_deref()?;
        if memory.on_disk {
            self.disk.as_deref().map(HostDisk::queue)
        } else {
            memory.device.as_ref()
        }
    }
    /// The memory and the device that serves its swap.
    fn memory_and_swap(&mut self) -> Option<(MemoryParts<'_>, Option<&mut SwapDevice>)> {
        let memory = self.memory.as_deref_mut()?;
        let swap = swap_of(&mut memory.device, memory.on_disk, &mut self.disk);
        Some(((&mut memory.domain, &mut memory.keys), swap))
    }
}

impl Kernel {
    fn memory(&mut self, node: NodeId) -> Option<&mut HostMemory> {
        self.hosts.list[node.index()].memory.as_deref_mut()
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
        if !memory.domain.busy() || (memory.device.is_none() && !memory.on_disk) {
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
        let parts = self.hosts.list[node.index()].memory_and_swap();
        let Some(((domain, keys), swap)) = parts else {
            return 0.0;
        };
        let mut work = faults::FAULT_CPU * u64::from(pages);
        if domain.reclaiming() {
            let dirty = domain.dirty_share();
            let draw = &mut next(&mut keys.reclaim);
            work += faults::reclaim_cost(pages, dirty, draw).unwrap_or_default();
        }
        if let Some(device) = swap.filter(|device| device.on_core()) {
            let draw = &mut next(&mut keys.service);
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
        let ((domain, keys), device) = self.hosts.list[node.index()].memory_and_swap()?;
        let device = device?;
        let mut done = None;
        if !device.on_core() {
            let ordinal = keys.service.1;
            let until = device.read_bundle(now, pages, &mut next(&mut keys.service));
            let share = domain.restored_share();
            done = Some((until, keys.restored.at(ordinal).chance(share)));
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
        if matches!(
            entry.primitive,
            Primitive::SwapDevice {
                device: Swap::Disk,
                ..
            }
        ) {
            self.disk(node);
        }
        let host = &mut self.hosts.list[node.index()];
        let Some(memory) = host.memory.as_deref_mut() else {
            return;
        };
        let mut displaced = 0;
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
                memory.set_device(now, &mut host.disk);
            }
            _ => {}
        }
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
            self.schedule(at.as_nanos(), Kind::Memory, node.0, 0, 0);
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
        let parts = self.hosts.list[node.index()].memory_and_swap();
        if let Some(((_, keys), Some(device))) = parts
            && !device.on_core()
        {
            for _ in 0..tick.background_reads {
                device.read(now, &mut next(&mut keys.service));
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
