//! Faults of knobs.

use crate::pair::{Pair, System};
use crate::systems::{AGENTS, BUSY, SHOP};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "knob-set",
        weakness: "an agent takes an answer for a success, whatever it says",
        mitigation: "it looks for an error in the body",
        inject: "at = '30s'\nfor = '60s'\n\
                 inject.knob-set = { name = 'support.tool-version', value = 1 }",
        breaks: "no ghosts",
        system: System::Scenario {
            world: &[AGENTS],
            weak: &["workload.support.agents.tools.check_body=false"],
            hardened: &["workload.support.agents.tools.check_body=true"],
        },
    },
    Pair {
        fault: "load-step",
        weakness: "under twice the load a server answers nobody in time",
        mitigation: "it drops a request that has less time left than it takes",
        inject: "at = '10s'\nfor = '40s'\ninject.load-step = { workload = 'shop', factor = 2 }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                BUSY,
                "[[property]]\nname = 'half'\nthreshold = { metric = 'shop.goodput', stat = 'mean', \
                 above = 22, from = '20s', until = '49s' }",
            ],
            weak: &["workload.shop.cluster.queue.deadline_drop=false"],
            hardened: &["workload.shop.cluster.queue.deadline_drop=true"],
        },
    },
    Pair {
        fault: "config-push",
        weakness: "the replica that fails at once has least to do, and gets all the requests",
        mitigation: "a client avoids one that failed five times in a row",
        inject: "at = '10s'\nfor = '20s'\ninject.config-push = { name = 'shop.version', value = 2, \
                 nodes = 'web', stages = [0.3] }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "balance = 'least-loaded'\nversion = { cpu = 0.05, errors = 1.0 }\n\
                 [[property]]\nname = 'answered'\n\
                 threshold = { metric = 'shop.goodput', stat = 'mean', above = 90 }",
            ],
            weak: &[],
            hardened: &["workload.shop.cluster.ejection={ errors = 5, for = '30s' }"],
        },
    },
];
