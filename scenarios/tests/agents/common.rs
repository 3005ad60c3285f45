//! Running scenarios, and the recorded sessions as they stand in the file.

use flate2::read::GzDecoder;
use squall_core::outcome::SeedResult;
use squall_core::property::{Summary, Verdict};
use squall_core::{Seed, World};
use squall_scenarios::{Files, Ready, SeedRun, Settings, parse};
use std::io::Read as _;
use std::path::PathBuf;

pub(crate) const SESSIONS: &str = "claude_code_sessions.csv.gz";

/// The files of the data directory.
pub(crate) struct Disk;
impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(data().join(path)).map_err(|e| e.to_string())
    }
}

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/agents")
}

/// Whether the recorded sessions are there. If not, says aloud that `what` was not run.
pub(crate) fn recorded(what: &str) -> bool {
    let path = data().join(SESSIONS);
    let there = path.is_file();
    if !there {
        eprintln!("NOT RUN: {what}: {} is missing", path.display());
    }
    there
}

pub(crate) fn ready(text: &str, with: &[&str], set: &[&str]) -> Ready {
    let mut settings = Settings {
        with: with.iter().map(|s| (*s).to_owned()).collect(),
        set: Vec::new(),
    };
    for argument in set {
        settings.push_set(argument).unwrap();
    }
    let scenario = parse("agents.toml", text, &settings).unwrap_or_else(|e| panic!("{e}"));
    scenario.ready(&Disk).unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn run(ready: &Ready, seed: u64, keep: bool) -> SeedRun {
    let mut world = World::new(Seed(seed), keep);
    let run = ready.run(Seed(seed), keep, &mut world);
    run.unwrap_or_else(|e| panic!("{e}"))
}

pub(crate) fn result(ready: &Ready, seed: u64) -> SeedResult {
    run(ready, seed, false).result
}

pub(crate) fn metric(result: &SeedResult, name: &str) -> Summary {
    let found = result.metrics.iter().find(|m| m.name == name);
    found
        .unwrap_or_else(|| panic!("{name} was not sampled"))
        .summary
}

/// Names of the properties with this verdict.
pub(crate) fn properties(result: &SeedResult, verdict: Verdict) -> Vec<&str> {
    let of = |p: &&squall_core::outcome::PropertyResult| p.outcome.verdict == verdict;
    result
        .properties
        .iter()
        .filter(of)
        .map(|p| p.spec.name.as_str())
        .collect()
}

/// Every property passed and every fault had an effect.
pub(crate) fn assert_green(result: &SeedResult) {
    assert_eq!(result.verdict, Verdict::Pass, "{result:#?}");
    for property in &result.properties {
        assert_eq!(property.outcome.verdict, Verdict::Pass, "{property:#?}");
        assert!(property.outcome.checked > 0, "{property:#?}");
    }
    for fault in &result.faults {
        assert!(fault.landed > 0, "{fault:?} has not landed");
    }
}

/// A recorded model call.
pub(crate) struct Row {
    pub(crate) session: u32,
    pub(crate) agent: String,
    pub(crate) seq: u32,
    pub(crate) model: String,
    pub(crate) context: f64,
    pub(crate) new: f64,
    pub(crate) out: f64,
    pub(crate) api: Option<f64>,
    pub(crate) gap: Option<f64>,
    pub(crate) in_types: String,
    pub(crate) asks: bool,
}

/// The recorded calls in file order, by a reader of its own.
pub(crate) fn rows() -> Vec<Row> {
    let mut text = String::new();
    let bytes = Disk.read(SESSIONS).unwrap();
    GzDecoder::new(&bytes[..])
        .read_to_string(&mut text)
        .unwrap();
    let mut reader = csv::Reader::from_reader(text.as_bytes());
    let header = reader.headers().unwrap().clone();
    let at = |name: &str| header.iter().position(|column| column == name).unwrap();
    let row = |record: csv::StringRecord| {
        let number = |name: &str| record[at(name)].parse::<f64>();
        (!record[at("kind")].starts_with("spawn:")).then(|| Row {
            session: record[at("session")].parse().unwrap(),
            agent: record[at("agent")].to_owned(),
            seq: record[at("seq")].parse().unwrap(),
            model: record[at("model")].to_owned(),
            context: number("in_tok").unwrap(),
            new: number("new_blocks").unwrap() * 64.0,
            out: number("out_tok").unwrap(),
            api: number("api_time_s").ok(),
            gap: number("think_time_s").ok(),
            in_types: record[at("in_types")].to_owned(),
            asks: record[at("out_types")].contains("tool_use") || &record[at("stop")] == "tool_use",
        })
    };
    reader
        .records()
        .filter_map(|record| row(record.unwrap()))
        .collect()
}

/// The value below which a share `p` of the sorted values lies, linear in between.
pub(crate) fn quantile(sorted: &[f64], p: f64) -> f64 {
    let at = p * (sorted.len() - 1) as f64;
    let low = at.floor() as usize;
    let high = (low + 1).min(sorted.len() - 1);
    sorted[low] + (sorted[high] - sorted[low]) * (at - low as f64)
}

pub(crate) fn sorted(mut values: Vec<f64>) -> Vec<f64> {
    values.sort_by(f64::total_cmp);
    values
}
