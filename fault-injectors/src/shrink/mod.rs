//! Shrinking: the smallest plan, in the smallest world, of which the same property still fails.
//!
//! It works on plan data and an oracle that runs a candidate; it knows no host. Draws are keyed, so a
//! fault that is taken away moves no draw of another, and what is left fails for its own reasons.
//!
//! ```text
//! faults -> parts -> run length -> lengths -> magnitudes -> times -> the world's axes -> faults again
//!   ddmin    ddmin    bisection    bisection    bisection    (earlier, rounder)            each alone
//!              ^---------------------- until nothing changes any more ----------------------'
//! ```
//!
//! A smaller world must be one in which nothing fails without faults, as it was in the whole one: with
//! hardly any load a goodput is low whatever is injected.
//!
//! Every candidate that is kept has been run and fails; one that cannot be run is never kept. What has
//! been run once is not run again, and the number of runs is bounded: then the best so far is given.

mod agree;
mod ddmin;
pub mod dial;
mod passes;
mod search;

pub use agree::agreed;
pub use dial::{Dial, dials};
pub use search::Spent;

use crate::topology::Topology;
use search::Search;
use squall_core::VirtualTime;
use squall_core::plan::Plan;

/// What an oracle says of a candidate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Answer {
    /// The property fails, first at this instant if it is one.
    Fails(Option<VirtualTime>),
    /// It does not fail, or something else does.
    Holds,
    /// The candidate cannot be run.
    Invalid,
}

/// A plan in a world of a certain size.
#[derive(Clone, Debug, PartialEq)]
pub struct Candidate {
    /// The plan, in the words of the topology that shrinking began with.
    pub plan: Plan,
    /// The value of every [`Axis`], in their order.
    pub axes: Vec<u64>,
}

/// Something of the world that can be smaller: nodes of a group, load, run length.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Axis {
    /// What it is, for the oracle and for people.
    pub name: String,
    /// Its value without shrinking.
    pub full: u64,
    /// The smallest value that is tried, at least 1.
    pub least: u64,
    /// Only multiples of this are tried.
    pub grain: u64,
    /// Whether it is the end of the run, in nanoseconds: then the plan has to fit.
    pub is_stop: bool,
}

/// What a phase of shrinking makes smaller.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Phase {
    /// Whether it fails at all.
    Begin,
    /// Whole faults.
    Faults,
    /// Single primitives.
    Parts,
    /// How long they last.
    Lengths,
    /// How strong they are.
    Magnitudes,
    /// When they begin.
    Times,
    /// Nodes, load, run length.
    World,
    /// Whether each remaining fault is necessary.
    Verify,
}

impl Phase {
    /// All of them, in order.
    pub const ALL: [Self; 8] = [
        Self::Begin,
        Self::Faults,
        Self::Parts,
        Self::Lengths,
        Self::Magnitudes,
        Self::Times,
        Self::World,
        Self::Verify,
    ];
    /// Its word in reports.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Begin => "begin",
            Self::Faults => "faults",
            Self::Parts => "parts",
            Self::Lengths => "lengths",
            Self::Magnitudes => "magnitudes",
            Self::Times => "times",
            Self::World => "world",
            Self::Verify => "verify",
        }
    }
}

/// How shrinking goes on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// Runs at the most, at least 1.
    pub runs_max: u64,
    /// Whether only faults and their parts are taken away, and nothing is made smaller.
    pub faults_only: bool,
}

impl Default for Options {
    /// 500 runs: what ten planted failures among 30 faults need, several times over.
    fn default() -> Self {
        Self {
            runs_max: 500,
            faults_only: false,
        }
    }
}

/// The result.
#[derive(Clone, Debug, PartialEq)]
pub struct Shrunk {
    /// The smallest candidate that was found, which fails.
    pub candidate: Candidate,
    /// When the property first fails in it.
    pub at: Option<VirtualTime>,
    /// Runs by phase.
    pub spent: Spent,
    /// Whether without any one of its faults the property holds: each was run once more to see. Not
    /// known, and false, if the runs were used up before.
    pub minimal: bool,
    /// Whether the runs were used up.
    pub exhausted: bool,
}

impl Shrunk {
    /// Labels of the faults that are left.
    pub fn labels(&self) -> Vec<&str> {
        acting(&self.candidate.plan)
            .into_iter()
            .map(|fault| self.candidate.plan.faults[fault].label.as_str())
            .collect()
    }
}

/// Makes `plan` and the world smaller as long as `oracle` says that the property fails.
///
/// `None` if it does not fail to begin with. Entries that never come into force are taken away before.
///
/// # Panics
/// If the plan has triggers: freeze it first.
pub fn shrink(
    plan: Plan,
    axes: &[Axis],
    topology: &Topology,
    options: Options,
    oracle: &mut dyn FnMut(&Candidate) -> Answer,
) -> Option<Shrunk> {
    let plan = keep(&plan, |index| !plan.entries()[index].is_void());
    let axes_full = axes.iter().map(|axis| axis.full).collect();
    let first = Candidate {
        plan,
        axes: axes_full,
    };
    let mut search = Search::begin(first, options.runs_max, oracle)?;
    passes::faults(&mut search);
    if options.faults_only {
        passes::parts(&mut search);
        let minimal = passes::verify(&mut search);
        return Some(search.end(minimal));
    }
    let whole = search.best().clone();
    round(&mut search, axes, topology, passes::STEPS);
    let mut minimal = passes::verify(&mut search);
    let mut before = whole;
    // What a round makes smaller can make more of it needless: a part, or the end of the run.
    while !search.exhausted() && is_less(search.best(), &before) {
        before = search.best().clone();
        // What it costs to show that the result is minimal is not spent on that.
        search.keep_back(acting(&before.plan).len() as u64);
        round(&mut search, axes, topology, passes::STEPS_AGAIN);
        search.keep_back(0);
        minimal = passes::verify(&mut search);
    }
    Some(search.end(minimal))
}

/// Whether a candidate has fewer parts, or an axis that is smaller by an eighth: one that is only weaker
/// or shorter is not worth another round, of which there would be no end.
fn is_less(now: &Candidate, before: &Candidate) -> bool {
    let mut axes = now.axes.iter().zip(&before.axes);
    let smaller = |(now, before): (&u64, &u64)| *now <= before - before / 8 && now < before;
    now.plan.entries().len() < before.plan.entries().len() || axes.any(smaller)
}

/// Every pass but that over whole faults, once.
fn round(search: &mut Search<'_>, axes: &[Axis], topology: &Topology, steps: u32) {
    passes::late(search);
    passes::parts(search);
    passes::world(search, axes, |axis| axis.is_stop);
    passes::lengths(search, axes, steps);
    passes::magnitudes(search, topology, steps);
    passes::times(search, steps);
    passes::late(search);
    passes::world(search, axes, |_| true);
}

/// Positions of the faults that have a primitive.
pub fn acting(plan: &Plan) -> Vec<usize> {
    let mut faults: Vec<usize> = plan.entries().iter().map(|e| e.fault as usize).collect();
    faults.dedup();
    faults
}

/// The plan with only these of its faults acting; all stay named, so that numbers keep their meaning.
pub fn only(plan: &Plan, faults: &[usize]) -> Plan {
    keep(plan, |index| {
        faults.contains(&(plan.entries()[index].fault as usize))
    })
}

/// The plan with only those entries for whose position `wanted` holds.
pub fn keep(plan: &Plan, wanted: impl Fn(usize) -> bool) -> Plan {
    let kept = plan
        .entries()
        .iter()
        .enumerate()
        .filter(|(i, _)| wanted(*i));
    plan.with_entries(kept.map(|(_, e)| e.clone()).collect())
}

/// The plan without the faults that do nothing.
pub fn compact(plan: &Plan) -> Plan {
    let acting = acting(plan);
    let faults = acting.iter().map(|i| plan.faults[*i].clone()).collect();
    let entries = plan.entries().iter().map(|entry| {
        let mut entry = entry.clone();
        let at = acting.binary_search(&(entry.fault as usize));
        let at = at.expect("a fault with an entry acts");
        entry.fault = u32::try_from(at).expect("fewer than before");
        entry
    });
    Plan::new(faults, entries.collect()).with_clocks(plan.clocks().to_vec())
}

#[cfg(test)]
mod tests;
