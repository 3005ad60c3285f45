//! One line for each property and fault of a campaign.

use crate::words::{self, mark, measure};
use squall_core::outcome::{Campaign, FaultSummary, Firings, Missed, PropertySummary};
use squall_core::plan::Land;
use squall_core::property::{PropertyKind, Verdict};
use std::fmt::Write as _;

/// Width of the column of names.
pub(crate) fn width(campaign: &Campaign) -> usize {
    let names = campaign.properties.iter().map(|p| &p.spec.name);
    let names = names.map(|name| name.chars().count());
    names.max().unwrap_or(0).max(40)
}

/// A property over all seeds; over one run, of which nobody asks which of how many, without `seeds`.
pub(crate) fn line_of_property(
    out: &mut String,
    summary: &PropertySummary,
    width: usize,
    seeds: Option<usize>,
) {
    let spec = &summary.spec;
    let _ = write!(
        out,
        "  {:<4} {:<width$} {:<11}",
        mark(summary.verdict),
        spec.name,
        spec.kind.word()
    );
    match summary.verdict {
        Verdict::NotExercised => {
            let _ = write!(out, "NOT EXERCISED: {}", not_exercised(&spec.kind, seeds));
        }
        Verdict::Pass if matches!(spec.kind, PropertyKind::Always { .. }) => {
            let _ = write!(out, "{} checks", summary.checked);
        }
        verdict => out.push_str(&match seeds {
            Some(seeds) => of_seeds(summary, seeds),
            None => of_one(verdict, &spec.kind).to_owned(),
        }),
    }
    if let Some((margin, measured, seed)) = summary.closest
        && summary.verdict != Verdict::NotExercised
    {
        let _ = write!(out, ", ");
        if let Some(measured) = measured {
            let word = if seeds.is_some() { "worst " } else { "" };
            let _ = write!(out, "{word}{}, ", measure(&spec.kind, measured));
        }
        let _ = write!(out, "margin {}", measure(&spec.kind, margin));
        if seeds.is_some() {
            let _ = write!(out, " (seed {seed})");
        }
    }
    out.push('\n');
}

/// In how many seeds it was so.
fn of_seeds(summary: &PropertySummary, seeds: usize) -> String {
    match (summary.verdict, &summary.spec.kind) {
        (Verdict::Fail, _) => {
            let first = summary.first_failure;
            let first = first.map_or_else(String::new, |s| format!(", first {s}"));
            format!("{} of {}{first}", summary.failed, words::seeds(seeds))
        }
        (Verdict::Inconclusive, _) => {
            format!(
                "not decided in {} of {}",
                summary.inconclusive,
                words::seeds(seeds)
            )
        }
        (_, PropertyKind::Sometimes { .. }) => {
            format!("seen in {}/{seeds} seeds", summary.exercised)
        }
        _ => format!("{}/{seeds} seeds", summary.exercised),
    }
}

/// The same of one run.
const fn of_one(verdict: Verdict, kind: &PropertyKind) -> &'static str {
    match (verdict, kind) {
        (Verdict::Fail, _) => "violated",
        (Verdict::Inconclusive, _) => "not decided",
        (_, PropertyKind::Sometimes { .. }) => "seen",
        _ => "kept",
    }
}

fn not_exercised(kind: &PropertyKind, seeds: Option<usize>) -> String {
    match kind {
        PropertyKind::Sometimes { event } if seeds.is_none() => format!("{event} did not happen"),
        PropertyKind::Sometimes { event } => format!("no seed saw {event}"),
        PropertyKind::Recovers { metric, .. } => {
            format!("no fault, or no sample of {metric} before it")
        }
        PropertyKind::Threshold { metric, .. } => format!("no sample of {metric}"),
        other => format!("nothing tested {}", other.subject()),
    }
}

/// A fault that says something over all seeds.
pub(super) fn line_of_fault(out: &mut String, fault: &FaultSummary, width: usize, seeds: usize) {
    let firings = fault.firings.unwrap_or_default();
    if firings.failed.is_some() {
        let _ = writeln!(
            out,
            "  FAIL {:<width$} fault      {}, {} times",
            fault.label,
            firings.why_failed(),
            firings.missed_role + firings.missed_spared
        );
    }
    if fault.missed {
        let why = match (fault.planned, fault.land) {
            (0, _) => "was drawn in no seed, or its floor left nobody: `squall plan` says which"
                .to_owned(),
            (_, Land::Any) if fault.firings.is_some() && firings.fired == 0 => not_fired(&firings),
            (_, Land::EverySeed) => format!("landed in {}/{seeds} only", fault.landed),
            (planned, _) => format!("had no effect in {planned}/{planned}"),
        };
        // What its triggers did says these already.
        let said = [
            Missed::NotFired,
            Missed::NoRole,
            Missed::Spared,
            Missed::Floor,
            Missed::Late,
        ];
        let told = |(why, _): &&(Missed, u64)| !said.contains(why);
        let reason = fault.misses.first().filter(told);
        let reason = reason.map_or_else(String::new, |(why, _)| format!(": {why}"));
        let _ = writeln!(
            out,
            "  --   {:<width$} fault      NOT LANDED: {why}{reason}",
            fault.label
        );
    }
}

/// Why no trigger of a fault hit anybody.
fn not_fired(firings: &Firings) -> String {
    let mut reasons = Vec::new();
    let mut reason = |times: u64, text: &str| {
        if times > 0 {
            reasons.push(format!("{text} {times} times"));
        }
    };
    reason(firings.missed_role, "nobody had the role in time");
    reason(firings.skipped, "was left out as nobody had the role");
    reason(firings.waiting, "still waited for the role at the end");
    reason(firings.missed_floor, "its floor left nobody");
    reason(firings.missed_spared, "`never` spared who had the role");
    reason(firings.missed_late, "its time was over");
    match reasons.is_empty() {
        true => "what it waits for never happened".to_owned(),
        false => reasons.join(", "),
    }
}
