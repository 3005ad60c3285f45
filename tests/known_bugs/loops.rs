//! Faults of control loops: jobs, buses, power, controllers.

use crate::pair::{Pair, System};
use crate::systems::control::{BOUNDED, GENTLE, LOOP, ONE_ACTIVE, ORDER, STALE, WEAKLY_HARD, ZEROED};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "brown-out",
        weakness: "an actuator holds the last command of a controller that lost its power",
        mitigation: "it goes to zero after 50 ms of silence",
        inject: "at = '3s'\ninject.brown-out = { rail = 'board', length = '2s' }",
        breaks: "loop.bounded",
        system: ZEROED,
    },
    Pair {
        fault: "watchdog-reset",
        weakness: "nobody controls while the only controller boots",
        mitigation: "a second one takes over after 50 ms",
        inject: "at = '3s'\nfor = '3s'\ninject.watchdog-reset = { nodes = 'board', boot = '2s' }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, BOUNDED, ORDER],
            weak: &[],
            hardened: &["workload.loop.edge.backup=spare", "workload.loop.edge.takeover.after=50ms"],
        },
    },
    Pair {
        fault: "deadline-overrun",
        weakness: "a gain that is stable only if no job is missed",
        mitigation: "one that is stable if two of three are",
        inject: "at = '3s'\nfor = '3s'\ninject.deadline-overrun = { loop = 'loop', pattern = 'oxx' }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, "compute = '4ms'", BOUNDED, ORDER],
            weak: &[],
            hardened: &["workload.loop.edge.plant.servo.gain=0.2"],
        },
    },
    Pair {
        fault: "job-loss",
        weakness: "a gain that is stable only with a quarter of the jobs lost",
        mitigation: "one that is stable with half of them",
        inject: "at = '3s'\nfor = '3s'\ninject.job-loss = { loop = 'loop', p = 0.5 }",
        breaks: "loop.bounded",
        system: GENTLE,
    },
    Pair {
        fault: "input-output-delay",
        weakness: "a gain with a delay margin of one period",
        mitigation: "one with a margin above two",
        inject: "at = '3s'\nfor = '3s'\ninject.input-output-delay = { loop = 'loop', delay = 2 }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, BOUNDED],
            weak: &[],
            hardened: &["workload.loop.edge.plant.servo.gain=0.2"],
        },
    },
    Pair {
        fault: "page-fault-stall",
        weakness: "the memory of a control job can be swapped out",
        mitigation: "it is locked in place",
        inject: "at = '3s'\nfor = '3s'\ninject.page-fault-stall = { loop = 'loop', faults = 0.5, device = 'hdd' }",
        breaks: "loop.weakly-hard",
        system: System::Scenario {
            world: &[LOOP, "compute = '1ms'\nmemory = { set = '24MiB', zipf = 0.0 }", WEAKLY_HARD, ORDER],
            weak: &["workload.loop.edge.memory.pages=8", "workload.loop.edge.promise.window=10"],
            hardened: &["workload.loop.edge.memory.pages=0", "workload.loop.edge.promise.window=10"],
        },
    },
    Pair {
        fault: "lock-inversion",
        weakness: "an actuator holds the last command while the controller waits for a lock",
        mitigation: "it goes to zero after 50 ms of silence",
        inject: "at = '3s'\nfor = '3s'\ninject.lock-inversion = { loop = 'loop', hold = '1s', every = '1s' }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, "compute = '1ms'", BOUNDED, ORDER],
            weak: &[],
            hardened: &["workload.loop.edge.guard.zero_after=50ms"],
        },
    },
    Pair {
        fault: "can-loss",
        weakness: "a gain that is stable only with 39 % of the commands lost",
        mitigation: "one that is stable with 70 %",
        inject: "at = '3s'\nfor = '3s'\ninject.can-loss = { links = 'board -> field', p = 0.7 }",
        breaks: "loop.bounded",
        system: GENTLE,
    },
    Pair {
        fault: "can-corrupt",
        weakness: "an actuator holds the last command of a controller that went off the bus",
        mitigation: "it goes to zero after 50 ms of silence",
        // A loss of as many commands (39 % are tolerated) breaks nothing: the second off the bus does.
        inject: "at = '3s'\nfor = '6s'\n\
                 inject.can-corrupt = { links = 'board -> field', p = 0.25, restart = '1s' }",
        breaks: "loop.bounded",
        system: ZEROED,
    },
    Pair {
        fault: "can-babble",
        weakness: "an actuator that hears nothing holds the last command",
        mitigation: "it goes to zero after 50 ms of silence",
        inject: "at = '3s'\nfor = '3s'\ninject.can-babble = { links = 'board -> field' }",
        breaks: "loop.bounded",
        system: ZEROED,
    },
    Pair {
        fault: "can-bad-encode",
        weakness: "a check for finite numbers lets pass what a cast has made of a NaN",
        mitigation: "an actuator obeys no command beyond its range",
        inject: "at = '3s'\nfor = '3s'\ninject.can-bad-encode = { actuator = 'loop.actuator', p = 0.05 }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, BOUNDED, ORDER],
            weak: &["workload.loop.edge.guard.finite=true"],
            hardened: &["workload.loop.edge.guard.finite=true", "workload.loop.edge.guard.command=100"],
        },
    },
    Pair {
        fault: "two-active",
        weakness: "an actuator obeys whoever talks last",
        mitigation: "it refuses a controller that another one has replaced",
        inject: "at = '3s'\nfor = '3s'\ninject.two-active = { links = 'board <-> spare' }",
        breaks: "loop.one-active",
        system: System::Scenario {
            world: &[LOOP, ONE_ACTIVE, BOUNDED],
            weak: &["workload.loop.edge.backup=spare"],
            hardened: &["workload.loop.edge.backup=spare", "workload.loop.edge.takeover.fence=true"],
        },
    },
    Pair {
        fault: "handover-gap",
        weakness: "an actuator holds the last command while the radio changes cells",
        mitigation: "it goes to zero after 50 ms of silence",
        inject: "at = '3s'\nfor = '3s'\ninject.handover-gap = { links = 'board -> field', gap = 'uniform 2s 3s' }",
        breaks: "loop.bounded",
        system: ZEROED,
    },
    Pair {
        fault: "rtt-spike",
        weakness: "old samples are used as if they were new",
        mitigation: "a sample older than two periods is not believed, and the actuator goes to zero",
        inject: "at = '3s'\nfor = '3s'\ninject.rtt-spike = { links = 'board <-> field' }",
        breaks: "loop.bounded",
        system: STALE,
    },
    Pair {
        fault: "bufferbloat",
        weakness: "samples that stood in a queue for seconds are used as if they were new",
        mitigation: "a sample older than two periods is not believed, and the actuator goes to zero",
        inject: "at = '3s'\nfor = '3s'\ninject.bufferbloat = { links = 'field -> board', rate = '10kbit/s' }",
        breaks: "loop.bounded",
        system: System::Scenario {
            world: &[LOOP, BOUNDED, ORDER],
            weak: &[],
            hardened: &["workload.loop.edge.guard.stale_after=20ms", "workload.loop.edge.guard.zero_after=50ms"],
        },
    },
    Pair {
        fault: "cloud-offload",
        weakness: "a loop through the cloud uses samples however old",
        mitigation: "a sample older than two periods is not believed, and the actuator goes to zero",
        inject: "at = '3s'\nfor = '3s'\ninject.cloud-offload = { links = 'board <-> field', file = 'tests/data/delays.csv', scale = 10.0 }",
        breaks: "loop.bounded",
        system: STALE,
    },
];
