//! Faults of the life of nodes, and of what nodes share.

use crate::pair::{Pair, System};
use crate::systems::store::{self, Checked, SAFE, STORES, Store};

/// A shop of three replicas that can serve ten times what comes.
const SHOP: &str = "stop = { at = '40s' }
[topology]
nodes.web = { count = 3, cores = 2 }
nodes.client = {}
links.default = { delay = '1ms' }
[[property]]
always = 'shop.conservation'
[[property]]
always = 'shop.queue-bound'
[[property]]
always = 'shop.no-late-success'";
const IN_SHOP: &str = "[workload.shop.cluster]
on = 'web'
clients = 'client'
replicas = 3
arrivals.rate = '100/s'
cpu = '2ms'";
/// A shop whose replicas can be in one zone and rack, or in two.
const TWO_RACKS: &str = "stop = { at = '40s' }
[topology]
nodes.near = { count = 3, cores = 2, zone = 'a', labels = { rack = 'r1' } }
nodes.far = { count = 3, cores = 2, zone = 'b', labels = { rack = 'r2' } }
nodes.client = {}
links.default = { delay = '1ms' }
[[property]]
always = 'shop.conservation'
[[property]]
always = 'shop.queue-bound'
[[property]]
always = 'shop.no-late-success'";
const IN_RACKS: &str = "[workload.shop.cluster]
on = 'near'
clients = 'client'
replicas = 6
arrivals.rate = '100/s'
cpu = '2ms'";
/// A shop on eight nodes that gets a new version in stages; no gate looks at errors.
const ROLLOUT: &str = "stop = { at = '14m' }
[topology]
nodes.host = { count = 8 }
nodes.client = { count = 2 }
nodes.control = {}
links.default = { delay = '1ms' }
[workload.shop.cluster]
on = 'host'
clients = 'client'
replicas = 8
arrivals.rate = '10/s'
[workload.roll.rollout]
of = 'shop'
on = 'host'
routers = 'client'
control = 'control'
start = '10s'
stages = [0.125, 0.5, 1.0]
bake = '60s'
min_available = 0.75
drain = '2s'
restart = '5s'
ready = '3s'
[workload.roll.rollout.gate]
errors = 1.0
every = '10s'
window = '30s'
[[property]]
never = 'roll.killed'
[[property]]
always = 'roll.restored'
[[property]]
always = 'roll.budget'
[[property]]
always = 'roll.ends'";
const NO_SHED: &str = "[[property]]\nnever = 'shop.shed'";
const NO_FAILURE: &str = "[[property]]\nnever = 'shop.failed'";
const NO_TIMEOUT: &str = "[[property]]\nnever = 'shop.timed-out'";

/// Whether callers see that a node drains.
const DRAIN_SEEN: System = System::Scenario {
    world: &[SHOP, NO_SHED, IN_SHOP],
    weak: &["workload.shop.cluster.drain_seen=false"],
    hardened: &["workload.shop.cluster.drain_seen=true"],
};
/// Whether a request that failed is tried elsewhere.
const ELSEWHERE: System = System::Scenario {
    world: &[SHOP, NO_FAILURE, IN_SHOP],
    weak: &[],
    hardened: &[
        "workload.shop.cluster.retry.attempts=10",
        "workload.shop.cluster.retry.backoff=20ms",
        "workload.shop.cluster.ejection.errors=2",
        "workload.shop.cluster.ejection.for=2s",
    ],
};
/// Whether a request is given up early and tried elsewhere.
const EARLY_ELSEWHERE: System = System::Scenario {
    world: &[SHOP, NO_TIMEOUT, IN_SHOP],
    weak: &[],
    hardened: &[
        "workload.shop.cluster.timeout=200ms",
        "workload.shop.cluster.retry.attempts=10",
        "workload.shop.cluster.retry.backoff=20ms",
        "workload.shop.cluster.ejection.errors=2",
        "workload.shop.cluster.ejection.for=2s",
    ],
};
/// Whether work goes to whoever has least.
const LEAST_LOADED: System = System::Scenario {
    world: &[SHOP, NO_TIMEOUT, IN_SHOP],
    weak: &[],
    hardened: &["workload.shop.cluster.balance=least-loaded"],
};
/// Whether replicas are in one rack or in two.
const SPREAD: System = System::Scenario {
    world: &[TWO_RACKS, NO_TIMEOUT, IN_RACKS],
    weak: &[],
    hardened: &[
        "workload.shop.cluster.on=near + far",
        "workload.shop.cluster.timeout=200ms",
        "workload.shop.cluster.retry.attempts=10",
        "workload.shop.cluster.retry.backoff=50ms",
        "workload.shop.cluster.ejection.errors=2",
        "workload.shop.cluster.ejection.for=2s",
    ],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "node-restart",
        weakness: "callers do not see that a node drains, and are refused",
        mitigation: "they keep away from it",
        inject: "at = '10s'\ninject.node-restart = { nodes = 'web[0]', grace = '2s', down = '2s' }",
        breaks: "never shop.shed",
        system: DRAIN_SEEN,
    },
    Pair {
        fault: "rolling-restart",
        weakness: "callers do not see that a node drains, and are refused",
        mitigation: "they keep away from it",
        inject: "at = '10s'\ninject.rolling-restart = { nodes = 'web', pause = '2s', grace = '2s', down = '2s' }",
        breaks: "never shop.shed",
        system: DRAIN_SEEN,
    },
    Pair {
        fault: "drain",
        weakness: "callers do not see that a node drains, and are refused",
        mitigation: "they keep away from it",
        inject: "at = '10s'\nfor = '8s'\ninject.drain = { nodes = 'web[0]' }",
        breaks: "never shop.shed",
        system: DRAIN_SEEN,
    },
    Pair {
        fault: "spot-reclaim",
        weakness: "callers do not see that a node is to go, and are refused",
        mitigation: "they keep away from it",
        inject: "at = '10s'\ninject.spot-reclaim = { nodes = 'web[0]', notice = '4s', replace_after = '4s' }",
        breaks: "never shop.shed",
        system: System::Scenario {
            world: &[SHOP, NO_SHED, IN_SHOP],
            weak: &["workload.shop.cluster.drain_seen=false", "workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.drain_seen=true"],
        },
    },
    Pair {
        fault: "crash-loop",
        weakness: "a request that meets a dead replica fails",
        mitigation: "it is tried again elsewhere, and the replica is avoided for a while",
        inject: "at = '10s'\ninject.crash-loop = { nodes = 'web[0]', up = '2s', down = '1s', count = 3 }",
        breaks: "never shop.failed",
        system: ELSEWHERE,
    },
    Pair {
        fault: "gray-hang",
        weakness: "a request that is accepted and never answered waits until it is too late",
        mitigation: "it is given up early and tried again elsewhere, and the replica is avoided",
        inject: "at = '10s'\nfor = '8s'\ninject.gray-hang = { nodes = 'web[0]' }",
        breaks: "never shop.timed-out",
        system: EARLY_ELSEWHERE,
    },
    Pair {
        fault: "lemon-node",
        weakness: "a request that meets a dead host waits until it is too late",
        mitigation: "it is given up early and tried again elsewhere, and the replica is avoided",
        inject: "at = '10s'\nfor = '20s'\ninject.lemon-node = { nodes = 'web[0]', mtbf = '10m', factor = 300, down = '1s' }",
        breaks: "never shop.timed-out",
        system: EARLY_ELSEWHERE,
    },
    Pair {
        fault: "straggler",
        weakness: "work is dealt out in turn, also to one who cannot keep up",
        mitigation: "it goes to whoever has least outstanding",
        inject: "at = '10s'\nfor = '8s'\ninject.straggler = { nodes = 'web[0]', factor = 0.02 }",
        breaks: "never shop.timed-out",
        system: LEAST_LOADED,
    },
    Pair {
        fault: "slow-member",
        weakness: "work is dealt out in turn, also to one who cannot keep up",
        mitigation: "it goes to whoever has least outstanding",
        inject: "at = '10s'\nfor = '8s'\ninject.slow-member = { nodes = 'web[0]', factor = 60 }",
        breaks: "never shop.timed-out",
        system: LEAST_LOADED,
    },
    Pair {
        fault: "gray-link",
        weakness: "a time-out shorter than the time in which a lost message is sent again, and one try",
        mitigation: "it is tried again",
        inject: "at = '10s'\nfor = '8s'\ninject.gray-link = { links = 'client -> web', p = 0.01 }",
        breaks: "never shop.timed-out",
        system: System::Scenario {
            world: &[SHOP, NO_TIMEOUT, IN_SHOP],
            weak: &["workload.shop.cluster.timeout=150ms"],
            hardened: &["workload.shop.cluster.timeout=150ms", "workload.shop.cluster.retry.attempts=10", "workload.shop.cluster.retry.backoff=20ms", "workload.shop.cluster.ejection.errors=2", "workload.shop.cluster.ejection.for=2s"],
        },
    },
    Pair {
        fault: "bad-release",
        weakness: "an error of one replica is the user's error",
        mitigation: "it is tried again elsewhere, and the replica is avoided for a while",
        inject: "at = '10s'\nfor = '8s'\ninject.bad-release = { nodes = 'web[0]', errors = 0.2, service = 'shop.request' }",
        breaks: "never shop.failed",
        system: ELSEWHERE,
    },
    Pair {
        fault: "bad-release",
        weakness: "no gate looks at memory: a version that leaks goes all the way, and is killed again and again",
        mitigation: "one does, and takes it back from the canary before it is killed",
        inject: "at = '0s'\nfor = 'forever'\ninject.bad-release = { nodes = 'host', rollout = 'roll', leak = '5MiB/s', after = '5s' }",
        breaks: "never roll.killed",
        system: System::Scenario {
            world: &[ROLLOUT],
            weak: &["workload.roll.rollout.gate.memory=1000"],
            hardened: &["workload.roll.rollout.gate.memory=1.2"],
        },
    },
    Pair {
        fault: "gpu-fault",
        weakness: "a request that meets a dead replica fails",
        mitigation: "it is tried again elsewhere, and the replica is avoided for a while",
        inject: "at = '10s'\ninject.gpu-fault = { nodes = 'web[0]', restart_after = '2s' }",
        breaks: "never shop.failed",
        system: ELSEWHERE,
    },
    Pair {
        fault: "domain-loss",
        weakness: "all replicas are in one zone",
        mitigation: "they are in two, and callers give up early and try elsewhere",
        inject: "at = '10s'\nfor = '8s'\ninject.domain-loss = { domain = 'a' }",
        breaks: "never shop.timed-out",
        system: SPREAD,
    },
    Pair {
        fault: "tor-loss",
        weakness: "all replicas are in one rack",
        mitigation: "they are in two, and callers give up early and try elsewhere",
        inject: "at = '10s'\nfor = '8s'\ninject.tor-loss = { rack = 'r1' }",
        breaks: "never shop.timed-out",
        system: SPREAD,
    },
    Pair {
        fault: "rack-burst",
        weakness: "all replicas are in one rack",
        mitigation: "they are in two, and callers give up early and try elsewhere",
        inject: "at = '10s'\ninject.rack-burst = { rack = 'r1', size = 3, affinity = 1.0, window = '1s', down = '4s' }",
        breaks: "never shop.timed-out",
        system: SPREAD,
    },
    Pair {
        fault: "torn-quorum",
        weakness: "a record counts as safe when two nodes have it in the caches of their hosts",
        mitigation: "each of them syncs first",
        inject: "at = '3s'\ninject.torn-quorum = { nodes = 'majority of store + copy', restart_after = '1s' }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[STORES],
            promises: SAFE,
            weak: |toy| store::install(toy, Store { synced: false, ..TWO }),
            hardened: |toy| store::install(toy, TWO),
        },
    },
];

/// Two copies, synced, and nothing forgotten.
const TWO: Store = Store {
    synced: true,
    checked: Checked::Bytes,
    honest: true,
    copies: 2,
};
