//! The first lines: causes and who is acquitted.

use super::super::{Explanation, FaultRole, Limit, Role};
use squall_core::words::listed;
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
