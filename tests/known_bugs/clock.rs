//! Faults of clocks.

use crate::pair::{Pair, Promise, System};
use crate::systems::lease::{self, By, Lease};

/// Who grants leases, and two that want them.
const LEASES: &str = "stop = { at = '60s' }\n[topology]\nnodes.store = {}\nnodes.holder = { count = 2 }\n\
    links.default = { delay = '1ms' }";
const ONE_HOLDER: &[Promise] = &[Promise::Never("toy.two-holders")];

pub(crate) const PAIRS: &[Pair] = &[Pair {
    fault: "clock-step",
    weakness: "the holder of a lease takes its length from the wall clock",
    mitigation: "it takes it from the monotonic clock",
    inject: "at = '10s..12s'\nfor = '20s'\ninject.clock-step = { nodes = 'holder', offset = '-15s' }",
    breaks: "toy.two-holders",
    system: System::Toy {
        world: &[LEASES],
        promises: ONE_HOLDER,
        weak: |toy| lease::install(toy, Lease { by: By::WallClock, fenced: false }),
        hardened: |toy| lease::install(toy, Lease { by: By::Monotonic, fenced: false }),
    },
}];
