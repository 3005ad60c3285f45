//! Host signals: pressure-stall figures.

use super::{Row, avg10, avg60, avg300, row};

pub(super) const ROWS: [Row; 20] = [
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
];
