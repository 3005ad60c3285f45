//! Faults of nodes.

use crate::pair::{Pair, Promise, System};
use crate::systems::store::{self, Checked, Store};

/// A store, one for copies, and a client.
const STORES: &str = "stop = { at = '90s' }\n[topology]\nnodes.store = { disk = 'vdisk' }\n\
    nodes.copy = {}\nnodes.client = {}\nlinks.default = { delay = '500us' }";
const SAFE: &[Promise] = &[
    Promise::Never("toy.lost"),
    Promise::Never("toy.damaged"),
    Promise::Eventually("toy.done"),
];
/// One copy, synced, and nothing forgotten.
const ONE: Store = Store {
    synced: true,
    checked: Checked::Bytes,
    honest: true,
    copies: 1,
};

pub(crate) const PAIRS: &[Pair] = &[Pair {
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
}];
