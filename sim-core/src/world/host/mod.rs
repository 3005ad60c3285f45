//! A node's memory at work, and what an operator would see of the host.

mod disk;
mod memory;
mod signals;

pub(in crate::world) use disk::Begun;

pub use signals::{HOST_SIGNALS, HostSignal};

use super::kernel::{Kernel, Kind};
use super::{DiskSpec, NodeSpec};
use crate::memory::{Pressure, Tasks};
use crate::{NodeId, VirtualDuration};
use disk::HostDisk;
use memory::HostMemory;
use signals::{Counters, Sampled};

/// One host.
#[derive(Debug)]
pub(in crate::world) struct Host {
    memory: Option<Box<HostMemory>>,
    /// Made at the first use, unless the node says which disk it has.
    disk: Option<Box<HostDisk>>,
    /// Waits for a device, disk or swap: all, and those that count as memory pressure.
    in_io: u32,
    restored: u32,
    /// Tasks that serve a fault on a core.
    faulting: u32,
    pressure: Pressure,
    /// Time in which a core was idle while a task waited for the device.
    iowait_ns: u64,
    /// Idle cores with such a task since `at`.
    iowait_cores: u64,
    at: u64,
    load: f64,
    sampled: Option<Box<Sampled>>,
    last: Counters,
}

/// All hosts.
#[derive(Debug, Default)]
pub(in crate::world) struct Hosts {
    list: Vec<Host>,
    period: Option<u64>,
}

impl Hosts {
    pub(in crate::world) fn clear(&mut self) {
        self.list.clear();
        self.period = None;
    }
}

impl Kernel {
    pub(in crate::world) fn add_host(&mut self, spec: &NodeSpec) {
        let memory = HostMemory::new(self.seed, spec).map(Box::new);
        self.hosts.list.push(Host {
            memory,
            disk: None,
            in_io: 0,
            restored: 0,
            faulting: 0,
            pressure: Pressure::new(spec.cores.max(1)),
            iowait_ns: 0,
            iowait_cores: 0,
            at: 0,
            load: 0.0,
            sampled: None,
            last: Counters::default(),
        });
        // The usual disk is made when it is used.
        let usual = spec
            .disk
            .as_ref()
            .is_none_or(|disk| *disk == DiskSpec::default());
        if !usual || spec.swap == Some(crate::plan::Swap::Disk) {
            let node = NodeId::from_index(self.hosts.list.len() - 1);
            let disk = HostDisk::new(self.seed, spec);
            self.hosts.list[node.index()].disk = Some(Box::new(disk));
        }
    }

    /// Samples all hosts that are there, every `period`.
    pub(in crate::world) fn sample_hosts(&mut self, period: VirtualDuration) {
        self.hosts.period = Some(period.as_nanos().max(1));
        for index in 0..self.nodes.len() {
            let sampled = Sampled::new(&mut self.names, &self.nodes[index].name);
            self.hosts.list[index].sampled = Some(Box::new(sampled));
        }
    }
    pub(in crate::world) fn start_sampling(&mut self) {
        if let Some(period) = self.hosts.period {
            self.schedule(self.now + period, Kind::Sample, 0, 0, 0);
        }
    }

    /// The tasks of a node changed their states: the time up to now is accounted for.
    pub(in crate::world) fn pressure_changed(&mut self, node: NodeId) {
        let now = self.now;
        let cpu = &self.nodes[node.index()].cpu;
        let (running, waiting) = (cpu.running(), cpu.waiting());
        let host = &mut self.hosts.list[node.index()];
        if host.sampled.is_none() {
            return;
        }
        host.iowait_ns += (now - host.at) * host.iowait_cores;
        host.at = now;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let faulting = host.faulting.min(count(running));
        host.iowait_cores = (cpu.cores() - running).min(host.in_io as usize) as u64;
        let tasks = Tasks {
            running: count(running) - faulting,
            waiting_cpu: count(waiting),
            in_io: host.in_io,
            in_reclaim: faulting,
            restored: host.restored,
        };
        host.pressure
            .set(crate::VirtualTime::from_nanos(now), tasks);
    }
}
