//! Lines of the report: thresholds, what outlives the faults, loops, where the time went, what hosts showed.

use super::super::{Explanation, Outlives, Role, Threshold};
use squall_core::history::Part;
use squall_core::words::span;
use squall_reports::signal_lines;
use std::collections::BTreeSet;

/// From where on a dial of a cause is enough, in the median seed and over all.
pub(super) fn threshold_text(threshold: &Threshold) -> String {
    let Threshold {
        label,
        of,
        planned,
        median,
        between: (least, most),
        step,
        seeds,
        any,
        ..
    } = threshold;
    if *any {
        return format!("{label} {of}: any; {median} is enough (planned {planned})");
    }
    let spread = match least == most {
        true if *seeds == 1 => "one seed".to_owned(),
        true => format!("the same in {seeds} seeds"),
        false => format!("{least} to {most} in {seeds} seeds"),
    };
    format!(
        "{label} {of}: fails from {median} on (planned {planned}; found to within {:.0} % of that); {spread}",
        step * 100.0
    )
}

/// How long the metric stays ill when the faults are over, and which others changed with it.
pub(super) fn outlives_lines(outlives: &Outlives) -> Vec<(&'static str, String)> {
    let Outlives {
        metric,
        healed,
        drained,
        ill_for,
        to_the_end,
        values: (value, before),
        holding,
    } = outlives;
    if ill_for.is_zero() {
        let text = match drained.is_zero() {
            true => format!("{metric} is well as soon as the faults heal, at {healed}"),
            false => format!(
                "{metric} is well when what was under way has ended, {} after the heal at {healed}",
                span(*drained)
            ),
        };
        return vec![("afterwards", text)];
    }
    let end = if *to_the_end {
        ", to the end of the run"
    } else {
        ""
    };
    let mut lines = vec![(
        "outlives",
        format!(
            "its faults: {metric} is ill for {} after the heal at {healed}{end}; {} at last, {} before",
            span(*ill_for),
            number(*value),
            number(*before)
        ),
    )];
    for (index, (name, before, then)) in holding.iter().enumerate() {
        let key = if index == 0 { "meanwhile" } else { "" };
        lines.push((
            key,
            format!("{name} {} -> {}", number(*before), number(*then)),
        ));
    }
    lines
}

/// The loops that keep it going; that none is known is said, too.
pub(super) fn loop_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let outlives = explanation.outlives.as_ref();
    if outlives.is_none_or(|outlives| outlives.ill_for.is_zero()) {
        return Vec::new();
    }
    if explanation.loops.is_empty() {
        let text = "not identified: the records show no retries, stale answers or page faults that came with it";
        return vec![("loop", text.to_owned())];
    }
    let loops = explanation.loops.iter().enumerate();
    let key = |index| if index == 0 { "loop" } else { "" };
    loops
        .map(|(index, l)| (key(index), format!("{}: {}", l.name, l.evidence)))
        .collect()
}

/// Where the time of the slowest operations went, against the usual.
pub(super) fn time_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let shares = |shares: &[(Part, f64)]| {
        let text = shares.iter().take(4);
        let text = text.map(|(part, share)| format!("{} {:.0} %", part.name(), share * 100.0));
        text.collect::<Vec<_>>().join(", ")
    };
    let slow = explanation
        .findings
        .slow
        .iter()
        .find(|slow| slow.count >= 20);
    let Some(slow) = slow else {
        return Vec::new();
    };
    vec![
        (
            "time",
            format!(
                "{}: the slowest {} of {} took {} s, the median {} s",
                slow.name,
                slow.slow,
                slow.count,
                number(slow.slow_s),
                number(slow.median_s)
            ),
        ),
        ("", format!("slow   {}", shares(&slow.shares))),
        ("", format!("usual  {}", shares(&slow.usual))),
    ]
}

/// The signals that tell most, of the hosts that the causes hit.
pub(super) fn host_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
    let causes = explanation
        .faults
        .iter()
        .filter(|f| f.role == Role::Necessary);
    let hosts: BTreeSet<&str> = causes
        .flat_map(|f| f.nodes.iter().map(String::as_str))
        .collect();
    let hosts: Vec<&str> = hosts.into_iter().collect();
    let more = "`--format json` has all";
    let lines = signal_lines(&explanation.findings.signals, &hosts, false, more).into_iter();
    let key = |index| if index == 0 { "operator" } else { "" };
    lines
        .enumerate()
        .map(|(index, line)| (key(index), line))
        .collect()
}

/// Three digits.
fn number(x: f64) -> String {
    if x == 0.0 {
        return "0".to_owned();
    }
    if x.abs() >= 1000.0 {
        return format!("{x:.0}");
    }
    let text = format!("{x:.3}");
    match text.trim_start_matches('-').starts_with("0.000") {
        true => format!("{x:.2e}"),
        false => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
    }
}
