//! The defaults of tools for chaos experiments.

use super::words::{LINKS, MINUTE, NODES, ONE, POISSON};
use super::{BASE, Each, Preset, PresetPart};
use crate::compose::Order;

pub(super) const LITMUS_DEFAULT: Preset = Preset {
    name: "litmus-default",
    summary: "the experiments of LitmusChaos with their defaults, 60 s each",
    doc: "One after the other with 60 s between them, which is a choice of this project. The disk is full \
          but for a fifth of the usual 64 GiB; 500 MB are taken as 500 MiB. HTTP latency comes last, one service after the other; \
          toxicity 100 is every call.",
    source: "litmus-go: 60 s; latency 2000 ms, jitter 0; loss 100 %; 1 mbit, burst 32 kb, limit 2 mb; \
             memory 500 MB; fill 80 %; CPU load 100; HTTP 6000 ms, toxicity 100",
    order: Order::Serial,
    gap: "60s",
    length: "30m",
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
        PresetPart::new(
            "http",
            "call-delay",
            &[("service", "{it}"), ("delay", "6000ms"), ("p", "1")],
            &[MINUTE],
        )
        .may_miss()
        .each(Each::Service),
    ],
    ..BASE
};

pub(super) const CHAOSMESH_EXAMPLE: Preset = Preset {
    name: "chaosmesh-example",
    summary: "delay, kills and processor load of Chaos Mesh's examples",
    doc: "All at once for as long as the preset lasts. A killed node is back after 1 s, as a pod that its \
          controller starts again; that is a choice of this project.",
    source: "Chaos Mesh serial.yaml: delay 90 ms, jitter 90 ms, correlation 25; kill one every 2 s; CPU load 20",
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
    ..BASE
};

pub(super) const TURMOIL: Preset = Preset {
    name: "turmoil",
    summary: "the network of turmoil's default configuration",
    doc: "Turmoil's own latency, uniform from 0 to 100 ms, in place of the topology's. Its fail rate is 0 \
          and its repair rate 1 by default: nothing is lost. Its queue takes 64 messages.",
    source: "turmoil config.rs: latency 0-100 ms, tick 1 ms, run 10 s, fail rate 0, repair rate 1, capacity 64",
    length: "10s",
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
    ..BASE
};

pub(super) const CHAOSMONKEY: Preset = Preset {
    name: "chaosmonkey",
    summary: "one node of the group is killed every two days on average",
    doc: "The mean is one kill in two days, a day at least lies between two; what lies above the day is \
          memoryless. That it works from 09:00 to 15:00 on workdays only is left out: a run has no weekend. \
          It is back after 5 min, a choice of this project. `scale = 1440` makes it a kill every two \
          minutes. Leashed, as it is by default, it only says whom it would kill: `squall plan` does.",
    source: "Netflix Chaos Monkey documentation: mean time between kills 2 days, at least 1 day; 09:00-15:00 on \
             workdays; leashed",
    parts: &[PresetPart::new(
        "kill",
        "node-loss",
        &[ONE],
        &[
            ("for", "5m"),
            ("every.mean", "48h"),
            ("every.least", "24h over scale"),
            POISSON,
        ],
    )],
    missing: "the calendar: 09:00 to 15:00 on workdays",
    ..BASE
};
