//! How often things fail: rates and mixes from studies of large fleets.
//!
//! Published rates are a few a node and year, so that nothing happens in a run of minutes: `scale`
//! makes all of them come more often. How long a failure lasts is a choice of this project where the
//! documentation of a preset does not say otherwise.

use super::{Preset, PresetPart};
use crate::compose::Order;

const ONE: (&str, &str) = ("nodes", "any 1 of {set}");
const POISSON: (&str, &str) = ("every.dist", "exponential");
const STACK: (&str, &str) = ("every.overlap", "stack");

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
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
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
    missing: "",
};

const RSC: &str = "Any node, at a constant rate, until it is replaced after 30 min. The figures are from a \
                   second-hand account of the paper.";

pub(super) const META_RSC1: Preset = Preset {
    name: "meta-rsc1",
    summary: "node failures of Meta's research cluster 1",
    doc: RSC,
    source: "arXiv 2410.21680: 6.50e-3 per node and day (2nd)",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
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
    missing: "",
};

pub(super) const META_RSC2: Preset = Preset {
    name: "meta-rsc2",
    summary: "node failures of Meta's research cluster 2",
    doc: RSC,
    source: "arXiv 2410.21680: 2.34e-3 per node and day (2nd)",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
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
    missing: "",
};

pub(super) const GOOGLE_CELLS: Preset = Preset {
    name: "google-cells",
    summary: "node, rack and disk failures of Google's storage cells, a part of them in bursts",
    doc: "A node fails every 4.3 months (3139 h), 63 % of the time alone; 37 % of the failures come in \
          bursts, which here lose up to a tenth of the nodes at once, so that a burst comes every 3139 h x \
          0.05 / 0.37 per node. Under 10 % of the failures last over 15 min: the lengths are exponential with \
          mean 6.5 min. A rack (here a twentieth of the nodes) fails every 10.2 years, a disk every 30.",
    source: "Ford et al., OSDI'10: node MTTF 4.3 months, rack 10.2 years, disk 10-50 years; 37 % in bursts \
             (window 120 s)",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "node",
            "node-loss",
            &[ONE],
            &[
                ("for", "exponential mean 6.5m"),
                ("every.mean", "4983h a node"),
                POISSON,
                STACK,
            ],
        ),
        PresetPart::new(
            "burst",
            "node-loss",
            &[("nodes", "up to 10% of {set}")],
            &[
                ("for", "exponential mean 6.5m"),
                ("every.mean", "424h"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
        PresetPart::new(
            "rack",
            "node-loss",
            &[("nodes", "5% of {set}")],
            &[
                ("for", "exponential mean 6.5m"),
                ("every.mean", "4467h"),
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
    missing: "rack affinity of bursts, > 0.7 above 20 nodes; members of a burst that fail within 120 s \
              instead of at once",
};

pub(super) const DEAN_FIRST_YEAR: Preset = Preset {
    name: "dean-first-year",
    summary: "what fails in the first year of a new cluster",
    doc: "Per cluster and year: half an overheating (all machines within 5 min, back after 1 to 2 days), one \
          power distribution unit (500 to 1,000 machines, 6 h), 20 racks (40 to 80 machines, 1 to 6 h), 1,000 \
          machines. A cluster is taken as 2,000 machines: a unit is up to half of the nodes, a rack a \
          thirtieth; the machine failures are of the nodes that there are.",
    source: "Dean, LADIS'09",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
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
            "node-loss",
            &[("nodes", "3% of {set}")],
            &[
                ("for", "uniform 1h 6h"),
                ("every.mean", "438h"),
                POISSON,
                STACK,
            ],
        )
        .may_miss(),
        PresetPart::new(
            "pdu",
            "power-loss",
            &[("nodes", "up to 50% of {set}")],
            &[("for", "6h"), ("every.mean", "8760h"), POISSON],
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
};

pub(super) const PROVIDER_OUTAGE: Preset = Preset {
    name: "provider-outage",
    summary: "outages of a model provider, by the incident reports of one",
    doc: "Between starts the median is 47.5 h, taken as exponential with mean 68.5 h. Times to resolve, \
          p25/50/75/90/95 of 32/72/174/299/370 min, are taken as lognormal with median 72 min and sigma 1.1: \
          34/72/151/295/440 min. While it lasts 30 % of the calls fail, a choice of this project. `scale` \
          makes outages more frequent, not shorter: set.\"outage.for\" = \"2m\" does.",
    source: "atlarge-research/llm-service-analysis, to 2024-08: OpenAI API, 231 incidents",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[PresetPart::new(
        "outage",
        "call-error",
        &[("service", "{service}"), ("status", "500"), ("p", "0.3")],
        &[
            ("for", "lognormal median 72m sigma 1.1"),
            ("every.mean", "68.5h"),
            POISSON,
        ],
    )],
    missing: "fail-over to another model",
};

pub(super) const TOOL_ERRORS: Preset = Preset {
    name: "tool-errors",
    summary: "how calls of tools fail in the wild",
    doc: "Of 300 calls 69.7 % were fine. The shares hold for each call and are independent here, so that \
          one call may meet two of them: 15.8 % fail, against 16.3 % of the sample without errors in a body.",
    source: "ToolBench sample of 300 calls: 14 % error in the body, 11.3 % request failed, 4.7 % unknown \
             tool, 0.3 % time-out",
    order: Order::Parallel,
    repeat: 1,
    gap: "",
    length: "",
    together: false,
    parts: &[
        PresetPart::new(
            "failed",
            "call-error",
            &[("service", "{service}"), ("status", "500"), ("p", "0.113")],
            &[],
        ),
        PresetPart::new(
            "unknown-tool",
            "call-error",
            &[("service", "{service}"), ("status", "404"), ("p", "0.047")],
            &[],
        )
        .may_miss(),
        PresetPart::new(
            "hang",
            "call-hang",
            &[("service", "{service}"), ("p", "0.003")],
            &[],
        )
        .may_miss(),
    ],
    missing: "14 % with an error in the body of a reply that says it is fine",
};
