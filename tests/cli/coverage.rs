//! What faults came to, over a campaign.

use super::*;
use serde_json::Value;

/// A pause of a web node that may miss a seed, an idle limit, and a slow processor that meets the pause.
const FAULTS: &str = r#"
[[fault]]
name = "nap"
at = "5s"
for = "3s"
chance = 0.5
land = "every seed"
inject.node-pause = { nodes = "web[0]" }
[[fault]]
name = "slow"
at = "4s"
for = "8s"
inject.cpu-slow = { nodes = "web[0]", factor = 0.5 }
[[fault]]
name = "limit"
at = "5s"
for = "1s"
land = "optional"
inject.rate-limit = { service = "shop.request", rate = "100000/s" }
"#;

fn prepared(test: &str, faults: &str) -> PathBuf {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}{faults}")).expect("a file");
    dir
}

#[test]
fn coverage_names_what_landed_where_what_met_and_what_never_happened() {
    let dir = prepared("coverage", FAULTS);
    let output = squall(&dir, &["run", "it.toml", "--seeds", "0..8", "--coverage"]);
    let text = stdout(&output);
    // `every seed` asks for nothing in a seed that the chance left out.
    assert_eq!(code(&output), 0, "{text}{}", stderr(&output));
    for part in [
        "coverage\n",
        "nap                          planned ",
        "left out by chance ",
        "cpu-slow on nodes web",
        "cpu-slow + node-pause on nodes web",
        "before others",
        "missed in 8: in force, but nobody called the service, or it let all calls pass",
        "rate-limit had no effect anywhere",
        "no fault had an effect on service shop.service",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let one = squall(&dir, &["run", "it.toml", "--format", "json", "--jobs", "1"]);
    let many = squall(&dir, &["run", "it.toml", "--format", "json", "--jobs", "5"]);
    let [one, many] = [one, many].map(|output| {
        let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        (document["coverage"].clone(), document["faults"].clone())
    });
    assert_eq!(one, many, "threads change nothing");
    assert_eq!(one.0["pairs"][0]["kinds"][0], "cpu-slow");
    assert_eq!(one.1[1]["active_s"], 8.0 * 4.0);
}

#[test]
fn a_fault_that_misses_a_seed_it_must_land_in_is_3_with_the_reason() {
    let faults = FAULTS.replace("\"optional\"", "\"every seed\"");
    let dir = prepared("coverage-missed", &faults);
    let output = squall(&dir, &["run", "it.toml"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 3, "{text}");
    let part = "NOT LANDED: landed in 0/4 only: in force, but nobody called the service";
    assert!(text.contains(part), "no `{part}` in\n{text}");
}
