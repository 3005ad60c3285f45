//! What a judgement of something stored says, for people and for machines.

use crate::findings;
use crate::json::{self, SCHEMA_VERSION};
use crate::terminal::{happened, line_of_property, width};
use serde_json::{Value, json};
use squall_core::outcome::{Campaign, ENGINE_EPOCH};
use squall_core::property::Verdict;
use std::fmt::Write as _;

/// A judgement as reports see it.
#[derive(Clone, Copy, Debug)]
pub struct Judgement<'a> {
    /// Path of what was judged.
    pub path: &'a str,
    /// What it is: `recording` or `event log`.
    pub what: &'a str,
    /// Lines of an event log: what people count there, headers and faults among them.
    pub lines: Option<u64>,
    /// Path of the file with the properties.
    pub properties: &'a str,
    /// Names of the nodes, by number.
    pub nodes: &'a [String],
    /// What it says, as a campaign of one seed.
    pub campaign: &'a Campaign,
    /// Of properties that could not be judged the name and what they need.
    pub needs: &'a [(String, String)],
}

impl Judgement<'_> {
    /// The exit code: 0, 3 where a verdict cannot be given, 100.
    pub const fn exit_code(&self) -> u8 {
        match self.campaign.verdict {
            Verdict::Pass => 0,
            Verdict::NotExercised | Verdict::Inconclusive => 3,
            Verdict::Fail => 100,
        }
    }
}

/// The text of a judgement.
pub fn text(judgement: &Judgement<'_>) -> String {
    let mut out = String::new();
    let campaign = judgement.campaign;
    for seed in &campaign.seeds {
        let _ = writeln!(
            out,
            "{}   {} {}   {} until {}   nothing was run",
            campaign.verdict.to_string().to_uppercase(),
            judgement.what,
            judgement.path,
            judgement.lines.map_or_else(
                || format!("{} records", seed.records),
                |lines| format!("{lines} lines")
            ),
            seed.end
        );
    }
    for property in &campaign.properties {
        line_of_property(&mut out, property, width(campaign), None);
        let name = &property.spec.name;
        if let Some((_, needs)) = judgement.needs.iter().find(|(other, _)| other == name) {
            let _ = writeln!(out, "       inconclusive: needs {needs}");
        }
    }
    for broken in campaign.seeds.iter().flat_map(findings::failing) {
        let Some(first) = &broken.outcome.first else {
            continue;
        };
        let node = first.node.and_then(|id| judgement.nodes.get(id.index()));
        let node = node.map_or_else(String::new, |name| format!("{name}: "));
        let (at, text, line) = (first.at, &first.text, broken.spec.line);
        let _ = writeln!(
            out,
            "    broken     {}: {}",
            broken.spec.name, broken.spec.kind
        );
        let place = format!("{}:{line}", judgement.properties);
        out.push_str(&happened(at, &node, text, &place));
        if broken.outcome.violations > 1 {
            let _ = writeln!(
                out,
                "               {} times in all",
                broken.outcome.violations
            );
        }
    }
    let _ = writeln!(out, "exit code {}", judgement.exit_code());
    out
}

/// The document of a judgement.
pub fn document(judgement: &Judgement<'_>, tool: &str) -> Value {
    let seed = judgement.campaign.seeds.first();
    json!({
        "schema_version": SCHEMA_VERSION,
        "tool": tool,
        "engine_epoch": ENGINE_EPOCH,
        "judged": judgement.path,
        "what": judgement.what,
        "properties_of": judgement.properties,
        "verdict": judgement.campaign.verdict,
        "exit_code": judgement.exit_code(),
        "result": seed.map(|seed| json::seed(seed, 0.0)),
        "needs": judgement.needs.iter().map(|(name, needs)| json!({
            "property": name,
            "needs": needs,
        })).collect::<Vec<_>>(),
    })
}
