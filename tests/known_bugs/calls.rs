//! Faults of calls.

use crate::pair::{Pair, System};

/// Agents that refund: every tool call has an effect.
const AGENTS: &str = "stop = { at = '10m' }\n\
    [topology]\nnodes.worker = { count = 2 }\nnodes.tools = {}\nnodes.model = {}\n\
    [workload.support.agents]\non = 'worker'\n\
    arrivals = { rate = '0.2/s', sessions = 30, calls = '4', gap_max = '1s' }\n\
    model = { on = 'model', latency = '500ms' }\n\
    tools = { on = 'tools', writes = 1.0, timeout = '5s' }\n\
    [[property]]\nname = 'at most once'\nalways = 'support.at-most-once-effect'\n\
    [[property]]\nalways = 'support.no-ghost-result'\n\
    [[property]]\nalways = 'support.terminates'";

pub(crate) const PAIRS: &[Pair] = &[Pair {
    fault: "lost-reply",
    weakness: "a tool call whose answer is lost is made again as a new one",
    mitigation: "it bears a key that the back end knows again",
    inject: "at = '30s'\nfor = '60s'\ninject.lost-reply = { service = 'support.tools', p = 0.3 }",
    breaks: "at most once",
    system: System::Scenario {
        world: &[AGENTS],
        weak: &["workload.support.agents.idempotency=false"],
        hardened: &["workload.support.agents.idempotency=true"],
    },
}];
