//! Faults of links.

use crate::pair::{Pair, Promise, System};
use crate::systems::beats::{self, Beats, Work};
use crate::systems::channel::{self, Channel};
use crate::systems::{SHOP, notify, primary, transfer};

/// Two nodes and a way of 1 ms.
const TWO: &str = "stop = { at = '40s' }\n\
    [topology]\nnodes.sender = {}\nnodes.receiver = {}\nlinks.default = { delay = '1ms' }";
/// Five nodes.
const FIVE: &str = "stop = { at = '30s' }\n\
    [topology]\nnodes.member = { count = 5 }\nlinks.default = { delay = '1ms' }";
/// Who writes, what is written to, who reads.
const THREE: &str = "stop = { at = '30s' }\n\
    [topology]\nnodes.writer = {}\nnodes.store = {}\nnodes.reader = {}\nlinks.default = { delay = '1ms' }";

/// Each number once and no more, whatever the network does.
const EXACTLY: Channel = Channel {
    copies: 1,
    burst: 1,
    until_answered: true,
    known_again: true,
    newest: true,
    checked: true,
    fresh: false,
};
/// Each number is sent and forgotten.
const FORGETS: Channel = Channel {
    until_answered: false,
    ..EXACTLY
};
const NEVER_LOST: &[Promise] = &[Promise::Never("toy.lost"), Promise::Never("toy.twice")];
const NEVER_TWO: &[Promise] = &[Promise::Never("toy.two-primaries")];

/// Whether a primary needs a majority.
const ONE_PRIMARY: System = System::Toy {
    world: &[FIVE],
    promises: NEVER_TWO,
    weak: |toy| primary::install(toy, false),
    hardened: |toy| primary::install(toy, true),
};
/// Whether a message that comes again is known.
const EXACTLY_ONCE: System = System::Toy {
    world: &[TWO],
    promises: NEVER_LOST,
    weak: |toy| channel::install(toy, Channel { known_again: false, ..EXACTLY }),
    hardened: |toy| channel::install(toy, EXACTLY),
};

pub(crate) const PAIRS: &[Pair] = &[
    Pair {
        fault: "link-delay",
        weakness: "a page calls its services one after the other, each in a way there and back",
        mitigation: "it calls them at once",
        inject: "at = '10s'\nfor = '10s'\n\
                 inject.link-delay = { links = 'web -> web', delay = '60ms' }",
        breaks: "in time",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "graph.fan = 6\n[[property]]\nname = 'in time'\nnever = 'shop.timed-out'",
            ],
            weak: &["workload.shop.cluster.hop.order=sequential"],
            hardened: &["workload.shop.cluster.hop.order=parallel"],
        },
    },
    Pair {
        fault: "link-loss",
        weakness: "a sender takes what it sent for received",
        mitigation: "it sends again what was not answered",
        inject: "at = '1s'\nfor = '2s'\ninject.link-loss = { links = 'sender <-> receiver' }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[TWO],
            promises: NEVER_LOST,
            weak: |toy| channel::install(toy, FORGETS),
            hardened: |toy| channel::install(toy, EXACTLY),
        },
    },
    Pair {
        fault: "link-cut",
        weakness: "a backup that does not hear the primary takes its place, heard or not",
        mitigation: "a primary needs a majority that follows nobody else",
        inject: "at = '5s'\nfor = '8s'\n\
                 inject.link-cut = { from = 'member[0]', to = 'member - member[0]' }",
        breaks: "toy.two-primaries",
        system: ONE_PRIMARY,
    },
    Pair {
        fault: "link-flap",
        weakness: "a transfer that fails begins again with the first piece",
        mitigation: "it goes on with the piece that failed",
        inject: "at = '1s'\nfor = 'forever'\n\
                 inject.link-flap = { links = 'sender <-> receiver', up = '2s', down = '500ms' }",
        breaks: "toy.sent",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Eventually("toy.sent")],
            weak: |toy| transfer::install(toy, false),
            hardened: |toy| transfer::install(toy, true),
        },
    },
    Pair {
        fault: "burst-loss",
        weakness: "a sender repeats each number at once, as if losses had nothing to do with each other",
        mitigation: "it repeats, after a while, what was not answered",
        inject: "at = '1s'\nfor = '2s'\n\
                 inject.burst-loss = { links = 'sender -> receiver', p = 0.05, r = 0.1 }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[TWO],
            promises: NEVER_LOST,
            weak: |toy| channel::install(toy, Channel { copies: 3, ..FORGETS }),
            hardened: |toy| channel::install(toy, EXACTLY),
        },
    },
    Pair {
        fault: "link-duplicate",
        weakness: "a counter adds what comes at least once as if it came once",
        mitigation: "the receiver knows a number again",
        inject: "at = '1s'\nfor = '2s'\ninject.link-duplicate = { links = 'sender -> receiver' }",
        breaks: "toy.twice",
        system: EXACTLY_ONCE,
    },
    Pair {
        fault: "link-reorder",
        weakness: "the last state to arrive is taken for the latest",
        mitigation: "states are numbered, and an older one is passed over",
        inject: "at = '1s'\nfor = '2s'\n\
                 inject.link-reorder = { links = 'sender -> receiver', by = '3 messages' }",
        breaks: "toy.back",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Never("toy.back"), Promise::Never("toy.lost")],
            weak: |toy| channel::install(toy, Channel { newest: false, ..EXACTLY }),
            hardened: |toy| channel::install(toy, EXACTLY),
        },
    },
    Pair {
        fault: "link-corrupt",
        weakness: "a receiver believes what arrives",
        mitigation: "it checks a checksum of the sender, and waits for the next copy",
        inject: "at = '1s'\nfor = '2s'\n\
                 inject.link-corrupt = { links = 'sender -> receiver', p = 0.1, seen = 'silent' }",
        breaks: "toy.false",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Never("toy.false"), Promise::Never("toy.lost")],
            weak: |toy| channel::install(toy, Channel { checked: false, ..EXACTLY }),
            hardened: |toy| channel::install(toy, EXACTLY),
        },
    },
    Pair {
        fault: "clog",
        weakness: "commands that were under way for long are carried out when they arrive",
        mitigation: "a command says when it was sent, and an old one is passed over",
        inject: "at = '1s'\nfor = '3s'\n\
                 inject.clog = { links = 'sender -> receiver', length = 'uniform 1s 2s' }",
        breaks: "toy.stale",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Never("toy.stale"), Promise::Never("toy.twice")],
            weak: |toy| channel::install(toy, FORGETS),
            hardened: |toy| channel::install(toy, Channel { fresh: true, ..FORGETS }),
        },
    },
    Pair {
        fault: "link-rate",
        weakness: "heartbeats wait in one queue behind all that a worker has to send",
        mitigation: "it sends a piece when the last one has arrived",
        inject: "at = '5s'\nfor = '20s'\ninject.link-rate = { links = 'sender -> receiver', \
                 rate = '1Mbit/s', queue = '1MiB' }",
        breaks: "toy.declared-dead",
        system: System::Toy {
            world: &[TWO],
            promises: &[Promise::Never("toy.declared-dead"), Promise::Eventually("toy.worked")],
            weak: |toy| beats::install(toy, Beats { work: Work::Send, apart: false }),
            hardened: |toy| beats::install(toy, Beats { work: Work::Send, apart: true }),
        },
    },
    Pair {
        fault: "path-capacity",
        weakness: "a sender hands over a burst and takes it for received",
        mitigation: "it sends again what was not answered",
        inject: "at = '1s'\nfor = '2s'\n\
                 inject.path-capacity = { links = 'sender -> receiver', messages = 20 }",
        breaks: "toy.lost",
        system: System::Toy {
            world: &[TWO],
            promises: NEVER_LOST,
            weak: |toy| channel::install(toy, Channel { burst: 25, ..FORGETS }),
            hardened: |toy| channel::install(toy, Channel { burst: 25, ..EXACTLY }),
        },
    },
    Pair {
        fault: "link-trace",
        weakness: "what was not answered in 100 ms goes again, and is counted again",
        mitigation: "the receiver knows a number again",
        inject: "at = '1s'\nfor = '3s'\ninject.link-trace = { links = 'sender -> receiver', \
                 file = 'tests/data/delays.csv', scale = 8 }",
        breaks: "toy.twice",
        system: EXACTLY_ONCE,
    },
    Pair {
        fault: "half-open",
        weakness: "a client without a time-out waits on a connection that is dead",
        mitigation: "it gives up after a second, and tries again on a new one",
        inject: "at = '10s'\nfor = 'forever'\ninject.half-open = { links = 'client -> web[0]' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[
                SHOP[0],
                SHOP[1],
                "[[property]]\nname = 'answered'\n\
                 threshold = { metric = 'shop.goodput', stat = 'mean', above = 90, from = '12s' }",
            ],
            weak: &["workload.shop.cluster.timeout=40s"],
            hardened: &[
                "workload.shop.cluster.timeout=1s",
                "workload.shop.cluster.retry.attempts=3",
            ],
        },
    },
    Pair {
        fault: "connection-reset",
        weakness: "a client takes a reset of an old connection for the answer",
        mitigation: "it tries again on a new one",
        inject: "at = '5s'\nfor = '20s'\n\
                 inject.connection-reset = { links = 'client -> web', rate = '2/s' }",
        breaks: "answered",
        system: System::Scenario {
            world: &[SHOP[0],
                SHOP[1], "[[property]]\nname = 'answered'\nnever = 'shop.failed'"],
            weak: &["workload.shop.cluster.retry.attempts=1"],
            hardened: &["workload.shop.cluster.retry.attempts=4"],
        },
    },
    Pair {
        fault: "swizzle-clog",
        weakness: "a writer tells a reader of a value before the store has it",
        mitigation: "it tells when the store has answered",
        inject: "at = '5s'\nfor = '10s'\n\
                 inject.swizzle-clog = { from = 'writer', to = 'store + reader', spread = '2s' }",
        breaks: "toy.not-found",
        system: System::Toy {
            world: &[THREE],
            promises: &[Promise::Never("toy.not-found")],
            weak: |toy| notify::install(toy, false),
            hardened: |toy| notify::install(toy, true),
        },
    },
    Pair {
        fault: "partition",
        weakness: "both sides of a split choose a primary, each by the heartbeats it hears",
        mitigation: "a primary needs a majority that follows nobody else",
        inject: "at = '5s'\nfor = '8s'\ninject.partition = { nodes = 'member' }",
        breaks: "toy.two-primaries",
        system: ONE_PRIMARY,
    },
];
