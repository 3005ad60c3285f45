//! Faults of processors.

use crate::pair::{Pair, Promise, System};
use crate::systems::beats::{self, Beats, Work};
use crate::systems::{BUSY, SHOP, SHOP_OF_THREE};

/// One server that comes near to its limit.
const HEAVY: &str = "cpu = '20ms'\narrivals.rate = '150/s'";
/// Nine of ten requests are answered in time while the fault lasts.
const IN_TIME: &str = "[[property]]\nname = 'in time'\n\
    threshold = { metric = 'shop.goodput', stat = 'mean', above = 135, from = '12s', until = '29s' }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "cpu-slow",
        weakness: "a server works off requests whose clients have gone and come again: it never recovers",
        mitigation: "it drops a request that has less time left than it takes",
        inject: "at = '10s'\nfor = '10s'\ninject.cpu-slow = { nodes = 'web', factor = 0.1 }",
        breaks: "recovers",
        system: System::Scenario {
            world: &[
                BUSY,
                "timeout = '1s'\nretry.attempts = 2\n[[property]]\nname = 'recovers'\n\
                 threshold = { metric = 'shop.goodput', stat = 'mean', above = 40, from = '50s' }",
            ],
            weak: &["workload.shop.cluster.queue.deadline_drop=false"],
            hardened: &["workload.shop.cluster.queue.deadline_drop=true"],
        },
    },
    Pair {
        fault: "cpu-throttle",
        weakness: "a balancer gives a throttled replica its turn",
        mitigation: "it chooses the one of which it has least outstanding",
        inject: "at = '10s'\nfor = '20s'\ninject.cpu-throttle = { nodes = 'web[0]', quota = '10ms' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[SHOP_OF_THREE, HEAVY, IN_TIME],
            weak: &["workload.shop.cluster.balance=round-robin"],
            hardened: &["workload.shop.cluster.balance=least-loaded"],
        },
    },
    Pair {
        fault: "gc-pause",
        weakness: "a client waits for one replica for as long as a request may take",
        mitigation: "it waits for a fifth of that, asks another, and leaves the silent one alone for a while",
        inject: "at = '5s'\nfor = '30s'\ninject.gc-pause = { nodes = 'web[0]', \
                 pause = 'uniform 1200ms 2s' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "balance = 'least-loaded'\n\
                 [[property]]\nname = 'in time'\nnever = 'shop.timed-out'",
            ],
            weak: &["workload.shop.cluster.timeout=1s"],
            hardened: &[
                "workload.shop.cluster.timeout=200ms",
                "workload.shop.cluster.retry.attempts=5",
                "workload.shop.cluster.ejection={ errors = 3, for = '2s' }",
            ],
        },
    },
    Pair {
        fault: "thermal-throttle",
        weakness: "who has waited longest is served first, when it is too late for him",
        mitigation: "the latest is served first",
        inject: "at = '10s'\nfor = '50s'\n\
                 inject.thermal-throttle = { nodes = 'web', factor = 0.5, ramp = '6s' }",
        breaks: "half",
        system: System::Scenario {
            world: &[
                BUSY,
                "[[property]]\nname = 'half'\nthreshold = { metric = 'shop.goodput', stat = 'mean', \
                 above = 20, from = '30s', until = '59s' }",
            ],
            weak: &["workload.shop.cluster.queue.discipline=fifo"],
            hardened: &["workload.shop.cluster.queue.discipline=lifo"],
        },
    },
    Pair {
        fault: "cpu-steal",
        weakness: "a client asks a replica that never answers in time again and again",
        mitigation: "it avoids one that failed three times in a row",
        inject: "at = '10s'\nfor = '20s'\n\
                 inject.cpu-steal = { nodes = 'web[0]', share = 0.98, burst = '500ms' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[SHOP_OF_THREE, HEAVY, IN_TIME],
            weak: &[],
            hardened: &["workload.shop.cluster.ejection={ errors = 3, for = '10s' }"],
        },
    },
    Pair {
        fault: "cpu-hog",
        weakness: "the task that sends heartbeats does the work in between",
        mitigation: "heartbeats are a task of their own",
        inject: "at = '5s'\nfor = '20s'\ninject.cpu-hog = { nodes = 'worker', workers = 20 }",
        breaks: "toy.declared-dead",
        system: System::Toy {
            world: &["stop = { at = '40s' }\n[topology]\nnodes.worker = { cores = 1 }\n\
                      nodes.watcher = {}\nlinks.default = { delay = '1ms' }"],
            promises: &[
                Promise::Never("toy.declared-dead"),
                Promise::Eventually("toy.worked"),
            ],
            weak: |toy| beats::install(toy, Beats { work: Work::Compute, apart: false }),
            hardened: |toy| beats::install(toy, Beats { work: Work::Compute, apart: true }),
        },
    },
    Pair {
        fault: "core-loss",
        weakness: "a server takes in whatever comes, and answers none of it in time",
        mitigation: "it refuses what it has no room for",
        inject: "at = '10s'\nfor = '20s'\ninject.core-loss = { nodes = 'web', cores = 3 }",
        breaks: "in time",
        system: System::Scenario {
            world: &[
                "stop = { at = '40s' }\n[topology]\nnodes.web = { cores = 4 }\nnodes.client = {}\n\
                 [workload.shop.cluster]\non = 'web'\nclients = 'client'\nreplicas = 1\n\
                 concurrency = 4\ncpu = '20ms'\narrivals.rate = '120/s'\n\
                 [[property]]\nname = 'in time'\nnever = 'shop.timed-out'",
            ],
            weak: &["workload.shop.cluster.queue.capacity=1000"],
            hardened: &["workload.shop.cluster.queue.capacity=8"],
        },
    },
    Pair {
        fault: "scheduler-jitter",
        weakness: "a loop is tuned as if its commands came at once",
        mitigation: "its gain leaves room for a late command",
        inject: "at = '5s'\nfor = '10s'\ninject.scheduler-jitter = { nodes = 'board', \
                 late = 'uniform 6ms 9ms', every = 'exponential mean 2ms' }",
        breaks: "bounded",
        system: System::Scenario {
            world: &[
                "stop = { at = '20s' }\n[topology]\nnodes.board = { cores = 1 }\n\
                 [workload.loop.edge]\non = 'board'\nperiod = '10ms'\ncompute = '500us'\n\
                 promise = { bound = 60 }\n\
                 [[property]]\nname = 'bounded'\nalways = 'loop.bounded'\n\
                 [workload.loop.edge.plant.servo]\nnoise = 1.0\nderivative = '35ms'",
            ],
            weak: &["workload.loop.edge.plant.servo.gain=1.5"],
            hardened: &["workload.loop.edge.plant.servo.gain=0.7"],
        },
    },
    Pair {
        fault: "noisy-neighbour",
        weakness: "a balancer draws a replica, however much that has to do",
        mitigation: "it draws two and takes the one with less",
        inject: "at = '10s'\nfor = '20s'\n\
                 inject.noisy-neighbour = { nodes = 'web[0]', speed = 0.3, share = 0.5 }",
        breaks: "in time",
        system: System::Scenario {
            world: &[SHOP_OF_THREE, HEAVY, IN_TIME],
            weak: &["workload.shop.cluster.balance=random"],
            hardened: &["workload.shop.cluster.balance=two-choices"],
        },
    },
    Pair {
        fault: "contended-gpu",
        weakness: "a job that runs when the next sample comes is killed: none ever ends",
        mitigation: "the sample is passed over",
        inject: "at = '5s'\nfor = '10s'\ninject.contended-gpu = { nodes = 'board' }",
        breaks: "fresh",
        system: System::Scenario {
            world: &[
                "stop = { at = '20s' }\n[topology]\nnodes.board = { cores = 1 }\n\
                 [workload.perception.edge]\non = 'board'\nperiod = '10ms'\ncompute = '5ms'\n\
                 plant.servo = { gain = 0.0 }\npromise = { age = '50ms' }\n\
                 [[property]]\nname = 'fresh'\nalways = 'perception.age'",
            ],
            weak: &["workload.perception.edge.overrun=kill"],
            hardened: &["workload.perception.edge.overrun=skip"],
        },
    },
];
