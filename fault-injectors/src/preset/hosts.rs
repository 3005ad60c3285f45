//! Incidents of hosts and racks: lists of faults that belong together.

use super::words::{NODES, SERVICE, WORKLOAD};
use super::{BASE, Preset, PresetPart};

pub(super) const METASTABLE_TRIGGER: Preset = Preset {
    name: "metastable-trigger",
    summary: "capacity is gone for 10 s: does the system come back by itself?",
    doc: "The trigger alone. What sustains the failure after it is over belongs to the workload; while the \
          preset lasts its clients try three times, by the part `retries`, and by their own policy without \
          it. The speed left and the number of tries are choices of this project.",
    source: "Bronson et al., HotOS'21; faults.md 7",
    length: "2m",
    together: true,
    parts: &[
        PresetPart::new(
            "capacity",
            "cpu-slow",
            &[NODES, ("factor", "0.1")],
            &[("for", "10s")],
        ),
        PresetPart::new(
            "retries",
            "retry-policy",
            &[WORKLOAD, ("attempts", "3")],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const POWER_CUT: Preset = Preset {
    name: "power-cut",
    summary: "nodes lose power at one instant, and writes are torn",
    doc: "Acknowledged is not durable: of what was not synced everything vanishes but writes that are torn. \
          Name the whole domain, `nodes = \"zone=b\"`. The power is back at the end of `for`.",
    source: "faults.md 7; TigerBeetle: 80-100 % of the pending writes",
    length: "30s",
    together: true,
    parts: &[
        // In force when the power goes: what comes first in a file acts first at one instant.
        PresetPart::new("torn", "torn-write", &[NODES, ("p", "0.5")], &[]).may_miss(),
        PresetPart::new(
            "power",
            "power-loss",
            &[NODES, ("unsynced", "1"), ("torn", "0.5")],
            // Until the preset is over, and not for as long as the fault would by itself.
            &[("for", "forever")],
        ),
    ],
    ..BASE
};

pub(super) const GRAY_NODE: Preset = Preset {
    name: "gray-node",
    summary: "a node is slow and its link bad, but it says that it is well",
    doc: "Service takes twenty times as long on the node, answers of `service` from it that would be errors \
          say that all is well, and one message in two hundred of its links is lost: the detector and the \
          clients disagree about it. Name the service that tells whether it is well.",
    source: "Huang et al., HotOS'17; slow-member x 20, health-lie, gray-link p 0.001 to 0.01",
    length: "60s",
    together: true,
    parts: &[
        PresetPart::new("slow", "slow-member", &[NODES, ("factor", "20")], &[]),
        PresetPart::new(
            "lie",
            "health-lie",
            &[SERVICE, ("replica", "{nodes}"), ("says", "ok")],
            &[],
        ),
        PresetPart::new(
            "link",
            "gray-link",
            &[("links", "{links}"), ("p", "0.005")],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const RACK_BURST_IN_UPGRADE: Preset = Preset {
    name: "rack-burst-in-upgrade",
    summary: "nodes are restarted one by one, and meanwhile a rack fails",
    doc: "Two things that a system is built for, unsafe together. The burst comes a minute after the upgrade \
          began, in one of the racks that there are; nodes need a label `rack`. Grace and pauses of the \
          upgrade are those of the catalogue.",
    source: "faults.md 7; Ford et al., OSDI'10: bursts within 120 s, rack affinity > 0.7",
    length: "forever",
    parts: &[
        PresetPart::new("upgrade", "rolling-restart", &[NODES], &[]),
        PresetPart::new(
            "burst",
            "rack-burst",
            &[("size", "20"), ("affinity", "0.7"), ("window", "120s")],
            &[("at", "60s")],
        ),
    ],
    ..BASE
};

pub(super) const RECOVERY_HERD: Preset = Preset {
    name: "recovery-herd",
    summary: "names cannot be resolved for hours, and then everybody comes at once",
    doc: "The second incident: an empty answer of the resolver for 157 min, and at the moment it is over a \
          crowd, whose connections are gone. `scale = 60` makes that 157 s, and the crowd shorter too. The crowd is ten times the load \
          and decays in 5 min, choices of this project.",
    source: "AWS us-east-1, 2025-10-19 23:48 to 2025-10-20 02:25 PDT",
    length: "forever",
    parts: &[
        PresetPart::new(
            "dns",
            "dns-fault",
            &[
                ("names", "{service}"),
                ("mode", "empty"),
                ("ttl", "60s over scale"),
            ],
            &[("for", "157m over scale")],
        ),
        PresetPart::new(
            "herd",
            "flash-crowd",
            &[
                WORKLOAD,
                ("factor", "10"),
                ("rise", "10s over scale"),
                ("decay", "5m over scale"),
            ],
            &[("at", "157m over scale"), ("for", "15m over scale")],
        )
        .may_miss(),
        PresetPart::new(
            "cold",
            "cold-clients",
            &[WORKLOAD],
            &[("at", "157m over scale"), ("for", "1m over scale")],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const CALM: Preset = Preset {
    name: "calm",
    summary: "no fault in the warm-up, all healed at the end, then quiet",
    doc: "Base line first, recovery last. The faults of its list start side by side at the end of the warm-up \
          at the earliest, and their times count from there; whatever they say, they are over 60 s before \
          the run stops. Faults of other records are not held back: `phases` does that for all. The warm-up \
          of 60 s is a choice of this project.",
    source: "faults.md 7: no fault in warm-up, all healed, then 60 s quiet",
    calm: Some(("60s", "60s")),
    write: "faults = [{ inject.node-loss = { .. }, for = \"5s\" }, ..]",
    ..BASE
};
