//! Toy systems: one weakness each can be switched off.

pub(crate) mod beats;
pub(crate) mod channel;
pub(crate) mod control;
pub(crate) mod crew;
pub(crate) mod hours;
pub(crate) mod lease;
pub(crate) mod notify;
pub(crate) mod primary;
pub(crate) mod register;
pub(crate) mod settings;
pub(crate) mod store;
pub(crate) mod transfer;

/// A shop of three replicas that can serve ten times what comes, and its clients. What is added to it
/// begins inside `[workload.shop.cluster]`.
pub(crate) const SHOP: &[&str] = &[SHOP_OF_THREE, "arrivals.rate = '100/s'\ncpu = '2ms'"];

/// A shop of three replicas of two cores, and its clients, without load and cost.
pub(crate) const SHOP_OF_THREE: &str = "stop = { at = '40s' }
[topology]
nodes.web = { count = 3, cores = 2 }
nodes.client = {}
links.default = { delay = '1ms' }
[[property]]
always = 'shop.conservation'
[[property]]
always = 'shop.amplification'
[[property]]
always = 'shop.queue-bound'
[[property]]
always = 'shop.no-late-success'
[workload.shop.cluster]
on = 'web'
clients = 'client'
replicas = 3";

/// One server that serves one request at a time, 50 a second, of 45 that come; or of four cores, with
/// four times as much.
pub(crate) const BUSY: &str = "stop = { at = '80s' }
[topology]
nodes.web = { cores = 1 }
nodes.client = {}
links.default = { delay = '1ms' }
[[property]]
always = 'shop.conservation'
[[property]]
always = 'shop.queue-bound'
[[property]]
always = 'shop.no-late-success'
[workload.shop.cluster]
on = 'web'
clients = 'client'
replicas = 1
concurrency = 1
cpu = '20ms'
arrivals.rate = '45/s'";

/// Agents that refund: every tool call has an effect. Sessions come for 150 s and take a few seconds.
pub(crate) const AGENTS: &str = "stop = { at = '10m' }
[topology]
nodes.worker = { count = 2 }
nodes.tools = {}
nodes.model = {}
[[property]]
name = 'at most once'
always = 'support.at-most-once-effect'
[[property]]
name = 'no ghosts'
always = 'support.no-ghost-result'
[[property]]
name = 'terminates'
always = 'support.terminates'
[[property]]
name = 'amplification'
always = 'support.retry-amplification'
[workload.support.agents]
on = 'worker'
deadline = '2m'
grace = '10s'
arrivals = { rate = '0.2/s', sessions = 30, calls = '4', gap_max = '1s' }
model = { on = 'model', latency = '500ms' }
tools = { on = 'tools', writes = 1.0, timeout = '5s' }";
