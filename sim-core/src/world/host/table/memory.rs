//! Host signals: memory and swap.

use super::{Row, row};

pub(super) const ROWS: [Row; 11] = [
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
];
