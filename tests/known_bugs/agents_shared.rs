//! Faults of what agents share.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

pub(crate) const PAIRS: &[Pair] = &[Pair {
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
}];
