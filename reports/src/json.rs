//! The JSON document: schema-versioned; everything but `wall_s` is a function of (file, seed,
//! settings). Seeds and digests are strings.

use crate::coverage;
use crate::statistics::{self, Statistics};
use crate::words::Outcome;
use serde_json::{Value, json};
use squall_core::outcome::{ENGINE_EPOCH, SeedResult, Stop};

/// Version of the document. It rises when a key changes its meaning or goes away; keys may be added.
pub const SCHEMA_VERSION: u32 = 1;

/// The document of one campaign.
pub fn campaign(outcome: &Outcome<'_>, tool: &str) -> Value {
    let walls = outcome.wall_s.iter().copied().chain(std::iter::repeat(0.0));
    let seeds = outcome.campaign.seeds.iter().zip(walls);
    let statistics = Statistics::of(outcome.campaign, outcome.wall_s);
    let expected = outcome
        .expectation
        .map(|expectation| json!({ "verdict": expectation.verdict, "met": outcome.expected() }));
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": tool,
        "engine_epoch": ENGINE_EPOCH,
        "scenario": outcome.scenario,
        "path": outcome.path,
        "settings": outcome.settings,
        "verdict": outcome.campaign.verdict,
        "expect": expected,
        "exit_code": outcome.exit_code(),
        "nondeterministic_seed": outcome.differs,
        "properties": outcome.campaign.properties.iter().map(|p| json!({
            "name": p.spec.name,
            "kind": p.spec.kind.word(),
            "verdict": p.verdict,
            "checked": p.checked,
            "seeds_failed": p.failed,
            "seeds_exercised": p.exercised,
            "margin": p.closest.map(|(margin, ..)| margin),
        })).collect::<Vec<_>>(),
        "faults": outcome.campaign.faults.iter().map(coverage::fault).collect::<Vec<_>>(),
        "coverage": coverage::document(&outcome.campaign.coverage),
        "statistics": statistics::document(outcome, &statistics),
        "seeds": seeds.map(|(seed, wall)| self::seed(seed, wall)).collect::<Vec<_>>(),
    })
}

/// The document of several campaigns.
pub fn campaigns(documents: Vec<Value>, tool: &str, exit_code: u8) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": tool,
        "engine_epoch": ENGINE_EPOCH,
        "exit_code": exit_code,
        "campaigns": documents,
    })
}

/// One seed.
pub fn seed(seed: &SeedResult, wall_s: f64) -> Value {
    let panic = match &seed.stop {
        Stop::Panicked(text) => Some(text),
        _ => None,
    };
    json!({
        "seed": seed.seed,
        "verdict": seed.verdict,
        "digest": seed.digest,
        "virtual_s": seed.end.as_secs_f64(),
        "events": seed.events,
        "records": seed.records,
        "wall_s": wall_s,
        "stop": match &seed.stop {
            Stop::Finished => "finished",
            Stop::Quiet => "quiet",
            Stop::EventsMax => "events-max",
            Stop::Panicked(_) => "panicked",
        },
        "panic": panic,
        "properties": seed.properties.iter().map(|p| json!({
            "name": p.spec.name,
            "kind": p.spec.kind.word(),
            "verdict": p.outcome.verdict,
            "checked": p.outcome.checked,
            "margin": p.outcome.margin,
            "first_violation": p.outcome.first.as_ref().map(|v| json!({
                "virtual_s": v.at.as_secs_f64(),
                "node": v.node,
                "text": v.text,
            })),
        })).collect::<Vec<_>>(),
        "metrics": seed.metrics.iter().map(|m| json!({
            "name": m.name,
            "unit": m.unit,
            "count": m.summary.count,
            "mean": m.summary.mean,
            "p50": m.summary.p50,
            "p90": m.summary.p90,
            "p99": m.summary.p99,
            "max": m.summary.max,
        })).collect::<Vec<_>>(),
        "faults": seed.faults.iter().map(|f| json!({
            "name": f.label,
            "planned": f.planned,
            "landed": f.landed,
            "active_s": f.active.as_secs_f64(),
            "missed": f.missed.map(|why| why.to_string()),
            "first_landing_s": f.first_landing.map(squall_core::VirtualTime::as_secs_f64),
            "triggers": f.firings,
        })).collect::<Vec<_>>(),
    })
}
