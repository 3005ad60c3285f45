//! Explaining a failure: which faults cause it and which do not, from which strength on, whether it
//! outlives them, where the time went, and what an operator saw.
//!
//! Everything is an answer of runs of the same seeds under other plans. Draws are keyed, so the runs
//! differ in the faults that were taken away or turned down, and in nothing else.

mod causes;
mod json;
mod next;
mod outlives;
mod text;
mod threshold;

pub use causes::{FaultRole, Limit, Role};
pub use json::document;
pub use outlives::Outlives;
pub use text::{headline, report};
pub use threshold::Threshold;

use crate::campaign::{OnRun, jobs_default, run_plans};
use crate::shrink::{Lab, ShrinkError, Symptom};
use squall_core::history::Digest;
use squall_core::outcome::SeedResult;
use squall_core::plan::Plan;
use squall_core::recording::Recording;
use squall_core::world::World;
use squall_core::{Seed, VirtualTime};
use squall_faults::shrink::Answer;
use squall_reports::sustain::{self, Loop, Times};
use squall_reports::{Findings, findings};
use squall_scenarios::Ready;
use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};

/// What is explained, and how much may be run for it.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The seed.
    pub seed: Seed,
    /// Seeds that are asked before those of the file, where they fail in the same way.
    pub others: &'a [Seed],
    /// Name of the property; the first that fails if not given.
    pub property: Option<&'a str>,
    /// Failing seeds that are asked, this one among them; at least 1.
    pub seeds: usize,
    /// Runs at the most for failing seeds, for sets of faults and for thresholds each.
    pub runs_max: u64,
    /// Whether thresholds are looked for.
    pub thresholds: bool,
    /// What is set otherwise than in the file, as arguments of the command line.
    pub settings: &'a [String],
    /// The recording that stands for the run in commands, where no file does.
    pub recording: Option<&'a Path>,
    /// Is told how many runs there were.
    pub progress: OnRun<'a>,
}

impl Request<'_> {
    /// Everything about a seed, in three seeds, with a thousand runs for each question.
    pub fn of(seed: Seed) -> Self {
        Self {
            seed,
            others: &[],
            property: None,
            seeds: 3,
            runs_max: 1_000,
            thresholds: true,
            settings: &[],
            recording: None,
            progress: OnRun::default(),
        }
    }
}

/// What was found.
#[derive(Debug)]
pub struct Explanation {
    /// Name of the scenario.
    pub scenario: String,
    /// Path of its file.
    pub path: String,
    /// The seed.
    pub seed: Seed,
    /// What fails.
    pub symptom: Symptom,
    /// The promise, in words; empty for a panic.
    pub promise: String,
    /// The violation, in words.
    pub violation: String,
    /// When it first fails.
    pub at: Option<VirtualTime>,
    /// The other properties that the run breaks, with the commands that explain them.
    pub also: Vec<(String, String)>,
    /// The digest of the run.
    pub digest: Digest,
    /// The failing seeds that were asked, this one first.
    pub seeds: Vec<Seed>,
    /// The faults that act, in the order of the plan.
    pub faults: Vec<FaultRole>,
    /// Whether it fails without any fault, in so many of the seeds.
    pub without_any: usize,
    /// The smallest sets of faults that are enough in any of the seeds, by label: of up to three, or of the
    /// necessary ones and up to two more.
    pub sets: Vec<Vec<String>>,
    /// What kept a set from being tried.
    pub sets_limit: Limit,
    /// From where on the causes cause it.
    pub thresholds: Vec<Threshold>,
    /// Whether it outlives its faults; `None` where the property is about no metric.
    pub outlives: Option<Outlives>,
    /// The loops that keep it going after its faults, where it outlives them.
    pub loops: Vec<Loop>,
    /// Slow operations and hosts' signals.
    pub findings: Findings,
    /// Runs that it took.
    pub runs: u64,
    /// The command that makes it small.
    pub shrink: String,
    /// The variants of the file, as commands that compare them, with what they are about.
    pub variants: Vec<(String, String)>,
}

/// A failing seed with its plan.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) seed: Seed,
    pub(crate) plan: Plan,
}

/// Runs plans of the scenario, counts, and says which show the symptom.
#[derive(Debug)]
pub(crate) struct Bench<'a> {
    ready: &'a Ready,
    symptom: Symptom,
    runs: u64,
    /// What has been run is not run again: of two faults one alone is the other left out.
    known: BTreeMap<(Seed, Digest), bool>,
    progress: OnRun<'a>,
}

impl Bench<'_> {
    /// Whether each of these runs shows the symptom, in order.
    pub(crate) fn fail(&mut self, runs: &[(Seed, Plan)]) -> Vec<bool> {
        let key = |(seed, plan): &(Seed, Plan)| {
            (*seed, Digest::of_text(&format!("{:?}", plan.entries())))
        };
        let keys: Vec<_> = runs.iter().map(key).collect();
        let mut new: BTreeMap<_, _> = keys.iter().copied().zip(runs).collect();
        new.retain(|key, _| !self.known.contains_key(key));
        let (new, runs): (Vec<_>, Vec<_>) = new.into_iter().map(|(k, r)| (k, r.clone())).unzip();
        let done = AtomicU64::new(self.runs);
        let tell = || {
            let before = done.fetch_add(1, Ordering::Relaxed);
            self.progress.tell(before + 1);
        };
        let results = run_plans(self.ready, &runs, jobs_default(), &tell);
        self.runs += runs.len() as u64;
        let shows = |result: &SeedResult| matches!(self.symptom.answer(result), Answer::Fails(_));
        let answers = new.into_iter().zip(results.iter().map(shows));
        self.known.extend(answers);
        keys.iter().map(|key| self.known[key]).collect()
    }
}

/// Explains a failing seed.
///
/// # Errors
/// If it does not fail.
pub fn explain(
    ready: &Ready,
    path: &Path,
    request: &Request<'_>,
) -> Result<Explanation, ShrinkError> {
    let mut lab = Lab::new(ready, path);
    let plan = lab.frozen(request.seed)?;
    let symptom = lab.symptom(request.seed, &plan, request.property)?;
    let mut bench = Bench {
        ready,
        symptom: symptom.clone(),
        runs: 1,
        known: BTreeMap::new(),
        progress: request.progress,
    };
    let cases = cases(&mut lab, &mut bench, plan.clone(), request)?;
    let causes = causes::find(&mut bench, &cases, request.runs_max);
    let thresholds = match request.thresholds {
        true => threshold::find(&mut bench, &cases, &causes.faults, request.runs_max),
        false => Vec::new(),
    };
    let mut world = World::new(request.seed, true);
    let run = crate::campaign::run_plan(ready, request.seed, plan, true, &mut world);
    let recording = run.recording.expect("records were kept");
    let index = match &symptom {
        Symptom::Property(index, _) => Some(*index),
        Symptom::Panic => None,
    };
    let property = index.and_then(|index| run.result.properties.get(index));
    let first = property.and_then(|p| p.outcome.first.as_ref());
    let panic = match &run.result.stop {
        squall_core::outcome::Stop::Panicked(text) => text.clone(),
        _ => String::new(),
    };
    let others = findings::failing(&run.result).filter(|p| p.spec.name != symptom.name());
    let also = others.map(|p| {
        (
            p.spec.name.clone(),
            next::explain(path, request, &p.spec.name),
        )
    });
    let outlives = property.and_then(|p| outlives::of(&p.spec.kind, &recording, &run.result));
    Ok(Explanation {
        loops: loops_of(ready, &recording, outlives.as_ref()),
        scenario: ready.scenario.name.clone(),
        path: path.display().to_string(),
        seed: request.seed,
        promise: property.map_or(String::new(), |p| p.spec.kind.to_string()),
        violation: first.map_or(panic, |first| first.text.clone()),
        at: first.map(|first| first.at),
        also: also.collect(),
        digest: run.result.digest,
        seeds: cases.iter().map(|case| case.seed).collect(),
        faults: causes.faults,
        without_any: causes.without_any,
        sets: causes.sets,
        sets_limit: causes.limit,
        thresholds,
        outlives,
        findings: Findings::of(&recording),
        symptom,
        runs: bench.runs + 1,
        shrink: next::shrink(path, request),
        variants: next::variants(ready, path, request),
    })
}

/// The loops at work while a failure outlives its faults.
fn loops_of(ready: &Ready, recording: &Recording, outlives: Option<&Outlives>) -> Vec<Loop> {
    let begun = recording.plan_as_run().first_start();
    let (Some(outlives), Some(begun)) = (outlives.filter(|o| !o.ill_for.is_zero()), begun) else {
        return Vec::new();
    };
    let times = Times {
        begun,
        healed: outlives.healed,
        until: outlives.healed + outlives.ill_for,
    };
    sustain::loops(&ready.dependencies(), recording, times)
}

/// The seed, those that were asked for beside it, and the first others of the scenario that fail in the
/// same way.
fn cases(
    lab: &mut Lab<'_>,
    bench: &mut Bench<'_>,
    plan: Plan,
    request: &Request<'_>,
) -> Result<Vec<Case>, ShrinkError> {
    let seed = request.seed;
    let mut cases = vec![Case { seed, plan }];
    let wanted = request.seeds;
    // A regression file has one plan, and one seed.
    if bench.ready.scenario.regression.is_some() {
        return Ok(cases);
    }
    let mut seen = BTreeSet::from([seed]);
    let others = request.others.iter().copied();
    let others = others.chain(bench.ready.scenario.seeds.clone().map(Seed));
    let others = others.filter(|other| seen.insert(*other));
    let others = others.take(usize::try_from(request.runs_max).unwrap_or(usize::MAX));
    let others: Vec<Seed> = others.collect();
    for some in others.chunks(wanted.saturating_sub(1).max(1)) {
        if cases.len() >= wanted {
            break;
        }
        let mut runs = Vec::new();
        for other in some {
            runs.push((*other, lab.frozen(*other)?));
        }
        let fails = bench.fail(&runs);
        for ((seed, plan), fails) in runs.into_iter().zip(fails) {
            if fails && cases.len() < wanted {
                cases.push(Case { seed, plan });
            }
        }
    }
    Ok(cases)
}
