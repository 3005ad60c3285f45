//! Reference policies: values with which a system is set up, as base line or as a mitigation.
//!
//! Where a knob of a workload takes them they are faults like others, for as long as they last; the
//! others say where they are written, or what is missing.

use super::words::WORKLOAD;
use super::{BASE, Preset, PresetPart};

pub(super) const CHAP: Preset = Preset {
    name: "chap",
    summary: "an experiment with one control and one variant, that stops when they diverge",
    doc: "One control, one variant, 45 min (20 at least), stopped when the two diverge. Here both run on the \
          same seeds, to the end: a run costs no customer anything.",
    source: "Chaos Engineering (O'Reilly, 2020), Netflix ChAP (2nd)",
    write: "stop = { at = \"45m\" } and a variant [with.fault], and run squall compare FILE --with fault",
    ..BASE
};

pub(super) const PSI_OOMD: Preset = Preset {
    name: "psi-oomd",
    summary: "a daemon kills when swap is full, or memory pressure stays high",
    doc: "Acts when 90 % of the swap is used (and as much of the memory), or when full memory pressure is \
          above 60 % for 30 s.",
    source: "oomd.conf(5), systemd: SwapUsedLimit 90 %, DefaultMemoryPressureLimit 60 % for 30 s",
    write: "topology.nodes.NAME.paging = { oomd = { pressure = 60, for = \"30s\", swap_used = 0.9 } }",
    ..BASE
};

pub(super) const HPA: Preset = Preset {
    name: "hpa",
    summary: "a controller that adds replicas fast and takes them away slowly",
    doc: "Looks every 15 s; up by a factor of 2 or by 4 pods in 15 s, with no window; down to what is needed in \
          15 s, after a window of 300 s; within 10 % it does nothing (unverified).",
    source: "Kubernetes API, HorizontalPodAutoscaler v2 defaults",
    write: "workload.NAME.scheduler.pods.NAME.autoscale = { .. }: these are its defaults",
    ..BASE
};

pub(super) const CODEL_SERVICE: Preset = Preset {
    name: "codel-service",
    summary: "a queue that drops what has waited too long, when it has not been empty for a while",
    doc: "Target 5 ms, interval 100 ms; in an interval without an empty queue what waited longer than the \
          target is dropped, at other times what waited longer than 2 targets.",
    source: "folly Codel.h; Maurer, Fail at Scale, 2015",
    write: "workload.NAME.cluster.queue = { codel = {} }: these are its defaults",
    ..BASE
};

pub(super) const SRE_RETRY: Preset = Preset {
    name: "sre-retry",
    summary: "three tries, and retries for a tenth of what goes well",
    doc: "Sets the retries of the clients of `workload` while it lasts. 10 % retries a client are here a \
          tenth of a retry for each call that goes well.",
    source: "Site Reliability Engineering, chapter 21: <= 3 attempts, 10 % retries per client, throttle p = \
             max(0, (req - 2 acc) / (req + 1)) over 2 min (2nd)",
    parts: &[PresetPart::new(
        "retries",
        "retry-policy",
        &[WORKLOAD, ("attempts", "3"), ("budget", "0.1")],
        &[],
    )],
    missing: "the throttle of clients, which is set up with the workload: retry.throttle = 2",
    ..BASE
};

pub(super) const RETRY_BUCKET: Preset = Preset {
    name: "retry-bucket",
    summary: "a success earns a tenth of a retry",
    doc: "Sets the budget of the clients of `workload` while it lasts: a success deposits 0.1 token, a retry \
          costs 1. The number of tries is the workload's.",
    source: "Brooker, Fixing retries with token buckets, 2022",
    parts: &[PresetPart::new(
        "bucket",
        "retry-policy",
        &[WORKLOAD, ("budget", "0.1")],
        &[],
    )],
    ..BASE
};

pub(super) const SLO_BURN: Preset = Preset {
    name: "slo-burn",
    summary: "an alarm on the burn rate of an error budget",
    doc: "Rings when errors come 14.4 times as fast as the budget of a month allows, over 1 h, or 6 times over \
          6 h (unverified).",
    source: "Site Reliability Workbook, chapter 5",
    write: "workload.NAME.cluster.objective = { success = 0.999 } and a property always = \"NAME.slo-burn\"",
    ..BASE
};

pub(super) const CRDB_CLOCK: Preset = Preset {
    name: "crdb-clock",
    summary: "clocks that are off by as much as a database tolerates",
    doc: "The tolerated offset between two clocks is 500 ms at most; a node leaves near 250 ms from the mean. \
          With 250 ms to either side no two are further apart than that.",
    source: "CockroachDB: --max-offset 500 ms (2nd)",
    write: "topology.nodes.NAME.clock = { offset = \"±uniform 0ms 250ms\" }",
    missing: "no workload leaves by itself when its clock is off",
    ..BASE
};
