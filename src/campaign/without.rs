//! The same seeds with and without one fault, or one group of them.

use super::{Progress, Tally, on_threads, summarise};
use squall_core::Seed;
use squall_core::depends::Exposure;
use squall_core::outcome::{Campaign, SeedResult, Stop};
use squall_core::plan::Plan;
use squall_core::world::World;
use squall_faults::chaos;
use squall_faults::param::suggest;
use squall_reports::blast::{self, Blast, Harm};
use squall_scenarios::{Ready, Report, SeedRun};
use std::ops::Range;

/// What a fault did.
#[derive(Debug)]
pub struct Without {
    /// The seeds with the fault.
    pub with: Campaign,
    /// The seeds without it.
    pub without: Campaign,
    /// What it reached, against what was predicted.
    pub blast: Blast,
}

struct Both {
    with: SeedResult,
    without: SeedResult,
    predicted: Vec<Exposure>,
    /// `None`: a run panicked, and what it did not come to is no harm.
    harms: Option<Vec<Harm>>,
}

/// What is taken away: faults of the plans of a scenario, by their labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Taken {
    /// What it is called.
    pub name: String,
    labels: Vec<String>,
}

impl Taken {
    /// The fault with this label, all members of the group with this label, or the only fault of this
    /// kind. Faults are those of the file, those that `[chaos]` may draw (`chaos/1`, and all of them as
    /// `chaos`), or those of a frozen plan.
    ///
    /// # Errors
    /// If there is none, or more than one of the kind; the text says what there is.
    pub fn called(ready: &Ready, name: &str) -> Result<Self, String> {
        let faults = known(ready);
        let taken = |labels: Vec<String>| Self {
            name: labels
                .first()
                .filter(|_| labels.len() == 1)
                .map_or(name, |l| l)
                .to_owned(),
            labels,
        };
        let all = |is: &dyn Fn(&str, &str) -> bool| -> Vec<String> {
            let found = faults.iter().filter(|(label, kind)| is(label, kind));
            found.map(|(label, _)| label.clone()).collect()
        };
        let group = format!("{name}/");
        for found in [
            all(&|label, _| label == name),
            all(&|label, _| label.starts_with(&group)),
        ] {
            if !found.is_empty() {
                return Ok(taken(found));
            }
        }
        match all(&|_, kind| kind == name) {
            found if found.len() == 1 => Ok(taken(found)),
            found if found.is_empty() => {
                let labels = faults.iter().map(|(label, _)| label.as_str());
                let advice = suggest(name, labels);
                Err(advice.unwrap_or_else(|| "there is no fault in it".to_owned()))
            }
            found => Err(format!("there are several: {}", found.join(", "))),
        }
    }

    /// Their positions in a plan; a seed need not have drawn them.
    fn in_plan(&self, plan: &Plan) -> Vec<usize> {
        let faults = plan.faults.iter().enumerate();
        let own = faults.filter(|(_, fault)| self.labels.contains(&fault.label));
        own.map(|(index, _)| index).collect()
    }
}

/// The faults that plans of a scenario can have: label and kind, which is empty where a seed draws it.
fn known(ready: &Ready) -> Vec<(String, String)> {
    let scenario = &ready.scenario;
    if let Some(regression) = &scenario.regression {
        let faults = regression.plan.faults.iter();
        return faults.map(|f| (f.label.clone(), f.kind.clone())).collect();
    }
    let faults = scenario.faults.iter();
    let own = faults.map(|fault| (fault.label.clone(), fault.kind.name.to_owned()));
    let slots = scenario.chaos.as_ref().map_or(0, |chaos| chaos.faults);
    let drawn = (1..=slots).map(|slot| (format!("{}/{slot}", chaos::LABEL), String::new()));
    own.chain(drawn).collect()
}

/// A run as the measurement takes it.
fn run_of(run: &SeedRun) -> Option<blast::Run<'_>> {
    let recording = run.recording.as_ref()?;
    Some(blast::Run {
        result: &run.result,
        recording,
    })
}

/// Runs each seed with all faults and without those of `taken`, and measures what these did. Both runs
/// are judged by the times of the whole plan.
///
/// # Errors
/// If the plan of a seed cannot be drawn.
pub fn without(
    ready: &Ready,
    taken: &Taken,
    seeds: Range<u64>,
    jobs: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Without, Report> {
    let total = seeds.end.saturating_sub(seeds.start);
    let tally = Tally::new(total, progress);
    let map = ready.dependencies();
    let both = on_threads(total, jobs, &|world, index| {
        let seed = Seed(seeds.start + index);
        let plan = ready.scenario.plan(seed)?;
        let own = taken.in_plan(&plan);
        let reaching = blast::with_followers(&plan, &own);
        let run = |plan, world: &mut World| -> SeedRun {
            super::MODEL_CODE.set(true);
            let run = ready.run_against(seed, plan, true, world);
            super::MODEL_CODE.set(false);
            run
        };
        let rest = own
            .iter()
            .fold(plan.clone(), |plan, fault| plan.without(*fault));
        let without = run((rest, Some(&plan)), world);
        let with = run((plan.clone(), None), world);
        // What had no effect spares nobody.
        let landed = |fault: &usize| {
            let label = &plan.faults[*fault].label;
            let mut faults = with.result.faults.iter();
            faults.any(|f| f.label == *label && f.landed > 0)
        };
        let predicted = match reaching.iter().any(landed) {
            true => blast::exposed(&map, &plan, &own),
            false => Vec::new(),
        };
        let panicked = |run: &SeedRun| matches!(run.result.stop, Stop::Panicked(_));
        let harms = match (run_of(&with), run_of(&without)) {
            _ if panicked(&with) || panicked(&without) => None,
            (Some(with), Some(without)) => Some(blast::harm(&map, with, without)),
            _ => None,
        };
        tally.done(false);
        Ok(Both {
            with: with.result,
            without: without.result,
            predicted,
            harms,
        })
    })?;
    let mut blast = Blast::new(&taken.name);
    for seed in &both {
        let mut faults = seed.with.faults.iter();
        let landed = faults.any(|f| taken.labels.contains(&f.label) && f.landed > 0);
        blast.add(&map, &seed.predicted, seed.harms.as_deref(), landed);
    }
    let (with, without) = both
        .into_iter()
        .map(|both| (both.with, both.without))
        .unzip();
    Ok(Without {
        with: summarise(ready, with),
        without: summarise(ready, without),
        blast,
    })
}
