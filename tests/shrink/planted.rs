//! The planted failures: one small shop, a promise, the faults that break it together, and noise.

/// A failure that is known.
pub(crate) struct Planted {
    /// What it is.
    pub(crate) name: &'static str,
    /// The promise, as a property.
    pub(crate) promise: &'static str,
    /// The faults that break it, and only together: label, and `inject`.
    pub(crate) needed: &'static [(&'static str, &'static str)],
}

/// Ten of them: one fault, two, three; of links, processors, memory, disks, calls and load.
pub(crate) const PLANTED: &[Planted] = &[
    Planted {
        name: "a paused host",
        promise: "threshold = { metric = 'shop.latency', stat = 'max', below = '3s' }",
        needed: &[("pause", "node-pause = { nodes = 'web' }")],
    },
    Planted {
        name: "a link that is cut",
        promise: "never = 'shop.timed-out'",
        needed: &[("cut", "link-cut = { links = 'client -> web' }")],
    },
    Planted {
        name: "a service that answers with errors",
        promise: "never = 'shop.shed'",
        needed: &[(
            "errors",
            "call-error = { service = 'shop.request', p = 1.0 }",
        )],
    },
    Planted {
        name: "pages that do not fit",
        promise: "threshold = { metric = 'web-0.rate(node_vmstat_pgmajfault)', stat = 'max', below = 100 }",
        needed: &[(
            "storm",
            "swap-storm = { nodes = 'web[0]', overcommit = 2.0 }",
        )],
    },
    Planted {
        name: "a slow link and a slow service",
        promise: "threshold = { metric = 'shop.latency', stat = 'max', below = '650ms' }",
        needed: &[
            (
                "far",
                "link-delay = { links = 'client -> web', delay = '400ms' }",
            ),
            (
                "slow",
                "call-delay = { service = 'shop.request', delay = '400ms' }",
            ),
        ],
    },
    Planted {
        name: "two neighbours that need memory",
        promise: "threshold = { metric = 'web-0.rate(node_vmstat_pgmajfault)', stat = 'max', below = 100 }",
        needed: &[
            ("hog", "memory-hog = { nodes = 'web[0]', size = '100MiB' }"),
            (
                "other hog",
                "memory-hog = { nodes = 'web[0]', size = '90MiB' }",
            ),
        ],
    },
    Planted {
        name: "a peak on slow processors",
        promise: "threshold = { metric = 'shop.latency', stat = 'max', below = '1500ms' }",
        needed: &[
            ("peak", "load-step = { workload = 'shop', factor = 2.5 }"),
            ("slow", "cpu-slow = { nodes = 'web', factor = 0.3 }"),
        ],
    },
    Planted {
        name: "a disk that lies, and a loss of power",
        promise: "never = 'shop.record-lost'",
        needed: &[
            ("lies", "lying-fsync = { nodes = 'web' }"),
            (
                "power",
                "power-loss = { nodes = 'web[0]', torn = 0.0, restart_after = '2s' }",
            ),
        ],
    },
    Planted {
        name: "three delays on one way",
        promise: "threshold = { metric = 'shop.latency', stat = 'max', below = '760ms' }",
        needed: &[
            (
                "there",
                "link-delay = { links = 'client -> web', delay = '300ms' }",
            ),
            (
                "back",
                "link-delay = { links = 'web -> client', delay = '300ms' }",
            ),
            (
                "slow",
                "call-delay = { service = 'shop.request', delay = '300ms' }",
            ),
        ],
    },
    Planted {
        name: "a peak on slow processors, and one is lost",
        promise: "threshold = { metric = 'shop.latency', stat = 'max', below = '1s' }",
        needed: &[
            ("peak", "load-step = { workload = 'shop', factor = 1.7 }"),
            ("slow", "cpu-slow = { nodes = 'web', factor = 0.6 }"),
            ("core", "core-loss = { nodes = 'web' }"),
        ],
    },
];

/// Faults that break nothing: on idle hosts and quiet services, or too weak on busy ones.
const NOISE: [&str; 30] = [
    "link-delay = { links = 'client -> web', delay = '1ms' }",
    "cpu-steal = { nodes = 'web', share = 0.02 }",
    "clock-drift = { nodes = 'web', ppm = 10 }",
    "node-pause = { nodes = 'idle' }",
    "link-delay = { links = 'idle -> web', delay = '1s' }",
    "link-loss = { links = 'idle -> web', p = 1.0 }",
    "burst-loss = { links = 'idle -> web', p = 1.0 }",
    "link-duplicate = { links = 'idle -> web', p = 1.0 }",
    "clog = { links = 'idle -> web', p = 1.0 }",
    "half-open = { links = 'idle -> web' }",
    "link-rate = { links = 'client -> web', rate = '10Gbit/s' }",
    "path-capacity = { links = 'client -> web', messages = 1000 }",
    "partition = { nodes = 'idle', split = 'halves' }",
    "link-cut = { links = 'idle -> web' }",
    "cpu-slow = { nodes = 'idle', factor = 0.1 }",
    "cpu-throttle = { nodes = 'idle', quota = '2ms' }",
    "cpu-hog = { nodes = 'idle' }",
    "core-loss = { nodes = 'idle' }",
    "clock-step = { nodes = 'idle' }",
    "date-jump = { nodes = 'idle', to = '2038-01-19' }",
    "clock-freeze = { nodes = 'idle', clock = 'both' }",
    "memory-hog = { nodes = 'idle', size = '20MiB' }",
    "swap-storm = { nodes = 'idle', overcommit = 2.0 }",
    "disk-slow = { nodes = 'idle' }",
    "disk-pause = { nodes = 'idle' }",
    "disk-error = { nodes = 'idle', mode = 'detach' }",
    "bit-rot = { nodes = 'idle', p = 1.0 }",
    "call-error = { service = 'quiet.request', p = 1.0 }",
    "call-hang = { service = 'quiet.request' }",
    "rate-limit = { service = 'shop.request', rate = '100000/s' }",
];

const WORLD: &str = "\
seeds = '0..8'
stop = { at = '20s' }
[topology]
nodes.web = { count = 2, cores = 2, memory = '256MiB', swap = 'vdisk', swap_size = '1GiB' }
nodes.client = { memory = '256MiB' }
nodes.idle = { count = 2, memory = '256MiB', swap = 'vdisk' }
links.default = { delay = '1ms' }
[workload.shop.cluster]
on = 'web'
clients = 'client'
arrivals.rate = '100/s'
graph.edges = ['front -> cart']
cpu = '5ms'
timeout = '10s'
working_set = '96MiB'
pages = 16
replicas = 1
store = { fsync = true, read = 0.5 }
[workload.quiet.cluster]
on = 'web'
clients = 'client'
arrivals.rate = '0.000001/s'
graph.edges = ['quiet']
working_set = '1MiB'
";

/// The scenario: thirty faults, those that are needed among them.
pub(crate) fn scenario(planted: &Planted) -> String {
    let mut text = format!(
        "name = 'planted'\n{WORLD}[[property]]\nname = 'planted'\n{}\n",
        planted.promise
    );
    let fault = |name: &str, at: &str, inject: &str| {
        // A loss of power comes when there is something to lose, and has a length of its own.
        let (at, length) = match inject.starts_with("power-loss") {
            true => ("9s", ""),
            false => (at, "for = '8s'\n"),
        };
        format!(
            "[[fault]]\nname = '{name}'\nat = '{at}'\n{length}land = 'optional'\ninject.{inject}\n"
        )
    };
    let mut needed = planted.needed.iter();
    let quiet = NOISE.len() - planted.needed.len();
    for (index, noise) in NOISE.iter().take(quiet).enumerate() {
        if index % 9 == 4
            && let Some((name, inject)) = needed.next()
        {
            text.push_str(&fault(name, "5s", inject));
        }
        text.push_str(&fault(&format!("noise {index}"), "1s..9s", noise));
    }
    text
}
