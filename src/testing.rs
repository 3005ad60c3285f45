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
use libtest_mimic::{Arguments, Failed, Trial};
use squall_core::Seed;
use squall_core::outcome::{SeedResult, Stop};
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
            settings: Settings::default(),
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
    /// The tests. A file that cannot be loaded is one failing test.
    pub fn trials(&self) -> Vec<Trial> {
        let files = match scenario_files(&self.root) {
            Ok(files) if !files.is_empty() => files,
            Ok(_) => return vec![failing(&self.root, "no scenario files below it".to_owned())],
            Err(error) => return vec![failing(&self.root, error.to_string())],
        };
        files.iter().flat_map(|path| self.trials_of(path)).collect()
    }

    fn trials_of(&self, path: &Path) -> Vec<Trial> {
        let name = self.name(path);
        let ready = match load(path, &self.settings) {
            Ok(ready) => ready,
            Err(error) => return vec![failing(Path::new(&name), error.to_string())],
        };
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
        trials
    }

    /// `library::agents::refund-twice`.
    fn name(&self, path: &Path) -> String {
        let inner = path
            .strip_prefix(&self.root)
            .unwrap_or(path)
            .with_extension("");
        let parts = inner
            .components()
            .map(|part| part.as_os_str().to_string_lossy().into_owned());
        parts.collect::<Vec<_>>().join("::")
    }
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
            campaign,
            expectation: self.expectation.as_ref(),
            wall_s: &[],
            settings: &[],
            differs: None,
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
