//! Blast radius: what a fault can reach by the dependency map, and what it reached.

mod candidates;
mod measured;
mod observed;
mod text;

pub use measured::{Blast, Harm, Run, UnitBlast, harm};
pub use observed::{Call, calls, observed};
pub use text::{document, text};

use squall_core::depends::{DependencyMap, Exposure, HOST};
use squall_core::plan::{Entry, On, Plan};
use squall_core::words::{listed, natural, ranges};
use std::fmt::Write as _;

/// These faults of a plan, and those that wait for one of them: without it they do not come either.
pub fn with_followers(plan: &Plan, faults: &[usize]) -> Vec<usize> {
    let mut all = faults.to_vec();
    let mut seen = 0;
    while let Some(leader) = all.get(seen).copied() {
        for trigger in plan.triggers() {
            let follower = trigger.fault as usize;
            let waits = matches!(&trigger.on, On::Fault { fault, .. } if *fault as usize == leader);
            if waits && !all.contains(&follower) {
                all.push(follower);
            }
        }
        seen += 1;
    }
    all
}

/// The units that faults of a plan can reach, by their positions in the plan; and so can the faults that
/// wait for them.
pub fn exposed(map: &DependencyMap, plan: &Plan, faults: &[usize]) -> Vec<Exposure> {
    let faults = with_followers(plan, faults);
    let own = |entry: &&Entry| faults.contains(&(entry.fault as usize));
    let entries = plan.entries().iter().filter(own);
    map.exposed(candidates::all(plan, entries).iter())
}

/// Plural of a kind of unit, for titles of sets.
pub(crate) fn plural(kind: &str) -> String {
    format!("{kind}s")
}

/// Kinds of units in a list that is sorted by kind, each once.
pub(crate) fn kinds(exposures: &[Exposure]) -> Vec<&str> {
    let mut kinds: Vec<&str> = exposures.iter().map(|e| e.kind.as_str()).collect();
    kinds.dedup();
    kinds
}

/// Units shown with their reason at the most, a fault.
const REASONS_MAX: usize = 4;
/// Names of units of one kind at the most, runs of them as one.
const NAMES_MAX: usize = 8;
/// Faults that reach the same and are named together.
const LABELS_MAX: usize = 8;

/// The text of `squall plan`: of every fault that acts the sets of what it can reach, and why. Faults that
/// reach the same stand together.
pub fn predicted(map: &DependencyMap, plan: &Plan) -> String {
    let mut reached: Vec<(Vec<Exposure>, Vec<&str>)> = Vec::new();
    for (index, fault) in plan.faults.iter().enumerate() {
        let own = |entry: &Entry| entry.fault as usize == index;
        if !plan.entries().iter().any(own) {
            continue;
        }
        let exposures = exposed(map, plan, &[index]);
        match reached.iter_mut().find(|(other, _)| *other == exposures) {
            Some((_, labels)) => labels.push(&fault.label),
            None => reached.push((exposures, vec![&fault.label])),
        }
    }
    let mut out = String::new();
    if !reached.is_empty() {
        out.push_str("blast radius, as the dependency map predicts it\n");
    }
    for (exposures, labels) in &reached {
        let labels = ranges(labels.iter().copied());
        let _ = writeln!(out, "  {}", listed(&labels, LABELS_MAX));
        sets(&mut out, exposures);
    }
    out
}

/// What one fault can reach, kind by kind, and why the nearest are reached.
fn sets(out: &mut String, exposures: &[Exposure]) {
    if exposures.is_empty() {
        out.push_str("    nobody needs what it acts on\n");
    }
    for kind in kinds(exposures) {
        let of_kind = exposures.iter().filter(|e| e.kind == kind);
        let names = ranges(of_kind.map(|e| e.name.as_str()));
        let _ = writeln!(
            out,
            "    {:<10} {}",
            plural(kind),
            listed(&names, NAMES_MAX)
        );
    }
    // That a host is itself says nothing.
    let mut nearest: Vec<&Exposure> = exposures.iter().filter(|e| e.kind != HOST).collect();
    nearest.sort_by(|a, b| a.hops.cmp(&b.hops).then_with(|| natural(&a.name, &b.name)));
    for exposure in nearest.iter().take(REASONS_MAX) {
        let _ = writeln!(out, "      {} {}", exposure.name, exposure.why);
    }
    let more = nearest.len().saturating_sub(REASONS_MAX);
    if more > 0 {
        let _ = writeln!(out, "      and {more} more");
    }
}

#[cfg(test)]
mod tests;
