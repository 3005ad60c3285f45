//! The residency equations move on, and somebody is killed.

use super::{Daemons, HostMemory, Kernel, next};
use crate::history::{NodeChange, What};
use crate::memory::{TICK, Victim, faults};
use crate::plan::{Seen, Swap};
use crate::world::kernel::Kind;
use crate::{EntryId, NodeId, VirtualTime};

impl HostMemory {
    /// The processes of some memory groups died: their pages are free, and what they leaked.
    pub(super) fn free_sets(&mut self, now: VirtualTime, of: impl Fn(u8) -> bool) {
        for (class, set) in self.sets.iter_mut().enumerate() {
            if of(set.group) && core::mem::take(&mut set.live) {
                self.domain.free_class(now, class);
            }
        }
        // A leak is of processes that are in no group.
        for (id, _) in self.leaks.iter().filter(|_| of(0)) {
            self.domain.release(now, id.0);
        }
    }
    /// The processes of the node begin, and leak from now on.
    fn begin_leaks(&mut self, now: VirtualTime) {
        for (id, leak) in &self.leaks {
            // A leak whose fault began while the node was down has pressed already.
            self.domain.release(now, id.0);
            self.domain.press(now, id.0, *leak);
        }
    }
    /// Whether somebody on the node looks at its pressure.
    pub(in crate::world::host) fn watches_pressure(&self) -> bool {
        let daemons = self.daemons.as_deref();
        daemons.is_some_and(Daemons::watch_pressure)
    }
}

impl Kernel {
    /// Schedules the next tick, if one is due before the one that is scheduled.
    pub(super) fn memory_tick(&mut self, node: NodeId) {
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
        memory.owed_us += f64::from(tick.displaced_directly) * page_us;
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
        // On a node that is down there is no kernel that could kill.
        let up = self.nodes[node.index()].up;
        let short = tick.out_of_memory.filter(|_| up);
        let killed = short.is_some_and(|group| self.kill_in(node, group));
        if killed {
            for id in limit.into_iter().chain(off) {
                self.land(id, 1);
            }
        }
        let count = u64::from(tick.displaced).max(u64::from(killed));
        if count > 0 {
            self.land_leaks(node, count);
        }
        if up {
            self.daemons(node);
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

    /// The kernel kills who has most pages in a group, 0 being the node. Processes are started again at
    /// once, as a supervisor would (a choice): all of the memory group of the one that is killed, or of
    /// the node where there are no groups; an intruder is gone. Whether there was somebody to kill.
    pub(super) fn kill_in(&mut self, node: NodeId, group: usize) -> bool {
        let now = self.time();
        let victim = self
            .memory(node)
            .and_then(|memory| memory.domain.largest_in(now, group));
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
            (Some(Victim::Class(class)), Some(memory)) => {
                let own = memory.domain.group_of(class);
                self.restart_group(node, own);
            }
            // A leak is of processes that are in no group.
            _ => self.restart_group(node, 0),
        }
        true
    }

    /// The node's processes died: their pages are free, their waits are over.
    pub(in crate::world) fn memory_crashed(&mut self, node: NodeId) {
        let now = self.time();
        let host = &mut self.hosts.list[node.index()];
        host.in_io = 0;
        host.restored = 0;
        host.asleep = 0;
        if let Some(memory) = &mut host.memory {
            memory.free_sets(now, |_| true);
        }
        self.daemons_crashed(node);
        self.pressure_changed(node);
    }
    /// The node's processes are started again.
    pub(in crate::world) fn memory_started(&mut self, node: NodeId) {
        let now = self.time();
        let leaking = self.memory(node).filter(|memory| !memory.leaks.is_empty());
        if let Some(memory) = leaking {
            memory.begin_leaks(now);
            self.memory_tick(node);
        }
    }

    /// A kill that a fault asks for: it lasts until the fault ends.
    pub(super) fn oom_kill(&mut self, node: NodeId, id: EntryId, start: bool) {
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
                self.kill_in(node, 0);
                self.land(id, 1);
            }
            None => {}
        }
    }
}
