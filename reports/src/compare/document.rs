//! A comparison for machines.

use super::text::sentence;
use super::{Beyond, Comparison, Paired};
use crate::json::SCHEMA_VERSION;
use serde_json::{Value, json};
use squall_core::outcome::ENGINE_EPOCH;

/// The document of a comparison.
pub fn document(comparison: &Comparison, tool: &str) -> Value {
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": tool,
        "engine_epoch": ENGINE_EPOCH,
        "a": comparison.names[0],
        "b": comparison.names[1],
        "seeds": comparison.seeds,
        "finding": comparison.finding.word(),
        "sentence": sentence(comparison),
        "exit_code": comparison.finding.exit_code(),
        "comparisons": comparison.metrics.len(),
        "broken_a": comparison.beyond[0].iter().map(beyond).collect::<Vec<_>>(),
        "broken_b": comparison.beyond[1].iter().map(beyond).collect::<Vec<_>>(),
        "properties": comparison.properties.iter().map(|property| json!({
            "name": property.name,
            "seeds_failed_a": property.fails_a,
            "seeds_failed_b": property.fails_b,
            "mended": property.mended(),
            "broken": property.broken(),
            "flips": property.flips.iter().map(|(seed, a, b)| json!({
                "seed": seed, "a": a, "b": b,
            })).collect::<Vec<_>>(),
        })).collect::<Vec<_>>(),
        "metrics": comparison.metrics.iter().map(|metric| json!({
            "name": metric.name,
            "statistic": metric.statistic,
            "unit": metric.unit,
            "difference": paired(&metric.paired),
            "p_adjusted": metric.p_adjusted,
        })).collect::<Vec<_>>(),
        "landed": comparison.landed.iter().map(|(label, a, b)| json!({
            "fault": label, "seeds_a": a, "seeds_b": b,
        })).collect::<Vec<_>>(),
        "only_a": comparison.only[0],
        "only_b": comparison.only[1],
    })
}

fn beyond(beyond: &Beyond) -> Value {
    json!({
        "seed": beyond.seed,
        "virtual_s": beyond.at.as_secs_f64(),
        "panic": beyond.panic,
        "text": beyond.text,
    })
}

/// A number that is not finite is `null`: JSON has none.
fn paired(paired: &Paired) -> Value {
    json!({
        "seeds": paired.seeds,
        "a": paired.a,
        "b": paired.b,
        "estimate": paired.difference.estimate,
        "low": paired.difference.low,
        "high": paired.difference.high,
        "confidence": 0.95,
        "p": paired.p,
    })
}
