//! Faults of what is to outlive a worker of agents.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "poison-task",
        weakness: "the queue gives a task again for ever, whomever it killed",
        mitigation: "a task that was taken too often is put aside",
        inject: "at = '10s'\n\
                 for = '8m'\n\
                 inject.poison-task = { workload = 'crew', p = 0.05, down = '2s' }",
        breaks: "takes-bound",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'takes-bound'\n\
                always = 'crew.takes-bound'",
            ],
            weak: &["workload.crew.agents.control.dead_letter=false"],
            hardened: &["workload.crew.agents.control.dead_letter=true"],
        },
    },
    Pair {
        fault: "lost-ack",
        weakness: "a write of which no word comes is done again as a new one",
        mitigation: "it has a key that the back end knows again",
        inject: "at = '20s'\n\
                 for = '3m'\n\
                 inject.lost-ack = { workload = 'crew', p = 0.2 }",
        breaks: "at most once",
        system: System::Scenario {
            world: &[CREW, TOOLS, "control = { approvals = 0.0 }"],
            weak: &["workload.crew.agents.idempotency=false"],
            hardened: &["workload.crew.agents.idempotency=true"],
        },
    },
];
