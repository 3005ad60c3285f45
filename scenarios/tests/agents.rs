//! Agents: the shipped scenarios, the recorded sessions, and a broken control layer for each promise.

use squall_core::outcome::SeedResult;
use squall_core::property::Verdict;
use squall_core::{Seed, World};
use squall_scenarios::{Files, Ready, Scenario, SeedRun, Settings, parse};
use std::path::PathBuf;

const STORM: &str = include_str!("../library/agents/rate-limit-storm.toml");
const REFUND: &str = include_str!("../library/agents/refund-twice.toml");
const SESSIONS: &str = "claude_code_sessions.csv.gz";

struct Disk;
impl Files for Disk {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        std::fs::read(data().join(path)).map_err(|e| e.to_string())
    }
}

fn data() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../shared/data/agents")
}

fn scenario(text: &str, with: &[&str], set: &[String]) -> Scenario {
    let mut settings = Settings::default();
    settings.with = with.iter().map(|s| (*s).to_owned()).collect();
    for argument in set {
        settings.push_set(argument).unwrap();
    }
    parse("agents.toml", text, &settings).unwrap_or_else(|e| panic!("{e}"))
}

fn run(ready: &Ready, seed: u64, keep: bool) -> SeedRun {
    let mut world = World::new(Seed(seed), keep);
    ready.run(Seed(seed), keep, &mut world).unwrap_or_else(|e| panic!("{e}"))
}

fn show(result: &SeedResult) -> String {
    let mut text = format!("{:?} {} events {}\n", result.stop, result.verdict, result.events);
    for p in &result.properties {
        text += &format!("  {:<14} {} {:?}\n", p.outcome.verdict.to_string(), p.spec.name, p.outcome);
    }
    for m in result.metrics.iter().filter(|m| m.name.starts_with("desk") || m.name.starts_with("ref")) {
        text += &format!("  {} {:?}\n", m.name, m.summary);
    }
    for f in &result.faults {
        text += &format!("  {f:?}\n");
    }
    text
}

#[test]
fn explore() {
    for (text, with, set) in [
        (REFUND, &[][..], vec![]),
        (REFUND, &["idempotency-key"][..], vec![]),
        (STORM, &[][..], vec![]),
        (STORM, &[][..], vec![format!("workload.desk.agents.arrivals.trace={SESSIONS}")]),
        (STORM, &["layered-retries"][..], vec![format!("workload.desk.agents.arrivals.trace={SESSIONS}")]),
        (STORM, &["retry-budget"][..], vec![format!("workload.desk.agents.arrivals.trace={SESSIONS}")]),
    ] {
        let t = std::time::Instant::now();
        let ready = scenario(text, with, &set).ready(&Disk).unwrap_or_else(|e| panic!("{e}"));
        eprintln!("prepare {:?}", t.elapsed());
        for seed in 0..2 {
            let t = std::time::Instant::now();
            let r = run(&ready, seed, false);
            eprintln!("{with:?} {:?} {}", t.elapsed(), show(&r.result));
        }
    }
    let _ = Verdict::Pass;
}
