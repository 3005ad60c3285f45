//! Seeds again: whether a campaign repeats, which is what every verdict in it rests on.

use super::{Progress, Tally, on_threads, record, run_seed};
use squall_core::Seed;
use squall_core::history::Digest;
use squall_core::outcome::Campaign;
use squall_core::property::Verdict;
use squall_core::recording::Recording;
use squall_reports::divergence;
use squall_scenarios::{Ready, Report};

/// Of the seeds that did not fail, the first and one in so many are run again: about 6 % more time.
pub const VERIFY_ONE_IN: u64 = 16;

/// So many recordings are made of a seed that did not repeat, until two of them differ.
const RECORDINGS_MAX: usize = 8;

/// What running seeds again showed.
#[derive(Debug)]
pub struct Verified {
    /// Seeds that were run again.
    pub again: u64,
    /// The first failing seed with its records.
    pub failure: Option<Recording>,
    /// The lowest seed that did not repeat.
    pub mismatch: Option<Box<Mismatch>>,
}

/// A seed that ended in two digests.
#[derive(Debug)]
pub struct Mismatch {
    /// The seed.
    pub seed: Seed,
    /// Its digest in the campaign, and when it was run again.
    pub digests: [Digest; 2],
    /// Two recordings of it that differ; `None` if further runs were all the same.
    pub runs: Option<[Recording; 2]>,
}

impl Mismatch {
    /// The report: the first record that differs, with `context` records before it.
    pub fn text(&self, context: usize) -> String {
        let [first, second] = self.digests;
        let mut text = match &self.runs {
            Some([one, two]) => divergence::text(one, two, context),
            None => format!(
                "NONDETERMINISM   seed {}   exit code 102\n  {RECORDINGS_MAX} recordings of it are \
                 the same: what differs shows seldom, or only while records are not kept\n",
                self.seed
            ),
        };
        text.push_str(&format!(
            "  seed {} ended in {first}, and in {second} when it was run again: no verdict of \
             this campaign can be trusted\n",
            self.seed
        ));
        text
    }
}

/// Runs every failing seed of `campaign` again, the first seed, and a sample of the rest (every seed
/// that [`VERIFY_ONE_IN`] divides), and compares digests. The first seed and the first failing one
/// keep their records this time, which must change nothing either.
///
/// # Errors
/// If the plan of a seed cannot be drawn.
pub fn verify(
    ready: &Ready,
    campaign: &Campaign,
    jobs: usize,
    progress: &(dyn Fn(Progress) + Sync),
) -> Result<Verified, Report> {
    let first = campaign.seeds.first().map(|seed| seed.seed);
    let failing = campaign.failing().next().map(|seed| seed.seed);
    let chosen = campaign.seeds.iter().filter(|seed| {
        seed.verdict == Verdict::Fail
            || Some(seed.seed) == first
            || seed.seed.0.is_multiple_of(VERIFY_ONE_IN)
    });
    let chosen: Vec<(Seed, Digest)> = chosen.map(|seed| (seed.seed, seed.digest)).collect();
    let tally = Tally::new(chosen.len() as u64, progress);
    let runs = on_threads(chosen.len() as u64, jobs, &|world, index| {
        let (seed, digest) = chosen[usize::try_from(index).expect("an index of a list")];
        let keep = Some(seed) == first || Some(seed) == failing;
        let run = run_seed(ready, seed, keep, world)?;
        tally.done(run.result.verdict == Verdict::Fail);
        let recording = run.recording.filter(|_| Some(seed) == failing);
        Ok((seed, [digest, run.result.digest], recording))
    })?;
    let mut verified = Verified {
        again: chosen.len() as u64,
        failure: None,
        mismatch: None,
    };
    for (seed, digests, recording) in runs {
        let same = digests[0] == digests[1];
        if same && recording.is_some() {
            verified.failure = recording;
        }
        if !same && verified.mismatch.is_none() {
            let runs = two_that_differ(ready, seed)?;
            verified.mismatch = Some(Box::new(Mismatch {
                seed,
                digests,
                runs,
            }));
        }
    }
    Ok(verified)
}

impl Mismatch {
    /// Whether `seed` repeats when it is recorded a few times: the mismatch if it does not.
    ///
    /// # Errors
    /// If the plan of the seed cannot be drawn.
    pub fn of(ready: &Ready, seed: Seed) -> Result<Option<Self>, Report> {
        let runs = two_that_differ(ready, seed)?;
        Ok(runs.map(|runs| Self {
            seed,
            digests: [&runs[0], &runs[1]].map(|run| run.header.digest),
            runs: Some(runs),
        }))
    }
}

fn two_that_differ(ready: &Ready, seed: Seed) -> Result<Option<[Recording; 2]>, Report> {
    let recorded = || -> Result<Recording, Report> {
        let run = record(ready, seed)?;
        Ok(run.recording.expect("records were kept"))
    };
    let one = recorded()?;
    for _ in 1..RECORDINGS_MAX {
        let two = recorded()?;
        if two.header.digest != one.header.digest {
            return Ok(Some([one, two]));
        }
    }
    Ok(None)
}
