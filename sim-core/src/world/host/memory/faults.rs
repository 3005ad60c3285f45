//! Working sets, the faults of computations, and the reads that serve them.

use super::{Kernel, Set, next};
use crate::memory::{ClassSpec, PAGE_BYTES, faults};
use crate::world::compute::MemorySet;
use crate::{NodeId, Sample, VirtualDuration, VirtualTime};

impl Kernel {
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
    pub(in crate::world) fn read_done(&mut self, node: NodeId, restored: bool) {
        let host = &mut self.hosts.list[node.index()];
        host.in_io = host.in_io.saturating_sub(1);
        host.restored = host.restored.saturating_sub(u32::from(restored));
        self.pressure_changed(node);
    }
}
