//! Faults of graphs of services: connections, caches, items, health checks.

use crate::pair::{Pair, System};
use crate::systems::SHOP_OF_THREE;

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "cold-clients",
        weakness: "all connect again at once, and a handshake takes longer than they wait, for ever",
        mitigation: "sessions are resumed: a new connection costs little",
        inject: "at = '15s'\n\
                 for = '1s'\n\
                 inject.cold-clients = { workload = 'shop' }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                SHOP_OF_THREE,
                "arrivals.rate = '100/s'\n\
                cpu = '2ms'\n\
                pool = { size = 200 }\n\
                [[property]]\n\
                always = 'shop.pool-bound'\n\
                [[property]]\n\
                name = 'half'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 50, from = '20s' }\n\
                [[fault]]\n\
                name = 'the load comes slowly at first'\n\
                at = '0s'\n\
                for = '8s'\n\
                inject.load-step = { workload = 'shop', factor = 0.02 }",
            ],
            weak: &["workload.shop.cluster.pool.connect=400ms"],
            hardened: &["workload.shop.cluster.pool.connect=5ms"],
        },
    },
    Pair {
        fault: "cache-flush",
        weakness: "all who miss ask the database, which answers nobody in time, so that nothing is filled",
        mitigation: "the database drops a visit whose client has gone",
        inject: "at = '15s'\n\
                 for = '1s'\n\
                 inject.cache-flush = { workload = 'shop' }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                SHOP_OF_THREE,
                "arrivals.rate = '400/s'\n\
                cpu = '100us'\n\
                graph.edges = ['front -> db']\n\
                items = { count = 2000, zipf = 0 }\n\
                services.front = { replicas = 1, concurrency = 1000, cache = { ttl = '60s', filled = true } }\n\
                services.db = { replicas = 1, concurrency = 2, cpu = '20ms' }\n\
                queue.capacity = 100_000\n\
                [[property]]\n\
                name = 'half'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 250, from = '30s' }",
            ],
            weak: &["workload.shop.cluster.queue.deadline_drop=false"],
            hardened: &["workload.shop.cluster.queue.deadline_drop=true"],
        },
    },
    Pair {
        fault: "hot-key",
        weakness: "the one replica that has a popular item answers nobody in time",
        mitigation: "a cache answers for it",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.hot-key = { workload = 'shop', share = 0.9 }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                SHOP_OF_THREE,
                "arrivals.rate = '200/s'\n\
                cpu = '15ms'\n\
                balance = 'by-item'\n\
                items.zipf = 0\n\
                services.s0 = {}\n\
                [[property]]\n\
                name = 'half'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 100, from = '15s', until = '29s' }",
            ],
            weak: &[],
            hardened: &["workload.shop.cluster.services.s0.cache.ttl=60s"],
        },
    },
    Pair {
        fault: "eager-ejection",
        weakness: "healthy replicas fail a check that is too strict, and the few that are left get it all",
        mitigation: "no more than a third may be kept away from",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.eager-ejection = { workload = 'shop', timeout = '20ms' }",
        breaks: "most",
        system: System::Scenario {
            world: &[
                SHOP_OF_THREE,
                "arrivals.rate = '170/s'\n\
                cpu = 'uniform 5ms 30ms'\n\
                timeout = '200ms'\n\
                balance = 'two-choices'\n\
                health = { every = '1s', check = 'work', timeout = '1s' }\n\
                [[property]]\n\
                name = 'most'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 160, from = '11s', until = '29s' }",
            ],
            weak: &["workload.shop.cluster.health.share_max=1.0"],
            hardened: &["workload.shop.cluster.health.share_max=0.34"],
        },
    },
];
