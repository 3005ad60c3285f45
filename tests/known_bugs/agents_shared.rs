//! Faults of what agents share.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
    fault: "priority-inversion",
    weakness: "batch work and sessions stand in one queue for the contract",
    mitigation: "each has a part of it",
    inject: "at = '30s'\n\
             for = '60s'\n\
             inject.priority-inversion = { workload = 'crew' }",
    breaks: "no-starvation",
    system: System::Scenario {
        world: &[
            CREW,
            TOOLS,
            "control = { approvals = 0.0, contract = '6/s', batch = '1/s', contract_wait = '10s' }",
            "[[property]]\n\
            name = 'no-starvation'\n\
            always = 'crew.no-starvation'",
        ],
        weak: &["workload.crew.agents.control.bucket=\"shared\""],
        hardened: &["workload.crew.agents.control.bucket=\"by-class\""],
    },
},
    Pair {
        fault: "slow-lock",
        weakness: "an agent waits for a lock for as long as it takes",
        mitigation: "it gives its step back, and comes again",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.slow-lock = { workload = 'crew' }",
        breaks: "lock-wait-ends",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0, locks = 8 }",
                "[[property]]\n\
                name = 'lock-wait-ends'\n\
                always = 'crew.lock-wait-ends'",
            ],
            weak: &["workload.crew.agents.control.lock_patience='1h'"],
            hardened: &["workload.crew.agents.control.lock_patience='20s'"],
        },
    },
    Pair {
        fault: "crossed-locks",
        weakness: "a wait that closes a circle is a wait like any other",
        mitigation: "it is refused, and all is freed and tried again",
        inject: "at = '30s'\n\
                 for = '3m'\n\
                 inject.crossed-locks = { workload = 'crew' }",
        breaks: "no-deadlock",
        system: System::Scenario {
            world: &[
                CREW,
                "tools = { on = 'tools', writes = 0.8, work = '500ms' }",
                "control = { approvals = 0.0, locks = 3 }",
                "[[property]]\n\
                name = 'no-deadlock'\n\
                always = 'crew.no-deadlock'",
            ],
            weak: &["workload.crew.agents.control.deadlocks=\"wait\""],
            hardened: &["workload.crew.agents.control.deadlocks=\"refuse\""],
        },
    },
    Pair {
        fault: "stale-budget",
        weakness: "a copy of the counter permits what the counter would not",
        mitigation: "tokens are reserved at the counter itself",
        inject: "at = '10s'\n\
                 for = '8m'\n\
                 inject.stale-budget = { workload = 'crew' }",
        breaks: "tenant-budget",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0, tenant_budget = 5e6 }",
                "[[property]]\n\
                name = 'tenant-budget'\n\
                always = 'crew.tenant-budget'",
            ],
            weak: &["workload.crew.agents.control.budget_counter=\"replica\""],
            hardened: &["workload.crew.agents.control.budget_counter=\"central\""],
        },
    },
];
