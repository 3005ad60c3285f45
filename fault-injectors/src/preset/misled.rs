//! Incidents of agents and services in which the cause is not where the harm shows.

use super::words::{NODES, WORKLOAD};
use super::{BASE, Preset, PresetPart};

/// One of the workers that have a session of the workload at the moment.
const A_HOLDER: &str = "any 1 of holder of {workload}";
/// The agents' tools.
const TOOLS: (&str, &str) = ("service", "{workload}.tools");

pub(super) const DEPLOY_AND_SWAP: Preset = Preset {
    name: "deploy-and-swap",
    summary: "a host pages a minute after a deploy: is the deploy blamed?",
    doc: "`knob` goes to version 2, which does what version 1 does unless the workload says otherwise. A \
          minute later a host pages for 30 s. The deploy stays until the preset is over.",
    source: "faults.md 7; calibration/swap, run S3 (measured)",
    length: "5m",
    parts: &[
        PresetPart::new(
            "deploy",
            "config-push",
            &[("name", "{knob}"), ("value", "2")],
            &[],
        ),
        PresetPart::new(
            "storm",
            "swap-storm",
            &[NODES, ("overcommit", "2")],
            &[("at", "60s"), ("for", "30s")],
        ),
    ],
    ..BASE
};

pub(super) const SWAP_ZOMBIE: Preset = Preset {
    name: "swap-zombie",
    summary: "the host of a lease holder pages until the lease has run out",
    doc: "Host paging becomes an effect that happens twice: others take over what the worker has, while it \
          goes on. 45 s are one and a half times the lease of 30 s; requests to the tools arrive twice \
          meanwhile. The worker is one of those that have a session. It loses its lease where it has a \
          heap (`heap` of agents): it goes through it before it renews, and the pages are gone. With a \
          device of 800 operations a second half a GiB takes longer than the lease.",
    source: "faults.md 7: swap-storm on the host of a lease holder, double-delivery p = 0.05",
    length: "45s",
    nodes: A_HOLDER,
    parts: &[
        PresetPart::new("storm", "swap-storm", &[NODES, ("overcommit", "2")], &[]),
        PresetPart::new(
            "twice",
            "double-delivery",
            &[TOOLS, ("p", "0.05"), ("after", "100ms")],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};

pub(super) const STORM_AND_RESEND: Preset = Preset {
    name: "storm-and-resend",
    summary: "the model's provider lets half through, and every retry sends its whole prompt",
    doc: "Amplification and the burning of budgets: what is refused comes again, larger. The limit counts \
          tokens of prompts that no cache has; half of what the contract allows is left.",
    source: "faults.md 7: M2 (x 0.5 for 5 m) and O7",
    length: "5m",
    parts: &[
        PresetPart::new(
            "limit",
            "model-rate-limit",
            &[WORKLOAD, ("scale", "0.5"), ("rate", "{set \"20000/s\"}")],
            &[],
        ),
        PresetPart::new("resend", "context-resend", &[WORKLOAD], &[]),
    ],
    ..BASE
};

pub(super) const AMBIGUOUS_ZOMBIE: Preset = Preset {
    name: "ambiguous-zombie",
    summary: "a worker stands still beyond its lease, and nobody knows what it has done",
    doc: "The replies of its tools are lost, a tenth of them (a choice of this project), before it stands \
          still for one and a half times the lease of 30 s; others take over and cannot know which effects \
          happened.",
    source: "faults.md 7: O4 (stall = 1.5 x lease) and T2",
    length: "2m",
    nodes: A_HOLDER,
    parts: &[
        PresetPart::new(
            "zombie",
            "zombie-worker",
            &[NODES, ("stall", "45s"), ("cause", "pause")],
            &[("at", "30s")],
        ),
        PresetPart::new("replies", "lost-reply", &[TOOLS, ("p", "0.1")], &[]),
    ],
    ..BASE
};

pub(super) const BLIND_GUARD: Preset = Preset {
    name: "blind-guard",
    summary: "the policy server does not answer while contexts are poisoned",
    doc: "What a client does without a decision, the workload says; a tenth of the reads tells the agent what \
          to do next. The workload needs a control layer with a policy server.",
    source: "faults.md 7: G1 and C4 (p = 0.1)",
    length: "2m",
    parts: &[
        PresetPart::new("blind", "policy-down", &[WORKLOAD], &[]),
        PresetPart::new("poison", "poisoned-context", &[WORKLOAD, ("p", "0.1")], &[]),
    ],
    ..BASE
};

pub(super) const COLD_CACHE_RETRY: Preset = Preset {
    name: "cold-cache-retry",
    summary: "the cache of prompts is gone, and clients give up before the slower answers come",
    doc: "Prompts are computed anew, up to 26.6 times the work; clients that give a call up after 30 s (a \
          choice of this project) ask again. The loss of a replica is another way to lose a cache: \
          without = [\"flush\"], and a node-loss of your own beside it.",
    source: "faults.md 7: M12 and retries",
    length: "5m",
    parts: &[
        PresetPart::new(
            "flush",
            "prefix-cache-flush",
            &[WORKLOAD, ("share", "1")],
            &[],
        ),
        PresetPart::new(
            "time-outs",
            "retry-policy",
            &[WORKLOAD, ("timeout", "30s")],
            &[],
        )
        .may_miss(),
    ],
    ..BASE
};
