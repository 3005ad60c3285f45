//! Faults of schedulers and autoscalers.

use crate::pair::{Pair, System};

/// Six workers for a service that follows its load, which doubles within four minutes.
const FOLLOWS: &str = "stop = { at = '20m' }
[topology]
nodes.worker = { count = 6, cores = 8 }
nodes.control = {}
links.default = { delay = '1ms' }
[[fault]]
name = 'ramp'
at = '4m'
for = '16m'
inject.load-ramp = { workload = 'sched', factor = 2, over = '4m' }
[[property]]
always = 'sched.capacity'
[[property]]
always = 'sched.scale-bounds'
[[property]]
name = 'calm'
always = 'sched.no-reversal'
[workload.sched.scheduler]
on = 'worker'
control = 'control'
reversal_min = '200s'
images = { pull = '2s', start = '1s' }
[workload.sched.scheduler.pods.web]
replicas = 6
traffic = { rate = '400/s' }
autoscale = { target = 0.7, min = 2, max = 40, stabilise_down = '0s' }";

/// One machine that is there and six that can be, for seven pods that need one each.
const GROWS: &str = "stop = { at = '20m' }
[topology]
nodes.worker = { cores = 4 }
nodes.burst = { count = 6, cores = 4 }
nodes.control = {}
links.default = { delay = '1ms' }
[[property]]
always = 'sched.capacity'
[[property]]
always = 'sched.placed-or-reason'
[[property]]
name = 'all placed'
threshold = { metric = 'sched.pending', stat = 'max', below = 1, from = '16m' }
[workload.sched.scheduler]
on = 'worker + burst'
control = 'control'
machines.burst = { nodes = 'burst', elastic = true }
pods.web = { replicas = 7, cores = 3 }";

/// Twelve pods that start at once.
const STARTS: &str = "stop = { at = '20m' }
[topology]
nodes.worker = { count = 3, cores = 8 }
nodes.control = {}
links.default = { delay = '1ms' }
[[property]]
always = 'sched.capacity'
[[property]]
name = 'soon'
threshold = { metric = 'sched.start-time', stat = 'max', below = '5m' }
[workload.sched.scheduler]
on = 'worker'
control = 'control'
pods.web = { replicas = 12 }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "metric-lag",
        weakness: "an autoscaler multiplies what it has by a ratio of a minute and a half ago, again and again",
        mitigation: "it waits after a change, and shrinks only by the most that it wanted in five minutes",
        inject: "at = '3m'\n\
                 for = '16m'\n\
                 inject.metric-lag = { workload = 'sched' }",
        breaks: "calm",
        system: System::Scenario {
            world: &[FOLLOWS],
            weak: &[],
            hardened: &[
                "workload.sched.scheduler.pods.web.autoscale.stabilise_down=300s",
                "workload.sched.scheduler.pods.web.autoscale.cooldown=150s",
            ],
        },
    },
    Pair {
        fault: "slow-provision",
        weakness: "a machine that was asked for and never comes is waited for as if it would",
        mitigation: "it is given up after a while, and another is asked for",
        inject: "at = '0s'\n\
                 for = '8m'\n\
                 inject.slow-provision = { workload = 'sched', fail = 0.6 }",
        breaks: "all placed",
        system: System::Scenario {
            world: &[GROWS],
            weak: &["workload.sched.scheduler.provision.give_up=1h"],
            hardened: &["workload.sched.scheduler.provision.give_up=3m"],
        },
    },
    Pair {
        fault: "image-pull-fail",
        weakness: "after a few failures a node waits for minutes, though the registry is there again",
        mitigation: "no wait is longer than twenty seconds",
        inject: "at = '0s'\n\
                 for = '15m'\n\
                 inject.image-pull-fail = { workload = 'sched', p = 0.6 }",
        breaks: "soon",
        system: System::Scenario {
            world: &[STARTS],
            weak: &["workload.sched.scheduler.images.backoff_max=5m"],
            hardened: &["workload.sched.scheduler.images.backoff_max=20s"],
        },
    },
];
