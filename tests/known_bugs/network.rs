//! Faults of links.

use crate::pair::{Pair, Promise, System};
use crate::systems::channel::{self, Channel};
use crate::systems::primary;

/// Two nodes and a way of 1 ms.
const TWO: &str = "stop = { at = '40s' }\n\
    [topology]\nnodes.sender = {}\nnodes.receiver = {}\nlinks.default = { delay = '1ms' }";
/// Five nodes.
const FIVE: &str = "stop = { at = '30s' }\n\
    [topology]\nnodes.member = { count = 5 }\nlinks.default = { delay = '1ms' }";

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "link-duplicate",
        weakness: "a counter adds what comes at least once as if it came once",
        mitigation: "the receiver knows a number again",
        inject: "at = '1s'\nfor = '2s'\ninject.link-duplicate = { links = 'sender -> receiver' }",
        breaks: "toy.twice",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Never("toy.twice"), Promise::Never("toy.lost")],
            weak: |toy| channel::install(toy, Channel::default()),
            hardened: |toy| {
                let channel = Channel { known_again: true, ..Channel::default() };
                channel::install(toy, channel);
            },
        },
    },
    Pair {
        fault: "partition",
        weakness: "both sides of a split choose a primary, each by the heartbeats it hears",
        mitigation: "a primary needs a majority that follows nobody else",
        inject: "at = '5s'\nfor = '8s'\ninject.partition = { nodes = 'member' }",
        breaks: "toy.two-primaries",
        system: System::Toy {
            world: &[FIVE],
            promises: &[Promise::Never("toy.two-primaries")],
            weak: |toy| primary::install(toy, false),
            hardened: |toy| primary::install(toy, true),
        },
    },
];
