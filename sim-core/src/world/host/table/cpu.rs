//! Host signals: processors and load.

use super::{Row, percent, row};

pub(super) const ROWS: [Row; 13] = [
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
];
