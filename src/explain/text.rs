//! The explanation for people: who did it and who did not, first.

use super::{Explanation, FaultRole, Limit, Outlives, Role, Threshold};
use squall_core::history::Part;
use squall_core::words::{listed, span};
use squall_reports::signal_lines;
use std::collections::BTreeSet;
use std::fmt::Write as _;

/// The first lines: the cause by name, and everybody who is acquitted.
pub fn headline(explanation: &Explanation) -> String {
    let seeds = explanation.seeds.len();
    let mut text = String::new();
    if explanation.without_any > 0 {
        let _ = writeln!(
            text,
            "CAUSE      no fault: {} of {} failing seeds fail without any",
            explanation.without_any, seeds
        );
    }
    let of = |role| {
        explanation
            .faults
            .iter()
            .filter(move |fault| fault.role == role)
    };
    for fault in of(Role::Necessary) {
        let _ = writeln!(
            text,
            "CAUSE      {}: without it {} of {} failing seeds fail, with it alone {}",
            called(fault),
            fault.fail_without,
            fault.seeds,
            fault.fail_alone
        );
    }
    let each = each_alone(explanation);
    if !each.is_empty() {
        let each: Vec<String> = each
            .iter()
            .map(|f| format!("{} in {} of {}", called(f), f.fail_alone, f.seeds))
            .collect();
        let _ = writeln!(
            text,
            "EACH ALONE IS ENOUGH: {} failing seeds",
            each.join(", ")
        );
    }
    for fault in of(Role::Contributes).filter(|f| each.is_empty() || f.fail_alone == 0) {
        let _ = writeln!(
            text,
            "ALSO       {}: without it {} of {} fail, with it alone {}",
            called(fault),
            fault.fail_without,
            fault.seeds,
            fault.fail_alone
        );
    }
    let innocent: Vec<&FaultRole> = of(Role::Irrelevant).collect();
    for fault in innocent.iter().take(ACQUITTED_MAX) {
        let _ = writeln!(
            text,
            "ACQUITTED  {}: without it {} of {} fail all the same",
            called(fault),
            fault.fail_without,
            fault.seeds
        );
    }
    if innocent.len() > ACQUITTED_MAX {
        let more = innocent.len() - ACQUITTED_MAX;
        let _ = writeln!(
            text,
            "           and {more} more faults that change nothing"
        );
    }
    let open = of(Role::Undecided).count();
    if open > 0 {
        let why = match explanation.sets_limit {
            Limit::Size(size) => format!(
                "no {size} of the faults are enough, and larger sets are not tried; `squall shrink` leaves one"
            ),
            Limit::None | Limit::Runs => "not all sets were tried, more with --runs".to_owned(),
        };
        let _ = writeln!(text, "UNDECIDED  {open} faults: {why}");
    }
    text
}

/// The faults each of which is enough alone, where there are several and none is necessary.
fn each_alone(explanation: &Explanation) -> Vec<&FaultRole> {
    let faults = &explanation.faults;
    let necessary = faults.iter().any(|f| f.role == Role::Necessary);
    let alone = |f: &&FaultRole| f.role == Role::Contributes && f.fail_alone > 0;
    let each: Vec<&FaultRole> = faults.iter().filter(alone).collect();
    match each.len() > 1 && !necessary {
        true => each,
        false => Vec::new(),
    }
}

/// Acquitted faults that the headline names.
const ACQUITTED_MAX: usize = 5;

/// A fault with its kind and what it acts on.
fn called(fault: &FaultRole) -> String {
    const TARGETS_MAX: usize = 3;
    let on = listed(&fault.targets, TARGETS_MAX);
    let kind = match fault.label.starts_with(&fault.kind) {
        true => "",
        false => fault.kind.as_str(),
    };
    match (kind, on.as_str()) {
        ("", "") => fault.label.clone(),
        ("", on) => format!("{} (on {on})", fault.label),
        (kind, "") => format!("{} ({kind})", fault.label),
        (kind, on) => format!("{} ({kind} on {on})", fault.label),
    }
}

/// The whole report.
pub fn report(explanation: &Explanation) -> String {
    let mut text = headline(explanation);
    let Explanation {
        path,
        seed,
        symptom,
        ..
    } = explanation;
    let _ = writeln!(
        text,
        "\nexplained  {path}   seed {seed}   {}",
        symptom.name()
    );
    let mut line = |key: &str, value: &str| {
        let _ = writeln!(text, "  {key:<11}{value}");
    };
    if !explanation.promise.is_empty() && explanation.promise != symptom.name() {
        line("promised", &explanation.promise);
    }
    let at = explanation.at.map_or(String::new(), |at| format!("{at}  "));
    line("broken", &format!("{at}{}", explanation.violation));
    if let Some((_, command)) = explanation.also.first() {
        let names: Vec<&str> = explanation
            .also
            .iter()
            .map(|(name, _)| name.as_str())
            .collect();
        let are = if names.len() == 1 { "is" } else { "are" };
        line(
            "also",
            &format!("{} {are} broken too: {command}", names.join(", ")),
        );
    }
    let seeds: Vec<String> = explanation.seeds.iter().map(ToString::to_string).collect();
    line(
        "seeds",
        &format!("{} that fail in this way", seeds.join(", ")),
    );
    let name = |fault: &FaultRole| match fault.label.contains(&fault.kind) {
        true => fault.label.clone(),
        false => format!("{} {}", fault.label, fault.kind),
    };
    let shown = explanation.faults.iter().take(FAULTS_MAX);
    let width = shown.map(|fault| name(fault).len()).max().unwrap_or(0);
    for (index, fault) in explanation.faults.iter().enumerate().take(FAULTS_MAX) {
        let key = if index == 0 { "faults" } else { "" };
        let row = format!(
            "{:<width$}  {:<11}  without it {}/{} fail, alone {}/{}",
            name(fault),
            fault.role.word(),
            fault.fail_without,
            fault.seeds,
            fault.fail_alone,
            fault.seeds
        );
        line(key, &row);
    }
    if explanation.faults.len() > FAULTS_MAX {
        line(
            "",
            &format!(
                "and {} more: --format json has all",
                explanation.faults.len() - FAULTS_MAX
            ),
        );
    }
    line("enough", &sets(explanation));
    for (index, threshold) in explanation.thresholds.iter().enumerate() {
        line(
            if index == 0 { "threshold" } else { "" },
            &threshold_text(threshold),
        );
    }
    if let Some(outlives) = &explanation.outlives {
        for (key, value) in outlives_lines(outlives) {
            line(key, &value);
        }
    }
    for (key, value) in loop_lines(explanation) {
        line(key, &value);
    }
    for (key, value) in time_lines(explanation) {
        line(key, &value);
    }
    for (key, value) in host_lines(explanation) {
        line(key, &value);
    }
    line("runs", &explanation.runs.to_string());
    line("next", &explanation.shrink);
    for (index, (compare, about)) in explanation.variants.iter().enumerate() {
        let about = about.split_whitespace().collect::<Vec<_>>().join(" ");
        let gap = if about.is_empty() { "" } else { "   # " };
        let key = if index == 0 { "what if" } else { "" };
        line(key, &format!("{compare}{gap}{about}"));
    }
    text
}

/// Faults shown at the most.
const FAULTS_MAX: usize = 12;

fn sets(explanation: &Explanation) -> String {
    const SETS_MAX: usize = 4;
    if explanation.without_any > 0 {
        return "no fault is needed".to_owned();
    }
    let sets = explanation
        .sets
        .iter()
        .take(SETS_MAX)
        .map(|set| set.join(" + "));
    let shown = sets.collect::<Vec<_>>().join(", or ");
    let more = match explanation.sets.len().saturating_sub(SETS_MAX) {
        0 => String::new(),
        more => format!(", or {more} more sets"),
    };
    match (explanation.sets.is_empty(), explanation.sets_limit) {
        (true, Limit::Size(size)) => format!("no set of up to {size}"),
        (true, _) => "none of the sets that were tried".to_owned(),
        (false, Limit::None | Limit::Size(_)) => format!("{shown}{more}"),
        (false, Limit::Runs) => format!("{shown}{more}; not all sets were tried"),
    }
}

fn threshold_text(threshold: &Threshold) -> String {
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

fn outlives_lines(outlives: &Outlives) -> Vec<(&'static str, String)> {
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
fn loop_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
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

fn time_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
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
fn host_lines(explanation: &Explanation) -> Vec<(&'static str, String)> {
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
