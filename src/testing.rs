//! Scenarios and worlds as tests of `cargo test`.
//!
//! Scenario files, in a test target with `harness = false`:
//!
//! ```no_run
//! fn main() -> std::process::ExitCode {
//!     squall::testing::Suite::new("scenarios").main()
//! }
//! ```
//!
//! Each file gives a test a seed, `library::agents::refund-twice::seed_0x11`, and one for what only
//! all seeds together can say, `library::agents::refund-twice::campaign`. Filters work as everywhere.
//! Regression files, which `squall shrink` writes, run first, one test each: what they were kept for must
//! still happen, in the digest that they recorded.
//!
//! A world written in Rust, in an ordinary test:
//!
//! ```
//! use squall::core::Seed;
//! squall::testing::seeds(0..16, |seed: Seed| {
//!     // Build a world from `seed`, run it, assert.
//!     let _ = seed;
//! });
//! ```

use crate::campaign;
use crate::files::{load, scenario_files};
use crate::shrink::{Lab, Symptom};
use libtest_mimic::{Arguments, Failed, Trial};
use squall_core::Seed;
use squall_core::outcome::{ENGINE_EPOCH, SeedResult, Stop};
use squall_core::property::Verdict;
use squall_core::world::World;
use squall_reports::{Expectation, Outcome, divergence, terminal};
use squall_scenarios::{Ready, Settings};
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;

/// Runs `test` with every seed and says which one failed.
///
/// # Panics
/// If `test` does, after printing the seed: run it alone with `seeds(17..18, ..)`.
#[expect(clippy::print_stderr, reason = "a failing test tells its seed")]
pub fn seeds(seeds: Range<u64>, test: impl Fn(Seed)) {
    for seed in seeds.map(Seed) {
        if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed))) {
            eprintln!("failed with seed {seed}");
            resume_unwind(panic);
        }
    }
}

/// Records shown before the one in which two runs differ.
const CONTEXT: usize = 10;

/// Runs every seed twice, the second time in an arena that has run another seed, and compares digests:
/// the model of a test must be as deterministic as the engine. `run` builds a world, whose seed is set,
/// and runs it.
///
/// ```
/// use squall::core::world::{Bounds, NodeSpec};
/// use squall::core::{VirtualDuration, VirtualTime};
///
/// squall::testing::repeats(0..4, |world| {
///     let node = world.add_node(&NodeSpec::new("worker"));
///     let done = world.name("done");
///     world.process(node, "job", move |cx| async move {
///         cx.sleep(VirtualDuration::from_millis(30)).await;
///         cx.event(done, 1, 0);
///     });
///     world.run(Bounds::until(VirtualTime::MAX))
/// });
/// ```
///
/// # Panics
/// If two runs differ, with the first record in which they do.
pub fn repeats(seeds: Range<u64>, run: impl Fn(&mut World) -> Stop) {
    let mut used = World::new(Seed(seeds.end), true);
    run(&mut used);
    for seed in seeds.map(Seed) {
        let mut fresh = World::new(seed, true);
        used.reset(seed, true);
        let [one, two] = [&mut fresh, &mut used].map(|world| {
            let stop = run(world);
            world.finish_recording("model", &stop)
        });
        assert!(
            one.header.digest == two.header.digest,
            "{}",
            divergence::text(&one, &two, CONTEXT)
        );
    }
}

/// The scenario files of a directory as tests.
#[derive(Clone, Debug)]
pub struct Suite {
    root: PathBuf,
    regressions: Option<PathBuf>,
    settings: Settings,
}

/// A file as tests see it.
#[derive(Debug)]
struct Loaded {
    path: PathBuf,
    ready: Ready,
    expectation: Option<Expectation>,
}

impl Suite {
    /// All scenario files below `root`, in the order of their paths.
    pub fn new(root: impl Into<PathBuf>) -> Self {
        Self {
            root: root.into(),
            regressions: None,
            settings: Settings::default(),
        }
    }
    /// With the regression files below another folder; none is there until the first is kept. Those below
    /// the root are found without this.
    #[must_use]
    pub fn with_regressions(self, folder: impl Into<PathBuf>) -> Self {
        let regressions = Some(folder.into());
        Self {
            regressions,
            ..self
        }
    }
    /// With these settings applied to every file.
    #[must_use]
    pub fn with_settings(self, settings: Settings) -> Self {
        Self { settings, ..self }
    }
    /// Runs the tests that the arguments of the process select.
    pub fn main(self) -> ExitCode {
        let arguments = Arguments::from_args();
        let trials = self.trials();
        libtest_mimic::run(&arguments, trials).exit_code()
    }
    /// The tests, those of regression files first. A file that cannot be loaded is one failing test.
    pub fn trials(&self) -> Vec<Trial> {
        let files = match scenario_files(&self.root) {
            Ok(files) if !files.is_empty() => files,
            Ok(_) => return vec![failing(&self.root, "no scenario files below it".to_owned())],
            Err(error) => return vec![failing(&self.root, error.to_string())],
        };
        let kept = self.regressions.as_deref().filter(|folder| folder.exists());
        let kept = match kept.map_or(Ok(Vec::new()), scenario_files) {
            Ok(kept) => kept,
            Err(error) => return vec![failing(&self.root, error.to_string())],
        };
        let (mut first, mut then) = (Vec::new(), Vec::new());
        for path in kept.iter().chain(&files) {
            match self.trials_of(path) {
                (true, trials) => first.extend(trials),
                (false, trials) => then.extend(trials),
            }
        }
        first.extend(then);
        first
    }

    /// The tests of a file, and whether it is a regression file.
    fn trials_of(&self, path: &Path) -> (bool, Vec<Trial>) {
        let name = self.name(path);
        let ready = match load(path, &self.settings) {
            Ok(ready) => ready,
            Err(error) => return (true, vec![failing(Path::new(&name), error.to_string())]),
        };
        if ready.scenario.regression.is_some() {
            let path = path.to_path_buf();
            let still = move || regression(&ready, &path).map_err(Failed::from);
            return (true, vec![Trial::test(name, still)]);
        }
        let expectation = ready.scenario.expect.as_ref().map(expectation);
        let seeds = ready.scenario.seeds.clone();
        let loaded = Arc::new(Loaded {
            path: path.to_path_buf(),
            ready,
            expectation,
        });
        let one = |seed: u64| {
            let loaded = Arc::clone(&loaded);
            let seed = Seed(seed);
            Trial::test(format!("{name}::seed_{seed}"), move || loaded.seed(seed))
        };
        let mut trials: Vec<Trial> = seeds.clone().map(one).collect();
        let whole = Arc::clone(&loaded);
        trials.push(Trial::test(format!("{name}::campaign"), move || {
            whole.campaign(seeds)
        }));
        (false, trials)
    }

    /// `library::agents::refund-twice`.
    fn name(&self, path: &Path) -> String {
        // Regressions of another folder keep its name.
        let kept = self.regressions.as_deref().and_then(Path::parent);
        let inner = (path.strip_prefix(&self.root).ok())
            .or_else(|| path.strip_prefix(kept?).ok())
            .unwrap_or(path)
            .with_extension("");
        let parts = inner
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.collect::<Vec<_>>().join("::")
    }
}

/// Whether what a regression file was kept for still happens, in the digest that it recorded; or what
/// changed, and what to do about it.
fn regression(ready: &Ready, path: &Path) -> Result<(), String> {
    let scenario = &ready.scenario;
    let Some(kept) = &scenario.regression else {
        return Ok(());
    };
    let symptom = Symptom::of(ready, kept);
    let result = Lab::new(ready, path).run(ready, kept.seed, kept.plan.clone());
    let (file, name, seed) = (path.display(), symptom.name(), kept.seed);
    if !symptom.as_expected(ready, &result) {
        return Err(match symptom.expected_to_fail(ready) {
            true => format!(
                "{name} does not fail any more in {file}, seed {seed}, which was kept to show that it does \
                 (from: {}).\nIf it was mended, let its [expect] say verdict = \"pass\", then: squall shrink \
                 {file} --bless\nOtherwise its plan no longer meets the weakness: shrink that seed again\n",
                kept.of
            ),
            false => format!(
                "{name} fails again in {file}, seed {seed}, whose [expect] says that it was mended (from: {}).\n\
                 Everything about it: squall replay {file}\n",
                kept.of
            ),
        });
    }
    if result.digest != kept.digest {
        return Err(format!(
            "{name} is as expected in {file}, seed {seed}, but the digest is {} and was {}.\n\
             If the file was edited or the model was changed on purpose: squall shrink {file} --bless\n\
             If nothing of it was meant to change, something changed the engine's order or its draws; a change \
             of the engine on purpose raises the engine epoch (now {ENGINE_EPOCH}, recorded {})\n",
            result.digest, kept.digest, kept.epoch
        ));
    }
    Ok(())
}

/// The expectation of a scenario, for reports.
pub fn expectation(expect: &squall_scenarios::Expect) -> Expectation {
    Expectation {
        verdict: expect.verdict,
        because: expect.because.clone(),
    }
}

fn failing(path: &Path, why: String) -> Trial {
    Trial::test(path.display().to_string(), move || Err(Failed::from(why)))
}

impl Loaded {
    fn outcome<'a>(
        &'a self,
        campaign: &'a squall_core::outcome::Campaign,
        path: &'a str,
    ) -> Outcome<'a> {
        Outcome {
            scenario: &self.ready.scenario.name,
            path,
            recorded: false,
            campaign,
            expectation: self.expectation.as_ref(),
            wall_s: &[],
            settings: &[],
            differs: None,
            planned: self.ready.scenario.stop,
            recording: None,
        }
    }

    /// One seed does not fail, or only by what the scenario expects.
    fn seed(&self, seed: Seed) -> Result<(), Failed> {
        let mut world = World::new(seed, false);
        let result = self.ready.run(seed, false, &mut world)?.result;
        if result.verdict != Verdict::Fail || self.allowed(&result) {
            return Ok(());
        }
        let run = campaign::record(&self.ready, seed)?;
        let campaign = campaign::summarise(&self.ready, vec![result]);
        let path = self.path.display().to_string();
        let recording = run.recording.expect("records were kept");
        Err(terminal::seed(
            &self.outcome(&campaign, &path),
            &campaign.seeds[0],
            &recording,
            false,
        )
        .into())
    }
    fn allowed(&self, result: &SeedResult) -> bool {
        self.expectation
            .as_ref()
            .is_some_and(|expectation| expectation.allows(result))
    }

    /// All seeds together say what they should.
    fn campaign(&self, seeds: Range<u64>) -> Result<(), Failed> {
        let ran = campaign::run(&self.ready, seeds, campaign::jobs_default(), &|_| ())?;
        let path = self.path.display().to_string();
        let outcome = self.outcome(&ran.campaign, &path);
        let jobs = campaign::jobs_default();
        let verified = campaign::verify(&self.ready, &ran.campaign, jobs, &|_| ())?;
        if let Some(mismatch) = verified.mismatch {
            return Err(mismatch.text(CONTEXT).into());
        }
        if outcome.exit_code() == 0 {
            return Ok(());
        }
        Err(terminal::campaign(&outcome, None, ran.total_s).into())
    }
}
