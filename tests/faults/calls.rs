//! Faults of calls, knobs and load, in a busy shop and in one that nobody asks for anything.

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "call-error",
        "{ service = 'shop.request', p = 0.5 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "call-delay",
        "{ service = 'shop.service', delay = '20ms' }",
        "{ service = 'quiet.service', delay = '20ms' }",
    ),
    (
        "call-hang",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request' }",
    ),
    (
        "lost-reply",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request' }",
    ),
    (
        "rate-limit",
        "{ service = 'shop.request', rate = '10/s' }",
        "{ service = 'shop.request', rate = '100000/s' }",
    ),
    ("knob-set", "{ name = 'shop.capacity', value = 0.5 }", ""),
    ("load-step", "{ workload = 'shop', factor = 2.0 }", ""),
    ("config-push", "{ name = 'shop.version', value = 2 }", ""),
    (
        "double-delivery",
        "{ service = 'shop.request', p = 0.5, after = '10ms' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "error-in-body",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "empty-reply",
        "{ service = 'shop.request', p = 0.2 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "malformed-reply",
        "{ service = 'shop.request', mode = 'other-entity', p = 0.2 }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "stale-read",
        "{ service = 'shop.service', p = 0.2 }",
        "{ service = 'quiet.service' }",
    ),
    (
        "health-lie",
        "{ service = 'shop.request', says = 'fail', p = 0.2 }",
        // What is well anyway needs no lie.
        "{ service = 'shop.request', says = 'ok' }",
    ),
    (
        "stream-cut",
        "{ service = 'shop.request', after = 0, p = 0.2 }",
        // An answer of one unit ends before the cut.
        "{ service = 'shop.request', after = 1 }",
    ),
    (
        "stream-drip",
        "{ service = 'shop.request', stall = '20ms' }",
        // An answer of one unit has nothing between its units.
        "{ service = 'shop.request', factor = 10 }",
    ),
    (
        "one-shard",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', shards = 1 }",
    ),
    (
        "fast-failer",
        "{ service = 'shop.request', replica = 'web[0]' }",
        "{ service = 'quiet.request', replica = 'web' }",
    ),
    (
        "slow-error",
        "{ service = 'shop.request' }",
        "{ service = 'quiet.request', p = 1.0 }",
    ),
    (
        "dns-fault",
        "{ names = ['shop.request'], ttl = '1s' }",
        "{ names = ['quiet.request'], ttl = '0s' }",
    ),
    (
        "cert-expiry",
        "{ service = 'shop.request', client = 'client' }",
        // Connections of before the fault go on.
        "{ service = 'shop.request' }",
    ),
    ("load-ramp", "{ workload = 'shop', over = '4s' }", ""),
    (
        "flash-crowd",
        "{ workload = 'shop', rise = '1s', decay = '2s' }",
        "",
    ),
    ("retry-policy", "{ workload = 'shop', timeout = '2ms' }", ""),
    ("resource-limit", "{ workload = 'shop', value = 1 }", ""),
];

/// Faults of what only a shop with guards has: connections, caches, items, health checks.
pub(crate) const OF_GUARDS: &[(&str, &str, &str)] = &[
    (
        "cold-clients",
        "{ workload = 'shop' }",
        "{ workload = 'quiet' }",
    ),
    (
        "cache-flush",
        "{ workload = 'shop' }",
        "{ workload = 'quiet' }",
    ),
    ("hot-key", "{ workload = 'shop' }", "{ workload = 'quiet' }"),
    (
        "eager-ejection",
        "{ workload = 'shop', timeout = '1ms' }",
        "{ workload = 'quiet', timeout = '1ms' }",
    ),
];
