//! Faults of memory.

use crate::pair::{Pair, System};

/// A loop and something that shares its host.
const LOOP: &str = "stop = { at = '30s' }
[topology]
nodes.robot = { cores = 2, memory = '192MiB', swap = '800 iops' }
[workload.servo.edge]
on = 'robot'
period = '6ms'
plant.servo = { noise = 1.0 }
compute = '500us'
memory = { set = '16MiB', pages = 16, zipf = 0.6 }
[workload.mapper.edge]
on = 'robot'
period = '50ms'
plant.servo = { gain = 0.0 }
compute = '5ms'
memory = { set = '112MiB', pages = 256, zipf = 0.6 }
[[property]]
name = 'bounded'
always = 'servo.bounded'";

/// A shop whose replicas fit into the memory of their hosts.
const SHOP: &str = "stop = { at = '40s' }
[topology]
nodes.web = { count = 3, cores = 2, memory = '160MiB', swap = '200 iops', swap_size = '256MiB' }
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
replicas = 3
arrivals.rate = '60/s'
cpu = '2ms'
working_set = '96MiB'
pages = 128
concurrency = 4
timeout = '1s'";
/// Nine of ten requests are answered in time while the fault lasts.
const IN_TIME: &str = "[[property]]\nname = 'in time'\n\
    threshold = { metric = 'shop.goodput', stat = 'mean', above = 54, from = '10s', until = '29s' }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "swap-storm",
        weakness: "a control loop may be paged out",
        mitigation: "its pages are locked in memory",
        inject: "at = '10s'\nfor = '10s'\n\
                 inject.swap-storm = { nodes = 'robot', overcommit = 1.8, ramp = '2s' }",
        breaks: "bounded",
        system: System::Scenario {
            world: &[LOOP],
            weak: &["workload.servo.edge.memory.pages=16"],
            hardened: &["workload.servo.edge.memory.pages=0"],
        },
    },
    Pair {
        fault: "memory-hog",
        weakness: "a balancer gives a replica its turn that waits for pages",
        mitigation: "it chooses the one of which it has least outstanding",
        inject: "at = '10s'\nfor = '20s'\n\
                 inject.memory-hog = { nodes = 'web[0]', size = '120MiB', intruder = 'active' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[SHOP, IN_TIME],
            weak: &["workload.shop.cluster.balance=round-robin"],
            hardened: &["workload.shop.cluster.balance=least-loaded"],
        },
    },
    Pair {
        fault: "memory-leak",
        weakness: "all replicas leak at one rate and are killed together, and a client asks all of them at once",
        mitigation: "it waits before it asks again",
        inject: "at = '5s'\nfor = 'forever'\ninject.memory-leak = { nodes = 'web', rate = '40MiB/s' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[SHOP, "[[property]]\nname = 'answered'\nnever = 'shop.failed'"],
            weak: &["workload.shop.cluster.retry={ attempts = 4 }"],
            hardened: &["workload.shop.cluster.retry={ attempts = 4, backoff = '1s' }"],
        },
    },
    Pair {
        fault: "memory-limit",
        weakness: "who does not fit into the limit is killed, again and again",
        mitigation: "there is swap, and he is slow",
        inject: "at = '10s'\nfor = '20s'\n\
                 inject.memory-limit = { nodes = 'web', limit = 0.9 }",
        breaks: "answered",
        system: System::Scenario {
            world: &[SHOP, "[[property]]\nname = 'answered'\nnever = 'shop.failed'"],
            weak: &["topology.nodes.web={ count = 3, cores = 2, memory = '160MiB' }"],
            hardened: &["topology.nodes.web.swap=nvme"],
        },
    },
    Pair {
        fault: "oom-kill",
        weakness: "a request is lost with the process that served it",
        mitigation: "its client asks another replica",
        inject: "at = '10s'\ninject.oom-kill = { nodes = 'web[0]' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[SHOP, "[[property]]\nname = 'answered'\nnever = 'shop.failed'"],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=4"],
        },
    },
    Pair {
        fault: "swap-device-slow",
        weakness: "a client waits for a replica that waits for its swap device",
        mitigation: "it asks another one soon",
        inject: "at = '10s'\nfor = '20s'\n\
                 inject.swap-device-slow = { nodes = 'web[0]', factor = 1000.0 }",
        breaks: "in time",
        system: System::Scenario {
            world: &[SHOP, IN_TIME],
            weak: &[
                "topology.nodes.web.memory=80MiB",
                "topology.nodes.web.swap=nvme",
            ],
            hardened: &[
                "topology.nodes.web.memory=80MiB",
                "topology.nodes.web.swap=nvme",
                "workload.shop.cluster.balance=least-loaded",
            ],
        },
    },
    Pair {
        fault: "no-swap",
        weakness: "what a worker had in memory is gone when it is killed",
        mitigation: "its sessions go on from what was written down",
        inject: "at = '5s'\nfor = '10s'\ninject.no-swap = { nodes = 'web[0]' }",
        breaks: "terminates",
        system: System::Scenario {
            world: &[
                SHOP,
                "[workload.support.agents]\non = 'web'\ndeadline = '20s'\ngrace = '5s'\n\
                 arrivals = { rate = '4/s', sessions = 30, calls = '4', gap_max = '1s' }\n\
                 model = { on = 'client', latency = '500ms' }\ntools = { on = 'client' }\nlease = '5s'\n\
                 [[property]]\nname = 'terminates'\nalways = 'support.terminates'",
            ],
            weak: &[
                "topology.nodes.web.memory=80MiB",
                "workload.support.agents.recovery=none",
            ],
            hardened: &[
                "topology.nodes.web.memory=80MiB",
                "workload.support.agents.recovery=lease",
            ],
        },
    },
];
