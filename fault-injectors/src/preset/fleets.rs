//! How often things fail: rates and mixes from studies of large fleets.
//!
//! Published rates are a few a node and year, so that nothing happens in a run of minutes: `scale`
//! makes all of them come more often. How long a failure lasts is a choice of this project where the
//! documentation of a preset does not say otherwise.

use super::words::{ONE, POISSON, STACK};
use super::{BASE, Preset, PresetPart};

/// A cause of one node: its mean time a node, and how long it lasts.
const fn cause(
    slug: &'static str,
    fault: &'static str,
    when: &'static [(&'static str, &'static str)],
) -> PresetPart {
    PresetPart::new(slug, fault, &[ONE], when).may_miss()
}

pub(super) const LLAMA3_H100: Preset = Preset {
    name: "llama3-h100",
    summary: "unexpected stops of Llama 3 training on 16,384 H100, by cause",
    doc: "3.789e-3 stops per node of 8 GPUs and day, 263.9 days between two of a node, in the mix of the \
          419 counted: 262 of a GPU, its memory or silent data, 54 of software, 42 of the network, 32 of \
          host maintenance, 7 time-outs of the communication library, 6 thermal, 3 of power supplies, 3 of \
          disks, 10 others. The paper's 30.1 % for faulty GPUs is 35.3 % by its counts; the counts are used. \
          A stop here is the loss of the node until it is replaced.",
    source: "arXiv 2407.21783, table 5: 419 unexpected stops in 54 days",
    // The mean of a cause is 6334 h x 419 / its count.
    parts: &[
        PresetPart::new(
            "gpu",
            "node-loss",
            &[ONE],
            &[
                ("for", "10m"),
                ("every.mean", "10130h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "software",
            "node-loss",
            &[
                ("for", "1m"),
                ("every.mean", "49147h a node"),
                POISSON,
                STACK,
            ],
        ),
        PresetPart::new(
            "network",
            "link-cut",
            &[("links", "any 1 of {set} <-> {all}")],
            &[
                ("for", "5m"),
                ("every.mean", "63189h a node"),
                POISSON,
                STACK,
            ],
        )
        .nodes(2)
        .may_miss(),
        cause(
            "maintenance",
            "node-loss",
            &[
                ("for", "30m"),
                ("every.mean", "82936h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "collective",
            "node-pause",
            &[
                ("for", "10m"),
                ("every.mean", "379135h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "thermal",
            "thermal-throttle",
            &[
                ("for", "10m"),
                ("every.mean", "442324h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "power",
            "power-loss",
            &[
                ("for", "30m"),
                ("every.mean", "884649h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "disk",
            "disk-error",
            &[
                ("for", "30m"),
                ("every.mean", "884649h a node"),
                POISSON,
                STACK,
            ],
        ),
        cause(
            "other",
            "node-loss",
            &[
                ("for", "30m"),
                ("every.mean", "265395h a node"),
                POISSON,
                STACK,
            ],
        ),
    ],
    ..BASE
};

const RSC: &str = "Any node, at a constant rate, until it is replaced after 30 min. The figures are from a \
                   second-hand account of the paper.";

pub(super) const META_RSC1: Preset = Preset {
    name: "meta-rsc1",
    summary: "node failures of Meta's research cluster 1",
    doc: RSC,
    source: "arXiv 2410.21680: 6.50e-3 per node and day (2nd)",
    parts: &[PresetPart::new(
        "node",
        "node-loss",
        &[ONE],
        &[
            ("for", "30m"),
            ("every.mean", "3692h a node"),
            POISSON,
            STACK,
        ],
    )],
    ..BASE
};

pub(super) const META_RSC2: Preset = Preset {
    name: "meta-rsc2",
    summary: "node failures of Meta's research cluster 2",
    doc: RSC,
    source: "arXiv 2410.21680: 2.34e-3 per node and day (2nd)",
    parts: &[PresetPart::new(
        "node",
        "node-loss",
        &[ONE],
        &[
            ("for", "30m"),
            ("every.mean", "10256h a node"),
            POISSON,
            STACK,
        ],
    )],
    ..BASE
};

pub(super) const GOOGLE_CELLS: Preset = Preset {
    name: "google-cells",
    summary: "node, rack and disk failures of Google's storage cells, a part of them in bursts",
    doc: "A node fails every 4.3 months (3139 h): 67 % of the time alone, 3.5 % of the time with its rack, \
          which fails every 10.2 years, and 30 % of the time in a burst. With what falls together by chance \
          that makes 37 % in bursts of two or more within 120 s in a cell of 4,000 nodes, where it would be \
          8 % if all were independent; chance grows with the cell. Bursts have 2 to 40 nodes, log-uniform; \
          70 % of them are of one rack. Racks are those of the label `rack`, or 50 nodes by number. Under \
          10 % of the failures last over 15 min: the lengths are exponential with mean 6 min. A disk fails \
          every 30 years. Sizes and the shape of lengths are choices of this project.",
    source: "Ford et al., OSDI'10: node MTTF 4.3 months, rack 10.2 years, disk 10-50 years; 37 % in bursts \
             (window 120 s), 8 % by chance; bursts above 20 nodes: rack affinity > 0.7",
    parts: &[
        // 3139 h over 0.668.
        PresetPart::new(
            "node",
            "node-loss",
            &[ONE],
            &[
                ("for", "exponential mean 6m"),
                ("every.mean", "4699h a node"),
                POISSON,
                STACK,
            ],
        ),
        // 3139 h x 12.69 nodes over 0.297.
        PresetPart::new(
            "burst",
            "rack-burst",
            &[
                ("nodes", "{set}"),
                ("sizes", "loguniform 2 40"),
                ("affinity", "0.7"),
                ("window", "120s"),
                ("rack_size", "50"),
            ],
            &[
                ("for", "exponential mean 6m"),
                ("every.mean", "134100h a node"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
        // 10.2 years a rack of 50.
        PresetPart::new(
            "rack",
            "rack-burst",
            &[
                ("nodes", "{set}"),
                ("size", "1000000"),
                ("affinity", "1"),
                ("window", "1s"),
                ("rack_size", "50"),
            ],
            &[
                ("for", "exponential mean 6m"),
                ("every.mean", "4467600h a node"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
        cause(
            "disk",
            "disk-error",
            &[
                ("for", "30m"),
                ("every.mean", "262800h a node"),
                POISSON,
                STACK,
            ],
        ),
    ],
    ..BASE
};

pub(super) const DEAN_FIRST_YEAR: Preset = Preset {
    name: "dean-first-year",
    summary: "what fails in the first year of a new cluster",
    doc: "Per cluster and year: half an overheating (all machines within 5 min, back after 1 to 2 days), one \
          power distribution unit (500 to 1,000 machines, 6 h), 20 racks (40 to 80 machines, 1 to 6 h), 1,000 \
          machines. A cluster is taken as 2,000 machines: a unit is a quarter or a half of the nodes, each as \
          often; racks are those of the label `rack`, up to 80 nodes of one, or 60 nodes by number; the \
          machine failures are of the nodes that there are.",
    source: "Dean, LADIS'09",
    parts: &[
        // 1,000 a year of 2,000 machines: 17,520 h a machine.
        PresetPart::new(
            "machine",
            "node-loss",
            &[ONE],
            &[
                ("for", "exponential mean 30m"),
                ("every.mean", "17520h a node"),
                POISSON,
                STACK,
            ],
        ),
        PresetPart::new(
            "rack",
            "rack-burst",
            &[
                ("nodes", "{set}"),
                ("size", "80"),
                ("affinity", "1"),
                ("window", "1s"),
                ("rack_size", "60"),
            ],
            &[
                ("for", "uniform 1h 6h"),
                ("every.mean", "438h"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
        // One a year, of 500 to 1,000 machines.
        PresetPart::new(
            "pdu-small",
            "power-loss",
            &[("nodes", "25% of {set}")],
            &[("for", "6h"), ("every.mean", "17520h"), POISSON],
        )
        .may_miss(),
        PresetPart::new(
            "pdu-large",
            "power-loss",
            &[("nodes", "50% of {set}")],
            &[("for", "6h"), ("every.mean", "17520h"), POISSON],
        )
        .may_miss(),
        PresetPart::new(
            "overheating",
            "node-loss",
            &[("nodes", "{set}")],
            &[
                ("for", "uniform 24h 48h"),
                ("every.mean", "17520h"),
                POISSON,
            ],
        )
        .may_miss(),
    ],
    missing: "rack moves, network rewiring, DNS blips of the same list",
    ..BASE
};
