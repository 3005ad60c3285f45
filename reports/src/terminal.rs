//! What a person reads: verdict first, then what was promised and broken, when, under which faults,
//! and the one command that repeats it.

use crate::findings::{self, Findings};
use crate::slow::Slow;
use crate::statistics::{self, Statistics};
use crate::telling::{nodes_of, signal_lines};
use crate::words::{Outcome, margin_unit, mark, number};
use squall_core::history::Part;
use squall_core::outcome::{FaultSummary, Firings, Missed, PropertySummary, SeedResult, Stop};
use squall_core::plan::Land;
use squall_core::property::{PropertyKind, Verdict, Violation};
use squall_core::recording::Recording;
use std::fmt::Write as _;

/// Digest over the digests of all seeds: one number for the campaign.
pub fn campaign_digest(outcome: &Outcome<'_>) -> squall_core::history::Digest {
    let mut digest = squall_core::history::Digest::default();
    for seed in &outcome.campaign.seeds {
        digest.word(seed.digest.as_u64());
    }
    digest
}

/// The report of a campaign. `failure` is the recording of its first failing seed.
pub fn campaign(outcome: &Outcome<'_>, failure: Option<&Recording>, wall_s: f64) -> String {
    let mut out = String::new();
    let campaign = outcome.campaign;
    let word = match (outcome.expected(), campaign.verdict) {
        (Some(true), Verdict::Fail) => "EXPECTED",
        (Some(false), _) => "UNEXPECTED",
        (_, Verdict::Pass) => "PASS",
        (_, Verdict::Fail) => "FAIL",
        (_, Verdict::NotExercised) => "NOT EXERCISED",
        (_, Verdict::Inconclusive) => "INCONCLUSIVE",
    };
    let failing = campaign.failing().count();
    let _ = write!(
        out,
        "{word}   {}   {} seeds   {wall_s:.1} s",
        outcome.path,
        campaign.seeds.len()
    );
    if failing > 0 {
        let _ = write!(out, "   {failing} failing");
    }
    let _ = writeln!(out, "   campaign digest {}", campaign_digest(outcome));
    if campaign.properties.is_empty() {
        out.push_str(
            "  nothing is promised: add a [[property]]; `squall list properties` shows the kinds\n",
        );
    }
    for property in &campaign.properties {
        line_of_property(&mut out, property, campaign.seeds.len());
    }
    for fault in &campaign.faults {
        line_of_fault(&mut out, fault, campaign.seeds.len());
    }
    let statistics = Statistics::of(campaign, outcome.wall_s);
    out.push_str(&statistics::lines(outcome, &statistics));
    if let (Some(first), Some(recording)) = (campaign.failing().next(), failure) {
        out.push('\n');
        out.push_str(&seed(outcome, first, recording, false));
    }
    summary(&mut out, outcome);
    out
}

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
            let _ = write!(out, "{} of {seeds} seeds{first}", summary.failed);
        }
        Verdict::NotExercised => {
            let _ = write!(out, "NOT EXERCISED: {}", not_exercised(&spec.kind));
        }
        Verdict::Inconclusive => {
            let _ = write!(
                out,
                "not decided in {} of {seeds} seeds",
                summary.inconclusive
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

fn line_of_fault(out: &mut String, fault: &FaultSummary, seeds: usize) {
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

fn summary(out: &mut String, outcome: &Outcome<'_>) {
    let campaign = outcome.campaign;
    let count = |verdict| {
        campaign
            .properties
            .iter()
            .filter(|p| p.verdict == verdict)
            .count()
    };
    let mut parts = vec![format!("{} ok", count(Verdict::Pass))];
    let mut part = |n: usize, text: &str| {
        if n > 0 {
            parts.push(format!("{n} {text}"));
        }
    };
    part(count(Verdict::Fail), "violated");
    part(count(Verdict::Inconclusive), "inconclusive");
    part(count(Verdict::NotExercised), "not exercised");
    let landed = campaign.faults.iter().filter(|f| f.landed > 0).count();
    let drawn = campaign.faults.len();
    if drawn > 0 {
        parts.push(format!("{landed} of {drawn} faults landed"));
    }
    let _ = write!(out, "{}", parts.join(", "));
    if let (Some(expectation), Some(met)) = (outcome.expectation, outcome.expected()) {
        let says = if met { "as" } else { "against what" };
        let _ = write!(
            out,
            "; verdict {}, {says} its [expect] says",
            campaign.verdict
        );
        if !met {
            let _ = write!(out, " ({})", expectation.verdict);
        }
    }
    let _ = writeln!(out, "   exit code {}", outcome.exit_code());
}

/// The report of one seed, with the host signals that tell most, or with `all`.
pub fn seed(
    outcome: &Outcome<'_>,
    result: &SeedResult,
    recording: &Recording,
    all: bool,
) -> String {
    let mut out = String::new();
    let _ = writeln!(
        out,
        "  seed {}   {} virtual, {} events",
        result.seed,
        squall_core::VirtualDuration::from_nanos(result.end.as_nanos()),
        result.events
    );
    if let Stop::Panicked(text) = &result.stop {
        let _ = writeln!(
            out,
            "    panic      model code panicked at {}: {text}",
            result.end
        );
        active_line(&mut out, recording, result.end);
    }
    for fault in &result.faults {
        let firings = fault.firings.unwrap_or_default();
        if let Some(at) = firings.failed {
            let why = firings.why_failed();
            let _ = writeln!(out, "    broken     fault {}: at {at} {why}", fault.label);
        }
    }
    triggered(&mut out, recording);
    for property in findings::failing(result) {
        let spec = &property.spec;
        let promise = spec.kind.to_string();
        // A name that the author did not give is made of the same words.
        let named =
            !promise.contains(spec.kind.subject()) || !spec.name.contains(spec.kind.subject());
        let name = if named {
            format!("{}: ", spec.name)
        } else {
            String::new()
        };
        let _ = writeln!(out, "    broken     {name}{promise}");
        if let Some(violation) = &property.outcome.first {
            violation_lines(&mut out, (outcome, spec.line), violation, recording);
        }
        if property.outcome.violations > 1 {
            let _ = writeln!(
                out,
                "               {} times in all",
                property.outcome.violations
            );
        }
    }
    let findings = Findings::of(recording);
    let nodes = nodes_of(&findings.signals);
    let more = format!("{} --all", outcome.replay(result));
    let signals = signal_lines(&findings.signals, &nodes, all, &more);
    for (index, line) in signals.iter().enumerate() {
        let key = if index == 0 { "operator" } else { "" };
        let _ = writeln!(out, "    {key:<10} {line}");
    }
    for slow in findings.slow.iter().filter(|slow| slow.count >= 20).take(2) {
        where_time_went(&mut out, slow);
    }
    // That nobody had a role hangs on the run: there is no smaller plan that shows it.
    if matches!(result.stop, Stop::Panicked(_)) || findings::failing(result).next().is_some() {
        let [explain, shrink] = outcome.next(result);
        let _ = writeln!(out, "    explain    {explain}");
        let _ = writeln!(out, "    shrink     {shrink} --write");
    }
    let _ = writeln!(out, "    replay     {}", outcome.replay(result));
    let _ = writeln!(out, "    digest     {}", result.digest);
    out
}

/// Firings shown at the most.
const FIRINGS_MAX: usize = 6;

/// When triggers fired, and whom they hit.
fn triggered(out: &mut String, recording: &Recording) {
    let firings = findings::firings(recording);
    for firing in firings.iter().take(FIRINGS_MAX) {
        let _ = writeln!(out, "    trigger    {firing}");
    }
    if firings.len() > FIRINGS_MAX {
        let more = firings.len() - FIRINGS_MAX;
        let _ = writeln!(
            out,
            "               and {more} more: all are in the recording"
        );
    }
}

fn violation_lines(
    out: &mut String,
    (outcome, line): (&Outcome<'_>, u32),
    violation: &Violation,
    recording: &Recording,
) {
    let node = violation
        .node
        .and_then(|id| recording.header.nodes.get(id.index()));
    let node = node.map_or_else(String::new, |name| format!("{name}: "));
    let file = outcome.path.rsplit('/').next().unwrap_or(outcome.path);
    let _ = writeln!(
        out,
        "      {}  {node}{}   {file}:{line}",
        violation.at, violation.text
    );
    active_line(out, recording, violation.at);
}

/// Faults shown at the most, of those in force and of those that healed.
const FAULTS_MAX: usize = 3;

/// The faults in force at an instant, and those that healed last.
fn active_line(out: &mut String, recording: &Recording, at: squall_core::VirtualTime) {
    let (plan, nodes) = (&recording.plan_as_run(), &recording.header.nodes);
    let active = findings::active(plan, nodes, at);
    let healed = findings::healed(plan, nodes, at);
    let on = |nodes: &[String]| {
        nodes
            .iter()
            .map(|node| format!(" {node}"))
            .collect::<String>()
    };
    if active.is_empty() {
        let _ = writeln!(out, "      active     none");
    }
    for fault in active.iter().take(FAULTS_MAX) {
        let planned = match fault.until {
            Some(until) => format!("planned {}", until.since(fault.since)),
            None => "without an end".to_owned(),
        };
        let (label, since) = (&fault.label, fault.since);
        let _ = writeln!(
            out,
            "      active     {label}{} since {since} ({planned})",
            on(&fault.nodes)
        );
    }
    for fault in healed.iter().take(FAULTS_MAX) {
        let until = fault.until.unwrap_or(at);
        let (label, since) = (&fault.label, fault.since);
        let _ = writeln!(
            out,
            "      healed     {label}{} from {since} to {until}",
            on(&fault.nodes)
        );
    }
    let more = active.len().saturating_sub(FAULTS_MAX) + healed.len().saturating_sub(FAULTS_MAX);
    if more > 0 {
        let _ = writeln!(
            out,
            "                 and {more} more: `squall plan` shows all"
        );
    }
}

fn where_time_went(out: &mut String, slow: &Slow) {
    let shares = |shares: &[(Part, f64)]| {
        let text = shares
            .iter()
            .map(|(part, share)| format!("{} {:.0} %", part.name(), share * 100.0));
        text.collect::<Vec<_>>().join(", ")
    };
    let _ = writeln!(
        out,
        "    time       {}: slowest {} of {} took {} s, the median {} s",
        slow.name,
        slow.slow,
        slow.count,
        number(slow.slow_s),
        number(slow.median_s)
    );
    let _ = writeln!(out, "               slow       {}", shares(&slow.shares));
    let _ = writeln!(out, "               usual      {}", shares(&slow.usual));
}
