//! One seed: what broke, when, under which faults, and where the time went.

use crate::findings::{self, ActiveFault, Findings};
use crate::slow::Slow;
use crate::telling::{nodes_of, signal_lines};
use crate::words::{Outcome, number};
use squall_core::VirtualTime;
use squall_core::history::Part;
use squall_core::outcome::{SeedResult, Stop};
use squall_core::property::Violation;
use squall_core::recording::Recording;
use squall_core::words::{listed, span};
use std::fmt::Write as _;

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
        span(squall_core::VirtualDuration::from_nanos(
            result.end.as_nanos()
        )),
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
    if let Some(why) = outcome.bound(result) {
        let _ = writeln!(out, "    {why}");
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
    // Silence would read as if the hosts had shown nothing.
    if !findings.sampled {
        out.push_str("    operator   no host signals were recorded: `signals` of [topology] says how often\n");
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
    if let Some(path) = outcome.recording {
        let _ = writeln!(out, "    recording  {path}");
    }
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
    let place = format!("{file}:{line}");
    out.push_str(&happened(violation.at, &node, &violation.text, &place));
    active_line(out, recording, violation.at);
}

/// What happened, with the place of its promise on the first line; what follows in the text is detail.
pub(crate) fn happened(at: VirtualTime, node: &str, text: &str, place: &str) -> String {
    let mut lines = text.lines();
    let first = lines.next().unwrap_or_default();
    let mut out = format!("      {at}  {node}{first}   {place}\n");
    for line in lines {
        let _ = writeln!(out, "        {line}");
    }
    out
}

/// Faults shown at the most, of those in force and of those that healed.
const FAULTS_MAX: usize = 3;
/// Targets of a fault that are named, runs of nodes and bundles of links as one.
const TARGETS_MAX: usize = 4;

/// The faults in force at an instant, and those that healed last.
fn active_line(out: &mut String, recording: &Recording, at: VirtualTime) {
    let (plan, nodes) = (&recording.plan_as_run(), &recording.header.nodes);
    let active = findings::active(plan, nodes, at);
    let healed = findings::healed(plan, nodes, at);
    let on = |fault: &ActiveFault| {
        let kind = match fault.label.contains(&fault.kind) {
            true => String::new(),
            false => format!(" {}", fault.kind),
        };
        let targets = fault.targets();
        match targets.is_empty() {
            true => kind,
            false => format!("{kind} {}", listed(&targets, TARGETS_MAX)),
        }
    };
    if active.is_empty() {
        let _ = writeln!(out, "      active     none");
    }
    for fault in active.iter().take(FAULTS_MAX) {
        let planned = match fault.until {
            Some(until) => format!("planned {}", span(until.since(fault.since))),
            None => "without an end".to_owned(),
        };
        let (label, since) = (&fault.label, fault.since);
        let _ = writeln!(
            out,
            "      active     {label}{} since {since} ({planned})",
            on(fault)
        );
    }
    for fault in healed.iter().take(FAULTS_MAX) {
        let until = fault.until.unwrap_or(at);
        let (label, since) = (&fault.label, fault.since);
        let _ = writeln!(
            out,
            "      healed     {label}{} from {since} to {until}",
            on(fault)
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
