//! Thresholds: how strong and how long a cause must be, by bisection in several seeds.

use super::{Bench, Case, FaultRole, Role};
use squall_core::plan::{Entry, Plan};
use squall_core::words::span;
use squall_core::{Seed, VirtualDuration};
use squall_faults::Topology;
use squall_faults::shrink::{Dial, dials};

/// From which value of a dial on the failure is there.
#[derive(Clone, Debug, PartialEq)]
pub struct Threshold {
    /// Label of the fault.
    pub label: String,
    /// What is turned: `overcommit`, or `length`.
    pub of: String,
    /// The planned value.
    pub planned: String,
    /// The weakest value that fails, in the median seed.
    pub median: String,
    /// In the seed in which the least is enough, and in which most is needed. Both are equal where
    /// one seed was asked.
    pub between: (String, String),
    /// As shares of the planned strength: least, median, most.
    pub shares: (f64, f64, f64),
    /// How wide the last step of the bisection was, as a share.
    pub step: f64,
    /// Seeds that were asked.
    pub seeds: usize,
    /// Whether the weakest strength that was tried fails already, in every seed.
    pub any: bool,
}

/// Halvings of a bisection: the last step is 1/64 of the planned strength.
const STEPS: u32 = 6;

/// Something of a fault that can be turned.
enum Knob {
    Dial(Dial),
    Length(usize),
}

/// The thresholds of the necessary faults, strength first.
pub(super) fn find(
    bench: &mut Bench<'_>,
    cases: &[Case],
    faults: &[FaultRole],
    runs_max: u64,
) -> Vec<Threshold> {
    let topology = &bench.ready.scenario.topology;
    let first = &cases[0].plan;
    let position = |label: &str| first.faults.iter().position(|f| f.label == label);
    let causes = faults.iter().filter(|f| f.role == Role::Necessary);
    let mut found = Vec::new();
    let mut left = runs_max;
    for fault in causes.filter_map(|f| position(&f.label)) {
        let own = dials(first, topology)
            .into_iter()
            .filter(|dial| dial.fault == fault);
        for knob in own.map(Knob::Dial).chain([Knob::Length(fault)]) {
            let runs = u64::from(STEPS) * cases.len() as u64;
            if runs > left {
                return found;
            }
            if knob.turned(first, topology, 0.5) == *first {
                continue;
            }
            left -= runs;
            found.push(one(bench, cases, &knob));
        }
    }
    found
}

fn one(bench: &mut Bench<'_>, cases: &[Case], knob: &Knob) -> Threshold {
    let topology = &bench.ready.scenario.topology;
    let mut bounds = vec![(0.0, 1.0); cases.len()];
    for _ in 0..STEPS {
        let middle = |(low, high): &(f64, f64)| f64::midpoint(*low, *high);
        let runs: Vec<(Seed, Plan)> = cases
            .iter()
            .zip(&bounds)
            .map(|(case, bound)| (case.seed, knob.turned(&case.plan, topology, middle(bound))))
            .collect();
        for (bound, fails) in bounds.iter_mut().zip(bench.fail(&runs)) {
            let at = middle(bound);
            *bound = if fails { (bound.0, at) } else { (at, bound.1) };
        }
    }
    let mut shares: Vec<f64> = bounds.iter().map(|(_, high)| *high).collect();
    shares.sort_by(f64::total_cmp);
    let (least, most) = (shares[0], shares[shares.len() - 1]);
    let median = shares[shares.len() / 2];
    let plan = &cases[0].plan;
    let text = |share: f64| knob.text(&knob.turned(plan, topology, share), topology);
    let step = 1.0 / f64::from(1u32 << STEPS);
    Threshold {
        label: plan.faults[knob.fault()].label.clone(),
        of: knob.name(plan, topology),
        planned: text(1.0),
        median: text(median),
        between: (text(least), text(most)),
        shares: (least, median, most),
        step,
        seeds: cases.len(),
        any: most <= step,
    }
}

impl Knob {
    fn fault(&self) -> usize {
        match self {
            Self::Dial(dial) => dial.fault,
            Self::Length(fault) => *fault,
        }
    }
    fn name(&self, plan: &Plan, topology: &Topology) -> String {
        match self {
            Self::Dial(dial) => dial.name(plan, topology),
            Self::Length(_) => "length".to_owned(),
        }
    }
    fn turned(&self, plan: &Plan, topology: &Topology, strength: f64) -> Plan {
        match self {
            Self::Dial(dial) => dial.turned(plan, topology, strength),
            Self::Length(fault) => shortened(plan, *fault, strength),
        }
    }
    fn text(&self, plan: &Plan, topology: &Topology) -> String {
        match self {
            Self::Dial(dial) => dial.text(plan, topology),
            Self::Length(fault) => {
                let own = plan.entries().iter().filter(|e| e.fault as usize == *fault);
                let longest = own.filter_map(|e| Some(e.until?.since(e.from))).max();
                longest.map_or("without an end".to_owned(), brief)
            }
        }
    }
}

/// A duration with four digits, as a file may have it.
fn brief(length: VirtualDuration) -> String {
    span(length).replace(' ', "")
}

/// The plan with every window of a fault that ends cut to a share of its length.
fn shortened(plan: &Plan, fault: usize, share: f64) -> Plan {
    let shorter = |entry: &Entry| {
        let mut entry = entry.clone();
        if entry.fault as usize == fault
            && let Some(until) = entry.until
            && share < 1.0
        {
            let length = until.since(entry.from);
            // Instants have no length to lose.
            if length > VirtualDuration::from_millis(1) {
                let milli = VirtualDuration::from_millis(1).as_nanos();
                let cut = length.scaled(share).as_nanos() / milli * milli;
                entry.until = Some(entry.from + VirtualDuration::from_nanos(cut.max(milli)));
            }
        }
        entry
    };
    plan.with_entries(plan.entries().iter().map(shorter).collect())
}
