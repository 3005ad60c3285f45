//! Host signals: the disk.

use super::{Row, row};

pub(super) const ROWS: [Row; 10] = [
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
];
