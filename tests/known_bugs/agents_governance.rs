//! Faults of who may do what.

use crate::pair::{Pair, System};
use crate::systems::crew::{CREW, TOOLS};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "policy-down",
        weakness: "a client without a decision does what it wants",
        mitigation: "it does nothing",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.policy-down = { workload = 'crew' }",
        breaks: "no-effect-without-permission",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { enforce = 'gateway', approvals = 0.0 }",
                "[[property]]\n\
                name = 'no-effect-without-permission'\n\
                always = 'crew.no-effect-without-permission'",
            ],
            weak: &["workload.crew.agents.policy.client=\"fail-open\""],
            hardened: &["workload.crew.agents.policy.client=\"fail-closed\""],
        },
    },
    Pair {
        fault: "policy-lag",
        weakness: "the gateway alone asks, and is told what was true some time ago",
        mitigation: "the back end asks at the effect",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.policy-lag = { workload = 'crew', delay = '20s' }",
        breaks: "no-effect-without-permission",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 0.0 }\n\
                [[fault]]\n\
                name = 'revoked'\n\
                at = '60s'\n\
                for = '60s'\n\
                inject.permission-revoked = { workload = 'crew' }",
                "[[property]]\n\
                name = 'no-effect-without-permission'\n\
                always = 'crew.no-effect-without-permission'",
            ],
            weak: &["workload.crew.agents.control.enforce=\"gateway\""],
            hardened: &["workload.crew.agents.control.enforce=\"backend\""],
        },
    },
    Pair {
        fault: "stray-credential",
        weakness: "who has a credential needs no decision",
        mitigation: "the back end wants one",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.stray-credential = { workload = 'crew', p = 0.2 }",
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
            weak: &["workload.crew.agents.control.enforce=\"gateway\""],
            hardened: &["workload.crew.agents.control.enforce=\"backend\""],
        },
    },
    Pair {
        fault: "audit-fault",
        weakness: "effects do not wait for their audit record",
        mitigation: "they do",
        inject: "at = '30s'\n\
                 for = '60s'\n\
                 inject.audit-fault = { workload = 'crew', mode = 'lost' }",
        breaks: "write-ahead-audit",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { window = 1000, approval_time = '1s' }",
                "[[property]]\n\
                name = 'write-ahead-audit'\n\
                always = 'crew.write-ahead-audit'",
            ],
            weak: &["workload.crew.agents.control.audit=\"behind\""],
            hardened: &["workload.crew.agents.control.audit=\"ahead\""],
        },
    },
    Pair {
        fault: "kill-switch-delay",
        weakness: "agents look between their turns whether they were stopped",
        mitigation: "the back end refuses what stopped agents do",
        inject: "at = '30s'\n\
                 for = '5m'\n\
                 inject.kill-switch-delay = { workload = 'crew', delay = '10s' }",
        breaks: "kill-switch-bound",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { kill_at = '90s', approvals = 0.0 }",
                "[[property]]\n\
                name = 'kill-switch-bound'\n\
                always = 'crew.kill-switch-bound'",
            ],
            weak: &["workload.crew.agents.control.kill_fence=false"],
            hardened: &["workload.crew.agents.control.kill_fence=true"],
        },
    },
    Pair {
        fault: "approval-replay",
        weakness: "an approval is for whatever is done next",
        mitigation: "it is for its arguments only",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.approval-replay = { workload = 'crew', p = 0.5 }",
        breaks: "approved-arguments-are-executed",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 1.0, approval_time = '1s' }",
                "[[property]]\n\
                name = 'approved-arguments-are-executed'\n\
                always = 'crew.approved-arguments-are-executed'",
            ],
            weak: &["workload.crew.agents.control.bind_approval=false"],
            hardened: &["workload.crew.agents.control.bind_approval=true"],
        },
    },
    Pair {
        fault: "approver-overload",
        weakness: "people are the only ones who look at arguments, and silence is consent",
        mitigation: "arguments are compared with the task first",
        inject: "at = '30s'\n\
                 for = '2m'\n\
                 inject.approver-overload = { workload = 'crew' }",
        breaks: "arguments-as-wanted",
        system: System::Scenario {
            world: &[
                CREW,
                TOOLS,
                "control = { approvals = 1.0, approval_time = '1s' }\n\
                [[fault]]\n\
                name = 'wrong'\n\
                at = '20s'\n\
                for = '3m'\n\
                inject.wrong-arguments = { workload = 'crew', p = 0.3 }",
                "[[property]]\n\
                name = 'arguments-as-wanted'\n\
                always = 'crew.arguments-as-wanted'",
            ],
            weak: &["workload.crew.agents.control.verify=false"],
            hardened: &["workload.crew.agents.control.verify=true"],
        },
    },
];
