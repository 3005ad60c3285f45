//! Faults of clocks.

use crate::pair::{Pair, Promise, System};
use crate::systems::lease::{self, By, LEASES, Lease};
use crate::systems::{hours, register};

const ONE_HOLDER: &[Promise] = &[
    Promise::Never("toy.two-holders"),
    Promise::Eventually("toy.written"),
];
const NODE: &str = "stop = { at = '60s' }\n[topology]\nnodes.node = {}";
/// A register and two that write it, for two hours.
const REGISTER: &str = "stop = { at = '2h' }\n[topology]\nnodes.register = {}\nnodes.first = {}\n\
    nodes.second = {}\nlinks.default = { delay = '1ms' }\nsignals = '0s'";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "clock-step",
        weakness: "the holder of a lease takes its length from the wall clock",
        mitigation: "it takes it from the monotonic clock",
        inject: "at = '10s..12s'\nfor = '20s'\n\
                 inject.clock-step = { nodes = 'holder', offset = '-15s' }",
        breaks: "toy.two-holders",
        system: System::Toy {
            world: &[LEASES],
            promises: ONE_HOLDER,
            weak: |toy| lease::install(toy, Lease { by: By::WallClock, fenced: false }),
            hardened: |toy| lease::install(toy, Lease { by: By::Monotonic, fenced: false }),
        },
    },
    Pair {
        fault: "clock-drift",
        weakness: "a lease is safe if the clocks of its holder and of its store run equally fast",
        mitigation: "the store refuses a write with the number of an older lease",
        inject: "at = '5s'\nfor = '50s'\n\
                 inject.clock-drift = { nodes = 'holder[0]', ppm = -100000 }",
        breaks: "toy.two-holders",
        system: System::Toy {
            world: &[LEASES],
            promises: ONE_HOLDER,
            weak: |toy| lease::install(toy, Lease { by: By::Monotonic, fenced: false }),
            hardened: |toy| lease::install(toy, Lease { by: By::Monotonic, fenced: true }),
        },
    },
    Pair {
        fault: "clock-strobe",
        weakness: "a session is idle for as long as lies between two readings of the wall clock",
        mitigation: "between two readings of the monotonic clock",
        inject: "at = '10s'\nfor = '20s'\ninject.clock-strobe = { nodes = 'node', \
                 delta = 'uniform 20s 200s', period = '300ms' }",
        breaks: "toy.live-session-ended",
        system: System::Toy {
            world: &[NODE],
            promises: &[Promise::Never("toy.live-session-ended")],
            weak: |toy| hours::sessions(toy, false),
            hardened: |toy| hours::sessions(toy, true),
        },
    },
    Pair {
        fault: "clock-freeze",
        weakness: "numbers made of the time repeat when it stands still",
        mitigation: "the time in them never stands: it goes on from the last one",
        inject: "at = '1s'\nfor = '500ms'\ninject.clock-freeze = { nodes = 'node' }",
        breaks: "toy.same-number",
        system: System::Toy {
            world: &[NODE],
            promises: &[Promise::Never("toy.same-number")],
            weak: |toy| hours::numbers(toy, false),
            hardened: |toy| hours::numbers(toy, true),
        },
    },
    Pair {
        fault: "date-jump",
        weakness: "records are kept for seven days before now: if now is 2038, none is left",
        mitigation: "for seven days before the newest of them",
        inject: "at = '1h'\nfor = 'forever'\n\
                 inject.date-jump = { nodes = 'node', to = '2038-01-19T03:14:08Z' }",
        breaks: "toy.all-deleted",
        system: System::Toy {
            world: &["stop = { at = '2h' }\n[topology]\nnodes.node = {}\nsignals = '0s'"],
            promises: &[Promise::Never("toy.all-deleted")],
            weak: |toy| hours::retention(toy, false),
            hardened: |toy| hours::retention(toy, true),
        },
    },
    Pair {
        fault: "time-sync-loss",
        weakness: "the later stamp wins, and stamps are of clocks that nobody corrects",
        mitigation: "a stamp is later than that of what was read, whatever the clock says",
        inject: "at = '10m'\nfor = '1h'\n\
                 inject.time-sync-loss = { nodes = 'first', ppm = -100 }",
        breaks: "toy.update-lost",
        system: System::Toy {
            world: &[REGISTER],
            promises: &[Promise::Never("toy.update-lost")],
            weak: |toy| register::install(toy, false),
            hardened: |toy| register::install(toy, true),
        },
    },
    Pair {
        fault: "leap-second",
        weakness: "a difference of two readings of the wall clock is never negative",
        mitigation: "durations are of the monotonic clock",
        inject: "at = '10s'\nfor = 'forever'\ninject.leap-second = { nodes = 'node' }",
        breaks: "toy.negative",
        system: System::Toy {
            world: &[NODE],
            promises: &[Promise::Never("toy.negative")],
            weak: |toy| hours::durations(toy, false),
            hardened: |toy| hours::durations(toy, true),
        },
    },
];
