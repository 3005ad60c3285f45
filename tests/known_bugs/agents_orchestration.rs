//! Faults of who runs agents.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};
use crate::systems::AGENTS;

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "worker-crash-at",
        weakness: "a step whose worker dies after its effect is done again",
        mitigation: "the intent is durable, with a key that the back end knows again",
        inject: "at = '20s'\n\
                 for = '3m'\n\
                 inject.worker-crash-at = { workload = 'crew', nodes = 'worker', times = 2 }",
        breaks: "at most once",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
            ],
            weak: &["workload.crew.agents.idempotency=false"],
            hardened: &["workload.crew.agents.idempotency=true"],
        },
    },
    Pair {
        fault: "zombie-worker",
        weakness: "a worker that lost its session goes on writing its progress down",
        mitigation: "the store refuses writes of an old epoch",
        inject: "at = '60s'\n\
                 inject.zombie-worker = { nodes = 'worker[0]', stall = '45s' }",
        breaks: "forward",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "[[property]]\n\
                name = 'forward'\n\
                always = 'crew.checkpoint-monotone'",
            ],
            weak: &["workload.crew.agents.fencing=false", "workload.crew.agents.arrivals.calls='40'"],
            hardened: &["workload.crew.agents.fencing=true", "workload.crew.agents.arrivals.calls='40'"],
        },
    },
    Pair {
        fault: "stuck-loop",
        weakness: "nobody notices that an agent goes in circles",
        mitigation: "a step that comes back too often ends the session",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.stuck-loop = { workload = 'crew' }",
        breaks: "no-livelock",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
                "[[property]]\n\
                name = 'no-livelock'\n\
                always = 'crew.no-livelock'",
            ],
            weak: &["workload.crew.agents.control.detect_loops=false"],
            hardened: &["workload.crew.agents.control.detect_loops=true"],
        },
    },
    Pair {
        fault: "fan-out",
        weakness: "agents may start as many agents as they like",
        mitigation: "one that would be one too many is not started",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.fan-out = { workload = 'crew', branch = 4, depth = 3 }",
        breaks: "fan-out-bound",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
                "[[property]]\n\
                name = 'fan-out-bound'\n\
                always = 'crew.fan-out-bound'",
            ],
            weak: &["workload.crew.agents.control.limit_agents=false"],
            hardened: &["workload.crew.agents.control.limit_agents=true"],
        },
    },
    Pair {
        fault: "context-resend",
        weakness: "clients that are refused try again without a bound",
        mitigation: "retries have a budget",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.context-resend = { workload = 'support' }",
        breaks: "amplification",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { redeliveries = 0, backoff = '100ms', honour_retry_after = false }\n\
                [[fault]]\n\
                name = 'errors'\n\
                at = '30s'\n\
                for = '90s'\n\
                inject.call-error = { service = 'support.model', p = 0.5 }\n\
                [[fault]]\n\
                name = 'contract'\n\
                at = '1s'\n\
                for = '9m'\n\
                land = 'optional'\n\
                inject.model-rate-limit = { workload = 'support', rate = '32000/s', scale = 1, unit = 'input-tokens', burst = 900000 }",
            ],
            weak: &["workload.support.agents.retry.attempts=20"],
            hardened: &["workload.support.agents.retry.attempts=20", "workload.support.agents.retry.budget=0.1"],
        },
    },
    Pair {
        fault: "checkpoint-fault",
        weakness: "a checkpoint may be durable before the effect that it speaks of",
        mitigation: "an agent waits for each write",
        inject: "at = '20s'\n\
                 for = '3m'\n\
                 inject.checkpoint-fault = { workload = 'crew' }",
        breaks: "effects-complete",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
                "[[fault]]\n\
                name = 'lost'\n\
                at = '1m'\n\
                every = { mean = '20s', count = 5 }\n\
                inject.node-loss = { nodes = 'worker[0]', restart_after = '5s' }\n\
                [[property]]\n\
                name = 'effects-complete'\n\
                always = 'crew.effects-complete'",
            ],
            weak: &["workload.crew.agents.control.checkpoint_errors=\"ignore\""],
            hardened: &["workload.crew.agents.control.checkpoint_errors=\"wait\""],
        },
    },
];
