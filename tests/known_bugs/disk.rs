//! Faults of disks.

use crate::pair::{Pair, Promise, System};
use crate::systems::beats::{self, Beats, Work};
use crate::systems::store::{self, Checked, SAFE, STORES, Store};
use crate::systems::{SHOP, settings};

/// One that works and one that watches it.
const WATCHED: &str = "stop = { at = '40s' }\n\
    [topology]\nnodes.worker = {}\nnodes.watcher = {}\nlinks.default = { delay = '1ms' }";
const ALIVE: &[Promise] = &[
    Promise::Never("toy.declared-dead"),
    Promise::Eventually("toy.worked"),
];
/// Everything that a store can do, on one node.
const ONE: Store = Store {
    synced: true,
    checked: Checked::BytesAndNumber,
    honest: true,
    copies: 1,
};
const TWO: Store = Store { copies: 2, ..ONE };

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "disk-slow",
        weakness: "the task that sends heartbeats writes the log",
        mitigation: "heartbeats are a task of their own",
        inject: "at = '5s'\nfor = '20s'\n\
                 inject.disk-slow = { nodes = 'worker', delay = '700ms' }",
        breaks: "toy.declared-dead",
        system: System::Toy {
            world: &[WATCHED],
            promises: ALIVE,
            weak: |toy| beats::install(toy, Beats { work: Work::Log, apart: false }),
            hardened: |toy| beats::install(toy, Beats { work: Work::Log, apart: true }),
        },
    },
    Pair {
        fault: "disk-pause",
        weakness: "requests that wait for the disk take all the places, for as long as it stands still",
        mitigation: "a caller gives up and asks another replica",
        inject: "at = '10s'\nfor = '20s'\ninject.disk-pause = { nodes = 'web[0]' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "store = {}\n[[property]]\nname = 'answered'\n\
                 threshold = { metric = 'shop.goodput', stat = 'mean', above = 90, from = '12s', until = '28s' }",
            ],
            weak: &["workload.shop.cluster.timeout=30s"],
            hardened: &[
                "workload.shop.cluster.timeout=500ms",
                "workload.shop.cluster.retry.attempts=4",
            ],
        },
    },
    Pair {
        fault: "disk-error",
        weakness: "an error of a write is logged, and the write acknowledged",
        mitigation: "an error is told to the client, who writes again",
        inject: "at = '2s'\nfor = '4s'\n\
                 inject.disk-error = { nodes = 'store', ops = 'write', p = 0.2 }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[STORES],
            promises: SAFE,
            weak: |toy| store::install(toy, Store { honest: false, ..ONE }),
            hardened: |toy| store::install(toy, ONE),
        },
    },
    Pair {
        fault: "disk-full",
        weakness: "settings are cut to nothing before the new ones are written",
        mitigation: "they are written beside the old ones, which they then replace",
        inject: "at = '5s'\nfor = '5s'\ninject.disk-full = { nodes = 'node', free = '0B' }",
        breaks: "toy.settings-gone",
        system: System::Toy {
            world: &["stop = { at = '20s' }\n[topology]\nnodes.node = {}"],
            promises: &[Promise::Never("toy.settings-gone")],
            weak: |toy| settings::install(toy, false),
            hardened: |toy| settings::install(toy, true),
        },
    },
    Pair {
        fault: "lying-fsync",
        weakness: "the only copy is on a disk that says it is durable",
        mitigation: "a record is acknowledged when two nodes have it",
        inject: "at = '1s'\nfor = '5s'\ninject.lying-fsync = { nodes = 'store' }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[STORES, POWER],
            promises: SAFE,
            weak: |toy| store::install(toy, ONE),
            hardened: |toy| store::install(toy, TWO),
        },
    },
    Pair {
        fault: "torn-write",
        weakness: "the first half of a record that was under way is taken for the record",
        mitigation: "a record has a checksum, and one that does not match is asked of the other node",
        inject: "at = '1s'\nfor = '5s'\ninject.torn-write = { nodes = 'store', p = 1.0 }",
        breaks: "toy.damaged",
        system: System::Toy {
            world: &[STORES, POWER],
            promises: SAFE,
            weak: |toy| {
                let store = Store { synced: false, checked: Checked::Nothing, ..TWO };
                store::install(toy, store);
            },
            hardened: |toy| store::install(toy, Store { synced: false, ..TWO }),
        },
    },
    Pair {
        fault: "fsync-stall",
        weakness: "a client waits for a sync that stalls until it is too late to ask somebody else",
        mitigation: "it asks another replica after a time in which a sync is usually done",
        inject: "at = '5s'\nfor = '20s'\ninject.fsync-stall = { nodes = 'web' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "store = {}\n[[property]]\nname = 'in time'\nnever = 'shop.timed-out'",
            ],
            weak: &["workload.shop.cluster.timeout=500ms"],
            hardened: &[
                "workload.shop.cluster.timeout=100ms",
                "workload.shop.cluster.retry.attempts=5",
            ],
        },
    },
    Pair {
        fault: "fail-slow-disk",
        weakness: "a balancer gives a replica its turn however slow it is",
        mitigation: "it chooses the one of which it has least outstanding",
        inject: "at = '5s'\nfor = '30s'\n\
                 inject.fail-slow-disk = { nodes = 'web[0]', factor = 1000, duty = 0.9 }",
        breaks: "in time",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "store = {}\ntimeout = '200ms'\n[[property]]\nname = 'in time'\n\
                 threshold = { metric = 'shop.goodput', stat = 'mean', above = 90 }",
            ],
            weak: &["workload.shop.cluster.balance=round-robin"],
            hardened: &["workload.shop.cluster.balance=least-loaded"],
        },
    },
    Pair {
        fault: "bit-rot",
        weakness: "a store hands out what the disk gives it",
        mitigation: "a record has a checksum, and one that does not match is asked of the other node",
        inject: "at = '4s'\nfor = 'forever'\ninject.bit-rot = { nodes = 'store', p = 0.05 }",
        breaks: "toy.damaged",
        system: System::Toy {
            world: &[STORES, POWER],
            promises: SAFE,
            weak: |toy| store::install(toy, Store { checked: Checked::Nothing, ..TWO }),
            hardened: |toy| store::install(toy, TWO),
        },
    },
    Pair {
        fault: "misdirect",
        weakness: "a record that is whole is taken for the one that was asked for",
        mitigation: "its checksum covers its number, and the other node is asked",
        inject: "at = '1s'\nfor = '6s'\n\
                 inject.misdirect = { nodes = 'store', p = 0.1, distance = '1' }",
        breaks: "toy.damaged",
        system: System::Toy {
            world: &[STORES, POWER],
            promises: SAFE,
            weak: |toy| store::install(toy, Store { checked: Checked::Bytes, ..TWO }),
            hardened: |toy| store::install(toy, TWO),
        },
    },
];

/// What makes the cache of the host forget, so that the disk is asked.
const POWER: &str = "[[fault]]\nname = 'power'\nat = '5s'\n\
    inject.power-loss = { nodes = 'store', torn = 0.0, restart_after = '1s' }";
