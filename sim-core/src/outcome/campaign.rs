//! What many seeds say together.

use super::{Firings, SeedResult, Stop};
use crate::Seed;
use crate::plan::Land;
use crate::property::{PropertyKind, PropertySpec, Verdict};
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
    /// Seeds in which it had an effect.
    pub landed: u64,
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
}

impl Campaign {
    /// Sums up. `specs` and `lands` are those of the scenario, in its order.
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
    let results = || {
        seeds
            .iter()
            .flat_map(|seed| &seed.faults)
            .filter(|f| f.label == label)
    };
    let planned = results().filter(|f| f.planned > 0).count() as u64;
    let landed = results().filter(|f| f.landed > 0).count() as u64;
    let mut firings: Option<Firings> = None;
    for own in results().filter_map(|f| f.firings.as_ref()) {
        firings.get_or_insert_default().add(own);
    }
    let missed = match land {
        Land::Any => landed == 0,
        Land::EverySeed => landed < seeds.len() as u64,
        Land::Optional => false,
    };
    FaultSummary {
        label: label.to_owned(),
        land,
        planned,
        landed,
        missed,
        firings,
    }
}
