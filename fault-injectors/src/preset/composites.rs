//! Lists of faults that belong together: what an incident is made of.

use super::{Preset, PresetPart};
use crate::compose::Order;

const NODES: (&str, &str) = ("nodes", "{nodes}");

pub(super) const METASTABLE_TRIGGER: Preset = Preset {
    name: "metastable-trigger",
    summary: "capacity is gone for 10 s: does the system come back by itself?",
    doc: "The trigger alone. What sustains the failure after it is over, retries for instance, belongs to \
          the workload. The speed left is a choice of this project.",
    source: "Bronson et al., HotOS'21; faults.md 7",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "10s",
    together: true,
    parts: &[PresetPart::new(
        "capacity",
        "cpu-slow",
        &[NODES, ("factor", "0.1")],
        &[],
    )],
    missing: "retry-policy, which sets the retries of the clients",
};

pub(super) const POWER_CUT: Preset = Preset {
    name: "power-cut",
    summary: "nodes lose power at one instant, and writes are torn",
    doc: "Acknowledged is not durable: of what was not synced everything vanishes but writes that are torn. \
          Name the whole domain, `nodes = \"zone=b\"`. The power is back at the end of `for`.",
    source: "faults.md 7; TigerBeetle: 80-100 % of the pending writes",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "30s",
    together: true,
    parts: &[
        // In force when the power goes: what comes first in a file acts first at one instant.
        PresetPart::new("torn", "torn-write", &[NODES, ("p", "0.5")], &[]).may_miss(),
        PresetPart::new(
            "power",
            "power-loss",
            &[NODES, ("unsynced", "1"), ("torn", "0.5")],
            &[],
        ),
    ],
    missing: "",
};

pub(super) const GRAY_NODE: Preset = Preset {
    name: "gray-node",
    summary: "a node is slow and its link bad, but it is not down",
    doc: "Service takes twenty times as long, and one message in two hundred is lost, on the same node: the \
          detector and the clients disagree about it.",
    source: "Huang et al., HotOS'17; slow-member x 20, gray-link p 0.001 to 0.01",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "60s",
    together: true,
    parts: &[
        PresetPart::new("slow", "cpu-slow", &[NODES, ("factor", "0.05")], &[]),
        PresetPart::new(
            "link",
            "link-loss",
            &[("links", "{links}"), ("p", "0.005")],
            &[],
        )
        .may_miss(),
    ],
    missing: "health-lie: its health checks say that all is well",
};

pub(super) const HOT_DAY: Preset = Preset {
    name: "hot-day",
    summary: "compute and clocks go together",
    doc: "Boards throttle as they get hot, and their oscillators drift by 50 ppm, on the same nodes.",
    source: "board throttling 0.5 to 0.7; crystals 20 to 50 ppm",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "5m",
    together: true,
    parts: &[
        PresetPart::new(
            "throttle",
            "thermal-throttle",
            &[NODES, ("factor", "0.6")],
            &[],
        ),
        PresetPart::new("drift", "clock-drift", &[NODES, ("ppm", "50")], &[]),
    ],
    missing: "",
};
