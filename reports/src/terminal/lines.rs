//! One line for each property and fault of a campaign.

use crate::words::{self, margin_unit, mark, number};
use squall_core::outcome::{FaultSummary, Firings, Missed, PropertySummary};
use squall_core::plan::Land;
use squall_core::property::{PropertyKind, Verdict};
use std::fmt::Write as _;

/// A property over all seeds.
pub(crate) fn line_of_property(out: &mut String, summary: &PropertySummary, seeds: usize) {
    let spec = &summary.spec;
    let _ = write!(
        out,
        "  {:<4} {:<40} {:<11}",
        mark(summary.verdict),
        spec.name,
        spec.kind.word()
    );
    match summary.verdict {
        Verdict::Fail => {
            let first = summary
                .first_failure
                .map_or_else(String::new, |s| format!(", first {s}"));
            let _ = write!(out, "{} of {}{first}", summary.failed, words::seeds(seeds));
        }
        Verdict::NotExercised => {
            let _ = write!(out, "NOT EXERCISED: {}", not_exercised(&spec.kind));
        }
        Verdict::Inconclusive => {
            let _ = write!(
                out,
                "not decided in {} of {}",
                summary.inconclusive,
                words::seeds(seeds)
            );
        }
        Verdict::Pass => match spec.kind {
            PropertyKind::Sometimes { .. } => {
                let _ = write!(out, "seen in {}/{seeds} seeds", summary.exercised);
            }
            PropertyKind::Always { .. } => {
                let _ = write!(out, "{} checks", summary.checked);
            }
            _ => {
                let _ = write!(out, "{}/{seeds} seeds", summary.exercised);
            }
        },
    }
    if let Some((margin, measured, seed)) = summary.closest
        && summary.verdict != Verdict::NotExercised
    {
        let unit = margin_unit(&spec.kind);
        let _ = write!(out, ", ");
        if let Some(measured) = measured {
            let _ = write!(out, "worst {}{unit}, ", number(measured));
        }
        let _ = write!(out, "margin {}{unit} (seed {seed})", number(margin));
    }
    out.push('\n');
}

fn not_exercised(kind: &PropertyKind) -> String {
    match kind {
        PropertyKind::Sometimes { event } => format!("no seed saw {event}"),
        PropertyKind::Recovers { metric, .. } => {
            format!("no fault, or no sample of {metric} before it")
        }
        PropertyKind::Threshold { metric, .. } => format!("no sample of {metric}"),
        other => format!("nothing tested {}", other.subject()),
    }
}

/// A fault that says something over all seeds.
pub(super) fn line_of_fault(out: &mut String, fault: &FaultSummary, seeds: usize) {
    let firings = fault.firings.unwrap_or_default();
    if firings.failed.is_some() {
        let _ = writeln!(
            out,
            "  FAIL {:<40} fault      {}, {} times",
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
            "  --   {:<40} fault      NOT LANDED: {why}{reason}",
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
