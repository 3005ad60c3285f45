//! What the seeds of a campaign say as numbers: how often they fail and how sure that is, why they
//! fail, which of them is the longest and which the usual one.

mod document;
mod interval;
mod signature;
mod text;

pub use interval::{Interval, wilson};
pub use signature::signature;

pub(crate) use document::document;
pub(crate) use text::{lines, share};

use crate::findings;
use squall_core::outcome::{Campaign, SeedResult, Stop};
use squall_core::property::Verdict;
use squall_core::{Seed, VirtualTime};

/// Failing seeds that broke the same promise in the same way. Every failing seed has one cause: its
/// earliest violation, of equals the one that stands first in the file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Name of the property; [`PANIC`] if model code panicked before one was broken.
    pub property: String,
    /// The property's word in scenario files.
    pub kind: &'static str,
    /// The text of the first violation without what differs from seed to seed.
    pub signature: String,
    /// The text as it is in the lowest seed.
    pub example: String,
    /// When that was.
    pub at: VirtualTime,
    /// Its seeds, lowest first; never empty.
    pub seeds: Vec<Seed>,
    /// Other properties that were broken in those seeds, in the order of the file, and in how many.
    pub also: Vec<(String, u64)>,
}

/// What stands for a property where model code panicked.
pub const PANIC: &str = "panic";

/// A seed and a number that it has.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Of<T> {
    /// The seed.
    pub seed: Seed,
    /// Its number.
    pub value: T,
}

/// The statistics of a campaign.
#[derive(Clone, Debug, PartialEq)]
pub struct Statistics {
    /// Seeds that ran.
    pub seeds: u64,
    /// Seeds that failed.
    pub failing: u64,
    /// Where the share of all seeds that fail lies, with 95 % confidence; `None` without a seed.
    pub rate: Option<Interval>,
    /// Why they fail: most seeds first, of equals the one with the lowest seed.
    pub causes: Vec<Cause>,
    /// The seed with the most events; of equals the lowest.
    pub most_events: Option<Of<u64>>,
    /// The seed in the middle by events: half of the seeds have as many or fewer.
    pub median_events: Option<Of<u64>>,
    /// The seed that took longest by the wall, in seconds. Not a function of the inputs.
    pub slowest_wall: Option<Of<f64>>,
    /// The seed in the middle by the wall, in seconds. Not a function of the inputs.
    pub median_wall: Option<Of<f64>>,
}

impl Statistics {
    /// Sums up a campaign; `wall_s` has the wall times in seed order, or nothing.
    pub fn of(campaign: &Campaign, wall_s: &[f64]) -> Self {
        let seeds = &campaign.seeds;
        let (count, failing) = (seeds.len() as u64, campaign.failing().count() as u64);
        let mut events: Vec<Of<u64>> = seeds.iter().map(|s| of(s.seed, s.events)).collect();
        events.sort_by_key(|of| (of.value, of.seed));
        let walls = seeds.iter().zip(wall_s).map(|(s, wall)| of(s.seed, *wall));
        let mut walls: Vec<Of<f64>> = walls.collect();
        walls.sort_by(|a, b| a.value.total_cmp(&b.value).then(a.seed.cmp(&b.seed)));
        let most = events.last().map(|last| last.value);
        Self {
            seeds: count,
            failing,
            rate: wilson(failing, count),
            causes: causes(campaign),
            most_events: events.iter().copied().find(|of| Some(of.value) == most),
            median_events: middle(&events),
            slowest_wall: walls.last().copied(),
            median_wall: middle(&walls),
        }
    }
}

const fn of<T>(seed: Seed, value: T) -> Of<T> {
    Of { seed, value }
}

/// The element at the nearest rank of the median.
fn middle<T: Copy>(sorted: &[Of<T>]) -> Option<Of<T>> {
    sorted.get(sorted.len().saturating_sub(1) / 2).copied()
}

/// The failing seeds of a campaign, grouped.
fn causes(campaign: &Campaign) -> Vec<Cause> {
    let mut causes: Vec<Cause> = Vec::new();
    for seed in campaign.failing() {
        let first = first_violation(seed);
        let same = |cause: &&mut Cause| {
            cause.property == first.property && cause.signature == first.signature
        };
        let cause = match causes.iter_mut().find(same) {
            Some(cause) => cause,
            None => {
                causes.push(first);
                causes.last_mut().expect("it was just put there")
            }
        };
        cause.seeds.push(seed.seed);
        for other in findings::failing(seed).filter(|p| p.spec.name != cause.property) {
            match cause
                .also
                .iter_mut()
                .find(|(name, _)| *name == other.spec.name)
            {
                Some((_, count)) => *count += 1,
                None => cause.also.push((other.spec.name.clone(), 1)),
            }
        }
    }
    causes.sort_by_key(|cause| (core::cmp::Reverse(cause.seeds.len()), cause.seeds[0]));
    causes
}

/// What a failing seed broke first, as a cause without seeds.
fn first_violation(seed: &SeedResult) -> Cause {
    let broken = findings::failing(seed).map(|property| {
        let first = property.outcome.first.as_ref();
        let text = first.map_or_else(String::new, |violation| violation.text.clone());
        let kind = property.spec.kind.word();
        let at = first.map_or(seed.end, |violation| violation.at);
        (at, property.spec.name.as_str(), kind, text)
    });
    let panic = match &seed.stop {
        Stop::Panicked(text) => Some((seed.end, PANIC, PANIC, text.clone())),
        _ => None,
    };
    let by_fault = seed.faults.iter().filter_map(|fault| {
        let firings = fault.firings?;
        let text = firings.why_failed().to_owned();
        let at = firings.failed?;
        Some((at, fault.label.as_str(), "fault", text))
    });
    // `min_by_key` keeps the first of equals.
    let first = broken
        .chain(by_fault)
        .chain(panic)
        .min_by_key(|(at, ..)| *at);
    let (at, property, kind, text) = first.unwrap_or((seed.end, PANIC, PANIC, String::new()));
    Cause {
        property: property.to_owned(),
        kind,
        signature: signature(&text),
        example: text,
        at,
        seeds: Vec::new(),
        also: Vec::new(),
    }
}

/// The result of the lowest seed of a cause.
pub(crate) fn example<'a>(campaign: &'a Campaign, cause: &Cause) -> Option<&'a SeedResult> {
    let lowest = cause.seeds.first();
    let mut failing = campaign.seeds.iter().filter(|s| s.verdict == Verdict::Fail);
    failing.find(|seed| Some(&seed.seed) == lowest)
}

#[cfg(test)]
mod tests;
