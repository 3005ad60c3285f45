//! Jepsen's nemeses, and those of Maelstrom: one kind after the other.

use super::words::{CORRELATED, LINKS, SET, TEN};
use super::{BASE, Each, Preset, PresetPart};
use crate::compose::Order;

pub(super) const JEPSEN_NET: Preset = Preset {
    name: "jepsen-net",
    summary: "packet faults and partitions of Jepsen, in turn, 10 s on and 10 s off",
    doc: "Jepsen's combined nemesis starts and stops something every 10 s on average; here one kind \
          follows the other, 10 s each. Its targets are drawn a time from one, minority-third, majority \
          and all; here packet faults hit the links of `nodes`, and partitions the whole set. Duplicates \
          and reordering need datagrams or requests to land; so does damage. Correlation is there for \
          the kinds of which this engine has it. Where a group has a leader, who leads it when the turn \
          comes is cut off from all others: Jepsen's target primaries.",
    source: "jepsen net.clj and nemesis/combined.clj: delay 50 ms +- 10 ms, correlation 25 %, normal; \
             loss, corrupt, duplicate, reorder 20 %, correlation 75 %; rate 1 mbit; interval 10 s",
    order: Order::Serial,
    repeat: u32::MAX,
    gap: "10s",
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
        PresetPart::new(
            "primaries",
            "link-cut",
            &[("links", "{it} <-> {all}")],
            &[TEN],
        )
        .each(Each::Leader),
    ],
    ..BASE
};

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
    ..BASE
};

pub(super) const MAELSTROM: Preset = Preset {
    name: "maelstrom",
    summary: "slow and flaky links and partitions of Maelstrom, 10 s on and 10 s off",
    doc: "Latencies of the network are those of the topology: Maelstrom's are constant, uniform or \
          exponential with mean 0 by default. Slow is ten times that, flaky a loss of one half. Its load is \
          the workload's: 5 operations a second, at most 16 writes a key and 4 operations a transaction.",
    source: "Maelstrom: latency x 10 when slow, loss 0.5 when flaky, nemesis interval 10 s; load 5/s; 16 \
             writes a key; <= 4 operations a transaction",
    order: Order::Serial,
    repeat: u32::MAX,
    gap: "10s",
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
    ..BASE
};
