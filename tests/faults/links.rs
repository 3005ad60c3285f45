//! Faults of links, between the shop on `web`, its clients on `client`, and `idle`, where nobody does anything.

/// What a fault takes here, beside its time: busy target, then idle one.
pub(crate) const CASES: &[(&str, &str, &str)] = &[
    (
        "link-delay",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "link-loss",
        "{ links = 'client -> web', p = 0.2 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-cut",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "link-flap",
        "{ links = 'client <-> web', up = '1s', down = '500ms' }",
        "{ links = 'idle <-> web' }",
    ),
    (
        "burst-loss",
        "{ links = 'client -> web', p = 0.1 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-duplicate",
        "{ links = 'client -> web', p = 0.5, copies = 2 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-reorder",
        "{ links = 'client -> web', by = '20ms' }",
        // Calls stay in order: nothing overtakes them.
        "{ links = 'client -> web', p = 1.0, by = '5 messages' }",
    ),
    (
        "link-corrupt",
        "{ links = 'client -> web', p = 0.1 }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "clog",
        "{ links = 'client -> web', length = '200ms' }",
        "{ links = 'idle -> web', p = 1.0 }",
    ),
    (
        "link-rate",
        "{ links = 'client -> web', rate = '100kbit/s' }",
        "{ links = 'client -> web', rate = '10Gbit/s' }",
    ),
    (
        "path-capacity",
        "{ links = 'client -> web', messages = 1 }",
        "{ links = 'client -> web', messages = 1000 }",
    ),
    (
        "link-trace",
        "{ links = 'client -> web', file = 'tests/data/delays.csv' }",
        "{ links = 'idle -> web', file = 'tests/data/delays.csv' }",
    ),
    (
        "half-open",
        "{ links = 'client -> web' }",
        "{ links = 'idle -> web' }",
    ),
    (
        "connection-reset",
        "{ links = 'client -> web', rate = '5/s' }",
        "{ links = 'idle -> web', rate = '5/s' }",
    ),
    (
        "swizzle-clog",
        "{ links = 'client <-> web', spread = '2s' }",
        "{ links = 'idle <-> web', spread = '2s' }",
    ),
    (
        "partition",
        "{ nodes = 'client + web', split = 'by-zone' }",
        "{ nodes = 'idle', split = 'halves' }",
    ),
];
