//! How often model providers and tools fail.

use super::words::{POISSON, SERVICE};
use super::{BASE, Preset, PresetPart};

const OUTAGE: &[(&str, &str)] = &[SERVICE, ("status", "500"), ("p", "0.3")];

pub(super) const PROVIDER_OUTAGE: Preset = Preset {
    name: "provider-outage",
    summary: "outages of a model provider, by the incident reports of OpenAI's API",
    doc: "Between starts the median is 47.5 h, taken as exponential with mean 68.5 h. Times to resolve have \
          the published quantiles p25/50/75/90/95 of 32/72/174/299/370 min, linear in between; the least \
          (1 min) and the most (12 h) are a choice of this project, and so is that 30 % of the calls fail \
          while it lasts. The source counts 0.42 % of the time as outage, less than these incidents make: \
          in most of them little fails. `scale` makes outages more frequent, not shorter: \
          set.\"outage.for\" = \"2m\" does.",
    source: "atlarge-research/llm-service-analysis, to 2024-08: OpenAI API, 231 incidents",
    parts: &[PresetPart::new(
        "outage",
        "call-error",
        OUTAGE,
        &[
            (
                "for",
                "quantiles p0 1m p25 32m p50 72m p75 174m p90 299m p95 370m p100 12h",
            ),
            ("every.mean", "68.5h"),
            POISSON,
        ],
    )],
    missing: "fail-over to another model",
    ..BASE
};

pub(super) const PROVIDER_OUTAGE_ANTHROPIC: Preset = Preset {
    name: "provider-outage-anthropic",
    summary: "outages of a model provider, by the incident reports of Anthropic's API",
    doc: "As provider-outage: between starts the median is 50 h (mean 72.1 h), times to resolve have the \
          quantiles p25/50/75/90/95 of 17/41/103/232/673 min; the most is taken as 24 h. The source counts \
          0.28 % of the time as outage.",
    source: "atlarge-research/llm-service-analysis, to 2024-08: Anthropic API, 76 incidents",
    parts: &[PresetPart::new(
        "outage",
        "call-error",
        OUTAGE,
        &[
            (
                "for",
                "quantiles p0 1m p25 17m p50 41m p75 103m p90 232m p95 673m p100 24h",
            ),
            ("every.mean", "72.1h"),
            POISSON,
        ],
    )],
    missing: "fail-over to another model",
    ..BASE
};

pub(super) const TOOL_ERRORS: Preset = Preset {
    name: "tool-errors",
    summary: "how calls of tools fail in the wild",
    doc: "Of 300 calls 69.7 % were fine, and so many are here. What fails earlier keeps a call from the \
          rest, so that each later share is of the calls that are left: 4.7 % of all are 5.3 % of those that \
          did not fail before.",
    source: "ToolBench sample of 300 calls: 14 % error in the body, 11.3 % request failed, 4.7 % unknown \
             tool, 0.3 % time-out",
    parts: &[
        PresetPart::new(
            "failed",
            "call-error",
            &[SERVICE, ("status", "500"), ("p", "0.113")],
            &[],
        ),
        PresetPart::new(
            "unknown-tool",
            "call-error",
            &[SERVICE, ("status", "404"), ("p", "0.053")],
            &[],
        )
        .may_miss(),
        PresetPart::new("hang", "call-hang", &[SERVICE, ("p", "0.00357")], &[]).may_miss(),
        PresetPart::new("body", "error-in-body", &[SERVICE, ("p", "0.1673")], &[]).may_miss(),
    ],
    ..BASE
};
