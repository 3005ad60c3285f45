//! Faults of nodes, processors, clocks, memory and disks: the shop runs on `web`, and nobody does anything on
//! `idle`.

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "node-loss",
        "{ nodes = 'web[0]', restart_after = '2s' }",
        "",
    ),
    ("node-pause", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "cpu-slow",
        "{ nodes = 'web', factor = 0.5 }",
        "{ nodes = 'idle', factor = 0.5 }",
    ),
    (
        "cpu-throttle",
        "{ nodes = 'web', quota = '2ms' }",
        "{ nodes = 'idle', quota = '2ms' }",
    ),
    ("gc-pause", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "thermal-throttle",
        "{ nodes = 'web', ramp = '3s' }",
        "{ nodes = 'idle', ramp = '3s' }",
    ),
    ("cpu-steal", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("cpu-hog", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("core-loss", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "scheduler-jitter",
        "{ nodes = 'web' }",
        "{ nodes = 'idle' }",
    ),
    ("noisy-neighbour", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "clock-step",
        "{ nodes = 'web', offset = '30s' }",
        "{ nodes = 'idle' }",
    ),
    (
        "clock-drift",
        "{ nodes = 'client', ppm = 1000 }",
        "{ nodes = 'idle', ppm = -1000 }",
    ),
    (
        "clock-strobe",
        "{ nodes = 'web', delta = '30s', period = '70ms' }",
        "{ nodes = 'idle' }",
    ),
    (
        "clock-freeze",
        "{ nodes = 'client', clock = 'monotonic' }",
        "{ nodes = 'idle', clock = 'both' }",
    ),
    (
        "date-jump",
        "{ nodes = 'web', to = '2038-01-19' }",
        "{ nodes = 'idle', to = '2038-01-19' }",
    ),
    (
        "time-sync-loss",
        "{ nodes = 'client', ppm = 100 }",
        "{ nodes = 'idle' }",
    ),
    (
        "leap-second",
        "{ nodes = 'web', mode = 'step-back' }",
        "{ nodes = 'idle', mode = 'smear-24h' }",
    ),
    (
        "swap-storm",
        "{ nodes = 'web', overcommit = 2.0 }",
        "{ nodes = 'idle', overcommit = 2.0 }",
    ),
    (
        "memory-hog",
        "{ nodes = 'web', size = '200MiB' }",
        "{ nodes = 'idle', size = '20MiB' }",
    ),
    (
        "memory-leak",
        "{ nodes = 'web', rate = '40MiB/s' }",
        "{ nodes = 'idle', rate = '1MiB/s' }",
    ),
    (
        "memory-limit",
        "{ nodes = 'web', limit = 0.5 }",
        "{ nodes = 'web', limit = 3.0 }",
    ),
    ("oom-kill", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "swap-device-slow",
        "{ nodes = 'web', factor = 10.0 }",
        "{ nodes = 'idle', factor = 10.0 }",
    ),
    ("no-swap", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "power-loss",
        "{ nodes = 'web[0]', restart_after = '2s' }",
        "",
    ),
    ("reimage", "{ nodes = 'web[0]', down = '2s' }", ""),
    (
        "disk-slow",
        "{ nodes = 'web', delay = '5ms' }",
        "{ nodes = 'idle' }",
    ),
    ("disk-pause", "{ nodes = 'web[0]' }", "{ nodes = 'idle' }"),
    (
        "disk-error",
        "{ nodes = 'web', ops = 'fsync' }",
        "{ nodes = 'idle', mode = 'detach' }",
    ),
    ("disk-full", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("lying-fsync", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    ("torn-write", "{ nodes = 'web' }", "{ nodes = 'idle' }"),
    (
        "fsync-stall",
        "{ nodes = 'web', p = 0.1 }",
        "{ nodes = 'idle', p = 1.0 }",
    ),
    (
        "fail-slow-disk",
        "{ nodes = 'web', cycle = '2s' }",
        "{ nodes = 'idle' }",
    ),
    (
        "bit-rot",
        "{ nodes = 'web', p = 0.05 }",
        "{ nodes = 'idle', p = 1.0 }",
    ),
    (
        "misdirect",
        "{ nodes = 'web', p = 0.1 }",
        "{ nodes = 'idle', p = 0.1 }",
    ),
];
