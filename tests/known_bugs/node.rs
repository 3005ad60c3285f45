//! Faults of nodes.

use crate::pair::{Pair, Promise, System};
use crate::systems::lease::{self, By, LEASES, Lease};
use crate::systems::store::{self, Checked, SAFE, STORES, Store};
use crate::systems::AGENTS;

/// One copy, synced, and nothing forgotten.
const ONE: Store = Store {
    synced: true,
    checked: Checked::Bytes,
    honest: true,
    copies: 1,
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "node-loss",
        weakness: "sessions of a worker that is gone are nobody's",
        mitigation: "another one takes them when their lease is over",
        inject: "at = '40s'\ninject.node-loss = { nodes = 'worker[0]' }\nfor = 'forever'",
        breaks: "terminates",
        system: System::Scenario {
            world: &[AGENTS],
            weak: &["workload.support.agents.recovery=none"],
            hardened: &["workload.support.agents.recovery=lease"],
        },
    },
    Pair {
        fault: "power-loss",
        weakness: "a store acknowledges what is in the cache of its host only",
        mitigation: "it syncs first",
        inject: "at = '3s'\ninject.power-loss = { nodes = 'store', restart_after = '1s' }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[STORES],
            promises: SAFE,
            weak: |toy| store::install(toy, Store { synced: false, ..ONE }),
            hardened: |toy| store::install(toy, ONE),
        },
    },
    Pair {
        fault: "reimage",
        weakness: "the only copy is on a machine that is replaced",
        mitigation: "a record is acknowledged when two nodes have it",
        inject: "at = '3s'\ninject.reimage = { nodes = 'store', down = '1s' }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[STORES],
            promises: SAFE,
            weak: |toy| store::install(toy, ONE),
            hardened: |toy| store::install(toy, Store { copies: 2, ..ONE }),
        },
    },
    Pair {
        fault: "node-pause",
        weakness: "the holder of a lease looks at its clock, is paused, and writes",
        mitigation: "the store refuses a write with the number of an older lease",
        inject: "at = '10s..18s'\nfor = '6s'\ninject.node-pause = { nodes = 'holder[0]' }",
        breaks: "toy.two-holders",
        system: System::Toy {
            world: &[LEASES],
            promises: &[Promise::Never("toy.two-holders"), Promise::Eventually("toy.written")],
            weak: |toy| lease::install(toy, Lease { fenced: false, by: By::Monotonic }),
            hardened: |toy| lease::install(toy, Lease { fenced: true, by: By::Monotonic }),
        },
    },
];
