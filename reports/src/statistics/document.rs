//! Statistics of a campaign for machines.

use super::{Interval, Of, Statistics, example};
use crate::words::Outcome;
use serde_json::{Value, json};

/// An interval; `null` where there is none.
fn interval(interval: Option<Interval>) -> Value {
    interval.map_or(
        Value::Null,
        |i| json!({ "estimate": i.estimate, "low": i.low, "high": i.high, "confidence": 0.95 }),
    )
}

/// The statistics. Only what stands under `wall_s` is no function of the inputs.
pub(crate) fn document(outcome: &Outcome<'_>, statistics: &Statistics) -> Value {
    let events = |of: Option<Of<u64>>| of.map(|of| json!({ "seed": of.seed, "events": of.value }));
    let wall = |of: Option<Of<f64>>| of.map(|of| json!({ "seed": of.seed, "s": of.value }));
    json!({
        "seeds": statistics.seeds,
        "failing": statistics.failing,
        "failure_rate": interval(statistics.rate),
        "causes": statistics.causes.iter().map(|cause| json!({
            "property": cause.property,
            "kind": cause.kind,
            "signature": cause.signature,
            "example": cause.example,
            "virtual_s": cause.at.as_secs_f64(),
            "count": cause.seeds.len(),
            "seeds": cause.seeds,
            "also": cause.also.iter().map(|(name, seeds)| json!({
                "property": name,
                "seeds": seeds,
            })).collect::<Vec<_>>(),
            "replay": example(outcome.campaign, cause).map(|seed| outcome.replay(seed)),
        })).collect::<Vec<_>>(),
        "most_events": events(statistics.most_events),
        "median_events": events(statistics.median_events),
        "wall_s": {
            "slowest": wall(statistics.slowest_wall),
            "median": wall(statistics.median_wall),
        },
    })
}
