//! Ramps, groups, presets and drawn climates, from the file to the plan.

mod chaos;
mod floors;
mod groups;
mod moments;
mod presets;
mod ramps;
mod spells;
mod swarm;

use squall_core::plan::{Entry, Plan};
use squall_core::{Seed, VirtualTime};
use squall_scenarios::{Scenario, Settings, parse};

const WORLD: &str = r#"
name = "composition"
seeds = "0..8"
stop = { at = "10m" }
[topology]
nodes.web = { count = 5, memory = "1GiB", swap = "nvme", zone = "spread a b c" }
nodes.client = { count = 2 }
[workload.shop.cluster]
on = "web"
clients = "client"
replicas = 3
"#;

/// The world with faults.
pub(crate) fn scenario(faults: &str) -> Scenario {
    parse(
        "test.toml",
        &format!("{WORLD}{faults}"),
        &Settings::default(),
    )
    .unwrap_or_else(|report| panic!("{report}"))
}

/// What is wrong with these faults.
pub(crate) fn errors(faults: &str) -> String {
    match parse(
        "test.toml",
        &format!("{WORLD}{faults}"),
        &Settings::default(),
    ) {
        Ok(_) => panic!("nothing is wrong with {faults}"),
        Err(report) => report.to_string(),
    }
}

pub(crate) fn plan(faults: &str, seed: u64) -> Plan {
    scenario(faults)
        .plan(Seed(seed))
        .unwrap_or_else(|report| panic!("{report}"))
}

/// The overlays of a fault.
pub(crate) fn of<'a>(plan: &'a Plan, label: &str) -> Vec<&'a Entry> {
    let fault = plan.faults.iter().position(|fault| fault.label == label);
    let fault = fault.unwrap_or_else(|| panic!("no {label} among {:?}", plan.faults));
    plan.entries()
        .iter()
        .filter(|entry| entry.fault as usize == fault)
        .collect()
}

/// When overlays start and end, in milliseconds.
pub(crate) fn times(entries: &[&Entry]) -> Vec<(u64, u64)> {
    let ms = |at: VirtualTime| at.as_nanos() / 1_000_000;
    entries
        .iter()
        .map(|e| (ms(e.from), e.until.map_or(u64::MAX, ms)))
        .collect()
}

/// Asserts that an error message has these lines, carets included.
pub(crate) fn assert_lines(errors: &str, lines: &[&str]) {
    for line in lines {
        assert!(
            errors.lines().any(|l| l.trim_end() == *line),
            "no line {line:?} in\n{errors}"
        );
    }
}
