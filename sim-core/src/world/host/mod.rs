//! A node's memory at work, and what an operator would see of the host.

mod disk;
mod memory;
mod signals;
mod table;

pub(in crate::world) use disk::Begun;
pub use table::{HOST_SIGNALS, HostSignal};

use super::kernel::{Kernel, Kind};
use super::{DiskSpec, MemoryRules, NodeSpec};
use crate::memory::{Pressure, Tasks};
use crate::{NameId, NodeId, VirtualDuration, VirtualTime};
use disk::HostDisk;
use memory::HostMemory;
use signals::Sampled;

/// One host.
#[derive(Debug)]
pub(in crate::world) struct Host {
    memory: Option<Box<HostMemory>>,
    /// What its kernel does about memory, where that is not the usual.
    rules: Option<Box<MemoryRules>>,
    /// Tasks that wait for the device, or are put to sleep, since `at`.
    blocked: u32,
    /// Made at the first use, unless the node says which disk it has.
    disk: Option<Box<HostDisk>>,
    /// Waits for a device, disk or swap: all, and those that count as memory pressure.
    in_io: u32,
    restored: u32,
    /// Tasks put to sleep for what they charged to a group over `memory.high`.
    asleep: u32,
    pressure: Pressure,
    /// Time in which a core was idle while a task waited for the device.
    iowait_ns: u64,
    /// Idle cores with such a task since `at`.
    iowait_cores: u64,
    at: u64,
    /// Time of tasks that waited for the device, summed.
    blocked_ns: u64,
    /// Pages touched for the first time, and processes killed for want of memory.
    fresh_pages: u64,
    kills: u64,
    /// Whether anything happened since the last sample.
    stirred: bool,
    sampled: Option<Box<Sampled>>,
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
        let rules = Some(&spec.memory_rules).filter(|rules| **rules != MemoryRules::default());
        assert!(
            spec.memory.is_some() || spec.memory_rules.groups.is_empty(),
            "a node with memory groups has memory"
        );
        self.hosts.list.push(Host {
            memory,
            rules: rules.cloned().map(Box::new),
            blocked: 0,
            disk: None,
            in_io: 0,
            restored: 0,
            asleep: 0,
            pressure: Pressure::new(spec.cores.max(1)),
            iowait_ns: 0,
            iowait_cores: 0,
            at: 0,
            blocked_ns: 0,
            fresh_pages: 0,
            kills: 0,
            stirred: false,
            sampled: None,
        });
        // The usual disk is made when it is used.
        let usual = spec
            .disk
            .as_ref()
            .is_none_or(|disk| *disk == DiskSpec::default());
        if !usual || spec.swap == Some(crate::plan::Swap::Disk) {
            let node = NodeId::from_index(self.hosts.list.len() - 1);
            let mut disk = HostDisk::new(self.seed, spec);
            if spec.swap == Some(crate::plan::Swap::Disk) {
                memory::set_stalls(self.seed, spec, disk.queue_mut());
            }
            self.hosts.list[node.index()].disk = Some(Box::new(disk));
        }
    }

    /// Samples all hosts that are there, every `period`.
    pub(in crate::world) fn sample_hosts(&mut self, period: VirtualDuration) {
        self.hosts.period = Some(period.as_nanos().max(1));
        for index in 0..self.nodes.len() {
            self.hosts.list[index].sampled = Some(Box::new(Sampled::new()));
        }
    }
    pub(in crate::world) fn start_sampling(&mut self) {
        if let Some(period) = self.hosts.period {
            self.schedule(self.now + period, Kind::Sample, 0, 0);
            self.ask_signals(period);
        }
    }
    /// Signals that somebody named, a property for instance, are recorded from the first sample on,
    /// even if they never move.
    fn ask_signals(&mut self, period: u64) {
        let mut asked = Vec::new();
        for (number, text) in self.names.all().enumerate() {
            let Some((node, name)) = text.split_once('.') else {
                continue;
            };
            let signal = HOST_SIGNALS.iter().position(|signal| signal.name == name);
            let node = signal.and_then(|_| self.nodes.iter().position(|n| n.name == node));
            asked.extend(
                signal
                    .zip(node)
                    .map(|found| (found, NameId::from_index(number))),
            );
        }
        for ((signal, node), name) in asked {
            self.history
                .hold(name, VirtualTime::from_nanos(period), period);
            if let Some(sampled) = self.hosts.list[node].sampled.as_deref_mut() {
                sampled.ask(signal, name);
            }
        }
    }

    /// The tasks of a node changed their states: the time up to now is accounted for.
    pub(in crate::world) fn pressure_changed(&mut self, node: NodeId) {
        let now = self.now;
        let cpu = &self.nodes[node.index()].cpu;
        let (running, waiting) = (cpu.tasks_running(), cpu.tasks_waiting());
        let host = &mut self.hosts.list[node.index()];
        let watched = host
            .memory
            .as_deref()
            .is_some_and(HostMemory::watches_pressure);
        if host.sampled.is_none() && !watched {
            return;
        }
        host.stirred = true;
        host.iowait_ns += (now - host.at) * host.iowait_cores;
        host.blocked_ns += (now - host.at) * u64::from(host.blocked);
        host.at = now;
        host.blocked = host.in_io + host.asleep;
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        // Of the tasks on a core, those whose job is a fault that has to make room.
        let jobs = &self.jobs;
        let reclaiming = cpu.running_jobs().filter(|id| jobs[*id as usize].reclaim);
        let on_core = count(reclaiming.count());
        let arriving = host.memory.as_deref().is_some_and(|memory| memory.arriving);
        let in_reclaim = on_core + u32::from(arriving);
        host.iowait_cores = (cpu.cores() - running).min(host.in_io as usize) as u64;
        let tasks = Tasks {
            running: count(running) - on_core,
            waiting_cpu: count(waiting),
            in_io: host.in_io,
            in_reclaim,
            restored: host.restored,
            asleep: host.asleep,
        };
        host.pressure
            .set(crate::VirtualTime::from_nanos(now), tasks);
    }
}
