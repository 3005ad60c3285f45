//! What many seeds say together.

use super::{Coverage, FaultResult, Firings, Missed, SeedResult, Stop};
use crate::plan::Land;
use crate::property::{PropertyKind, PropertySpec, Verdict};
use crate::{Seed, VirtualDuration, VirtualTime};
use serde::{Deserialize, Serialize};

/// A property over all seeds.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PropertySummary {
    /// What was promised.
    pub spec: PropertySpec,
    /// The verdict over all seeds.
    pub verdict: Verdict,
    /// Seeds in which it failed.
    pub failed: u64,
    /// Seeds in which something tested it.
    pub exercised: u64,
    /// Seeds in which it was not decided.
    pub inconclusive: u64,
    /// How often it was tested, over all seeds.
    pub checked: u64,
    /// The smallest margin, the measured value that belongs to it, and the seed.
    pub closest: Option<(f64, Option<f64>, Seed)>,
    /// The lowest seed in which it failed.
    pub first_failure: Option<Seed>,
}

/// A fault over all seeds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct FaultSummary {
    /// Label in the scenario.
    pub label: String,
    /// What it takes to count as having happened.
    pub land: Land,
    /// Seeds in whose plan it had a part.
    pub planned: u64,
    /// Seeds that its chance left it out of: that is no miss.
    pub not_drawn: u64,
    /// Seeds in which it had an effect.
    pub landed: u64,
    /// How often it had one, over all seeds.
    pub landings: u64,
    /// How long it was in force, over all seeds.
    pub active: VirtualDuration,
    /// When it first had an effect, in the seed in which that was earliest.
    pub first_landing: Option<(VirtualTime, Seed)>,
    /// Why it had none, where it had none, and in how many seeds.
    pub misses: Vec<(Missed, u64)>,
    /// Whether its rule about landing is broken.
    pub missed: bool,
    /// What its triggers did in all seeds together, if it has any.
    #[serde(default)]
    pub firings: Option<Firings>,
}

/// A campaign: the results of all seeds, in seed order, and what they say together.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Campaign {
    /// The seeds.
    pub seeds: Vec<SeedResult>,
    /// The properties, in the order of the file.
    pub properties: Vec<PropertySummary>,
    /// The faults, in the order of the file.
    pub faults: Vec<FaultSummary>,
    /// The worst of all.
    pub verdict: Verdict,
    /// What the faults reached, if somebody collected that.
    #[serde(default)]
    pub coverage: Coverage,
}

impl Campaign {
    /// Sums up. `specs` and `lands` are those of the scenario, in its order; the label of a group stands
    /// for all its members, `group/member`.
    pub fn new(seeds: Vec<SeedResult>, specs: &[PropertySpec], lands: &[(String, Land)]) -> Self {
        let property = |(index, spec): (usize, &PropertySpec)| summarise(&seeds, index, spec);
        let properties: Vec<_> = specs.iter().enumerate().map(property).collect();
        let faults: Vec<_> = lands
            .iter()
            .map(|(label, land)| fault(&seeds, label, *land))
            .collect();
        let of_properties = properties.iter().filter(|p| !excused(p)).map(|p| p.verdict);
        let missed = faults
            .iter()
            .any(|f| f.missed)
            .then_some(Verdict::Inconclusive);
        let stopped = seeds.iter().filter_map(|seed| match seed.stop {
            Stop::Panicked(_) => Some(Verdict::Fail),
            Stop::EventsMax => Some(Verdict::Inconclusive),
            Stop::Finished | Stop::Quiet => None,
        });
        let failed = faults.iter().filter_map(|f| f.firings?.failed);
        let failed = failed.map(|_| Verdict::Fail);
        let verdict = of_properties
            .chain(missed)
            .chain(stopped)
            .chain(failed)
            .max();
        Self {
            verdict: verdict.unwrap_or(Verdict::NotExercised),
            properties,
            faults,
            seeds,
            coverage: Coverage::default(),
        }
    }
    /// The seeds that failed, lowest first.
    pub fn failing(&self) -> impl Iterator<Item = &SeedResult> {
        self.seeds
            .iter()
            .filter(|seed| seed.verdict == Verdict::Fail)
    }
}

/// What may go unexercised does not make a campaign worse.
fn excused(summary: &PropertySummary) -> bool {
    summary.spec.optional && summary.verdict == Verdict::NotExercised
}

fn summarise(seeds: &[SeedResult], index: usize, spec: &PropertySpec) -> PropertySummary {
    let mut summary = PropertySummary {
        spec: spec.clone(),
        verdict: Verdict::NotExercised,
        failed: 0,
        exercised: 0,
        inconclusive: 0,
        checked: 0,
        closest: None,
        first_failure: None,
    };
    for seed in seeds {
        let Some(result) = seed.properties.get(index) else {
            continue;
        };
        let outcome = &result.outcome;
        summary.checked += outcome.checked;
        match outcome.verdict {
            Verdict::NotExercised => continue,
            Verdict::Inconclusive => summary.inconclusive += 1,
            Verdict::Fail => {
                summary.failed += 1;
                summary.first_failure.get_or_insert(seed.seed);
            }
            Verdict::Pass => {}
        }
        summary.exercised += 1;
        if let Some(margin) = outcome.margin
            && summary.closest.is_none_or(|(kept, ..)| margin < kept)
        {
            summary.closest = Some((margin, outcome.measured, seed.seed));
        }
    }
    summary.verdict = match spec.kind {
        _ if summary.failed > 0 => Verdict::Fail,
        _ if summary.exercised == 0 => Verdict::NotExercised,
        // One witness is enough.
        PropertyKind::Sometimes { .. } => Verdict::Pass,
        _ if summary.inconclusive > 0 => Verdict::Inconclusive,
        _ => Verdict::Pass,
    };
    summary
}

fn fault(seeds: &[SeedResult], label: &str, land: Land) -> FaultSummary {
    // A group is named by the first part of the labels of its members.
    let meant = |f: &&FaultResult| {
        let rest = f.label.strip_prefix(label);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    };
    let mut summary = FaultSummary {
        label: label.to_owned(),
        land,
        planned: 0,
        not_drawn: 0,
        landed: 0,
        landings: 0,
        active: VirtualDuration::ZERO,
        first_landing: None,
        misses: Vec::new(),
        missed: false,
        firings: None,
    };
    for seed in seeds {
        let own = || seed.faults.iter().filter(meant);
        let landed = own().any(|result| result.landed > 0);
        summary.planned += u64::from(own().any(|result| result.planned > 0));
        summary.landed += u64::from(landed);
        for result in own() {
            summary.landings += result.landed;
            if let Some(firings) = &result.firings {
                summary.firings.get_or_insert_default().add(firings);
            }
            summary.active += result.active;
            let first = result.first_landing.map(|at| (at, seed.seed));
            summary.first_landing = [summary.first_landing, first].into_iter().flatten().min();
        }
        // A seed has missed if nothing of it landed; then the first reason is told.
        if let Some(result) = own().next().filter(|_| !landed) {
            match result.missed {
                None => {}
                Some(Missed::NotDrawn) => summary.not_drawn += 1,
                Some(why) => match summary.misses.iter_mut().find(|(other, _)| *other == why) {
                    Some((_, count)) => *count += 1,
                    None => summary.misses.push((why, 1)),
                },
            }
        }
    }
    summary
        .misses
        .sort_by_key(|(why, count)| (core::cmp::Reverse(*count), *why));
    summary.missed = match land {
        Land::Any => summary.landed == 0,
        // A seed that its chance left it out of asks for nothing, but one of them must have it.
        Land::EverySeed => {
            summary.landed == 0 || summary.landed + summary.not_drawn < seeds.len() as u64
        }
        Land::Optional => false,
    };
    summary
}

#[cfg(test)]
mod tests;
