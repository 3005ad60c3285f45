//! The explanation for machines: one document, schema-versioned, a function of (file, seed, settings).

use super::{Explanation, FaultRole, Limit, Threshold};
use serde_json::{Value, json};
use squall_core::history::Part;
use squall_core::outcome::ENGINE_EPOCH;

/// Version of the document.
const SCHEMA_VERSION: u32 = 1;

/// The document.
pub fn document(explanation: &Explanation, tool: &str) -> Value {
    let shares = |shares: &[(Part, f64)]| -> Value {
        let pairs = shares
            .iter()
            .map(|(part, share)| (part.name().to_owned(), json!(share)));
        Value::Object(pairs.collect())
    };
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": tool,
        "engine_epoch": ENGINE_EPOCH,
        "scenario": explanation.scenario,
        "path": explanation.path,
        "seed": explanation.seed,
        "digest": explanation.digest,
        "property": explanation.symptom.property(),
        "violation": explanation.violation,
        "also_broken": explanation.also.iter().map(|(name, command)| json!({
            "property": name, "command": command,
        })).collect::<Vec<_>>(),
        "virtual_s": explanation.at.map(squall_core::VirtualTime::as_secs_f64),
        "seeds": explanation.seeds,
        "seeds_failing_without_faults": explanation.without_any,
        "faults": explanation.faults.iter().map(fault).collect::<Vec<_>>(),
        "sufficient_sets": explanation.sets,
        "sets_complete": explanation.sets_limit == Limit::None,
        "sets_limit": explanation.sets_limit.word(),
        "thresholds": explanation.thresholds.iter().map(threshold).collect::<Vec<_>>(),
        "outlives": explanation.outlives.as_ref().map(|o| json!({
            "metric": o.metric,
            "healed_s": o.healed.as_secs_f64(),
            "drained_s": o.drained.as_secs_f64(),
            "ill_s": o.ill_for.as_secs_f64(),
            "to_the_end": o.to_the_end,
            "value": o.values.0,
            "before": o.values.1,
            "meanwhile": o.holding.iter().map(|(name, before, then)| json!({
                "metric": name, "before": before, "then": then,
            })).collect::<Vec<_>>(),
        })),
        "loops": explanation.loops.iter().map(|l| json!({
            "name": l.name, "evidence": l.evidence,
        })).collect::<Vec<_>>(),
        "slow": explanation.findings.slow.iter().map(|slow| json!({
            "operation": slow.name,
            "count": slow.count,
            "slow": slow.slow,
            "median_s": slow.median_s,
            "slow_s": slow.slow_s,
            "slow_shares": shares(&slow.shares),
            "usual_shares": shares(&slow.usual),
        })).collect::<Vec<_>>(),
        "signals": explanation.findings.signals.iter().map(|change| json!({
            "node": change.node,
            "signal": change.signal,
            "before": change.before,
            "during": change.during,
            "after": change.after,
        })).collect::<Vec<_>>(),
        "runs": explanation.runs,
        "next": explanation.shrink,
        "variants": explanation.variants.iter().map(|(command, about)| json!({
            "command": command, "about": about,
        })).collect::<Vec<_>>(),
    })
}

fn fault(fault: &FaultRole) -> Value {
    json!({
        "name": fault.label,
        "kind": fault.kind,
        "nodes": fault.nodes,
        "targets": fault.targets,
        "role": fault.role.word(),
        "seeds": fault.seeds,
        "seeds_failing_without": fault.fail_without,
        "seeds_failing_alone": fault.fail_alone,
    })
}

fn threshold(threshold: &Threshold) -> Value {
    let (least, median, most) = threshold.shares;
    json!({
        "fault": threshold.label,
        "of": threshold.of,
        "planned": threshold.planned,
        "median": threshold.median,
        "least": threshold.between.0,
        "most": threshold.between.1,
        "shares": { "least": least, "median": median, "most": most },
        "share_step": threshold.step,
        "seeds": threshold.seeds,
        "any": threshold.any,
    })
}
