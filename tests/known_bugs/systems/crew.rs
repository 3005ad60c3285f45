//! A crew of agents under a control layer, which is hardened unless a pair says otherwise.

/// Two workers, tools, a model and a policy server; sessions come for 200 s and take some ten seconds.
/// What is added begins inside `[workload.crew.agents]`: its tools, and its table `control`.
pub(crate) const CREW: &str = "stop = { at = '12m' }
[topology]
nodes.worker = { count = 2 }
nodes.tools = { cores = 4 }
nodes.model = {}
nodes.policy = {}
[[property]]
name = 'at most once'
always = 'crew.at-most-once-effect'
[[property]]
name = 'terminates'
always = 'crew.terminates'
[workload.crew.agents]
on = 'worker'
deadline = '4m'
grace = '30s'
policy = { on = 'policy' }
arrivals = { rate = '0.3/s', sessions = 60, calls = '8', gap_max = '1s' }
model = { on = 'model', latency = '500ms' }";

/// Six of ten calls of these tools have an effect, each in 50 ms.
pub(crate) const TOOLS: &str = "tools = { on = 'tools', writes = 0.6, work = '50ms' }";
