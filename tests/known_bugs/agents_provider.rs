//! Faults of what the provider of a model says beside the answer.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "wrong-tool-name",
        weakness: "a name that no tool has is taken for the nearest one",
        mitigation: "the model is asked again",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.wrong-tool-name = { workload = 'crew' }",
        breaks: "tool-as-asked",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'tool-as-asked'\n\
                always = 'crew.tool-as-asked'",
            ],
            weak: &["workload.crew.agents.control.unknown_tool=\"nearest\""],
            hardened: &["workload.crew.agents.control.unknown_tool=\"reject\""],
        },
    },
    Pair {
        fault: "billing-mismatch",
        weakness: "what a call cost is what the provider reports, when it does",
        mitigation: "prompt and answer are counted",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.billing-mismatch = { workload = 'crew' }",
        breaks: "spend-conservation",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'spend-conservation'\n\
                always = 'crew.spend-conservation'",
            ],
            weak: &["workload.crew.agents.control.usage=\"trust\""],
            hardened: &["workload.crew.agents.control.usage=\"count\""],
        },
    },
    Pair {
        fault: "context-overflow",
        weakness: "a prompt that is refused as too long is sent again as it is",
        mitigation: "the context is made shorter",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.context-overflow = { workload = 'crew' }",
        breaks: "done",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }",
                "[[property]]\n\
                name = 'done'\n\
                never = 'crew.failed'",
            ],
            weak: &["workload.crew.agents.control.overflow=\"ignore\""],
            hardened: &["workload.crew.agents.control.overflow=\"compact\""],
        },
    },
];
