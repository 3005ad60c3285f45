//! The passes of shrinking, each of which makes one sort of thing smaller.

use super::ddmin::ddmin;
use super::dial::{dials, digits};
use super::search::Search;
use super::{Answer, Axis, Candidate, Phase, acting, keep, only};
use crate::topology::Topology;
use squall_core::plan::{Entry, Plan};
use squall_core::{VirtualDuration, VirtualTime};

/// Bisections go on until 1/32 of the whole: finer steps tell nobody anything.
pub(super) const STEPS: u32 = 5;
/// Later rounds ask for a half and three quarters only: less is not worth a round.
pub(super) const STEPS_AGAIN: u32 = 2;

/// Takes whole faults away.
pub(super) fn faults(search: &mut Search<'_>) {
    search.enter(Phase::Faults);
    let plan = search.best().plan.clone();
    ddmin(acting(&plan), |kept| take_plan(search, only(&plan, kept)));
}

/// Takes away what begins when it has failed already, all of it at once.
pub(super) fn late(search: &mut Search<'_>) {
    search.enter(Phase::Parts);
    let plan = search.best().plan.clone();
    let Some(at) = search.at() else {
        return;
    };
    let in_time = keep(&plan, |index| plan.entries()[index].from <= at);
    if in_time != plan {
        take_plan(search, in_time);
    }
}

/// Takes single primitives away.
pub(super) fn parts(search: &mut Search<'_>) {
    search.enter(Phase::Parts);
    let plan = search.best().plan.clone();
    let items = (0..plan.entries().len()).collect();
    ddmin(items, |kept| {
        take_plan(search, keep(&plan, |index| kept.contains(&index)))
    });
}

/// Whether the best candidate with this plan fails; then it is the best.
fn take_plan(search: &mut Search<'_>, plan: Plan) -> bool {
    let axes = search.best().axes.clone();
    search.take(Candidate { plan, axes })
}

/// The smallest strength from 0 to 1 at which `at` still fails, by bisection; what fails is kept.
fn bisect(search: &mut Search<'_>, steps: u32, at: impl Fn(f64) -> Option<Candidate>) {
    let (mut low, mut high) = (0.0, 1.0);
    for _ in 0..steps {
        let middle = f64::midpoint(low, high);
        if at(middle).is_some_and(|candidate| search.take(candidate)) {
            high = middle;
        } else {
            low = middle;
        }
        if search.exhausted() {
            return;
        }
    }
}

/// Makes faults shorter: all windows of one fault by the same factor, from their starts.
pub(super) fn lengths(search: &mut Search<'_>, axes: &[Axis], steps: u32) {
    search.enter(Phase::Lengths);
    for fault in acting(&search.best().plan) {
        let Candidate { plan, axes: values } = search.best().clone();
        let stop = stop_of(axes, &values);
        bisect(search, steps, |share| {
            let plan = edited(&plan, |entry| {
                if entry.fault as usize == fault {
                    shorten(entry, share, stop);
                }
            });
            let axes = values.clone();
            plan.map(|plan| Candidate { plan, axes })
        });
    }
}

/// The end of the run, if it is an axis.
fn stop_of(axes: &[Axis], values: &[u64]) -> Option<VirtualTime> {
    let at = axes.iter().position(|axis| axis.is_stop)?;
    Some(VirtualTime::from_nanos(values[at]))
}

/// Lengths below this are instants, which have none to lose.
const INSTANT: VirtualDuration = VirtualDuration::from_nanos(1);

fn shorten(entry: &mut Entry, share: f64, stop: Option<VirtualTime>) {
    // What lasts for ever has the length that is left of the run.
    let Some(until) = entry.until.or(stop).filter(|until| *until > entry.from) else {
        return;
    };
    let length = until.since(entry.from);
    if length > INSTANT {
        let shorter = VirtualDuration::from_nanos_f64(digits(length.as_nanos_f64() * share));
        entry.until = Some(entry.from.saturating_add(shorter.max(INSTANT)));
    }
}

/// The plan with every entry edited; `None` if nothing changed.
fn edited(plan: &Plan, edit: impl Fn(&mut Entry)) -> Option<Plan> {
    let mut entries = plan.entries().to_vec();
    entries.iter_mut().for_each(edit);
    (entries != plan.entries()).then(|| plan.with_entries(entries))
}

/// Makes faults weaker, dial by dial.
pub(super) fn magnitudes(search: &mut Search<'_>, topology: &Topology, steps: u32) {
    search.enter(Phase::Magnitudes);
    for dial in dials(&search.best().plan, topology) {
        let Candidate { plan, axes } = search.best().clone();
        bisect(search, steps, |strength| {
            let turned = dial.turned(&plan, topology, strength);
            let axes = axes.clone();
            (turned != plan).then_some(Candidate { plan: turned, axes })
        });
    }
}

/// Grains of time to which starts are rounded, the coarsest first.
const GRAINS: [VirtualDuration; 4] = [
    VirtualDuration::from_secs(10),
    VirtualDuration::from_secs(1),
    VirtualDuration::from_millis(100),
    VirtualDuration::from_millis(1),
];

/// Makes faults begin earlier, all by the same time, so that the run can be shorter; then at instants
/// that are easier to read.
pub(super) fn times(search: &mut Search<'_>, steps: u32) {
    search.enter(Phase::Times);
    let Candidate { plan, axes } = search.best().clone();
    if let Some(first) = plan.first_start() {
        let first = first.since(VirtualTime::ZERO);
        bisect(search, steps, |share| {
            let start = first.as_nanos_f64() * share;
            let start = VirtualDuration::from_nanos_f64(digits(start)).min(first);
            let plan = edited(&plan, |entry| move_by(entry, first - start))?;
            let axes = axes.clone();
            Some(Candidate { plan, axes })
        });
    }
    for fault in acting(&search.best().plan) {
        for grain in GRAINS {
            let Candidate { plan, axes } = search.best().clone();
            let own = || plan.entries().iter().filter(|e| e.fault as usize == fault);
            let Some(first) = own().map(|e| e.from).min() else {
                break;
            };
            let late = VirtualDuration::from_nanos(first.as_nanos() % grain.as_nanos());
            let rounder = edited(&plan, |entry| {
                if entry.fault as usize == fault {
                    move_by(entry, late);
                }
            });
            let plan = rounder.unwrap_or(plan);
            if search.take(Candidate { plan, axes }) {
                break;
            }
        }
    }
}

/// Moves an entry to an earlier time; its length stays.
fn move_by(entry: &mut Entry, by: VirtualDuration) {
    let by = by.as_nanos();
    entry.from = VirtualTime::from_nanos(entry.from.as_nanos().saturating_sub(by));
    let until = entry.until.map(VirtualTime::as_nanos);
    entry.until = until.map(|until| VirtualTime::from_nanos(until.saturating_sub(by)));
}

/// Makes the chosen axes smaller.
pub(super) fn world(search: &mut Search<'_>, axes: &[Axis], chosen: impl Fn(&Axis) -> bool) {
    search.enter(Phase::World);
    for (index, axis) in axes.iter().enumerate().filter(|(_, axis)| chosen(axis)) {
        // The end of the run just behind the failure: most often that will do.
        if axis.is_stop
            && let Some(at) = search.at()
        {
            take_axis(search, (index, axis), at.as_nanos().saturating_add(1));
        }
        let grain = axis.grain.max(1);
        let (mut low, mut high) = (
            axis.least.div_ceil(grain),
            search.best().axes[index] / grain,
        );
        // The smallest first: it often does, and then nothing is left to ask.
        if low < high && take_axis(search, (index, axis), low * grain) {
            continue;
        }
        low += 1;
        let whole = high.saturating_sub(low);
        while low < high && (high - low) > whole >> (STEPS + 1) && !search.exhausted() {
            let middle = low.midpoint(high);
            if take_axis(search, (index, axis), middle * grain) {
                high = middle;
            } else {
                low = middle + 1;
            }
        }
    }
}

/// Tries one axis at a value, rounded up to its grain.
fn take_axis(search: &mut Search<'_>, (index, axis): (usize, &Axis), value: u64) -> bool {
    let grain = axis.grain.max(1);
    let value = value.div_ceil(grain).saturating_mul(grain).max(axis.least);
    let Candidate { mut plan, mut axes } = search.best().clone();
    if value >= axes[index] {
        return false;
    }
    axes[index] = value;
    if axis.is_stop {
        let Some(fits) = cut(&plan, VirtualTime::from_nanos(value)) else {
            return false;
        };
        plan = fits;
    }
    search.take_world(Candidate { plan, axes })
}

/// The plan of a run that ends at `stop`; `None` if something of it would begin behind the end.
fn cut(plan: &Plan, stop: VirtualTime) -> Option<Plan> {
    let fits = plan.entries().iter().all(|entry| entry.from < stop);
    let cut = |entry: &mut Entry| entry.until = entry.until.map(|until| until.min(stop));
    fits.then(|| edited(plan, cut).unwrap_or_else(|| plan.clone()))
}

/// Runs the best candidate without each of its faults: whether the property then holds every time. A
/// fault that turns out to be unnecessary now is taken away.
pub(super) fn verify(search: &mut Search<'_>) -> bool {
    search.enter(Phase::Verify);
    'again: loop {
        let Candidate { plan, axes } = search.best().clone();
        let acting = acting(&plan);
        for gone in &acting {
            let rest: Vec<usize> = acting.iter().copied().filter(|f| f != gone).collect();
            let plan = only(&plan, &rest);
            let candidate = Candidate {
                plan,
                axes: axes.clone(),
            };
            match search.ask(&candidate) {
                None => return false,
                Some(Answer::Holds | Answer::Invalid) => {}
                Some(Answer::Fails(_)) => {
                    search.take(candidate);
                    continue 'again;
                }
            }
        }
        return true;
    }
}
