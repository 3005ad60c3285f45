//! Faults of tools and their back end.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};
use crate::systems::AGENTS;

/// Whether agents look at what a tool answers.
const READS_BODIES: System = System::Scenario {
    world: &[
        CREW,
        TOOLS,
        "control = { verify = false, approvals = 0.0 }",
        "[[property]]\n\
        name = 'arguments-as-wanted'\n\
        always = 'crew.arguments-as-wanted'",
    ],
    weak: &["workload.crew.agents.tools.check_body=false"],
    hardened: &["workload.crew.agents.tools.check_body=true"],
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "partial-success",
        weakness: "a write that reports an error is made again as a new one",
        mitigation: "it bears a key that the back end knows again",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.partial-success = { workload = 'support', p = 0.5 }",
        breaks: "at most once",
        system: System::Scenario {
            world: &[
                AGENTS,
            ],
            weak: &["workload.support.agents.idempotency=false"],
            hardened: &["workload.support.agents.idempotency=true"],
        },
    },
    Pair {
        fault: "plausible-lie",
        weakness: "an agent acts on what a tool says about something else",
        mitigation: "it compares the answer with what it asked",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.plausible-lie = { workload = 'crew', p = 0.3 }",
        breaks: "arguments-as-wanted",
        system: READS_BODIES,
    },
    Pair {
        fault: "permission-revoked",
        weakness: "permission is asked once a session",
        mitigation: "the back end asks at the effect",
        inject: "at = '60s'\n\
                 for = '60s'\n\
                 inject.permission-revoked = { workload = 'crew' }",
        breaks: "no-effect-without-permission",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
                "[[property]]\n\
                name = 'no-effect-without-permission'\n\
                always = 'crew.no-effect-without-permission'",
            ],
            weak: &["workload.crew.agents.control.enforce=\"agent\""],
            hardened: &["workload.crew.agents.control.enforce=\"backend\""],
        },
    },
    Pair {
        fault: "schema-change",
        weakness: "an agent acts on an answer that lacks what it reads",
        mitigation: "it misses it, and does not believe the rest",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.schema-change = { workload = 'crew', p = 0.3 }",
        breaks: "arguments-as-wanted",
        system: READS_BODIES,
    },
    Pair {
        fault: "idempotency-forget",
        weakness: "keys live shorter than the last retry takes",
        mitigation: "retries end before the back end forgets",
        inject: "at = '30s'\n\
                 for = '90s'\n\
                 inject.idempotency-forget = { workload = 'support', ttl = '3s' }",
        breaks: "at most once",
        system: System::Scenario {
            world: &[
                AGENTS,
                "retry = { redeliveries = 0, backoff = '100ms' }\n\
                [[fault]]\n\
                name = 'replies'\n\
                at = '30s'\n\
                for = '90s'\n\
                inject.lost-reply = { service = 'support.tools', p = 0.3 }",
            ],
            weak: &["workload.support.agents.tools.timeout='5s'"],
            hardened: &["workload.support.agents.tools.timeout='700ms'"],
        },
    },
    Pair {
        fault: "slots-exhausted",
        weakness: "a call that waits longer than its time-out is made again, and both happen",
        mitigation: "it bears a key that the back end knows again",
        inject: "at = '20s'\n\
                 for = '90s'\n\
                 inject.slots-exhausted = { workload = 'crew', slots = 0.1 }",
        breaks: "at most once",
        system: System::Scenario {
            world: &[
                CREW,
                "tools = { on = 'tools', writes = 1.0, work = '500ms', workers = 8, timeout = '4s' }",
            ],
            weak: &["workload.crew.agents.idempotency=false"],
            hardened: &["workload.crew.agents.idempotency=true"],
        },
    },
];
