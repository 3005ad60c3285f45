//! Services, replicas, clients and their guards, as the parameters say.

mod graph;
mod read;

pub(super) use read::prepare;

use super::guard::{
    admission, breaker, budget, cache, codel, health, hedge, items, pool, throttle, warm_up,
};
use super::objective::Objective;
use super::store::Store;
use squall_core::{Law, NodeId, VirtualDuration};

/// How a caller chooses a replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Balance {
    RoundRobin,
    LeastLoaded,
    /// The least loaded of so many, drawn without repetition.
    Choices(u32),
    /// The one that has the item, or the next after it.
    ByItem,
}

/// Who is next in a queue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Discipline {
    Fifo,
    Lifo,
    /// The latest while the queue is longer than this.
    Adaptive(usize),
}

/// What a service's process may try again.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct HopBudget {
    pub(super) share: f64,
    pub(super) burst: f64,
}

/// When a caller avoids a replica.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Ejection {
    pub(super) errors: u32,
    /// How many times slower than the median.
    pub(super) slower: Option<f64>,
    pub(super) length: VirtualDuration,
    pub(super) share_max: f64,
}

/// One service.
#[derive(Clone, Debug)]
pub(super) struct Service {
    pub(super) name: String,
    pub(super) cpu: Law,
    /// Median of `cpu`: a visit with less time left than this is lost.
    pub(super) cost: VirtualDuration,
    pub(super) concurrency: u32,
    pub(super) working_set: Option<u64>,
    pub(super) pages: u32,
    pub(super) callees: Vec<u32>,
    /// By callee, whether a visit can do without.
    pub(super) soft: Vec<bool>,
    pub(super) cache: Option<cache::Rules>,
    /// Its replicas, by number.
    pub(super) replicas: Vec<u32>,
}

/// One replica.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Replica {
    pub(super) service: u32,
    pub(super) node: NodeId,
}

/// The workload as it runs.
#[derive(Debug)]
pub(super) struct Config {
    pub(super) services: Vec<Service>,
    pub(super) replicas: Vec<Replica>,
    pub(super) entries: Vec<u32>,
    pub(super) clients: Vec<NodeId>,
    pub(super) rate: f64,
    pub(super) attempts: u32,
    pub(super) backoff: Law,
    /// No back-off is longer, in nanoseconds.
    pub(super) backoff_max: f64,
    /// Retries earned by a success, and how many may be saved up by a client.
    pub(super) budget: Option<(f64, f64)>,
    pub(super) saving: budget::Rules,
    pub(super) throttle: Option<throttle::Rules>,
    pub(super) hop_budget: Option<HopBudget>,
    /// Whether a call gets what is left of the caller's time.
    pub(super) pass_on: bool,
    pub(super) soft_timeout: Option<VirtualDuration>,
    pub(super) sequential: bool,
    pub(super) hop_timeout: Option<VirtualDuration>,
    pub(super) hop_attempts: u32,
    pub(super) balance: Balance,
    pub(super) ejection: Option<Ejection>,
    /// How long a failed call counts as outstanding.
    pub(super) penalty: Option<VirtualDuration>,
    pub(super) queue_capacity: usize,
    pub(super) discipline: Discipline,
    pub(super) critical_first: bool,
    pub(super) codel: Option<codel::Rules>,
    pub(super) deadline_drop: bool,
    pub(super) admission: Option<admission::Rules>,
    /// Visits that a node serves at once.
    pub(super) threads: Option<u32>,
    pub(super) warm_up: Option<warm_up::Rules>,
    pub(super) breaker: Option<breaker::Rules>,
    pub(super) hedge: Option<hedge::Rules>,
    pub(super) pool: Option<pool::Rules>,
    pub(super) health: Option<health::Rules>,
    pub(super) subset: Option<usize>,
    /// What requests are about, if anything asks for it.
    pub(super) items: Option<items::Items>,
    pub(super) critical: f64,
    pub(super) objective: Option<Objective>,
    /// With `objective.faulted`: the services that may miss the objective.
    pub(super) reach: Option<Vec<u32>>,
    pub(super) visits: bool,
    pub(super) zipf: f64,
    pub(super) written: f64,
    pub(super) check_answers: bool,
    /// Whether callers keep away from a node that drains.
    pub(super) drain_seen: bool,
    pub(super) store: Option<Store>,
    pub(super) version_cpu: f64,
    pub(super) version_errors: f64,
    /// Whether requests of version 2 have a form that version 1 does not read.
    pub(super) version_speaks: bool,
    pub(super) window: VirtualDuration,
}

impl Config {
    /// The nodes that run a replica, each once.
    pub(super) fn nodes(&self) -> Vec<NodeId> {
        let mut nodes: Vec<NodeId> = self.replicas.iter().map(|r| r.node).collect();
        nodes.sort_unstable();
        nodes.dedup();
        nodes
    }
    /// The services that the replicas of a node call.
    pub(super) fn called_from(&self, node: NodeId) -> Vec<u32> {
        let here = self.replicas.iter().filter(|replica| replica.node == node);
        let callees = here.flat_map(|replica| &self.services[replica.service as usize].callees);
        let mut called: Vec<u32> = callees.copied().collect();
        called.sort_unstable();
        called.dedup();
        called
    }
    /// The number of the process on `node` among those that call a service: clients first.
    pub(super) fn caller_number(&self, service: usize, node: NodeId) -> usize {
        let entry = self.entries.iter().any(|entry| *entry as usize == service);
        let clients: &[NodeId] = if entry { &self.clients } else { &[] };
        let calls = |node: &NodeId| {
            let called = self.called_from(*node);
            called.iter().any(|callee| *callee as usize == service)
        };
        if let Some(number) = clients.iter().position(|client| *client == node) {
            return number;
        }
        let servers = self.nodes();
        let before = servers.iter().take_while(|other| **other != node);
        clients.len() + before.filter(|other| calls(other)).count()
    }
}
