//! Faults of calls.

use crate::pair::{Pair, System};
use crate::systems::{AGENTS, SHOP};

/// Whether writes have keys.
const KEYED: System = System::Scenario {
    world: &[AGENTS],
    weak: &["workload.support.agents.idempotency=false"],
    hardened: &["workload.support.agents.idempotency=true"],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "call-error",
        weakness: "a client gives up at the first 503",
        mitigation: "it tries again, three times at most",
        inject: "at = '10s'\nfor = '10s'\ninject.call-error = { service = 'shop.request', p = 0.05 }",
        breaks: "answered",
        system: System::Scenario {
            world: &[SHOP[0],
                SHOP[1], "[[property]]\nname = 'answered'\nnever = 'shop.shed'"],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=5"],
        },
    },
    Pair {
        fault: "call-delay",
        weakness: "a call that takes longer than its time-out is made again while it goes on",
        mitigation: "it bears a key that the back end knows again",
        inject: "at = '30s'\nfor = '30s'\n\
                 inject.call-delay = { service = 'support.tools', delay = 'uniform 4s 6s' }",
        breaks: "at most once",
        system: KEYED,
    },
    Pair {
        fault: "call-hang",
        weakness: "a model call has a time-out longer than the session",
        mitigation: "it is given up soon, and made again",
        inject: "at = '30s'\nfor = '60s'\ninject.call-hang = { service = 'support.model', p = 0.3 }",
        breaks: "done",
        system: System::Scenario {
            world: &[AGENTS, "[[property]]\nname = 'done'\nnever = 'support.failed'"],
            weak: &["workload.support.agents.model.timeout=1h"],
            hardened: &[
                "workload.support.agents.model.timeout=2s",
                "workload.support.agents.retry.attempts=10",
            ],
        },
    },
    Pair {
        fault: "lost-reply",
        weakness: "a tool call whose answer is lost is made again as a new one",
        mitigation: "it bears a key that the back end knows again",
        inject: "at = '30s'\nfor = '60s'\ninject.lost-reply = { service = 'support.tools', p = 0.3 }",
        breaks: "at most once",
        system: KEYED,
    },
    Pair {
        fault: "rate-limit",
        weakness: "two layers try a call again, and what they add to the load multiplies",
        mitigation: "one layer does",
        inject: "at = '30s'\nfor = '60s'\n\
                 inject.rate-limit = { service = 'support.model', rate = '0.3/s', burst = 1 }",
        breaks: "amplification",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { under = 1, honour_retry_after = false, backoff = '100ms' }",
            ],
            weak: &["workload.support.agents.retry.under=3"],
            hardened: &["workload.support.agents.retry.under=1"],
        },
    },
];
