//! Working sets, the faults of computations, and the reads that serve them.

use super::{Kernel, Set, next};
use crate::memory::{ClassSpec, PAGE_BYTES, faults};
use crate::world::compute::{Bundle, MemorySet, Touches};
use crate::{NodeId, Sample, VirtualDuration, VirtualTime};

impl Kernel {
    /// Declares a working set; one of the same shape that a dead process left is filled again.
    pub(in crate::world) fn memory_set(
        &mut self,
        (node, group): (NodeId, u8),
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
            .position(|set| !set.live && set.spec == spec && set.group == group);
        let class = match left {
            Some(class) => {
                memory.domain.populate_class(now, class);
                memory.sets[class].live = true;
                class
            }
            None => {
                let (live, rate) = (true, None);
                memory.sets.push(Set {
                    spec,
                    group,
                    live,
                    rate,
                });
                memory.domain.add_class_in(usize::from(group), spec)
            }
        };
        if memory.throttles {
            memory.domain.charge(usize::from(group), spec.pages as f64);
        }
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
    pub(in crate::world) fn touch(&mut self, node: NodeId, touches: Touches) -> u32 {
        let Touches {
            class,
            pages,
            in_order,
        } = touches;
        let Some(memory) = self.memory(node) else {
            return 0;
        };
        let miss = if in_order {
            memory.domain.scan(class, u64::from(pages));
            memory.domain.scan_miss(class)
        } else {
            memory.domain.touch(class, u64::from(pages));
            memory.domain.miss(class)
        };
        if !memory.domain.busy() || (memory.device.is_none() && !memory.on_disk) {
            return 0;
        }
        let missing = faults::binomial(pages, miss, &mut next(&mut memory.keys.faults));
        let (count, cluster) = if in_order {
            let cluster = memory.cluster;
            (memory.domain.scan_faults(class, missing, cluster), cluster)
        } else {
            (missing, 1)
        };
        let read = u64::from(count) * u64::from(cluster);
        memory.domain.fault(count);
        memory.domain.read_ahead(read - u64::from(count));
        if memory.throttles {
            let group = memory.domain.group_of(class);
            memory.domain.charge(group, read as f64);
        }
        count
    }

    /// Pages that a fault of a pass in order reads.
    pub(in crate::world) fn page_cluster(&mut self, node: NodeId) -> u32 {
        self.memory(node).map_or(1, |memory| memory.cluster)
    }

    /// How long a task sleeps now for what was charged to the group of a working set.
    pub(in crate::world) fn high_stall(&mut self, node: NodeId, class: usize) -> VirtualDuration {
        let memory = self.memory(node).filter(|memory| memory.throttles);
        memory.map_or(VirtualDuration::ZERO, |memory| {
            let group = memory.domain.group_of(class);
            memory.domain.high_stall(group)
        })
    }

    /// A task is put to sleep for what it charged, or wakes up.
    pub(in crate::world) fn asleep(&mut self, node: NodeId, asleep: bool) {
        let count = &mut self.hosts.list[node.index()].asleep;
        *count = match asleep {
            true => *count + 1,
            false => count.saturating_sub(1),
        };
        self.pressure_changed(node);
    }

    /// Processor time in nanoseconds to serve some faults, and whether it counts as memory pressure, as
    /// most of reclaim does: the fault itself, reclaim where room must be made, and the read where the
    /// device is memory.
    pub(in crate::world) fn fault_work(&mut self, node: NodeId, bundle: Bundle) -> (f64, bool) {
        let pages = bundle.faults * bundle.cluster;
        let now = self.time();
        let parts = self.hosts.list[node.index()].memory_and_swap();
        let Some(((domain, keys), swap)) = parts else {
            return (0.0, false);
        };
        let mut work = faults::FAULT_CPU * u64::from(bundle.faults);
        let mut stalled = false;
        if domain.reclaiming(bundle.class) {
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
            work += faults::SUBMIT_CPU * u64::from(bundle.faults);
        }
        (work.as_nanos_f64(), stalled)
    }

    /// Submits the reads of a fault: when they are there, and whether the wait counts as memory
    /// pressure. `None` if they were served on the core.
    pub(in crate::world) fn read_swap(
        &mut self,
        node: NodeId,
        bundle: Bundle,
    ) -> Option<(VirtualTime, bool)> {
        let now = self.time();
        let pages = bundle.faults;
        let ((domain, keys), device) = self.hosts.list[node.index()].memory_and_swap()?;
        let device = device?;
        let mut done = None;
        if !device.on_core() {
            let ordinal = keys.service.1;
            let until = device.read_bundle(now, pages, &mut next(&mut keys.service));
            // A cluster is one read.
            device.read_beside(u64::from(pages) * u64::from(bundle.cluster - 1));
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
    pub(in crate::world) fn read_done(&mut self, node: NodeId, restored: bool) {
        let host = &mut self.hosts.list[node.index()];
        host.in_io = host.in_io.saturating_sub(1);
        host.restored = host.restored.saturating_sub(u32::from(restored));
        self.pressure_changed(node);
    }
}
