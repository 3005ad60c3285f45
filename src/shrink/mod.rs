//! Shrinking a failing seed of a scenario: the oracle that runs candidates, and the regression file.
//!
//! The search itself is [`squall_faults::shrink`], which knows no host. Here candidates are run, on the
//! native host, and a smaller world is a setting of the file: `topology.nodes.<group>.count`,
//! `arrivals` of a workload, `stop.at`.

mod file;
mod lab;

pub use file::{BlessError, Blessed, WriteError, Written, bless, regression_path, write};
pub use lab::{Lab, Symptom};

use crate::LoadError;
use crate::campaign::OnRun;
use squall_core::Seed;
use squall_core::history::Digest;
use squall_core::outcome::SeedResult;
use squall_core::plan::Plan;
use squall_core::property::Verdict;
use squall_faults::shrink::{Answer, Candidate, Options, Shrunk, agreed, compact};
use squall_scenarios::Ready;
use squall_scenarios::regression::{Origin, regression_text};
use std::path::{Path, PathBuf};

/// What is shrunk, and how.
#[derive(Clone, Debug)]
pub struct Request<'a> {
    /// The seed.
    pub seed: Seed,
    /// Name of the property; the first that fails if not given.
    pub property: Option<&'a str>,
    /// How the search goes on.
    pub options: Options,
    /// Seeds, from this one on, of which most must fail; 1 is this seed alone.
    pub agree: u32,
    /// The command that repeats where it comes from.
    pub of: &'a str,
    /// Folder of the regression file.
    pub dir: &'a Path,
    /// Is told how many candidates have been run.
    pub progress: OnRun<'a>,
}

/// Why there is nothing to shrink.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ShrinkError {
    /// The plan of the seed cannot be drawn, or the scenario cannot be read again.
    #[error(transparent)]
    Load(#[from] LoadError),
    /// No property has this name.
    #[error("no property is called `{0}`")]
    NoProperty(String),
    /// Nothing fails.
    #[error(
        "seed {seed} does not fail{by}: there is nothing to shrink or explain; `squall run FILE --seeds 0..1000` \
         looks for a seed that does"
    )]
    Passes {
        /// The seed.
        seed: Seed,
        /// By what it was to fail.
        by: String,
    },
    /// It fails because of who had a role, which is found out in a run and is not part of a plan.
    #[error(
        "seed {seed} fails by fault `{fault}`, whose `if_none` says so: {why}. That hangs on the run, not \
         on which faults are in it, so there is nothing to shrink; the records around it show more: squall \
         replay"
    )]
    NoRole {
        /// The seed.
        seed: Seed,
        /// Label of the fault.
        fault: String,
        /// What was the matter with the role.
        why: &'static str,
    },
    /// The file that was made of the result does not end where the result did.
    #[error(
        "the regression file ends in digest {found}, and not in {wanted}: this is a bug in squall"
    )]
    Differs {
        /// Digest of the run of the file.
        found: Digest,
        /// Digest of the run of the candidate.
        wanted: Digest,
    },
}

/// What shrinking found.
#[derive(Debug)]
pub struct Outcome {
    /// The seed.
    pub seed: Seed,
    /// What fails.
    pub symptom: Symptom,
    /// The plan before.
    pub before: Plan,
    /// The search.
    pub shrunk: Shrunk,
    /// The axes of the world: name, value before, value now.
    pub axes: Vec<(String, u64, u64)>,
    /// The result of the smallest candidate.
    pub result: SeedResult,
    /// The smallest scenario with its frozen plan.
    pub ready: Ready,
    /// Where the regression file belongs.
    pub path: PathBuf,
    /// The text of the regression file.
    pub text: String,
}

/// Shrinks a failing seed.
///
/// # Errors
/// If there is nothing to shrink. What cannot be run is never part of a result.
pub fn shrink(ready: &Ready, path: &Path, request: &Request<'_>) -> Result<Outcome, ShrinkError> {
    let mut lab = Lab::new(ready, path);
    let before = lab.frozen(request.seed)?;
    let symptom = lab.symptom(request.seed, &before, request.property)?;
    let axes = lab.axes().to_vec();
    let topology = &ready.scenario.topology;
    let seed_of = |number: u32| Seed(request.seed.0.wrapping_add(u64::from(number)));
    let shrunk = {
        let run = |candidate: &Candidate, number| lab.answer(candidate, seed_of(number), &symptom);
        let mut agreed = agreed(request.agree, run);
        let mut asked = 0;
        let mut oracle = |candidate: &Candidate| {
            let answer = agreed(candidate);
            asked += 1;
            request.progress.tell(asked);
            answer
        };
        squall_faults::shrink::shrink(
            before.clone(),
            &axes,
            topology,
            request.options,
            &mut oracle,
        )
    };
    let Some(mut shrunk) = shrunk else {
        let by = match request.agree {
            0 | 1 => format!(" by {}", symptom.name()),
            k => format!(" in most of {k} seeds by {}", symptom.name()),
        };
        let seed = request.seed;
        return Err(ShrinkError::Passes { seed, by });
    };
    // Seeds agree on a candidate; the file is about this one, which may be of the minority.
    let own = lab.answer(&shrunk.candidate, request.seed, &symptom);
    if !matches!(own, Answer::Fails(_)) {
        let seed = request.seed;
        let by = " in the smallest plan that the seeds agree on".to_owned();
        return Err(ShrinkError::Passes { seed, by });
    }
    shrunk.candidate.plan = compact(&shrunk.candidate.plan);
    let (small, plan) = lab.smallest(&shrunk.candidate)?;
    let result = lab.run(&small, request.seed, plan.clone());
    let because: Vec<String> = failing(&result);
    let target = regression_path(request.dir, path, request.seed);
    let schema = file::schema(&ready.scenario.text, path, &target);
    let origin = Origin {
        of: request.of,
        seed: request.seed,
        property: symptom.property(),
        because: &because,
        digest: result.digest,
        schema: &schema,
    };
    let scenario = file::relocated(&small.scenario, path, &target);
    let text = regression_text(&scenario, &plan, &small.scenario.topology, &origin);
    let file = file::read(&text, &target)?;
    let frozen = file.scenario.plan(request.seed).map_err(LoadError::from)?;
    let again = lab.run(&file, request.seed, frozen);
    if again.digest != result.digest {
        return Err(ShrinkError::Differs {
            found: again.digest,
            wanted: result.digest,
        });
    }
    let values = axes.iter().zip(&shrunk.candidate.axes);
    Ok(Outcome {
        seed: request.seed,
        symptom,
        before,
        axes: values
            .map(|(axis, now)| (axis.name.clone(), axis.full, *now))
            .collect(),
        shrunk,
        result,
        ready: file,
        path: target,
        text,
    })
}

/// Names of the properties that fail.
pub(crate) fn failing(result: &SeedResult) -> Vec<String> {
    let failing = result
        .properties
        .iter()
        .filter(|p| p.outcome.verdict == Verdict::Fail);
    failing.map(|p| p.spec.name.clone()).collect()
}
