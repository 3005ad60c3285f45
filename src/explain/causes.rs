//! Causes and innocents: every fault alone, every fault left out, every set of up to three.

use super::{Bench, Case};
use squall_core::plan::Plan;
use squall_faults::shrink::{acting, only};

/// What a fault has to do with the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Without it nothing fails, in any of the seeds.
    Necessary,
    /// It is necessary in some seeds, or part of a set that is enough: other faults can stand in for it.
    Contributes,
    /// It is in no set that is enough, and without it every seed fails as before.
    Irrelevant,
    /// Without it every seed fails as before; not all sets were tried.
    Undecided,
}

impl Role {
    /// The word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Necessary => "necessary",
            Self::Contributes => "contributes",
            Self::Irrelevant => "irrelevant",
            Self::Undecided => "undecided",
        }
    }
}

/// One fault and what runs say about it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FaultRole {
    /// Its label.
    pub label: String,
    /// The fault in the catalogue.
    pub kind: String,
    /// Numbers of the nodes that it hits, as far as it hits nodes.
    pub nodes: Vec<String>,
    /// What it has to do with the failure.
    pub role: Role,
    /// Seeds in which it acts.
    pub seeds: usize,
    /// Of these, how many fail without it.
    pub fail_without: usize,
    /// Of these, how many fail with it alone.
    pub fail_alone: usize,
}

/// What is known of all faults.
pub(super) struct Causes {
    pub(super) faults: Vec<FaultRole>,
    pub(super) without_any: usize,
    pub(super) sets: Vec<Vec<String>>,
    pub(super) complete: bool,
}

/// Sets are no larger than this.
const SET_MAX: usize = 3;

/// Leaves every fault out, and in alone, in all cases; then looks for sets in the first.
pub(super) fn find(bench: &mut Bench<'_>, cases: &[Case], runs_max: u64) -> Causes {
    let none: Vec<_> = cases
        .iter()
        .map(|case| (case.seed, only(&case.plan, &[])))
        .collect();
    let without_any = bench.fail(&none).into_iter().filter(|fails| *fails).count();
    let first = &cases[0].plan;
    let faults = acting(first);
    let mut roles = Vec::new();
    for &fault in &faults {
        let acts = |case: &&Case| acting(&case.plan).contains(&fault);
        let cases: Vec<&Case> = cases.iter().filter(acts).collect();
        let without = cases.iter().map(|case| {
            let rest: Vec<usize> = acting(&case.plan)
                .into_iter()
                .filter(|f| *f != fault)
                .collect();
            (case.seed, only(&case.plan, &rest))
        });
        let alone = cases
            .iter()
            .map(|case| (case.seed, only(&case.plan, &[fault])));
        let runs: Vec<_> = without.chain(alone).collect();
        let answers = bench.fail(&runs);
        let count = |answers: &[bool]| answers.iter().filter(|fails| **fails).count();
        let planned = &first.faults[fault];
        let (without, alone) = answers.split_at(cases.len());
        roles.push(FaultRole {
            label: planned.label.clone(),
            kind: planned.kind.clone(),
            nodes: nodes(bench, first, fault),
            role: Role::Undecided,
            seeds: cases.len(),
            fail_without: count(without),
            fail_alone: count(alone),
        });
    }
    let necessary: Vec<usize> = faults
        .iter()
        .zip(&roles)
        .filter(|(_, role)| role.fail_without == 0)
        .map(|(fault, _)| *fault)
        .collect();
    let (sets, complete) = match without_any > 0 {
        true => (Vec::new(), true),
        false => sufficient(bench, &cases[0], &faults, &necessary, runs_max),
    };
    for (fault, role) in faults.iter().zip(&mut roles) {
        role.role = match () {
            () if without_any == 0 && role.fail_without == 0 => Role::Necessary,
            () if role.fail_without < role.seeds => Role::Contributes,
            () if sets.iter().any(|set| set.contains(fault)) => Role::Contributes,
            () if complete => Role::Irrelevant,
            () => Role::Undecided,
        };
    }
    let label = |fault: &usize| first.faults[*fault].label.clone();
    Causes {
        faults: roles,
        without_any,
        sets: sets
            .iter()
            .map(|set| set.iter().map(label).collect())
            .collect(),
        complete,
    }
}

/// Names of the nodes that a fault hits, each once.
fn nodes(bench: &Bench<'_>, plan: &Plan, fault: usize) -> Vec<String> {
    let topology = &bench.ready.scenario.topology;
    let mut names: Vec<String> = Vec::new();
    for entry in plan
        .entries()
        .iter()
        .filter(|e| e.fault as usize == fault && !e.is_void())
    {
        if let Some(node) = entry.primitive.node() {
            let name = &topology.node(node).name;
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
    }
    names
}

/// The smallest sets of at most three faults that are enough, and whether all were tried. Every set
/// holds all necessary faults: without one of them nothing fails.
fn sufficient(
    bench: &mut Bench<'_>,
    case: &Case,
    faults: &[usize],
    necessary: &[usize],
    runs_max: u64,
) -> (Vec<Vec<usize>>, bool) {
    let mut found: Vec<Vec<usize>> = Vec::new();
    let others: Vec<usize> = faults
        .iter()
        .copied()
        .filter(|f| !necessary.contains(f))
        .collect();
    let mut left = runs_max;
    for size in necessary.len().max(1)..=SET_MAX {
        let mut sets = Vec::new();
        combinations(&others, size - necessary.len(), &mut Vec::new(), &mut sets);
        for set in &mut sets {
            set.extend(necessary);
            set.sort_unstable();
        }
        let larger = |set: &Vec<usize>| {
            let holds = |small: &Vec<usize>| small.iter().all(|fault| set.contains(fault));
            found.iter().any(holds)
        };
        sets.retain(|set| !larger(set));
        if sets.len() as u64 > left {
            return (found, false);
        }
        left -= sets.len() as u64;
        let runs: Vec<_> = sets
            .iter()
            .map(|set| (case.seed, only(&case.plan, set)))
            .collect();
        let fails = bench.fail(&runs);
        found.extend(
            sets.into_iter()
                .zip(fails)
                .filter(|(_, fails)| *fails)
                .map(|(set, _)| set),
        );
    }
    // With nothing found, the smallest set has more than three, and the others may be part of it.
    let complete = !found.is_empty() || necessary.len() >= faults.len();
    (found, complete)
}

/// All subsets of `size`, in order.
fn combinations(of: &[usize], size: usize, taken: &mut Vec<usize>, all: &mut Vec<Vec<usize>>) {
    if size == 0 {
        all.push(taken.clone());
        return;
    }
    for (at, item) in of.iter().enumerate() {
        taken.push(*item);
        combinations(&of[at + 1..], size - 1, taken, all);
        taken.pop();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn subsets_come_in_order_and_each_once() {
        let mut all = Vec::new();
        combinations(&[1, 2, 3, 4], 2, &mut Vec::new(), &mut all);
        let expected = [[1, 2], [1, 3], [1, 4], [2, 3], [2, 4], [3, 4]];
        assert_eq!(all, expected);
        all.clear();
        combinations(&[], 0, &mut Vec::new(), &mut all);
        assert_eq!(all, [Vec::<usize>::new()], "nothing is one choice");
    }
}
