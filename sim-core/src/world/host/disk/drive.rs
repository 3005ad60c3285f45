//! Drives the disks: what the kernel asks of them, and what faults do.

use super::{Begun, HostDisk, Syncing};
use crate::disk::{Content, DiskError, DiskTotals, Op};
use crate::plan::Primitive;
use crate::world::kernel::Kernel;
use crate::world::{NodeSpec, Wake};
use crate::{EntryId, Key, NodeId, VirtualTime};

impl Kernel {
    /// The disk of a node, made at its first use.
    pub(in crate::world::host) fn disk(&mut self, node: NodeId) -> &mut HostDisk {
        let (seed, name) = (self.seed, &self.nodes[node.index()].name);
        let host = &mut self.hosts.list[node.index()];
        let memory = host.memory.as_deref().map(|memory| memory.bytes);
        host.disk.get_or_insert_with(|| {
            let mut spec = NodeSpec::new(name.clone());
            spec.memory = memory;
            Box::new(HostDisk::new(seed, &spec))
        })
    }

    /// Begins an operation.
    fn disk_begin<T>(
        &mut self,
        node: NodeId,
        act: impl FnOnce(&mut HostDisk, VirtualTime, &mut Vec<EntryId>) -> Begun<T>,
    ) -> Begun<T> {
        let now = self.time();
        let mut landed = core::mem::take(&mut self.landed_now);
        let begun = act(self.disk(node), now, &mut landed);
        self.landed_now = landed;
        self.land_collected();
        if begun.waits {
            self.disk_waits(node);
        }
        begun
    }
    /// An operation waits for input or output.
    pub(in crate::world) fn disk_waits(&mut self, node: NodeId) {
        self.disk(node).in_flight += 1;
        self.hosts.list[node.index()].in_io += 1;
        self.pressure_changed(node);
    }
    /// Its wait is over, or was given up.
    pub(in crate::world) fn disk_waited(&mut self, node: NodeId) {
        let disk = self.disk(node);
        disk.in_flight = disk.in_flight.saturating_sub(1);
        let host = &mut self.hosts.list[node.index()];
        host.in_io = host.in_io.saturating_sub(1);
        self.pressure_changed(node);
    }

    pub(in crate::world) fn disk_read(
        &mut self,
        node: NodeId,
        (path, offset, len): (&str, u64, u64),
    ) -> Begun<Vec<u8>> {
        self.disk_begin(node, |disk, now, landed| {
            disk.read(now, (path, offset, len), landed)
        })
    }
    pub(in crate::world) fn disk_write(
        &mut self,
        node: NodeId,
        (path, offset): (&str, Option<u64>),
        bytes: &[u8],
    ) -> Begun<u64> {
        self.disk_begin(node, |disk, now, landed| {
            disk.write(now, (path, offset), bytes, landed)
        })
    }
    pub(in crate::world) fn disk_sync(
        &mut self,
        node: NodeId,
        path: Option<&str>,
    ) -> Begun<Syncing> {
        self.disk_begin(node, |disk, now, landed| disk.sync(now, path, landed))
    }
    /// A sync came back: what it promised is true, or a lie.
    pub(in crate::world) fn disk_synced(&mut self, node: NodeId, sync: &Syncing) {
        let now = self.time();
        let misdirected = self.disk(node).synced(now, sync);
        for id in misdirected {
            self.land(id, 1);
        }
    }
    /// A change or a question that ends in the host's cache.
    pub(in crate::world) fn disk_name<T>(
        &mut self,
        node: NodeId,
        (op, path): (Op, &str),
        act: impl FnOnce(&mut Content, u64) -> Result<T, DiskError>,
    ) -> Begun<T> {
        self.disk_begin(node, |disk, now, landed| {
            let (_, begun) = disk.begin(op, path, landed);
            let strain = match begun {
                Ok(strain) => strain,
                Err(error) => return disk.failed(now, op, error),
            };
            match act(&mut disk.content, now.as_nanos()) {
                Ok(value) => Begun {
                    until: disk.cached(now, 0, strain),
                    op,
                    waits: !strain.is_calm(),
                    result: Ok(value),
                },
                Err(error) => disk.failed(now, op, error),
            }
        })
    }

    /// Whether an operation whose time has come still waits for holds, which are credited unless
    /// they are in `credited`.
    pub(in crate::world) fn disk_held(
        &mut self,
        node: NodeId,
        (op, path): (Op, &str),
        credited: &mut Vec<EntryId>,
    ) -> bool {
        let disk = self.disk(node);
        if disk.weather.is_calm() {
            return false;
        }
        let holds: Vec<EntryId> = disk.weather.holds(op, path).collect();
        for id in &holds {
            if !credited.contains(id) {
                credited.push(*id);
                self.land(*id, 1);
            }
        }
        !holds.is_empty()
    }
    pub(in crate::world) fn disk_wait(&mut self, node: NodeId, wake: Wake) {
        self.disk(node).waiting.push(wake);
    }

    /// An overlay comes, at a time and with its draws, or goes.
    pub(in crate::world) fn disk_overlay(
        &mut self,
        id: EntryId,
        primitive: &Primitive,
        start: Option<(u64, Key)>,
    ) {
        let Some(node) = primitive.node() else {
            return;
        };
        let now = self.now;
        let disk = self.disk(node);
        match start {
            Some((started, key)) => disk.weather.start(id, started, key, primitive),
            None => disk.weather.end(id, now),
        }
        if start.is_none() && matches!(primitive, Primitive::DiskHold { .. }) {
            for wake in core::mem::take(&mut disk.waiting) {
                self.wake(wake);
            }
        }
    }

    /// The power of a node goes: its disk keeps what the rules in force leave.
    pub(in crate::world) fn disk_power_loss(&mut self, node: NodeId, wipe: bool) {
        let now = self.now;
        let Some(disk) = self.hosts.list[node.index()].disk.as_deref_mut() else {
            return;
        };
        disk.device.power_loss(VirtualTime::from_nanos(now));
        if wipe {
            disk.content.wipe();
            return;
        }
        let rules = disk.weather.power_rules(disk.keys.power);
        let done = disk.content.power_loss(now, &rules);
        let all = [done.lost, done.torn, done.exposed, done.misdirected];
        for id in all.into_iter().flatten() {
            self.land(id, 1);
        }
    }
    /// The processes of a node died: nobody waits any more. What they wrote is in the host's cache.
    pub(in crate::world) fn disk_crashed(&mut self, node: NodeId) {
        if let Some(disk) = self.hosts.list[node.index()].disk.as_deref_mut() {
            disk.in_flight = 0;
            disk.waiting.clear();
        }
    }

    pub(in crate::world) fn disk_totals(&self, node: NodeId) -> DiskTotals {
        let disk = self.hosts.list[node.index()].disk.as_deref();
        disk.map_or_else(DiskTotals::default, |disk| DiskTotals {
            in_flight: disk.in_flight,
            errors: disk.errors,
            lies: disk.lies,
            ..disk.device.totals(self.time())
        })
    }
}
