//! Drives the memory model of a node: working sets, faults of computations, intruders, the device.

use super::disk::HostDisk;
use super::{Host, Kernel};
use crate::history::{NodeChange, What};
use crate::memory::{
    Arrival, ClassSpec, Domain, Intruder, PAGE_BYTES, Preset, SwapDevice, TICK, Victim, faults,
};
use crate::plan::{Damage, Entry, Limit, Primitive, Seen, Swap};
use crate::world::NodeSpec;
use crate::world::compute::MemorySet;
use crate::world::kernel::Kind;
use crate::{EntryId, Key, NodeId, Sample, Seed, VirtualDuration, VirtualTime};

/// The memory of one node.
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
    keys: Keys,
}

/// A working set. One declared by a dead process is filled again by a new one of the same shape.
#[derive(Debug)]
struct Set {
    spec: ClassSpec,
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
            device
        });
        let swap_bytes = spec.swap_bytes.unwrap_or(bytes);
        let path = format!("node/{}", spec.name);
        let key = |purpose| Key::new(seed, &path, purpose);
        Some(Self {
            domain: Domain::new(
                bytes,
                preset.or(disk).map(|preset| preset.space(swap_bytes)),
            ),
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
            keys: Keys {
                faults: (key("mem.faults"), 0),
                reclaim: (key("mem.reclaim"), 0),
                service: (key("swap.service"), 0),
                restored: key("mem.restored"),
                stalled: key("mem.stalled"),
            },
        })
    }
    /// Whether an intruder is a leak of the node's processes.
    fn leaking(&self, intruder: u32) -> bool {
        self.leaks.iter().any(|(id, _)| id.0 == intruder)
    }
    /// The device overlay in force: the latest that is not a factor.
    fn device_overlay(&self) -> Option<&(EntryId, u64, Swap)> {
        self.devices
            .iter()
            .filter(|(.., swap)| !matches!(swap, Swap::Slow(_)))
            .max_by_key(|(id, started, _)| (*started, *id))
    }
    /// The limit overlay in force, the lowest, and its bytes.
    fn limit_overlay(&self) -> Option<(EntryId, u64)> {
        let bytes = |limit: Limit| match limit {
            Limit::Bytes(bytes) => bytes,
            Limit::OfWorkingSet(share) => self.domain.limit_for(share),
        };
        let all = self.limits.iter().map(|(id, limit)| (*id, bytes(*limit)));
        all.min_by_key(|(id, bytes)| (*bytes, *id))
            .filter(|(_, bytes)| *bytes < self.bytes)
    }
    /// Puts the limit into the state that base and overlays ask for.
    fn set_limit(&mut self, now: VirtualTime) {
        let bytes = self.limit_overlay().map_or(self.bytes, |(_, bytes)| bytes);
        self.domain.set_limit(now, bytes);
    }
    /// Puts the device into the state that base and overlays ask for.
    fn set_device(&mut self, now: VirtualTime, disk: &mut Option<Box<HostDisk>>) {
        let overlay = self.device_overlay().map(|(_, _, swap)| swap.clone());
        let (place, cap) = match &overlay {
            Some(Swap::Preset(name)) => (Preset::by_name(name).map(Place::Own).or(self.base), None),
            Some(Swap::Disk) => (Some(Place::Disk), None),
            Some(Swap::Iops(iops)) => (self.base, Some(*iops)),
            Some(Swap::Slow(_) | Swap::Off) | None => (self.base, self.cap),
        };
        // In id order, so that the product is the same whoever came first.
        let mut factors: Vec<(EntryId, f64)> = Vec::new();
        for (id, _, swap) in &self.devices {
            if let Swap::Slow(factor) = swap {
                factors.push((*id, *factor));
            }
        }
        factors.sort_by_key(|(id, _)| *id);
        let slow = factors.iter().fold(self.slow, |all, (_, f)| all * f);
        let Some(place) = place else {
            return;
        };
        if self.on_disk && place != Place::Disk {
            let queue = disk.as_deref_mut().map(HostDisk::queue_mut);
            if let Some(queue) = queue {
                queue.set_iops_cap(now, None);
                queue.set_slow(1.0);
            }
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
            device.set_slow(slow);
        }
        let off = matches!(overlay, Some(Swap::Off));
        let space = preset.space(self.swap_bytes);
        self.domain.set_swap((!off).then_some(space));
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
            .position(|set| !set.live && set.spec == spec);
        let class = match left {
            Some(class) => {
                memory.domain.populate_class(now, class);
                memory.sets[class].live = true;
                class
            }
            None => {
                let (live, rate) = (true, None);
                memory.sets.push(Set { spec, live, rate });
                memory.domain.add_class(spec)
            }
        };
        if !memory.limits.is_empty() {
            memory.set_limit(now);
        }
        self.hosts.list[node.index()].fresh_pages += spec.pages;
        self.memory_tick(node);
        MemorySet { class: Some(class) }
    }

    /// Says how a working set was touched before the run. Once it is said of all, an over-committed
    /// node begins in its steady state.
    pub(in crate::world) fn memory_warm(
        &mut self,
        (node, class): (NodeId, usize),
        rate: f64,
        warmed: VirtualDuration,
    ) {
        let now = self.time();
        let Some(memory) = self.memory(node) else {
            return;
        };
        memory.sets[class].rate = Some(rate);
        let rates: Option<Vec<f64>> = memory.sets.iter().map(|set| set.rate).collect();
        if let Some(rates) = rates
            && !memory.domain.pressed()
        {
            memory.domain.settle_after(now, &rates, warmed);
        }
        self.memory_tick(node);
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

    /// Processor time in nanoseconds to serve faults of `pages` pages, and whether it counts as memory
    /// pressure, as most of reclaim does: the fault itself, reclaim where room must be made, and the read where the device is memory.
    pub(in crate::world) fn fault_work(&mut self, node: NodeId, pages: u32) -> (f64, bool) {
        let now = self.time();
        let parts = self.hosts.list[node.index()].memory_and_swap();
        let Some(((domain, keys), swap)) = parts else {
            return (0.0, false);
        };
        let mut work = faults::FAULT_CPU * u64::from(pages);
        let mut stalled = false;
        if domain.reclaiming() {
            let dirty = domain.dirty_share();
            let ordinal = keys.reclaim.1;
            let draw = &mut next(&mut keys.reclaim);
            if let Some(reclaim) = faults::reclaim_cost(pages, dirty, draw) {
                work += reclaim;
                stalled = keys.stalled.at(ordinal).chance(faults::STALLED_SHARE);
            }
        }
        if let Some(device) = swap.filter(|device| device.on_core()) {
            let draw = &mut next(&mut keys.service);
            work += device.read_bundle(now, pages, draw).since(now);
        } else {
            work += faults::SUBMIT_CPU * u64::from(pages);
        }
        (work.as_nanos_f64(), stalled)
    }

    /// Submits the reads of a fault: when they are there, and whether the wait counts as memory
    /// pressure. `None` if they were served on the core.
    pub(in crate::world) fn read_swap(
        &mut self,
        node: NodeId,
        pages: u32,
    ) -> Option<(VirtualTime, bool)> {
        let now = self.time();
        let ((domain, keys), device) = self.hosts.list[node.index()].memory_and_swap()?;
        let device = device?;
        let mut done = None;
        if !device.on_core() {
            let ordinal = keys.service.1;
            let until = device.read_bundle(now, pages, &mut next(&mut keys.service));
            // What was spent on a core is a part of it.
            let spent = faults::SUBMIT_CPU * u64::from(pages);
            let until = now.saturating_add(until.since(now).saturating_sub(spent));
            let share = domain.restored_share();
            done = Some((until, keys.restored.at(ordinal).chance(share)));
        }
        self.land_devices(node, pages);
        if let Some((_, restored)) = done {
            let host = &mut self.hosts.list[node.index()];
            host.in_io += 1;
            host.restored += u32::from(restored);
            self.pressure_changed(node);
        }
        done
    }
    /// Reads count for the device overlay that served them and for every one that slowed it down.
    fn land_devices(&mut self, node: NodeId, pages: u32) {
        for at in 0..usize::MAX {
            let Some(memory) = self.hosts.list[node.index()].memory.as_deref() else {
                return;
            };
            let Some((id, _, swap)) = memory.devices.get(at) else {
                return;
            };
            let (id, latest) = (*id, memory.device_overlay().map(|(id, ..)| *id));
            if matches!(swap, Swap::Slow(_)) || latest == Some(id) && *swap != Swap::Off {
                self.land(id, u64::from(pages));
            }
        }
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
        let (mut displaced, mut fresh) = (0, 0);
        match &entry.primitive {
            Primitive::MemoryPressure {
                size,
                activity,
                arrival,
                ..
            } if start => {
                let pages = match size {
                    Damage::Bytes(bytes) => bytes.div_ceil(PAGE_BYTES),
                    Damage::Overcommit(ratio) => memory.domain.overcommit_pages(*ratio),
                };
                let intruder = Intruder {
                    pages,
                    activity: *activity,
                    arrival: *arrival,
                };
                if pages > 0 {
                    fresh = pages;
                    displaced = memory.domain.press(now, id.0, intruder).displacing_pages;
                }
                if pages > 0 && matches!(arrival, Arrival::Linear { .. }) {
                    // It displaces nobody yet.
                    displaced = 0;
                    memory.leaks.push((id, intruder));
                }
            }
            Primitive::MemoryPressure { .. } => {
                memory.leaks.retain(|(other, _)| *other != id);
                memory.domain.release(now, id.0);
            }
            Primitive::MemoryLimit { limit, .. } => {
                memory.limits.retain(|(other, _)| *other != id);
                if start {
                    memory.limits.push((id, *limit));
                }
                memory.set_limit(now);
            }
            Primitive::OomKill { .. } => return self.oom_kill(node, id, start),
            Primitive::SwapDevice { device, .. } => {
                memory.devices.retain(|(other, ..)| *other != id);
                if start {
                    memory.devices.push((id, now.as_nanos(), device.clone()));
                }
                memory.set_device(now, &mut host.disk);
            }
            _ => {}
        }
        self.hosts.list[node.index()].fresh_pages += fresh;
        if displaced > 0 {
            self.land(id, displaced);
        }
        self.memory_tick(node);
    }

    /// A kill that a fault asks for: it lasts until the fault ends.
    fn oom_kill(&mut self, node: NodeId, id: EntryId, start: bool) {
        if !start {
            return self.lift_crash(node, id);
        }
        let now = self.time();
        let memory = self.memory(node);
        let victim = memory.and_then(|memory| {
            let victim = memory.domain.largest(now)?;
            let intruder = matches!(victim, Victim::Intruder(id) if !memory.leaking(id));
            Some(intruder)
        });
        match victim {
            Some(false) => {
                let change = NodeChange::OutOfMemory;
                self.record(What::Node { node, change });
                self.crash(node, id, Seen::Reset);
            }
            Some(true) => {
                self.out_of_memory(node);
                self.land(id, 1);
            }
            None => {}
        }
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
        let before = memory.domain.evicted_pages();
        let tick = memory.domain.tick(now);
        let limit = memory.limit_overlay().map(|(id, _)| id);
        let off = memory.device_overlay();
        let off = off
            .filter(|(.., swap)| *swap == Swap::Off)
            .map(|(id, ..)| *id);
        let reclaimed = memory.domain.evicted_pages() - before;
        let tick_us = TICK.as_nanos_f64() / 1e3;
        let page_us = faults::reclaim_us_mean(memory.domain.dirty_share());
        memory.owed_us += f64::from(tick.displaced) * page_us;
        let arriving = memory.owed_us >= tick_us;
        if arriving {
            // One task pays: more than a tick is not owed longer than the pages need to come.
            memory.owed_us = (memory.owed_us - tick_us).min(tick_us);
        }
        let changed = core::mem::replace(&mut memory.arriving, arriving) != arriving;
        let parts = self.hosts.list[node.index()].memory_and_swap();
        if let Some(((_, keys), Some(device))) = parts
            && !device.on_core()
        {
            for _ in 0..tick.background_reads {
                device.read(now, &mut next(&mut keys.service));
            }
        }
        if changed {
            self.pressure_changed(node);
        }
        if let Some(id) = limit.filter(|_| reclaimed > 0) {
            self.land(id, reclaimed);
        }
        let killed = tick.out_of_memory && self.out_of_memory(node);
        if killed {
            for id in limit.into_iter().chain(off) {
                self.land(id, 1);
            }
        }
        let count = u64::from(tick.displaced).max(u64::from(killed));
        if count > 0 {
            self.land_leaks(node, count);
        }
        self.memory_tick(node);
    }

    fn land_leaks(&mut self, node: NodeId, count: u64) {
        for at in 0..usize::MAX {
            let memory = self.hosts.list[node.index()].memory.as_deref();
            let Some((id, _)) = memory.and_then(|memory| memory.leaks.get(at)) else {
                return;
            };
            self.land(*id, count);
        }
    }

    /// The kernel kills who has most pages. Processes of the node are started again at once, as a
    /// supervisor would (a choice); an intruder is gone. Whether there was somebody to kill.
    fn out_of_memory(&mut self, node: NodeId) -> bool {
        let now = self.time();
        let victim = self
            .memory(node)
            .and_then(|memory| memory.domain.largest(now));
        if victim.is_none() {
            return false;
        }
        self.hosts.list[node.index()].kills += 1;
        let change = NodeChange::OutOfMemory;
        self.record(What::Node { node, change });
        match (victim, self.memory(node)) {
            (Some(Victim::Intruder(id)), Some(memory)) if !memory.leaking(id) => {
                memory.domain.release(now, id);
            }
            _ => self.restart_processes(node),
        }
        true
    }

    /// The node's processes died: their pages are free, their waits are over.
    pub(in crate::world) fn memory_crashed(&mut self, node: NodeId) {
        let now = self.time();
        let host = &mut self.hosts.list[node.index()];
        host.in_io = 0;
        host.restored = 0;
        if let Some(memory) = &mut host.memory {
            for (class, set) in memory.sets.iter_mut().enumerate() {
                if core::mem::take(&mut set.live) {
                    memory.domain.free_class(now, class);
                }
            }
            for (id, leak) in &memory.leaks {
                memory.domain.release(now, id.0);
                memory.domain.press(now, id.0, *leak);
            }
        }
        self.pressure_changed(node);
    }
}
