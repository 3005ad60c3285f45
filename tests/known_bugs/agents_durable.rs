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
    Pair {
        fault: "memory-rollback",
        weakness: "what memory says is done is all that is done",
        mitigation: "the checkpoint names the version that memory must have",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.memory-rollback = { workload = 'crew' }",
        breaks: "done-once",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'done-once'\n\
                always = 'crew.done-once'",
            ],
            weak: &["workload.crew.agents.control.memory=\"store\""],
            hardened: &["workload.crew.agents.control.memory=\"versioned\""],
        },
    },
    Pair {
        fault: "code-change-in-flight",
        weakness: "a session goes on by whatever code its worker has",
        mitigation: "it goes on by the code that began it",
        inject: "at = '40s'\n\
                 for = '5m'\n\
                 inject.code-change-in-flight = { workload = 'crew' }",
        breaks: "replay-decides-the-same",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[fault]]\n\
                name = 'release'\n\
                at = '45s'\n\
                every = { mean = '20s', count = 5 }\n\
                inject.node-loss = { nodes = 'worker[0]', restart_after = '5s' }\n\
                [[property]]\n\
                name = 'replay-decides-the-same'\n\
                always = 'crew.replay-decides-the-same'",
            ],
            weak: &["workload.crew.agents.control.code=\"latest\""],
            hardened: &["workload.crew.agents.control.code=\"pinned\""],
        },
    },
];
