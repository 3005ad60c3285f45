//! The defaults of other tools' fault injection.

use super::{Preset, PresetPart};
use crate::compose::Order;

const TEN: (&str, &str) = ("for", "10s");
const LINKS: (&str, &str) = ("links", "{links}");
/// Three in four: how much a packet fault of Jepsen follows that of the packet before.
const CORRELATED: (&str, &str) = ("correlation", "0.75");

pub(super) const JEPSEN_NET: Preset = Preset {
    name: "jepsen-net",
    summary: "packet faults and partitions of Jepsen, in turn, 10 s on and 10 s off",
    doc: "Jepsen's combined nemesis starts and stops something every 10 s on average; here one kind \
          follows the other, 10 s each. Its targets are drawn a time from one, minority-third, majority \
          and all; here packet faults hit the links of `nodes`, and partitions the whole set. Duplicates \
          and reordering need datagrams or requests to land; so does damage. Correlation is there for \
          the kinds of which this engine has it.",
    source: "jepsen net.clj and nemesis/combined.clj: delay 50 ms +- 10 ms, correlation 25 %, normal; \
             loss, corrupt, duplicate, reorder 20 %, correlation 75 %; rate 1 mbit; interval 10 s",
    order: Order::Serial,
    repeat: u32::MAX,
    gap: "10s",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "delay",
            "link-delay",
            &[
                LINKS,
                ("delay", "normal 50ms sd 10ms"),
                ("correlation", "0.25"),
            ],
            &[TEN],
        ),
        PresetPart::new(
            "loss",
            "link-loss",
            &[LINKS, ("p", "0.2"), CORRELATED],
            &[TEN],
        ),
        PresetPart::new("corrupt", "link-corrupt", &[LINKS, ("p", "0.2")], &[TEN]).may_miss(),
        PresetPart::new(
            "duplicate",
            "link-duplicate",
            &[LINKS, ("p", "0.2")],
            &[TEN],
        )
        .may_miss(),
        PresetPart::new("reorder", "link-reorder", &[LINKS, ("p", "0.2")], &[TEN]).may_miss(),
        PresetPart::new("rate", "link-rate", &[LINKS, ("rate", "1Mbit/s")], &[TEN]).may_miss(),
        PresetPart::new("one", "partition", &[SET, ("split", "isolate-one")], &[TEN]).nodes(2),
        PresetPart::new("majority", "partition", &[SET, ("split", "halves")], &[TEN]).nodes(2),
        PresetPart::new(
            "minority-third",
            "partition",
            &[SET, ("split", "minority-third")],
            &[TEN],
        )
        .nodes(2),
        PresetPart::new("bridge", "partition", &[SET, ("split", "bridge")], &[TEN]).nodes(3),
        PresetPart::new("ring", "partition", &[SET, ("split", "ring")], &[TEN]).nodes(4),
    ],
    missing: "the target `primaries`: roles at the moment of firing",
};

const SET: (&str, &str) = ("nodes", "{set}");

pub(super) const JEPSEN_CLOCK: Preset = Preset {
    name: "jepsen-clock",
    summary: "clock bumps and strobes of Jepsen, in turn",
    doc: "A bump is taken back after 10 s, as Jepsen's reset does; a strobe lasts 1 s to 32 s. Each hits \
          a random number of the nodes.",
    source: "jepsen time.clj: bump +-(1.5^6..1.5^31 ms) = 11 ms..288 s; strobe delta 4 ms..262 s, period \
             1 ms..1 s, up to 32 s",
    order: Order::Serial,
    repeat: u32::MAX,
    gap: "10s",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "bump",
            "clock-step",
            &[
                ("nodes", "up to 100% of {set}"),
                ("offset", "±loguniform 11ms 288s"),
            ],
            &[TEN],
        ),
        PresetPart::new(
            "strobe",
            "clock-strobe",
            &[
                ("nodes", "up to 100% of {set}"),
                ("delta", "loguniform 4ms 262s"),
                ("period", "loguniform 1ms 1s"),
            ],
            &[("for", "uniform 1s 32s")],
        ),
    ],
    missing: "",
};

pub(super) const MAELSTROM: Preset = Preset {
    name: "maelstrom",
    summary: "slow and flaky links and partitions of Maelstrom, 10 s on and 10 s off",
    doc: "Latencies of the network are those of the topology: Maelstrom's are constant, uniform or \
          exponential with mean 0 by default. Slow is ten times that, flaky a loss of one half.",
    source: "Maelstrom: latency x 10 when slow, loss 0.5 when flaky, nemesis interval 10 s",
    order: Order::Serial,
    repeat: u32::MAX,
    gap: "10s",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "slow",
            "link-delay",
            &[LINKS, ("factor", "10"), ("correlation", "0")],
            &[TEN],
        ),
        PresetPart::new("flaky", "link-loss", &[LINKS, ("p", "0.5")], &[TEN]),
        PresetPart::new(
            "partition",
            "partition",
            &[SET, ("split", "halves")],
            &[TEN],
        )
        .nodes(2),
    ],
    missing: "",
};

const ONE: (&str, &str) = ("nodes", "any 1 of {set}");
const POISSON: (&str, &str) = ("every.dist", "exponential");

pub(super) const VOPR_SWARM: Preset = Preset {
    name: "vopr-swarm",
    summary: "a network, disks and crashes drawn a seed, as TigerBeetle's simulator does",
    doc: "Every number in braces is drawn once a seed, so that each seed has another climate. What is a \
          chance a tick of 10 ms at the source is here the mean time that follows from it; of partitions \
          it is the middle of the range, 1.5 % a tick and healed with 5 %. Figures are recalled from the \
          source and unverified. Crashes and pauses are rare: `scale` makes them come more often.",
    source: "TigerBeetle vopr.zig options_swarm (unverified): one-way min 0-30 ms, mean 30-100 ms; loss \
             0-30 %; replay 0-50 %; clog p 0-2 %, mean 0-5 s; path capacity 2-20; partition 0-3 % a tick, \
             heal 1-10 %; read, write, misdirect 0-10 %; crash 2e-7, restart 2e-6, pause 8e-7, unpause \
             8e-6 a tick of 10 ms",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "delay-min",
            "link-delay",
            &[LINKS, ("delay", "{uniform 0 30}ms")],
            &[],
        ),
        PresetPart::new(
            "delay",
            "link-delay",
            &[
                LINKS,
                ("delay", "exponential mean {uniform 30 100}ms"),
                ("correlation", "0"),
            ],
            &[],
        ),
        PresetPart::new("loss", "link-loss", &[LINKS, ("p", "{uniform 0 0.3}")], &[]),
        PresetPart::new(
            "replay",
            "link-duplicate",
            &[LINKS, ("p", "{uniform 0 0.5}")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "clog",
            "clog",
            &[
                LINKS,
                ("p", "{uniform 0 0.02}"),
                ("length", "exponential mean {uniform 0.01 5}s"),
            ],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "capacity",
            "path-capacity",
            &[LINKS, ("messages", "{whole uniform 2 20}")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "partition",
            "partition",
            &[SET, ("split", "uniform-size")],
            &[
                ("for", "exponential mean 200ms"),
                ("every.mean", "667ms at any scale"),
                POISSON,
            ],
        )
        .nodes(2)
        .may_miss(),
        PresetPart::new(
            "read-fault",
            "disk-error",
            &[NODES, ("ops", "read"), ("p", "{uniform 0 0.1}")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "write-fault",
            "disk-error",
            &[NODES, ("ops", "write"), ("p", "{uniform 0 0.1}")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "misdirect",
            "misdirect",
            &[NODES, ("p", "{uniform 0 0.1}")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "crash",
            "node-loss",
            &[ONE],
            &[
                ("for", "exponential mean 5000s"),
                ("every.mean", "50000s a node"),
                POISSON,
            ],
        )
        .may_miss(),
        PresetPart::new(
            "pause",
            "node-pause",
            &[ONE],
            &[
                ("for", "exponential mean 1250s"),
                ("every.mean", "12500s a node"),
                POISSON,
            ],
        )
        .may_miss(),
    ],
    missing: "one-sided partitions and the stability of a split, 100-200 ticks",
};

const NODES: (&str, &str) = ("nodes", "{nodes}");

pub(super) const FDB_CLOG: Preset = Preset {
    name: "fdb-clog",
    summary: "clogged pairs and swizzled machines of FoundationDB's RandomClogging",
    doc: "Pairs of machines are clogged at the instants of a Poisson process, each for 10 s x e^(-10 u) \
          with u uniform, which is log-uniform from 0.45 ms to 10 s. In 30 % of the runs machines are \
          swizzled: clogged one by one and released in another order. The rate, one a second, is unverified; \
          `scale` changes it.",
    source: "FoundationDB RandomClogging: clog length 10 scale e^(-10 u) s, swizzle in 30 % of runs",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "clog",
            "swizzle-clog",
            &[
                ("links", "any 1 of {set} -> any 1 of {set}"),
                ("share", "1"),
                ("spread", "0s"),
            ],
            &[
                ("for", "loguniform 454us 10s"),
                ("every.mean", "1s"),
                POISSON,
                ("every.overlap", "stack"),
            ],
        )
        .nodes(2),
        PresetPart::new(
            "swizzle",
            "swizzle-clog",
            &[
                ("links", "{set} <-> {all}"),
                ("share", "0.5"),
                ("spread", "5s"),
            ],
            &[("at", "5s..30s"), ("for", "15s"), ("chance", "0.3")],
        )
        .nodes(2)
        .may_miss(),
    ],
    missing: "fdb-buggify: sites inside the software, 25 % active a run, each firing 25 %; the software \
              must have them",
};

const MINUTE: (&str, &str) = ("for", "60s");

pub(super) const LITMUS_DEFAULT: Preset = Preset {
    name: "litmus-default",
    summary: "the experiments of LitmusChaos with their defaults, 60 s each",
    doc: "One after the other with 60 s between them, which is a choice of this project. The disk is full \
          but for a fifth of the usual 64 GiB; 500 MB are taken as 500 MiB.",
    source: "litmus-go: 60 s; latency 2000 ms, jitter 0; loss 100 %; 1 mbit, burst 32 kb, limit 2 mb; \
             memory 500 MB; fill 80 %; CPU load 100",
    order: Order::Serial,
    repeat: 1,
    gap: "60s",
    length: "30m",
    together: false,
    parts: &[
        PresetPart::new(
            "latency",
            "link-delay",
            &[LINKS, ("delay", "2000ms"), ("correlation", "0")],
            &[MINUTE],
        ),
        PresetPart::new("loss", "link-loss", &[LINKS, ("p", "1")], &[MINUTE]),
        PresetPart::new(
            "rate",
            "link-rate",
            &[
                LINKS,
                ("rate", "1Mbit/s"),
                ("burst", "32KiB"),
                ("queue", "2MiB"),
            ],
            &[MINUTE],
        )
        .may_miss(),
        PresetPart::new(
            "memory",
            "memory-hog",
            &[NODES, ("size", "500MiB")],
            &[MINUTE],
        )
        .may_miss(),
        PresetPart::new("cpu", "cpu-hog", &[NODES, ("load", "1")], &[MINUTE]).may_miss(),
        PresetPart::new("fill", "disk-full", &[NODES, ("free", "13GiB")], &[MINUTE]).may_miss(),
    ],
    missing: "HTTP latency 6000 ms with toxicity 100, which needs a service: write \
              inject.call-delay = { service = \"..\", delay = \"6s\" }",
};

pub(super) const CHAOSMESH_EXAMPLE: Preset = Preset {
    name: "chaosmesh-example",
    summary: "delay, kills and processor load of Chaos Mesh's examples",
    doc: "All at once for as long as the preset lasts. A killed node is back after 1 s, as a pod that its \
          controller starts again; that is a choice of this project.",
    source: "Chaos Mesh serial.yaml: delay 90 ms, jitter 90 ms, correlation 25; kill one every 2 s; CPU load 20",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "delay",
            "link-delay",
            &[
                LINKS,
                ("delay", "normal 90ms sd 90ms"),
                ("correlation", "0.25"),
            ],
            &[],
        ),
        PresetPart::new(
            "kill",
            "node-loss",
            &[ONE, ("restart_after", "1s")],
            &[("every.mean", "2s")],
        ),
        PresetPart::new("cpu", "cpu-hog", &[NODES, ("load", "0.2")], &[]).may_miss(),
    ],
    missing: "",
};

pub(super) const TURMOIL: Preset = Preset {
    name: "turmoil",
    summary: "the network of turmoil's default configuration",
    doc: "Turmoil's own latency, uniform from 0 to 100 ms, in place of the topology's. Its fail rate is 0 \
          and its repair rate 1 by default: nothing is lost. Its queue takes 64 messages.",
    source: "turmoil config.rs: latency 0-100 ms, tick 1 ms, run 10 s, fail rate 0, repair rate 1, capacity 64",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "10s",
    together: false,
    parts: &[
        PresetPart::new(
            "latency",
            "link-delay",
            &[
                LINKS,
                ("delay", "uniform 0ms 100ms"),
                ("mode", "replace"),
                ("correlation", "0"),
            ],
            &[],
        ),
        PresetPart::new(
            "capacity",
            "path-capacity",
            &[LINKS, ("messages", "64")],
            &[],
        )
        .may_miss(),
    ],
    missing: "",
};

pub(super) const CHAOSMONKEY: Preset = Preset {
    name: "chaosmonkey",
    summary: "one node of the group is killed every two days on average",
    doc: "The mean is one kill in two days; that a day at least lies between two kills, and that it works \
          from 09:00 to 15:00 on workdays only, is left out: a run has no weekend. It is back after 5 min, \
          a choice of this project. `scale = 1440` makes it a kill every two minutes.",
    source: "Netflix Chaos Monkey documentation: mean time between kills 2 workdays, at least 1",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[PresetPart::new(
        "kill",
        "node-loss",
        &[ONE],
        &[("for", "5m"), ("every.mean", "48h"), POISSON],
    )],
    missing: "the calendar and the shortest time between kills",
};
