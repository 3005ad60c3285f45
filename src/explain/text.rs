//! The explanation for people: who did it and who did not, first.

mod headline;
mod lines;

pub use headline::headline;

use super::{Explanation, FaultRole, Limit};
use lines::{host_lines, loop_lines, outlives_lines, threshold_text, time_lines};
use std::fmt::Write as _;

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
