//! Swarms of FoundationDB and TigerBeetle: each seed has another climate.

use super::words::{LINKS, NODES, ONE, POISSON, SET, Word};
use super::{BASE, Each, Preset, PresetPart};

/// Splits of a swarm. One lasts 1 s to 2 s, and then until its chance comes, 200 ms on average; the next
/// comes 1.5 s and 667 ms after its end, on average.
const SPLITS: &[Word] = &[
    ("for", "uniform 1200ms 2200ms"),
    ("every.mean", "2167ms at any scale"),
    POISSON,
    ("chance", "0.5"),
];

pub(super) const VOPR_SWARM: Preset = Preset {
    name: "vopr-swarm",
    summary: "a network, disks and crashes drawn a seed, as TigerBeetle's simulator does",
    doc: "Every number in braces is drawn once a seed, so that each seed has another climate. What is a \
          chance a tick of 10 ms at the source is here the mean time that follows from it; of partitions \
          it is the middle of the range, 1.5 % a tick and healed with 5 %, after 100 to 200 ticks in which \
          a network stays as it is, split or whole. Half of the seeds have splits, half have splits of \
          which one side hears the other. Figures are recalled from the source and unverified. Crashes and pauses are rare: `scale` makes them come more often.",
    source: "TigerBeetle vopr.zig options_swarm (unverified): one-way min 0-30 ms, mean 30-100 ms; loss \
             0-30 %; replay 0-50 %; clog p 0-2 %, mean 0-5 s; path capacity 2-20; partition 0-3 % a tick, \
             heal 1-10 %, stable 100-200 ticks; read, write, misdirect 0-10 %; crash 2e-7, restart 2e-6, pause 8e-7, unpause \
             8e-6 a tick of 10 ms",
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
            SPLITS,
        )
        .nodes(2)
        .may_miss(),
        PresetPart::new(
            "one-sided",
            "partition",
            &[SET, ("split", "uniform-size"), ("symmetric", "false")],
            SPLITS,
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
    ..BASE
};

pub(super) const FDB_CLOG: Preset = Preset {
    name: "fdb-clog",
    summary: "clogged pairs and swizzled machines of FoundationDB's RandomClogging",
    doc: "Pairs of machines are clogged at the instants of a Poisson process, each for 10 s x e^(-10 u) \
          with u uniform, which is log-uniform from 0.45 ms to 10 s. In 30 % of the runs machines are \
          swizzled: clogged one by one and released in another order. The rate, one a second, is unverified; \
          `scale` changes it.",
    source: "FoundationDB RandomClogging: clog length 10 scale e^(-10 u) s, swizzle in 30 % of runs",
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
    ..BASE
};

/// A site is active in a quarter of the runs.
const ACTIVE: Word = ("chance", "0.25");
/// An active site fires at a quarter of what passes it.
const FIRES: Word = ("p", "0.25");
const OF_SERVICE: Word = ("service", "{it}");
const OF_NODE: Word = ("nodes", "{it}");

/// A site of which a run has one a service, node or other thing.
const fn site(
    slug: &'static str,
    fault: &'static str,
    args: &'static [Word],
    when: &'static [Word],
    each: Each,
) -> PresetPart {
    PresetPart::new(slug, fault, args, when)
        .may_miss()
        .each(each)
}

pub(super) const FDB_BUGGIFY: Preset = Preset {
    name: "fdb-buggify",
    summary: "rare paths are taken often: a quarter of the sites, a quarter of the times",
    doc: "FoundationDB has sites in its code: a run switches each on with a chance of 25 %, and one that is \
          on fires 25 % of the times when it is passed. A site is here a kind of fault at one service, node \
          or knob, with draws of its own: each is there in a quarter of the seeds, and then acts on a \
          quarter of the calls, operations of the disk or messages. A knob is looked at once a run, so \
          that one in sixteen is off, up to ten times smaller or larger. Of timers no share can be said: all \
          of a node are late together, one time a second. How late timers, calls and disks are, up to 200 \
          ms, is a choice of this project.",
    source: "FoundationDB Buggify.h: 25 % of sites active per run, each fires 25 %",
    parts: &[
        site(
            "late",
            "call-delay",
            &[OF_SERVICE, ("delay", "uniform 0ms 200ms"), FIRES],
            &[ACTIVE],
            Each::Service,
        ),
        site(
            "refused",
            "call-error",
            &[OF_SERVICE, ("status", "503"), FIRES],
            &[ACTIVE],
            Each::Service,
        ),
        site(
            "unknown",
            "lost-reply",
            &[OF_SERVICE, FIRES],
            &[ACTIVE],
            Each::Service,
        ),
        site(
            "twice",
            "double-delivery",
            &[OF_SERVICE, FIRES],
            &[ACTIVE],
            Each::Service,
        ),
        site(
            "overtaken",
            "link-reorder",
            &[("links", "{it} -> {all}"), FIRES],
            &[ACTIVE],
            Each::Node,
        ),
        site(
            "slow-disk",
            "disk-slow",
            &[OF_NODE, ("delay", "uniform 0ms 200ms"), FIRES],
            &[ACTIVE],
            Each::Node,
        ),
        site(
            "failed-disk",
            "disk-error",
            &[OF_NODE, FIRES],
            &[ACTIVE],
            Each::Node,
        ),
        site(
            "timer",
            "scheduler-jitter",
            &[
                OF_NODE,
                ("late", "uniform 0ms 200ms"),
                ("every", "exponential mean 1s"),
            ],
            &[ACTIVE],
            Each::Node,
        ),
        site(
            "knob",
            "knob-set",
            &[
                ("name", "{it}"),
                ("how", "scale"),
                ("value", "{loguniform 0.1 10}"),
            ],
            &[("chance", "0.0625")],
            Each::Knob,
        ),
    ],
    missing: "sites that only the software itself can have: another order of its tasks, short reads and writes",
    ..BASE
};
