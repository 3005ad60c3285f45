//! Limits, intruders and swap devices: the state that base and overlays ask for.

use super::{HostMemory, Kernel, Place, swap_of};
use crate::memory::{Arrival, Intruder, PAGE_BYTES, Preset, SwapDevice};
use crate::plan::{Damage, Entry, Limit, Primitive, Swap};
use crate::world::host::disk::HostDisk;
use crate::{EntryId, NodeId, VirtualTime};

impl HostMemory {
    /// Whether an intruder is a leak of the node's processes.
    pub(super) fn leaking(&self, intruder: u32) -> bool {
        self.leaks.iter().any(|(id, _)| id.0 == intruder)
    }
    /// The device overlay in force: the latest that is not a factor.
    pub(super) fn device_overlay(&self) -> Option<&(EntryId, u64, Swap)> {
        self.devices
            .iter()
            .filter(|(.., swap)| !matches!(swap, Swap::Slow(_)))
            .max_by_key(|(id, started, _)| (*started, *id))
    }
    /// The limit overlay in force, the lowest, and its bytes.
    pub(super) fn limit_overlay(&self) -> Option<(EntryId, u64)> {
        let bytes = |limit: Limit| match limit {
            Limit::Bytes(bytes) => bytes,
            Limit::OfWorkingSet(share) => self.domain.limit_for(share),
        };
        let all = self.limits.iter().map(|(id, limit)| (*id, bytes(*limit)));
        all.min_by_key(|(id, bytes)| (*bytes, *id))
            .filter(|(_, bytes)| *bytes < self.bytes)
    }
    /// Puts the limit into the state that base and overlays ask for.
    pub(super) fn set_limit(&mut self, now: VirtualTime) {
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

impl Kernel {
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

    /// Reads count for the device overlay that served them and for every one that slowed it down.
    pub(super) fn land_devices(&mut self, node: NodeId, pages: u32) {
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
}
