//! Host signals: what an operator would see, under the names of Prometheus' node_exporter.
//!
//! A counter is sampled as its increase a second, which is what `rate()` shows of it.

use super::{Host, Kernel};
use crate::history::What;
use crate::world::cpu::CpuTotals;
use crate::world::kernel::Kind;
use crate::{NameId, Names, NodeId, VirtualTime};

/// A signal of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSignal {
    /// Its name; a property refers to `<node>.<name>`.
    pub name: &'static str,
    /// Unit of a sample.
    pub unit: &'static str,
    /// What it tells.
    pub doc: &'static str,
}

const fn signal(name: &'static str, unit: &'static str, doc: &'static str) -> HostSignal {
    HostSignal { name, unit, doc }
}

/// All host signals, in the order in which they are sampled.
pub const HOST_SIGNALS: [HostSignal; 17] = [
    signal(
        "rate(node_cpu_seconds_total{mode=\"user\"})",
        "cores",
        "cores busy",
    ),
    signal(
        "rate(node_cpu_seconds_total{mode=\"iowait\"})",
        "cores",
        "cores idle while a task waits for the device",
    ),
    signal(
        "rate(container_cpu_cfs_throttled_seconds_total)",
        "s/s",
        "time in which the quota stopped a task",
    ),
    signal(
        "node_load1",
        "tasks",
        "tasks that run, wait for a core or for the device: average over a minute",
    ),
    signal(
        "node_memory_MemAvailable_bytes",
        "bytes",
        "memory that is not in use",
    ),
    signal("node_memory_SwapUsed_bytes", "bytes", "swapped out"),
    signal(
        "rate(node_vmstat_pgmajfault)",
        "1/s",
        "major faults: pages that had to come back from swap",
    ),
    signal("rate(node_vmstat_pswpin)", "1/s", "pages read from swap"),
    signal("rate(node_vmstat_pswpout)", "1/s", "pages written to swap"),
    signal(
        "rate(node_disk_reads_completed_total)",
        "1/s",
        "reads of the swap device",
    ),
    signal(
        "rate(node_disk_io_time_seconds_total)",
        "s/s",
        "share of time in which the swap device was busy",
    ),
    signal(
        "rate(node_pressure_io_waiting_seconds_total)",
        "s/s",
        "share of time in which some task waited for the device",
    ),
    signal(
        "rate(node_pressure_io_stalled_seconds_total)",
        "s/s",
        "share of time in which all tasks did",
    ),
    signal(
        "rate(node_pressure_memory_waiting_seconds_total)",
        "s/s",
        "share of time in which some task waited for memory",
    ),
    signal(
        "rate(node_pressure_memory_stalled_seconds_total)",
        "s/s",
        "share of time in which all tasks did",
    ),
    signal(
        "rate(node_pressure_cpu_waiting_seconds_total)",
        "s/s",
        "share of time in which some task waited for a core",
    ),
    signal("node_up", "", "whether the node is up"),
];

/// The names of one node's signals.
#[derive(Debug)]
pub(super) struct Sampled {
    names: [NameId; HOST_SIGNALS.len()],
}

impl Sampled {
    pub(super) fn new(names: &mut Names, node: &str) -> Self {
        let names = HOST_SIGNALS.map(|signal| names.intern(&format!("{node}.{}", signal.name)));
        Self { names }
    }
}

/// Counters at the last sample.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Counters {
    at: u64,
    cpu: CpuTotals,
    iowait: u64,
    faults: u64,
    out: u64,
    reads: u64,
    device_busy: u64,
    pressure: [u64; 5],
}

impl Host {
    fn counters(&self, now: VirtualTime, cpu: CpuTotals) -> Counters {
        let pressure = self.pressure.read(now);
        let stalls = [
            pressure.io_some,
            pressure.io_full,
            pressure.memory_some,
            pressure.memory_full,
            pressure.cpu_some,
        ];
        let memory = self.memory.as_deref();
        let device = self.swap();
        Counters {
            at: now.as_nanos(),
            cpu,
            iowait: self.iowait_ns + (now.as_nanos() - self.at) * self.iowait_cores,
            faults: memory.map_or(0, |memory| memory.domain.faults()),
            out: memory.map_or(0, |memory| memory.domain.swapped_out_pages()),
            reads: device.map_or(0, |device| device.reads()),
            device_busy: device.map_or(0, |device| device.busy_time(now).as_nanos()),
            pressure: stalls.map(|stall| stall.total().as_nanos()),
        }
    }

    /// One value for each of [`HOST_SIGNALS`].
    fn sample(
        &mut self,
        now: VirtualTime,
        cpu: CpuTotals,
        (load, up): (u32, bool),
    ) -> [f64; HOST_SIGNALS.len()] {
        // Moves the accounting on, which splits an interval and changes no figure: a quiet host would
        // else be accounted for from its start at every sample.
        self.pressure.set(now, self.pressure.tasks());
        let new = self.counters(now, cpu);
        let old = core::mem::replace(&mut self.last, new);
        let seconds = (new.at - old.at) as f64 / 1e9;
        let per_second = |new: u64, old: u64| new.saturating_sub(old) as f64 / seconds;
        let share = |new: u64, old: u64| per_second(new, old) / 1e9;
        // The load average of Linux: an exponential average over 60 s.
        let decay = libm::exp(-seconds / 60.0);
        self.load = self.load * decay + f64::from(load) * (1.0 - decay);
        let memory = self.memory.as_deref();
        let bytes = |pages: u64| (pages * crate::memory::PAGE_BYTES) as f64;
        let free = memory.map_or(0.0, |memory| {
            (memory.bytes as f64 - bytes(memory.domain.used_pages(now))).max(0.0)
        });
        let swapped = memory.map_or(0, |memory| memory.domain.swapped_bytes());
        let [io, io_full, mem, mem_full, cpu_some] =
            core::array::from_fn(|i| share(new.pressure[i], old.pressure[i]));
        [
            share(new.cpu.busy, old.cpu.busy),
            share(new.iowait, old.iowait),
            share(new.cpu.throttled, old.cpu.throttled),
            self.load,
            free,
            swapped as f64,
            per_second(new.faults, old.faults),
            per_second(new.faults, old.faults),
            per_second(new.out, old.out),
            per_second(new.reads, old.reads),
            share(new.device_busy, old.device_busy),
            io,
            io_full,
            mem,
            mem_full,
            cpu_some,
            f64::from(u8::from(up)),
        ]
    }
}

impl Kernel {
    /// Samples every host and schedules the next time.
    pub(in crate::world) fn sample_event(&mut self) {
        let Some(period) = self.hosts.period else {
            return;
        };
        let now = self.time();
        for index in 0..self.nodes.len() {
            self.nodes[index].cpu.settle(self.now);
            let node = &self.nodes[index];
            let waiting = node.cpu.running() + node.cpu.waiting();
            let (totals, up) = (node.cpu.totals, node.up);
            let host = &mut self.hosts.list[index];
            let load = host.in_io + u32::try_from(waiting).unwrap_or(u32::MAX);
            let values = host.sample(now, totals, (load, up));
            let Some(names) = host.sampled.as_ref().map(|sampled| sampled.names) else {
                continue;
            };
            for (name, value) in names.into_iter().zip(values) {
                let node = NodeId::from_index(index);
                self.record(What::Sample { name, node, value });
            }
        }
        self.schedule(self.now + period, Kind::Sample, 0, 0, 0);
    }
}
