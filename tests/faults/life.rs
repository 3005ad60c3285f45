//! Cases of faults of the life of nodes, of domains and of clusters, in the world of the shop.

/// What a fault takes, beside its time: busy target, then idle one. A node that is up is never idle for
/// what takes it down.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    ("node-restart", "{ nodes = 'web[0]', grace = '1s' }", ""),
    (
        "rolling-restart",
        "{ nodes = 'web', grace = '1s', pause = '1s' }",
        "",
    ),
    (
        "crash-loop",
        "{ nodes = 'web[0]', up = '1s', cap = '1s' }",
        "",
    ),
    ("drain", "{ nodes = 'web[0]' }", ""),
    ("spot-reclaim", "{ nodes = 'web[0]', notice = '1s' }", ""),
    (
        "lemon-node",
        "{ nodes = 'web[0]', mtbf = '10m', factor = 600, down = '1s' }",
        "",
    ),
    (
        "domain-loss",
        "{ domain = 'a', mode = 'network' }",
        "{ domain = 'c', mode = 'network' }",
    ),
    ("tor-loss", "{ rack = 'r1' }", "{ rack = 'r9' }"),
    (
        "rack-burst",
        "{ rack = 'r1', size = 2, affinity = 1.0, window = '1s' }",
        "",
    ),
    ("torn-quorum", "{ nodes = 'majority of web' }", ""),
    (
        "mixed-versions",
        "{ workload = 'shop' }",
        "{ workload = 'quiet' }",
    ),
    ("gpu-fault", "{ nodes = 'web[0]' }", ""),
    (
        "gray-link",
        "{ links = 'client -> web', p = 0.01 }",
        "{ links = 'idle -> web', p = 0.01 }",
    ),
    (
        "bad-release",
        "{ nodes = 'web[0]', errors = 0.5, service = 'shop.request' }",
        "{ nodes = 'web[0]', errors = 0.5, service = 'quiet.request' }",
    ),
];
