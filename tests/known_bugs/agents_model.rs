//! Faults of the model's endpoint and answers.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};
use crate::systems::AGENTS;

/// No session fails.
const DONE: &str = "[[property]]\n\
    name = 'done'\n\
    never = 'support.failed'";

/// Whether an agent waits for its model for an hour.
const TIMED: System = System::Scenario {
    world: &[
        AGENTS,
        DONE,
    ],
    weak: &["workload.support.agents.model.timeout=1h"],
    hardened: &[
        "workload.support.agents.model.timeout=2s",
        "workload.support.agents.retry.attempts=10",
    ],
};
/// Whether tries have a budget.
const BUDGETED: System = System::Scenario {
    world: &[
        AGENTS,
        "retry = { redeliveries = 0, backoff = '100ms' }",
    ],
    weak: &["workload.support.agents.retry.attempts=20"],
    hardened: &[
        "workload.support.agents.retry.attempts=20",
        "workload.support.agents.retry.budget=0.1",
    ],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "model-slow",
        weakness: "a model call has a time-out longer than the session",
        mitigation: "it is given up soon, and made again",
        inject: "at = '30s'\n\
                 for = '30s'\n\
                 inject.model-slow = { workload = 'support', factor = 400 }",
        breaks: "done",
        system: System::Scenario {
            world: &[
                AGENTS,
                DONE,
            ],
            weak: &["workload.support.agents.model.timeout=1h"],
            hardened: &["workload.support.agents.model.timeout=2s", "workload.support.agents.retry.attempts=30", "workload.support.agents.retry.budget=1.0", "workload.support.agents.retry.backoff='3s'", "workload.support.agents.amplification.bound=100"],
        },
    },
    Pair {
        fault: "slow-tokens",
        weakness: "an answer may take as long as it likes, as long as tokens come",
        mitigation: "the whole of it has a time-out, and is asked for again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.slow-tokens = { workload = 'support', factor = 1000, p = 0.3 }",
        breaks: "done",
        system: TIMED,
    },
    Pair {
        fault: "model-rate-limit",
        weakness: "two layers try a call again, and what they add to the load multiplies",
        mitigation: "one layer does",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.model-rate-limit = { workload = 'support', rate = '0.6/s', unit = 'requests', burst = 1 }",
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
    Pair {
        fault: "model-error",
        weakness: "clients try again without a bound on what that adds",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.model-error = { workload = 'support', p = 0.8 }",
        breaks: "amplification",
        system: BUDGETED,
    },
    Pair {
        fault: "first-token-stall",
        weakness: "a model call has a time-out longer than the session",
        mitigation: "it is given up soon, and made again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.first-token-stall = { workload = 'support', p = 0.3 }",
        breaks: "done",
        system: TIMED,
    },
    Pair {
        fault: "answer-cut",
        weakness: "an agent gives its session up when an answer breaks off",
        mitigation: "it asks again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.answer-cut = { workload = 'support', after = 10, p = 0.2 }",
        breaks: "done",
        system: System::Scenario {
            world: &[
                AGENTS,
                DONE,
            ],
            weak: &["workload.support.agents.retry={ attempts = 1, redeliveries = 0 }"],
            hardened: &["workload.support.agents.retry={ attempts = 10, redeliveries = 0 }"],
        },
    },
    Pair {
        fault: "malformed-tool-call",
        weakness: "an agent guesses what a broken answer meant",
        mitigation: "it asks again",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.malformed-tool-call = { workload = 'crew', p = 0.1 }",
        breaks: "arguments-as-wanted",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { verify = false, approvals = 0.0 }",
                "[[property]]\n\
                name = 'arguments-as-wanted'\n\
                always = 'crew.arguments-as-wanted'",
            ],
            weak: &["workload.crew.agents.control.decode=\"lenient\""],
            hardened: &["workload.crew.agents.control.decode=\"strict\""],
        },
    },
    Pair {
        fault: "refusal",
        weakness: "an agent gives its session up when the model says nothing",
        mitigation: "the step is given again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.refusal = { workload = 'support', p = 0.2 }",
        breaks: "done",
        system: System::Scenario {
            world: &[
                AGENTS,
                DONE,
            ],
            weak: &["workload.support.agents.retry.redeliveries=0"],
            hardened: &["workload.support.agents.retry={ redeliveries = 20, redelivery_after = '1s' }"],
        },
    },
    Pair {
        fault: "wrong-arguments",
        weakness: "what the model says is done, if its form is right",
        mitigation: "it is compared with the task",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.wrong-arguments = { workload = 'crew', p = 0.2 }",
        breaks: "arguments-as-wanted",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'arguments-as-wanted'\n\
                always = 'crew.arguments-as-wanted'",
            ],
            weak: &["workload.crew.agents.control.verify=false"],
            hardened: &["workload.crew.agents.control.verify=true"],
        },
    },
    Pair {
        fault: "model-drift",
        weakness: "clients that are refused try again without a bound",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.model-drift = { workload = 'support', factor = 50 }",
        breaks: "amplification",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { redeliveries = 0, backoff = '100ms', honour_retry_after = false }\n\
                [[fault]]\n\
                name = 'contract'\n\
                at = '1s'\n\
                for = '9m'\n\
                land = 'optional'\n\
                inject.model-rate-limit = { workload = 'support', rate = '1000/s', scale = 1, unit = 'output-tokens', burst = 60000 }",
            ],
            weak: &["workload.support.agents.retry.attempts=20"],
            hardened: &["workload.support.agents.retry.attempts=20", "workload.support.agents.retry.budget=0.1"],
        },
    },
    Pair {
        fault: "prefix-cache-flush",
        weakness: "clients that are refused try again without a bound",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.prefix-cache-flush = { workload = 'support' }",
        breaks: "amplification",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { redeliveries = 0, backoff = '100ms', honour_retry_after = false }\n\
                [[fault]]\n\
                name = 'contract'\n\
                at = '1s'\n\
                for = '9m'\n\
                land = 'optional'\n\
                inject.model-rate-limit = { workload = 'support', rate = '15000/s', scale = 1, unit = 'input-tokens', burst = 500000 }",
            ],
            weak: &["workload.support.agents.retry.attempts=20"],
            hardened: &["workload.support.agents.retry.attempts=20", "workload.support.agents.retry.budget=0.1"],
        },
    },
    Pair {
        fault: "provider-outage",
        weakness: "clients try again without a bound on what that adds",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.provider-outage = { workload = 'support', p_error = 0.8 }",
        breaks: "amplification",
        system: BUDGETED,
    },
];
