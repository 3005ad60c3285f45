//! Causes and innocents: every fault alone, every fault left out, and small sets.

use super::{Bench, Case};
use squall_core::NodeId;
use squall_core::plan::{Plan, PlannedFault, Primitive};
use squall_core::words::{self, ranges};
use squall_faults::shrink::{acting, only};
use std::collections::BTreeSet;

/// What a fault has to do with the failure.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Role {
    /// Without it nothing fails, in any of the seeds.
    Necessary,
    /// It is necessary in some seeds, or part of a set that is enough in any: other faults can stand in for
    /// it.
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
    /// Names of the nodes that it hits, and of those at the ends of its links.
    pub nodes: Vec<String>,
    /// What it acts on: nodes in runs, links by who hears whom. Empty for calls, signals and knobs.
    pub targets: Vec<String>,
    /// What it has to do with the failure.
    pub role: Role,
    /// Seeds in which it acts.
    pub seeds: usize,
    /// Of these, how many fail without it.
    pub fail_without: usize,
    /// Of these, how many fail with it alone.
    pub fail_alone: usize,
}

/// What kept a set of faults from being tried.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Limit {
    /// Nothing: all sets were tried that could be the smallest ones.
    None,
    /// No set of up to so many is enough, and larger ones are not tried.
    Size(usize),
    /// The runs were used up.
    Runs,
}

impl Limit {
    /// The word in documents.
    pub const fn word(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Size(_) => "size",
            Self::Runs => "runs",
        }
    }
}

/// What is known of all faults.
pub(super) struct Causes {
    pub(super) faults: Vec<FaultRole>,
    pub(super) without_any: usize,
    pub(super) sets: Vec<Vec<String>>,
    pub(super) limit: Limit,
}

/// Sets are no larger than this, where no fault is necessary.
const SET_MAX: usize = 3;
/// Where some are, sets hold them all and so many more at the most.
const MORE_MAX: usize = 2;

/// One fault in one case.
#[derive(Clone, Copy)]
struct Tried {
    /// Number of the case.
    case: usize,
    /// Whether the case fails without it.
    without: bool,
    /// Whether it fails with it alone, where it does not fail without any.
    alone: bool,
}

/// Leaves every fault out, and in alone, in all cases; then looks for sets.
pub(super) fn find(bench: &mut Bench<'_>, cases: &[Case], runs_max: u64) -> Causes {
    let none: Vec<_> = cases
        .iter()
        .map(|case| (case.seed, only(&case.plan, &[])))
        .collect();
    let none = bench.fail(&none);
    let without_any = none.iter().filter(|fails| **fails).count();
    let first = &cases[0].plan;
    let faults = acting(first);
    let mut tried = Vec::new();
    let mut roles = Vec::new();
    for &fault in &faults {
        let own = one(bench, cases, &none, (first, fault));
        let count = |fails: fn(&Tried) -> bool| own.iter().filter(|tried| fails(tried)).count();
        let planned = &first.faults[fault];
        roles.push(FaultRole {
            label: planned.label.clone(),
            kind: planned.kind.clone(),
            nodes: nodes(bench, first, fault),
            targets: targets(bench, first, fault),
            role: Role::Undecided,
            seeds: own.len(),
            fail_without: count(|tried| tried.without),
            fail_alone: count(|tried| tried.alone),
        });
        tried.push(own);
    }
    let (sets, limit) = match without_any > 0 {
        true => (Vec::new(), Limit::None),
        false => all_sufficient(bench, cases, (&faults, &tried), runs_max),
    };
    for (fault, role) in faults.iter().zip(&mut roles) {
        role.role = match () {
            () if without_any == 0 && role.fail_without == 0 => Role::Necessary,
            () if role.fail_without < role.seeds || role.fail_alone > 0 => Role::Contributes,
            () if sets.iter().any(|set| set.contains(fault)) => Role::Contributes,
            () if limit == Limit::None => Role::Irrelevant,
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
        limit,
    }
}

/// Where the fault of one plan acts in that of another seed: one of `[chaos]` may be of another kind
/// there, and then is another fault.
fn place(plan: &Plan, (first, fault): (&Plan, usize)) -> Option<usize> {
    let wanted = &first.faults[fault];
    let same = |f: &PlannedFault| (&f.label, &f.kind) == (&wanted.label, &wanted.kind);
    let at = plan.faults.iter().position(same)?;
    acting(plan).contains(&at).then_some(at)
}

/// A fault left out, and in alone, in all cases in which it acts.
fn one(bench: &mut Bench<'_>, cases: &[Case], none: &[bool], fault: (&Plan, usize)) -> Vec<Tried> {
    let places = cases
        .iter()
        .map(|case| place(&case.plan, fault))
        .enumerate();
    let places: Vec<(usize, usize)> = places.filter_map(|(case, at)| Some((case, at?))).collect();
    let mut runs = Vec::new();
    for (case, fault) in &places {
        let Case { seed, plan } = &cases[*case];
        let rest: Vec<usize> = acting(plan).into_iter().filter(|f| f != fault).collect();
        runs.push((*seed, only(plan, &rest)));
        runs.push((*seed, only(plan, &[*fault])));
    }
    let answers = bench.fail(&runs);
    places
        .iter()
        .zip(answers.chunks(2))
        .map(|((case, _), answers)| Tried {
            case: *case,
            without: answers[0],
            alone: answers[1] && !none[*case],
        })
        .collect()
}

/// The smallest sets of faults that are enough in a case, of all cases in which the same faults act.
fn all_sufficient(
    bench: &mut Bench<'_>,
    cases: &[Case],
    (faults, tried): (&[usize], &[Vec<Tried>]),
    runs_max: u64,
) -> (Vec<Vec<usize>>, Limit) {
    let first = &cases[0].plan;
    let (mut sets, mut limit): (Vec<Vec<usize>>, _) = (Vec::new(), Limit::None);
    let mut left = runs_max;
    for (number, case) in cases.iter().enumerate() {
        let same = |fault: &usize| place(&case.plan, (first, *fault)) == Some(*fault);
        if acting(&case.plan) != faults || !faults.iter().all(same) {
            continue;
        }
        let needed = |tried: &[Tried]| tried.iter().any(|t| t.case == number && !t.without);
        let necessary = faults.iter().zip(tried).filter(|(_, tried)| needed(tried));
        let necessary: Vec<usize> = necessary.map(|(fault, _)| *fault).collect();
        let (found, stopped) = sufficient(bench, case, (faults, &necessary), &mut left);
        limit = limit.max(stopped);
        sets.extend(
            found
                .into_iter()
                .filter(|set| !sets.contains(set))
                .collect::<Vec<_>>(),
        );
    }
    (sets, limit)
}

/// What a fault does, but for what never comes into force.
fn own(plan: &Plan, fault: usize) -> impl Iterator<Item = &Primitive> {
    let own = plan.entries().iter();
    let own = own.filter(move |e| e.fault as usize == fault && !e.is_void());
    own.map(|entry| &entry.primitive)
}

/// Names of the nodes that a fault hits, each once.
fn nodes(bench: &Bench<'_>, plan: &Plan, fault: usize) -> Vec<String> {
    let topology = &bench.ready.scenario.topology;
    let mut seen = BTreeSet::new();
    let hit = own(plan, fault).flat_map(|p| p.node().into_iter().chain(p.link().map(|l| l.to)));
    let hit = hit.filter(|node| seen.insert(*node));
    hit.map(|node| topology.node(node).name.clone()).collect()
}

/// What a fault acts on, in words.
fn targets(bench: &Bench<'_>, plan: &Plan, fault: usize) -> Vec<String> {
    let topology = &bench.ready.scenario.topology;
    let name = |node: NodeId| topology.node(node).name.as_str();
    let alone = own(plan, fault).filter(|p| p.link().is_none());
    let mut targets = ranges(alone.filter_map(|p| p.node()).map(name));
    let links = own(plan, fault).filter_map(Primitive::link);
    targets.extend(words::links(
        links.map(|link| (name(link.from), name(link.to))),
    ));
    targets
}

/// The smallest sets of faults that are enough in a case, and what kept larger ones from being tried.
/// Every set holds all necessary faults: without one of them it does not fail.
fn sufficient(
    bench: &mut Bench<'_>,
    case: &Case,
    (faults, necessary): (&[usize], &[usize]),
    left: &mut u64,
) -> (Vec<Vec<usize>>, Limit) {
    let mut found: Vec<Vec<usize>> = Vec::new();
    let others: Vec<usize> = faults
        .iter()
        .copied()
        .filter(|f| !necessary.contains(f))
        .collect();
    let (least, most) = match necessary.len() {
        0 => (1, SET_MAX),
        needed => (needed, needed + MORE_MAX),
    };
    let most = most.min(faults.len());
    for size in least..=most {
        let mut choice = Choice {
            of: &others,
            needless: &found,
            most: usize::try_from(*left).unwrap_or(usize::MAX),
            taken: necessary.to_vec(),
            all: Vec::new(),
        };
        choice.more(0, size - necessary.len());
        let mut sets = choice.all;
        if sets.len() as u64 > *left {
            return (found, Limit::Runs);
        }
        sets.iter_mut().for_each(|set| set.sort_unstable());
        *left -= sets.len() as u64;
        let runs: Vec<_> = sets
            .iter()
            .map(|set| (case.seed, only(&case.plan, set)))
            .collect();
        let fails = bench.fail(&runs);
        let enough = sets.into_iter().zip(fails).filter(|(_, fails)| *fails);
        found.extend(enough.map(|(set, _)| set));
    }
    let limit = match found.is_empty() && most < faults.len() {
        true => Limit::Size(most),
        false => Limit::None,
    };
    (found, limit)
}

/// All choices of some faults beside those that are taken, in order.
struct Choice<'a> {
    of: &'a [usize],
    /// Sets that are enough already: what holds one of them is not chosen.
    needless: &'a [Vec<usize>],
    /// One more than this is as good as all.
    most: usize,
    taken: Vec<usize>,
    all: Vec<Vec<usize>>,
}

impl Choice<'_> {
    /// Takes `count` more, from `of[from..]`.
    fn more(&mut self, from: usize, count: usize) {
        let holds = |small: &Vec<usize>| small.iter().all(|fault| self.taken.contains(fault));
        if self.all.len() > self.most || self.needless.iter().any(holds) {
            return;
        }
        if count == 0 {
            self.all.push(self.taken.clone());
            return;
        }
        for at in from..self.of.len() {
            self.taken.push(self.of[at]);
            self.more(at + 1, count - 1);
            self.taken.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn choices(
        of: &[usize],
        count: usize,
        needless: &[Vec<usize>],
        most: usize,
    ) -> Vec<Vec<usize>> {
        let (taken, all) = (vec![9], Vec::new());
        let mut choice = Choice {
            of,
            needless,
            most,
            taken,
            all,
        };
        choice.more(0, count);
        choice.all
    }

    #[test]
    fn choices_come_in_order_each_once_and_without_what_is_needless() {
        let all = choices(&[1, 2, 3, 4], 2, &[], 100);
        let expected = [
            [9, 1, 2],
            [9, 1, 3],
            [9, 1, 4],
            [9, 2, 3],
            [9, 2, 4],
            [9, 3, 4],
        ];
        assert_eq!(all, expected);
        assert_eq!(choices(&[1, 2, 3], 2, &[vec![2]], 100), [[9, 1, 3]]);
        assert_eq!(
            choices(&[], 0, &[], 100),
            [[9]],
            "nothing more is one choice"
        );
        assert_eq!(choices(&(10..500).collect::<Vec<_>>(), 3, &[], 7).len(), 8);
    }
}
