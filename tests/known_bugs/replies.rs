//! Faults of what calls bring and how they go.

use crate::pair::{Pair, System};
use crate::systems::{AGENTS, SHOP};

/// No request ends with an error.
const ANSWERED: &str = "[[property]]\n\
    name = 'answered'\n\
    never = 'shop.failed'";

/// No request is refused.
const UNSHED: &str = "[[property]]\n\
    name = 'answered'\n\
    never = 'shop.shed'";

/// No wrong answer is taken for a right one.
const RIGHT: &str = "[[property]]\n\
    name = 'right answers'\n\
    never = 'shop.wrong-answer'";

/// No session fails.
const DONE: &str = "[[property]]\n\
    name = 'done'\n\
    never = 'support.failed'";

/// Whether writes have keys.
const KEYED: System = System::Scenario {
    world: &[
        AGENTS,
    ],
    weak: &["workload.support.agents.idempotency=false"],
    hardened: &["workload.support.agents.idempotency=true"],
};
/// Whether callers look at answers.
const CHECKS_ANSWERS: System = System::Scenario {
    world: &[
        SHOP[0],
        SHOP[1],
        RIGHT,
    ],
    weak: &["workload.shop.cluster.check_answers=false"],
    hardened: &["workload.shop.cluster.check_answers=true", "workload.shop.cluster.retry.attempts=5"],
};
/// Whether a call is tried again.
const RETRIES: System = System::Scenario {
    world: &[
        SHOP[0],
        SHOP[1],
        ANSWERED,
    ],
    weak: &["workload.shop.cluster.retry.attempts=1"],
    hardened: &["workload.shop.cluster.retry.attempts=6"],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "double-delivery",
        weakness: "a request that comes twice is served twice",
        mitigation: "it bears a key that the back end knows again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.double-delivery = { service = 'support.tools', p = 0.3 }",
        breaks: "at most once",
        system: KEYED,
    },
    Pair {
        fault: "error-in-body",
        weakness: "a client looks at the status of an answer alone",
        mitigation: "it looks into the body, and asks again",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.error-in-body = { service = 'shop.request' }",
        breaks: "right answers",
        system: CHECKS_ANSWERS,
    },
    Pair {
        fault: "empty-reply",
        weakness: "a client gives up at an answer without a body",
        mitigation: "it asks again",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.empty-reply = { service = 'shop.request' }",
        breaks: "answered",
        system: RETRIES,
    },
    Pair {
        fault: "malformed-reply",
        weakness: "a client takes an answer about something else",
        mitigation: "it compares it with what it asked",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.malformed-reply = { service = 'shop.request', mode = 'other-entity' }",
        breaks: "right answers",
        system: CHECKS_ANSWERS,
    },
    Pair {
        fault: "stale-read",
        weakness: "a client does not look how old an answer is",
        mitigation: "it refuses one that is too old, and asks another replica",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.stale-read = { service = 'shop.request', replica = 'web[0]' }",
        breaks: "right answers",
        system: CHECKS_ANSWERS,
    },
    Pair {
        fault: "health-lie",
        weakness: "a client believes the first replica that says it cannot",
        mitigation: "it asks another one",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.health-lie = { service = 'shop.request', replica = 'web[0]', says = 'fail' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                UNSHED,
            ],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=12"],
        },
    },
    Pair {
        fault: "stream-cut",
        weakness: "a client gives up when an answer breaks off",
        mitigation: "it asks again",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.stream-cut = { service = 'shop.request', after = 0, p = 0.05 }",
        breaks: "answered",
        system: RETRIES,
    },
    Pair {
        fault: "stream-drip",
        weakness: "an answer may take as long as it likes, as long as something comes",
        mitigation: "the whole of it has a time-out, and is asked for again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.stream-drip = { service = 'support.model', factor = 1000, p = 0.3 }",
        breaks: "done",
        system: System::Scenario {
            world: &[
                AGENTS,
                DONE,
            ],
            weak: &["workload.support.agents.model.timeout=1h"],
            hardened: &["workload.support.agents.model.timeout=2s", "workload.support.agents.retry.attempts=10"],
        },
    },
    Pair {
        fault: "one-shard",
        weakness: "calls about keys of a shard that does not answer are made again as new ones",
        mitigation: "they bear keys that the back end knows again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.one-shard = { service = 'support.tools', shards = 2, what = 'lost-reply' }",
        breaks: "at most once",
        system: KEYED,
    },
    Pair {
        fault: "fast-failer",
        weakness: "the replica that fails at once has least to do, and gets all the requests",
        mitigation: "a client avoids one that failed five times in a row",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.fast-failer = { service = 'shop.request', replica = 'web[0]' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "balance = 'least-loaded'\n\
                [[property]]\n\
                name = 'answered'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 90 }",
            ],
            weak: &[],
            hardened: &["workload.shop.cluster.ejection={ errors = 5, for = '30s' }"],
        },
    },
    Pair {
        fault: "slow-error",
        weakness: "errors that cost more than answers are asked for again without a bound",
        mitigation: "retries have a budget",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.slow-error = { service = 'shop.request', p = 0.4, cost = '60ms' }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                SHOP[0],
                "cpu = '20ms'\n\
                arrivals.rate = '120/s'\n\
                [[property]]\n\
                name = 'half'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 40, from = '15s', until = '29s' }",
            ],
            weak: &["workload.shop.cluster.retry.attempts=6"],
            hardened: &["workload.shop.cluster.retry={ attempts = 6, budget = 0.02, burst = 1 }"],
        },
    },
    Pair {
        fault: "dns-fault",
        weakness: "a client gives up when a name does not resolve",
        mitigation: "it asks again",
        inject: "at = '10s'\n\
                 for = '10s'\n\
                 inject.dns-fault = { names = ['shop.request'], mode = 'error', p = 0.2, ttl = '1s' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                UNSHED,
            ],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=9"],
        },
    },
    Pair {
        fault: "cert-expiry",
        weakness: "a client gives up when a replica cannot show who it is",
        mitigation: "it asks another one",
        inject: "at = '10s'\n\
                 for = '20s'\n\
                 inject.cert-expiry = { service = 'shop.request', replica = 'web[0]' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "[[fault]]\n\
                name = 'reset'\n\
                at = '15s'\n\
                inject.connection-reset = { links = 'client -> web' }\n\
                [[property]]\n\
                name = 'answered'\n\
                threshold = { metric = 'shop.goodput', stat = 'mean', above = 85, from = '16s', until = '29s' }",
            ],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=4"],
        },
    },
];
