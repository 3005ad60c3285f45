//! The table of host signals: what an operator would see, under the names of Prometheus'
//! node_exporter; groups under cAdvisor's.
//!
//! A counter is sampled as its increase a second, which is what `rate()` shows of it. Adding one: a
//! row here, and its figure in [`Reading`].

use super::signals::Reading;
use crate::memory::Stall;

/// A signal of a host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HostSignal {
    /// Its name; a property refers to `<node>.<name>`.
    pub name: &'static str,
    /// Unit of a sample.
    pub unit: &'static str,
    /// What it belongs to: `cpu`, `memory`, `disk`, `network`, `pressure`, `clock`, `node`.
    pub group: &'static str,
    /// What it tells.
    pub doc: &'static str,
}

/// A signal and how it is read.
#[derive(Clone, Copy)]
pub(super) struct Row {
    pub(super) signal: HostSignal,
    pub(super) value: fn(&Reading) -> f64,
}

const fn row(
    group: &'static str,
    (name, unit): (&'static str, &'static str),
    doc: &'static str,
    value: fn(&Reading) -> f64,
) -> Row {
    let signal = HostSignal {
        name,
        unit,
        group,
        doc,
    };
    Row { signal, value }
}

/// The averages of a stall as files under `/proc/pressure` show them: percent, two digits.
fn percent(average: f64) -> f64 {
    libm::round(average * 100.0) / 100.0
}
fn avg10(stall: &Stall) -> f64 {
    percent(stall.averages().avg10)
}
fn avg60(stall: &Stall) -> f64 {
    percent(stall.averages().avg60)
}
fn avg300(stall: &Stall) -> f64 {
    percent(stall.averages().avg300)
}

/// All rows, in the order in which they are sampled.
pub(super) const ROWS: [Row; 62] = [
    row(
        "cpu",
        (r#"rate(node_cpu_seconds_total{mode="user"})"#, "cores"),
        "cores busy with processes, hogs included",
        |r| r.share(|c| c.cpu.busy - c.cpu.system.min(c.cpu.busy) + c.cpu.hogged),
    ),
    row(
        "cpu",
        (r#"rate(node_cpu_seconds_total{mode="system"})"#, "cores"),
        "cores busy with page faults and reclaim",
        |r| r.share(|c| c.cpu.system),
    ),
    row(
        "cpu",
        (r#"rate(node_cpu_seconds_total{mode="iowait"})"#, "cores"),
        "cores idle while a task waits for the device",
        |r| r.share(|c| c.iowait),
    ),
    row(
        "cpu",
        (r#"rate(node_cpu_seconds_total{mode="steal"})"#, "cores"),
        "cores that the host took while a task was on them",
        |r| r.share(|c| c.cpu.stolen),
    ),
    row(
        "cpu",
        (r#"rate(node_cpu_seconds_total{mode="idle"})"#, "cores"),
        "cores with nothing to do",
        |r| {
            let used = r.share(|c| c.cpu.busy + c.cpu.hogged + c.iowait + c.cpu.stolen);
            (r.cores - used).max(0.0)
        },
    ),
    row(
        "cpu",
        ("rate(container_cpu_cfs_periods_total)", "1/s"),
        "quota periods in which anything ran",
        |r| r.rate(|c| c.cpu.periods),
    ),
    row(
        "cpu",
        ("rate(container_cpu_cfs_throttled_periods_total)", "1/s"),
        "quota periods in which a task was stopped",
        |r| r.rate(|c| c.cpu.periods_throttled),
    ),
    row(
        "cpu",
        ("rate(container_cpu_cfs_throttled_seconds_total)", "s/s"),
        "time in which the quota stopped a task",
        |r| r.share(|c| c.cpu.throttled),
    ),
    row(
        "cpu",
        ("rate(node_schedstat_running_seconds_total)", "s/s"),
        "time on a core, summed over the tasks",
        |r| r.share(|c| c.cpu.busy + c.cpu.hogged),
    ),
    row(
        "cpu",
        ("rate(node_schedstat_waiting_seconds_total)", "s/s"),
        "run-queue delay, summed over the tasks",
        |r| r.share(|c| c.cpu.queued),
    ),
    row(
        "cpu",
        ("node_load1", "tasks"),
        "tasks that run, wait for a core or for the device: average over 1 minute; not those that a \
         quota stopped",
        |r| percent(r.loads[0]),
    ),
    row(
        "cpu",
        ("node_load5", "tasks"),
        "the same over 5 minutes",
        |r| percent(r.loads[1]),
    ),
    row(
        "cpu",
        ("node_load15", "tasks"),
        "the same over 15 minutes",
        |r| percent(r.loads[2]),
    ),
    row(
        "memory",
        ("node_memory_MemTotal_bytes", "bytes"),
        "memory of the node",
        |r| r.memory.total,
    ),
    row(
        "memory",
        ("node_memory_MemFree_bytes", "bytes"),
        "memory that is not in use",
        |r| r.memory.free,
    ),
    row(
        "memory",
        ("node_memory_MemAvailable_bytes", "bytes"),
        "memory that can be had without swapping: what is free, since no page cache is modelled",
        |r| r.memory.free,
    ),
    row(
        "memory",
        ("node_memory_SwapTotal_bytes", "bytes"),
        "swap space",
        |r| r.memory.swap_total,
    ),
    row(
        "memory",
        ("node_memory_SwapFree_bytes", "bytes"),
        "swap space that is not in use",
        |r| (r.memory.swap_total - r.memory.swapped).max(0.0),
    ),
    row(
        "memory",
        ("node_memory_SwapUsed_bytes", "bytes"),
        "swapped out",
        |r| r.memory.swapped,
    ),
    row(
        "memory",
        ("rate(node_vmstat_pgmajfault)", "1/s"),
        "major faults: pages that had to come back from swap",
        |r| r.rate(|c| c.faults),
    ),
    row(
        "memory",
        ("rate(node_vmstat_pgfault)", "1/s"),
        "all faults: major ones, and pages touched for the first time",
        |r| r.rate(|c| c.faults + c.fresh),
    ),
    row(
        "memory",
        ("rate(node_vmstat_pswpin)", "1/s"),
        "pages read from swap",
        |r| r.rate(|c| c.faults + c.ahead),
    ),
    row(
        "memory",
        ("rate(node_vmstat_pswpout)", "1/s"),
        "pages written to swap",
        |r| r.rate(|c| c.out),
    ),
    row(
        "memory",
        ("rate(node_vmstat_oom_kill)", "1/s"),
        "processes killed for want of memory",
        |r| r.rate(|c| c.kills),
    ),
    row(
        "disk",
        ("rate(node_disk_reads_completed_total)", "1/s"),
        "reads of the disk and of the swap device",
        |r| r.rate(|c| c.disk.reads),
    ),
    row(
        "disk",
        ("rate(node_disk_writes_completed_total)", "1/s"),
        "writes to the disk, and pages to the swap device",
        |r| r.rate(|c| c.disk.writes),
    ),
    row(
        "disk",
        ("rate(node_disk_read_bytes_total)", "bytes/s"),
        "bytes read",
        |r| r.rate(|c| c.disk.read_bytes),
    ),
    row(
        "disk",
        ("rate(node_disk_written_bytes_total)", "bytes/s"),
        "bytes written",
        |r| r.rate(|c| c.disk.written_bytes),
    ),
    row(
        "disk",
        ("rate(node_disk_read_time_seconds_total)", "s/s"),
        "time of reads, summed; by the reads it is their latency",
        |r| r.share(|c| c.disk.read_time_ns),
    ),
    row(
        "disk",
        ("rate(node_disk_write_time_seconds_total)", "s/s"),
        "time of writes to the disk, summed",
        |r| r.share(|c| c.disk.write_time_ns),
    ),
    row(
        "disk",
        ("rate(node_disk_flush_requests_total)", "1/s"),
        "flushes asked for by syncs",
        |r| r.rate(|c| c.disk.flushes),
    ),
    row(
        "disk",
        ("rate(node_disk_flush_requests_time_seconds_total)", "s/s"),
        "time of flushes, summed; by the flushes it is their latency",
        |r| r.share(|c| c.disk.flush_time_ns),
    ),
    row(
        "disk",
        ("rate(node_disk_io_time_seconds_total)", "s/s"),
        "share of time in which the device was busy",
        |r| r.share(|c| c.disk.io_time_ns),
    ),
    row(
        "disk",
        ("node_disk_io_now", "requests"),
        "tasks that wait for the device",
        |r| r.io_now,
    ),
    row(
        "network",
        ("rate(node_network_receive_bytes_total)", "bytes/s"),
        "bytes that came in",
        |r| r.rate(|c| c.net.received_bytes),
    ),
    row(
        "network",
        ("rate(node_network_transmit_bytes_total)", "bytes/s"),
        "bytes that left",
        |r| r.rate(|c| c.net.sent_bytes),
    ),
    row(
        "network",
        ("rate(node_network_receive_packets_total)", "1/s"),
        "packets that came in",
        |r| r.rate(|c| c.net.received_packets),
    ),
    row(
        "network",
        ("rate(node_network_transmit_packets_total)", "1/s"),
        "packets that left",
        |r| r.rate(|c| c.net.sent_packets),
    ),
    row(
        "network",
        ("rate(node_network_transmit_drop_total)", "1/s"),
        "messages that a full queue or damage lost",
        |r| r.rate(|c| c.net.drops),
    ),
    row(
        "network",
        ("rate(node_netstat_Tcp_RetransSegs)", "1/s"),
        "messages of connections sent again",
        |r| r.rate(|c| c.net.retransmits),
    ),
    row(
        "pressure",
        ("rate(node_pressure_cpu_waiting_seconds_total)", "s/s"),
        "share of time in which some task waited for a core",
        |r| r.share(|c| c.pressure[4]),
    ),
    row(
        "pressure",
        ("rate(node_pressure_io_waiting_seconds_total)", "s/s"),
        "share of time in which some task waited for the device",
        |r| r.share(|c| c.pressure[0]),
    ),
    row(
        "pressure",
        ("rate(node_pressure_io_stalled_seconds_total)", "s/s"),
        "share of time in which all tasks did",
        |r| r.share(|c| c.pressure[1]),
    ),
    row(
        "pressure",
        ("rate(node_pressure_memory_waiting_seconds_total)", "s/s"),
        "share of time in which some task waited for memory",
        |r| r.share(|c| c.pressure[2]),
    ),
    row(
        "pressure",
        ("rate(node_pressure_memory_stalled_seconds_total)", "s/s"),
        "share of time in which all tasks did",
        |r| r.share(|c| c.pressure[3]),
    ),
    row(
        "pressure",
        ("node_pressure_cpu_some_avg10", "%"),
        "some task waited for a core: average over 10 s",
        |r| avg10(&r.pressure.cpu_some),
    ),
    row(
        "pressure",
        ("node_pressure_cpu_some_avg60", "%"),
        "over 60 s",
        |r| avg60(&r.pressure.cpu_some),
    ),
    row(
        "pressure",
        ("node_pressure_cpu_some_avg300", "%"),
        "over 300 s",
        |r| avg300(&r.pressure.cpu_some),
    ),
    row(
        "pressure",
        ("node_pressure_io_some_avg10", "%"),
        "some task waited for the device: average over 10 s",
        |r| avg10(&r.pressure.io_some),
    ),
    row(
        "pressure",
        ("node_pressure_io_some_avg60", "%"),
        "over 60 s",
        |r| avg60(&r.pressure.io_some),
    ),
    row(
        "pressure",
        ("node_pressure_io_some_avg300", "%"),
        "over 300 s",
        |r| avg300(&r.pressure.io_some),
    ),
    row(
        "pressure",
        ("node_pressure_io_full_avg10", "%"),
        "all tasks did: average over 10 s",
        |r| avg10(&r.pressure.io_full),
    ),
    row(
        "pressure",
        ("node_pressure_io_full_avg60", "%"),
        "over 60 s",
        |r| avg60(&r.pressure.io_full),
    ),
    row(
        "pressure",
        ("node_pressure_io_full_avg300", "%"),
        "over 300 s",
        |r| avg300(&r.pressure.io_full),
    ),
    row(
        "pressure",
        ("node_pressure_memory_some_avg10", "%"),
        "some task waited for memory: average over 10 s",
        |r| avg10(&r.pressure.memory_some),
    ),
    row(
        "pressure",
        ("node_pressure_memory_some_avg60", "%"),
        "over 60 s",
        |r| avg60(&r.pressure.memory_some),
    ),
    row(
        "pressure",
        ("node_pressure_memory_some_avg300", "%"),
        "over 300 s",
        |r| avg300(&r.pressure.memory_some),
    ),
    row(
        "pressure",
        ("node_pressure_memory_full_avg10", "%"),
        "all tasks did: average over 10 s",
        |r| avg10(&r.pressure.memory_full),
    ),
    row(
        "pressure",
        ("node_pressure_memory_full_avg60", "%"),
        "over 60 s",
        |r| avg60(&r.pressure.memory_full),
    ),
    row(
        "pressure",
        ("node_pressure_memory_full_avg300", "%"),
        "over 300 s",
        |r| avg300(&r.pressure.memory_full),
    ),
    row(
        "clock",
        ("node_timex_offset_seconds", "s"),
        "what the wall clock is ahead; the largest is the largest error",
        |r| r.clock_offset,
    ),
    row("node", ("node_up", ""), "whether the node is up", |r| {
        f64::from(u8::from(r.up))
    }),
];

/// All host signals, in the order in which they are sampled.
pub const HOST_SIGNALS: [HostSignal; ROWS.len()] = {
    let mut all = [ROWS[0].signal; ROWS.len()];
    let mut at = 1;
    while at < ROWS.len() {
        all[at] = ROWS[at].signal;
        at += 1;
    }
    all
};
