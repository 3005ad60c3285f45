//! Runs scenarios for tests.
#![allow(dead_code, reason = "each test uses a part")]
#![allow(
    clippy::unwrap_used,
    clippy::print_stderr,
    reason = "helpers of tests are tests"
)]

use squall_core::history::What;
use squall_core::outcome::{Campaign, SeedResult};
use squall_core::plan::Land;
use squall_core::property::{PropertyKind, Verdict};
use squall_core::{Seed, World};
use squall_scenarios::{Files, Ready, SeedRun, Settings, parse};
use std::path::PathBuf;

/// Files of one folder.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Files for Folder {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(self.0.join(path)).map_err(|e| e.to_string())
    }
}

/// The data of the cluster workload; `None`, said aloud, if it is not there.
pub(crate) fn data(test: &str) -> Option<PathBuf> {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/data/cluster");
    let path = PathBuf::from(path).join("service_graphs");
    if path.join("edges.csv").exists() {
        return Some(path);
    }
    eprintln!("NOT RUN: {test}: there is no {}", path.display());
    None
}

/// A scenario of the library, with variants and `key=value` settings.
pub(crate) fn library(path: &str, with: &[&str], set: &[&str]) -> Ready {
    let file = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("library")
        .join(path);
    let text = std::fs::read_to_string(&file).unwrap();
    ready(path, &text, with, set)
}

pub(crate) fn ready(path: &str, text: &str, with: &[&str], set: &[&str]) -> Ready {
    try_ready(path, text, with, set).unwrap_or_else(|report| panic!("{report}"))
}

pub(crate) fn try_ready(
    path: &str,
    text: &str,
    with: &[&str],
    set: &[&str],
) -> Result<Ready, String> {
    let mut settings = Settings {
        with: with.iter().map(|s| (*s).to_owned()).collect(),
        ..Settings::default()
    };
    for argument in set {
        settings.push_set(argument)?;
    }
    let folder = data("files").unwrap_or_default();
    let scenario = parse(path, text, &settings).map_err(|report| report.render(false))?;
    let ready = scenario.ready(&Folder(folder));
    ready.map_err(|report| report.render(false))
}

pub(crate) fn run(ready: &Ready, seed: u64, keep: bool) -> SeedRun {
    let mut world = World::new(Seed(0), false);
    ready
        .run(Seed(seed), keep, &mut world)
        .unwrap_or_else(|report| panic!("{report}"))
}

/// The verdict on a property of one seed, and what was measured.
pub(crate) fn property(result: &SeedResult, name: &str) -> (Verdict, Option<f64>) {
    let found = result.properties.iter().find(|p| p.spec.name == name);
    let outcome = &found
        .unwrap_or_else(|| panic!("no property `{name}`"))
        .outcome;
    (outcome.verdict, outcome.measured)
}

/// Mean and count of a metric over the run.
pub(crate) fn metric(result: &SeedResult, name: &str) -> (f64, u64) {
    let found = result.metrics.iter().find(|m| m.name == name);
    found.map_or((0.0, 0), |m| (m.summary.mean, m.summary.count))
}

/// How often an event happened.
pub(crate) fn events(run: &SeedRun, name: &str) -> usize {
    let recording = run.recording.as_ref().unwrap();
    let is = |what: &What| match what {
        What::Event { name: n, .. } => recording.header.names.text(*n) == name,
        _ => false,
    };
    recording.records.iter().filter(|r| is(&r.what)).count()
}

/// The samples of a metric, as (second, value).
pub(crate) fn samples(run: &SeedRun, name: &str) -> Vec<(f64, f64)> {
    let recording = run.recording.as_ref().unwrap();
    let names = &recording.header.names;
    let sample = |r: &squall_core::history::Record| match r.what {
        What::Sample { name: n, value, .. } if names.text(n) == name => {
            Some((r.at.as_secs_f64(), value))
        }
        _ => None,
    };
    recording.records.iter().filter_map(sample).collect()
}

/// Runs seeds and asserts what the scenario expects: the verdict, exactly the properties that give
/// it, every property exercised in a seed, every fault landed, every `sometimes` witnessed.
pub(crate) fn assert_expected(ready: &Ready, seeds: std::ops::Range<u64>) {
    let scenario = &ready.scenario;
    let mut world = World::new(Seed(0), false);
    let mut one = |seed| ready.run(Seed(seed), false, &mut world).unwrap().result;
    let results: Vec<SeedResult> = seeds.map(&mut one).collect();
    let lands: Vec<(String, Land)> = scenario
        .faults
        .iter()
        .map(|f| (f.label.clone(), f.land))
        .collect();
    for result in &results {
        // One seed of a campaign is enough to witness a `sometimes`.
        let sometimes = |kind: &PropertyKind| matches!(kind, PropertyKind::Sometimes { .. });
        let all = result.properties.iter();
        let must = all.filter(|p| !sometimes(&p.spec.kind) && !p.spec.optional);
        for property in must {
            assert_ne!(
                property.outcome.verdict,
                Verdict::NotExercised,
                "{} in seed {}",
                property.spec.name,
                result.seed
            );
        }
    }
    let campaign = Campaign::new(results, &scenario.properties, &lands);
    let missed = campaign.faults.iter().find(|f| f.missed);
    assert!(missed.is_none(), "{missed:?} has not landed");
    for property in &campaign.properties {
        assert_ne!(property.verdict, Verdict::NotExercised, "{property:?}");
    }
    let expect = scenario.expect.as_ref().unwrap();
    assert_eq!(
        campaign.verdict, expect.verdict,
        "{:#?}",
        campaign.properties
    );
    if expect.verdict == Verdict::Fail {
        let failed = campaign.properties.iter().enumerate();
        let failed = failed.filter(|(_, p)| p.verdict == Verdict::Fail);
        let failed: Vec<usize> = failed.map(|(i, _)| i).collect();
        assert_eq!(failed, expect.because, "{:#?}", campaign.properties);
    }
}

/// The two words of every event of a name.
pub(crate) fn event_words(run: &SeedRun, name: &str) -> Vec<(u64, u64)> {
    let recording = run.recording.as_ref().unwrap();
    let words = |what: &What| match *what {
        What::Event { name: n, a, b, .. } if recording.header.names.text(n) == name => Some((a, b)),
        _ => None,
    };
    recording
        .records
        .iter()
        .filter_map(|r| words(&r.what))
        .collect()
}
