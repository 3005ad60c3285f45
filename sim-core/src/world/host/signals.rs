//! Samples of the host signals: when they are taken, and what is recorded of them.
//!
//! A signal is recorded when it changes, and stands at zero until it is first recorded; its series
//! holds its last value at every sample in between. A quiet host costs one look a sample.

use super::table::{HOST_SIGNALS, ROWS};
use super::{Host, Kernel};
use crate::disk::DiskTotals;
use crate::history::What;
use crate::memory::{PAGE_BYTES, Pressure};
use crate::world::cpu::CpuTotals;
use crate::world::kernel::Kind;
use crate::world::net::NetTotals;
use crate::world::node::Node;
use crate::{NameId, NodeId, VirtualDuration, VirtualTime};

const COUNT: usize = HOST_SIGNALS.len();
/// Windows of the load averages of Linux, in seconds.
const LOADS_S: [f64; 3] = [60.0, 300.0, 900.0];
/// What a load or an average shows as nothing: they have two digits.
const NOTHING: f64 = 0.005;

/// What is kept of one host between two samples.
#[derive(Debug)]
pub(super) struct Sampled {
    /// Names of the signals that were recorded, or that somebody asks for.
    names: [NameId; COUNT],
    /// What was last recorded.
    values: [f64; COUNT],
    counters: Counters,
    loads: [f64; 3],
    /// When it was last read.
    at: u64,
    up: bool,
    /// Whether the next sample is like the last one, as long as nothing happens.
    quiet: bool,
}

/// Counters of a host, of which samples show the increase.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    pub(super) cpu: CpuTotals,
    pub(super) iowait: u64,
    /// Time of tasks that wait for the device, summed.
    pub(super) blocked: u64,
    pub(super) faults: u64,
    /// Pages read beside those that faulted.
    pub(super) ahead: u64,
    /// Pages touched for the first time.
    pub(super) fresh: u64,
    pub(super) out: u64,
    pub(super) kills: u64,
    /// Of the disk and of the swap device, if that is another.
    pub(super) disk: DiskTotals,
    pub(super) net: NetTotals,
    /// Nanoseconds of io some and full, memory some and full, cpu some.
    pub(super) pressure: [u64; 5],
}

/// Gauges of the memory, in bytes.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct MemoryGauges {
    pub(super) total: f64,
    pub(super) free: f64,
    pub(super) swap_total: f64,
    pub(super) swapped: f64,
}

/// What the rows of the table read.
#[derive(Debug)]
pub(super) struct Reading {
    new: Counters,
    old: Counters,
    seconds: f64,
    pub(super) cores: f64,
    pub(super) loads: [f64; 3],
    pub(super) memory: MemoryGauges,
    pub(super) pressure: Pressure,
    pub(super) io_now: f64,
    pub(super) clock_offset: f64,
    pub(super) up: bool,
}

impl Reading {
    /// The increase of a counter, a second.
    pub(super) fn rate(&self, of: impl Fn(&Counters) -> u64) -> f64 {
        of(&self.new).saturating_sub(of(&self.old)) as f64 / self.seconds
    }
    /// The increase of a counter of nanoseconds, in seconds a second.
    pub(super) fn share(&self, of: impl Fn(&Counters) -> u64) -> f64 {
        self.rate(of) / 1e9
    }
}

impl Sampled {
    pub(super) fn new() -> Self {
        Self {
            names: [NameId::NONE; COUNT],
            values: [0.0; COUNT],
            counters: Counters::default(),
            loads: [0.0; 3],
            at: 0,
            up: true,
            quiet: false,
        }
    }
    /// Somebody asks for a signal: it is recorded from the first sample on.
    pub(super) const fn ask(&mut self, signal: usize, name: NameId) {
        self.names[signal] = name;
        // No value is equal to it.
        self.values[signal] = f64::NAN;
    }
}

impl Host {
    fn counters(
        &self,
        now: VirtualTime,
        (cpu, pressure): (CpuTotals, &Pressure),
        (disk, net): (DiskTotals, NetTotals),
    ) -> Counters {
        let stalls = [
            pressure.io_some,
            pressure.io_full,
            pressure.memory_some,
            pressure.memory_full,
            pressure.cpu_some,
        ];
        let memory = self.memory.as_deref();
        let out = memory.map_or(0, |memory| memory.domain.swapped_out_pages());
        let mut disk = disk;
        disk.writes += out;
        disk.written_bytes += out * PAGE_BYTES;
        if let Some(device) = memory.filter(|memory| !memory.on_disk)
            && let Some(device) = &device.device
        {
            disk.reads += device.reads();
            disk.read_bytes += device.read_bytes();
            disk.read_time_ns += device.read_time().as_nanos();
            disk.io_time_ns += device.busy_time(now).as_nanos();
        }
        Counters {
            cpu,
            iowait: self.iowait_ns + (now.as_nanos() - self.at) * self.iowait_cores,
            blocked: self.blocked_ns + (now.as_nanos() - self.at) * u64::from(self.blocked),
            faults: memory.map_or(0, |memory| memory.domain.faults()),
            ahead: memory.map_or(0, |memory| memory.domain.read_ahead_pages()),
            fresh: self.fresh_pages,
            out,
            kills: self.kills,
            disk,
            net,
            pressure: stalls.map(|stall| stall.total().as_nanos()),
        }
    }

    fn memory_gauges(&self, now: VirtualTime) -> MemoryGauges {
        let Some(memory) = self.memory.as_deref() else {
            return MemoryGauges::default();
        };
        let total = memory.bytes as f64;
        let used = (memory.domain.used_pages(now) * PAGE_BYTES) as f64;
        MemoryGauges {
            total,
            free: (total - used).max(0.0),
            swap_total: memory.domain.swap_bytes() as f64,
            swapped: memory.domain.swapped_bytes() as f64,
        }
    }

    /// Whether nothing happened since a sample after which nothing was going on.
    fn is_quiet(&self, node: &Node) -> bool {
        let Some(sampled) = &self.sampled else {
            return true;
        };
        sampled.quiet && !self.stirred && sampled.up == node.up && sampled.counters.net == node.net
    }
    /// Whether something is going on that changes signals without an event.
    fn goes_on(&self, node: &Node, now: VirtualTime) -> bool {
        let memory = self.memory.as_deref();
        self.in_io + self.asleep > 0
            || node.clock.is_some()
            || node.cpu.goes_on()
            || memory.is_some_and(|memory| memory.domain.next_tick(now).is_some())
    }
}

impl Kernel {
    /// Samples every host and schedules the next time.
    pub(in crate::world) fn sample_event(&mut self) {
        let Some(period) = self.hosts.period else {
            return;
        };
        for index in 0..self.nodes.len() {
            if !self.hosts.list[index].is_quiet(&self.nodes[index]) {
                self.sample_host(NodeId::from_index(index), period);
            }
        }
        self.match_samples();
        self.schedule(self.now + period, Kind::Sample, 0, 0);
    }

    fn sample_host(&mut self, id: NodeId, period: u64) {
        let reading = self.read_host(id, period);
        let now = self.time();
        let mut changed = false;
        for (signal, row) in ROWS.iter().enumerate() {
            let value = (row.value)(&reading);
            let host = &mut self.hosts.list[id.index()];
            let Some(sampled) = host.sampled.as_deref_mut() else {
                return;
            };
            if sampled.values[signal] == value {
                continue;
            }
            changed = true;
            sampled.values[signal] = value;
            let mut name = sampled.names[signal];
            if !name.is_some() {
                let text = format!("{}.{}", self.nodes[id.index()].name, row.signal.name);
                name = self.names.intern(&text);
                self.history
                    .hold(name, VirtualTime::from_nanos(period), period);
                if let Some(sampled) = self.hosts.list[id.index()].sampled.as_deref_mut() {
                    sampled.names[signal] = name;
                }
            }
            self.record(What::Sample {
                name,
                node: id,
                value,
            });
        }
        let goes_on = self.hosts.list[id.index()].goes_on(&self.nodes[id.index()], now);
        let stalls = [
            reading.pressure.io_some,
            reading.pressure.io_full,
            reading.pressure.memory_some,
            reading.pressure.memory_full,
            reading.pressure.cpu_some,
        ];
        let mut averages = stalls.iter().map(crate::memory::Stall::averages);
        let decayed = averages.all(|a| a.avg10.max(a.avg60).max(a.avg300) < NOTHING)
            && reading.loads.iter().all(|load| *load < NOTHING);
        let host = &mut self.hosts.list[id.index()];
        if let Some(sampled) = host.sampled.as_deref_mut() {
            sampled.quiet = decayed && !changed && !goes_on;
        }
    }

    /// Reads one host; the counters are those of this sample afterwards.
    fn read_host(&mut self, id: NodeId, period: u64) -> Reading {
        let now = self.time();
        let clock_offset = self.clock_offset(id) as f64 / 1e9;
        let disk = self.disk_totals(id);
        let node = &self.nodes[id.index()];
        let host = &mut self.hosts.list[id.index()];
        // Moves the accounting on, which splits an interval and changes no figure: a quiet host would
        // else be accounted for from its start at every sample.
        host.pressure.set(now, host.pressure.tasks());
        let pressure = host.pressure;
        let new = host.counters(now, (node.cpu.read(self.now), &pressure), (disk, node.net));
        let memory = host.memory_gauges(now);
        let io_now = f64::from(host.in_io);
        let seconds = VirtualDuration::from_nanos(period).as_secs_f64();
        host.stirred = false;
        let sampled = host.sampled.as_deref_mut();
        let sampled = sampled.expect("only sampled hosts are read");
        sampled.up = node.up;
        let mut reading = Reading {
            new,
            old: core::mem::replace(&mut sampled.counters, new),
            seconds,
            cores: node.cpu.cores() as f64,
            loads: sampled.loads,
            memory,
            pressure,
            io_now,
            clock_offset,
            up: node.up,
        };
        // Linux looks at the tasks every 5 s; the mean over the time in between sees rhythms too.
        // Tasks stopped by a quota are not runnable.
        let active = |c: &Counters| c.cpu.busy + c.cpu.stolen + c.cpu.queued + c.blocked;
        let tasks = reading.share(active) + node.cpu.hogs() as f64;
        for (load, window) in sampled.loads.iter_mut().zip(LOADS_S) {
            // Nothing happened in samples that were left out.
            let since = VirtualDuration::from_nanos(self.now - sampled.at).as_secs_f64();
            *load *= libm::exp(-since / window);
            *load += tasks * -libm::expm1(-seconds / window);
        }
        sampled.at = self.now;
        reading.loads = sampled.loads;
        reading
    }
}
