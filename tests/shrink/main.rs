//! Ten planted failures, each of which needs one to three faults among thirty of many families: the
//! shrinker must give back exactly those, within 500 runs. `cargo test --test shrink -- --nocapture`
//! prints the table that docs/explain.md shows.

mod planted;

use planted::{PLANTED, Planted, scenario};
use squall::campaign::OnRun;
use squall::core::Seed;
use squall::faults::shrink::{Options, Phase, acting};
use squall::scenarios::{Ready, Settings, parse};
use squall::shrink::{Outcome, Request, shrink};
use std::path::Path;

const SEED: Seed = Seed(3);

fn ready(planted: &Planted) -> Ready {
    let text = scenario(planted);
    let scenario =
        parse(planted.name, &text, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    scenario
        .ready(&squall::Place::default())
        .unwrap_or_else(|e| panic!("{e}"))
}

fn shrunk(planted: &Planted) -> Result<Outcome, String> {
    let ready = ready(planted);
    let before = ready.scenario.plan(SEED).expect("a plan");
    assert_eq!(
        acting(&before).len(),
        30,
        "{}: thirty faults act",
        planted.name
    );
    let request = Request {
        seed: SEED,
        property: Some("planted"),
        options: Options::default(),
        agree: 1,
        of: planted.name,
        dir: Path::new("scenarios/regressions"),
        progress: OnRun::default(),
    };
    let outcome = shrink(&ready, Path::new(planted.name), &request);
    outcome.map_err(|error| format!("{}: {error}", planted.name))
}

/// All of them, on two threads.
fn all_shrunk() -> Vec<Result<Outcome, String>> {
    let half = PLANTED.len().div_ceil(2);
    std::thread::scope(|scope| {
        let work =
            |half: &'static [Planted]| scope.spawn(|| half.iter().map(shrunk).collect::<Vec<_>>());
        let threads: Vec<_> = PLANTED.chunks(half).map(work).collect();
        let join =
            |thread: std::thread::ScopedJoinHandle<'_, Vec<_>>| thread.join().expect("no panic");
        threads.into_iter().flat_map(join).collect()
    })
}

#[test]
fn of_thirty_faults_exactly_the_necessary_ones_are_left() {
    let mut table = format!(
        "{:<44} {:>6} {:>6} {:>6} {:>6} {:>6}\n",
        "planted failure", "needed", "left", "faults", "rest", "runs"
    );
    let mut wrong = Vec::new();
    for (planted, outcome) in PLANTED.iter().zip(all_shrunk()) {
        let outcome = match outcome {
            Ok(outcome) => outcome,
            Err(error) => {
                wrong.push(error);
                continue;
            }
        };
        let mut left: Vec<&str> = outcome.shrunk.labels();
        left.sort_unstable();
        let mut needed: Vec<&str> = planted.needed.iter().map(|(label, _)| *label).collect();
        needed.sort_unstable();
        let spent = &outcome.shrunk.spent;
        let on_faults = spent.of(Phase::Faults);
        table.push_str(&format!(
            "{:<44} {:>6} {:>6} {:>6} {:>6} {:>6}\n",
            planted.name,
            needed.len(),
            left.len(),
            on_faults,
            spent.total() - on_faults,
            spent.total()
        ));
        let right = left == needed && outcome.shrunk.minimal && spent.total() <= 500;
        if !right {
            wrong.push(format!("{}: {left:?} is left of {needed:?}", planted.name));
        }
    }
    println!("{table}");
    assert!(wrong.is_empty(), "{}\n{table}", wrong.join("\n"));
}

/// A plan that was found is one that a person can read, and that ends where the search ended: `shrink`
/// itself runs the file that it would write, and compares digests.
#[test]
fn the_file_of_a_planted_failure_is_small_and_whole() {
    let planted = PLANTED
        .iter()
        .find(|p| p.needed.len() == 3)
        .expect("one with three");
    let outcome = shrunk(planted).unwrap_or_else(|error| panic!("{error}"));
    assert_eq!(
        outcome.text.matches("[[plan]]").count(),
        outcome.shrunk.candidate.plan.entries().len()
    );
    assert!(!outcome.text.contains("[[fault]]"), "{}", outcome.text);
    assert!(
        outcome.text.contains("property = \"planted\""),
        "{}",
        outcome.text
    );
    let kept = outcome
        .ready
        .scenario
        .regression
        .as_ref()
        .expect("a regression");
    assert_eq!(kept.digest, outcome.result.digest);
}
