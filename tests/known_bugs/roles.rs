//! Faults of whoever leads, and of who belongs to a group.

use crate::pair::{Pair, System};

/// Five replicas of a store.
const STORE: &str = "stop = { at = '30s' }
[topology]
nodes.kv = { count = 5, cores = 2 }
nodes.client = { count = 2 }
links.default = { delay = '500us' }
[workload.kv.raft]
on = 'kv'
clients = 'client'
load = { clients = 6, think = '60ms', keys = 2, reads = 0.7 }";
/// A shop whose front asks its cart, on two machines each of the old and the new.
const SHOP: &str = "stop = { at = '30s' }
[topology]
nodes.web = { count = 4, cores = 2, zone = 'spread a b' }
nodes.client = {}
links.default = { delay = '1ms' }
[[property]]
never = 'shop.failed'
[[property]]
always = 'shop.conservation'
[workload.shop.cluster]
on = 'web'
clients = 'client'
replicas = 4
arrivals.rate = '100/s'
cpu = '2ms'
graph.edges = ['front -> cart']";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "leader-loss",
        weakness: "the vote is not on the disk: a leader that comes back may vote again in its own term",
        mitigation: "it is, before the vote is given",
        inject: "at = '5s'\nevery = { mean = '4s', until = '25s' }\ninject.leader-loss = { nodes = 'leader of kv', restart_after = '2s' }",
        breaks: "kv.monotone",
        system: System::Scenario {
            world: &[STORE, "[[property]]\nalways = 'kv.monotone'\n[[property]]\nalways = 'kv.linearizable'"],
            weak: &["workload.kv.raft.mutant=B01"],
            hardened: &[],
        },
    },
    Pair {
        fault: "leader-isolate",
        weakness: "a leader that hears nobody goes on to be heard, so that nobody else stands, and nothing is committed",
        mitigation: "who hears of no quorum steps down",
        inject: "at = '5s'\nfor = '10s'\ninject.leader-isolate = { nodes = 'leader of kv', peers = 'kv', direction = 'in' }",
        breaks: "never kv.gave-up",
        system: System::Scenario {
            world: &[STORE, "[[property]]\nnever = 'kv.gave-up'\n[[property]]\nalways = 'kv.linearizable'"],
            weak: &["workload.kv.raft.check_quorum=false", "workload.kv.raft.reads=read-index"],
            hardened: &["workload.kv.raft.check_quorum=true", "workload.kv.raft.reads=read-index"],
        },
    },
    Pair {
        fault: "membership-churn",
        weakness: "who was removed stands for election again and again, and the others listen",
        mitigation: "it asks first whether it may, and who hears a leader says no",
        inject: "at = '5s'\nfor = '20s'\ninject.membership-churn = { workload = 'kv', nodes = 'followers of kv', every = '1s', out = '3s' }",
        breaks: "never kv.stepped-down",
        system: System::Scenario {
            world: &[STORE, "[[property]]\nnever = 'kv.stepped-down'\n[[property]]\nalways = 'kv.linearizable'"],
            weak: &["workload.kv.raft.mutant=B22"],
            hardened: &[],
        },
    },
    Pair {
        fault: "mixed-versions",
        weakness: "the new version speaks at once in a form that the old one does not read",
        mitigation: "it goes on in the old form, which all read",
        inject: "at = '10s'\nfor = '10s'\ninject.mixed-versions = { workload = 'shop' }",
        breaks: "never shop.failed",
        system: System::Scenario {
            world: &[SHOP],
            weak: &["workload.shop.cluster.version.speaks=new"],
            hardened: &["workload.shop.cluster.version.speaks=old"],
        },
    },
];
