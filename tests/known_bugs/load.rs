//! Faults of load, retries and counted resources.

use crate::pair::{Pair, System};
use crate::systems::{AGENTS, BUSY, SHOP};

/// Whether requests whose time is over are served.
const DROPS: System = System::Scenario {
    world: &[
        BUSY,
        "[[property]]\n\
        name = 'half'\n\
        threshold = { metric = 'shop.goodput', stat = 'mean', above = 22, from = '20s', until = '49s' }",
    ],
    weak: &["workload.shop.cluster.queue.deadline_drop=false"],
    hardened: &["workload.shop.cluster.queue.deadline_drop=true"],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "load-ramp",
        weakness: "as the load grows a server answers nobody in time",
        mitigation: "it drops a request that has less time left than it takes",
        inject: "at = '10s'\n\
                 for = '40s'\n\
                 inject.load-ramp = { workload = 'shop', factor = 2, over = '5s' }",
        breaks: "half",
        system: DROPS,
    },
    Pair {
        fault: "flash-crowd",
        weakness: "in a crowd a server answers nobody in time",
        mitigation: "it drops a request that has less time left than it takes",
        inject: "at = '10s'\n\
                 for = '40s'\n\
                 inject.flash-crowd = { workload = 'shop', factor = 4, rise = '2s', decay = '60s' }",
        breaks: "half",
        system: DROPS,
    },
    Pair {
        fault: "retry-policy",
        weakness: "clients that are told to try again more often do so, whatever it does to the load",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.retry-policy = { workload = 'support', attempts = 20 }",
        breaks: "amplification",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { redeliveries = 0, backoff = '100ms' }\n\
                [[fault]]\n\
                name = 'errors'\n\
                at = '20s'\n\
                for = '3m'\n\
                inject.call-error = { service = 'support.model', p = 0.75 }",
            ],
            weak: &[],
            hardened: &["workload.support.agents.retry.budget=0.1"],
        },
    },
    Pair {
        fault: "resource-limit",
        weakness: "with fewer slots a server answers nobody in time",
        mitigation: "it drops a request that has less time left than it takes",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.resource-limit = { workload = 'shop', value = 1 }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                SHOP[0],
                "cpu = '15ms'\n\
                arrivals.rate = '300/s'\n\
                [[property]]\n\
                name = 'half'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 100, from = '15s', until = '29s' }",
            ],
            weak: &["workload.shop.cluster.queue.deadline_drop=false"],
            hardened: &["workload.shop.cluster.queue.deadline_drop=true"],
        },
    },
];
