//! Faults of whom agents and their operators believe.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

/// A crew whose workers read what the model answers, in memory that can be short.
const READERS: &str = "stop = { at = '12m' }
[topology]
nodes.worker = { count = 2, memory = '512MiB', swap = 'hdd' }
nodes.tools = { cores = 4 }
nodes.model = {}
nodes.policy = {}
[[property]]
name = 'at most once'
always = 'crew.at-most-once-effect'
[workload.crew.agents]
on = 'worker'
deadline = '4m'
grace = '30s'
policy = { on = 'policy' }
arrivals = { rate = '0.3/s', sessions = 60, calls = '8', gap_max = '1s' }
model = { on = 'model', latency = '500ms' }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
    fault: "misattribution",
    weakness: "what takes long between question and answer is the model's, if no host says otherwise",
    mitigation: "the arrival of an answer is timed apart from its reading",
    inject: "at = '30s'\n\
             for = '60s'\n\
             inject.misattribution = { workload = 'crew', nodes = 'worker', overcommit = 2.0 }",
    breaks: "blame-is-right",
    system: System::Scenario {
        world: &[
            READERS,
            TOOLS,
            "control = { approvals = 0.0, read_pages = 2000, slow_call = '3s' }\n\
            [[fault]]\n\
            name = 'slow'\n\
            at = '20s'\n\
            for = '5s'\n\
            land = 'optional'\n\
            inject.model-slow = { workload = 'crew', factor = 10 }",
            "[[property]]\n\
            name = 'blame-is-right'\n\
            always = 'crew.blame-is-right'",
        ],
        weak: &["workload.crew.agents.control.attribution=\"host-signals\""],
        hardened: &["workload.crew.agents.control.attribution=\"spans\""],
    },
},
    Pair {
        fault: "scope-union",
        weakness: "what a sub-agent's token says is what it may do",
        mitigation: "the grants of all who delegated are looked at",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.scope-union = { workload = 'crew' }",
        breaks: "no-amplification",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0, delegate = 0.5 }",
                "[[property]]\n\
                name = 'no-amplification'\n\
                always = 'crew.no-amplification'",
            ],
            weak: &["workload.crew.agents.control.delegation=\"token\""],
            hardened: &["workload.crew.agents.control.delegation=\"chain\""],
        },
    },
];
