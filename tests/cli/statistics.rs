//! What a campaign says about its seeds together.

use super::*;
use serde_json::Value;

/// Two promises that some seeds break: with a pause of one node of two, and never otherwise.
fn mixed(test: &str) -> PathBuf {
    let dir = directory(test);
    let text = format!(
        "{CALM}\n[[fault]]\nat = \"5s..9s\"\nfor = \"3s\"\nchance = 0.5\n\
         inject.node-pause = {{ nodes = \"any 1 of web\" }}\n\
         [[property]]\nname = \"quick\"\n\
         threshold = {{ metric = \"shop.latency\", stat = \"max\", below = \"500ms\" }}\n"
    );
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    dir
}

#[test]
fn failures_have_a_rate_a_cause_and_a_command() {
    let dir = mixed("statistics");
    let output = squall(
        &dir,
        &["run", "it.toml", "--seeds", "0..16", "--format", "json"],
    );
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("JSON");
    let seeds = document["seeds"].as_array().expect("seeds");
    let failing: Vec<&str> = seeds
        .iter()
        .filter(|seed| seed["verdict"] == "fail")
        .filter_map(|seed| seed["seed"].as_str())
        .collect();
    assert!((2..15).contains(&failing.len()), "{failing:?}");
    let statistics = &document["statistics"];
    assert_eq!(statistics["failing"], failing.len());
    let rate = &statistics["failure_rate"];
    let number = |key: &str| rate[key].as_f64().expect("a number");
    assert_eq!(number("estimate"), failing.len() as f64 / 16.0);
    assert!(number("low") < number("estimate") && number("estimate") < number("high"));
    let causes = statistics["causes"].as_array().expect("causes");
    assert_eq!(causes.len(), 1, "{causes:?}");
    assert_eq!(causes[0]["property"], "quick");
    assert_eq!(causes[0]["seeds"], serde_json::json!(failing));

    let text = stdout(&squall(&dir, &["run", "it.toml", "--seeds", "0..16"]));
    let replay = causes[0]["replay"].as_str().expect("a command");
    for part in [replay, "cause 1    threshold: quick", "longest 0x", "95 %:"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let arguments: Vec<&str> = replay.split_whitespace().skip(1).collect();
    let again = squall(&dir, &arguments);
    assert_eq!(code(&again), 100, "{}{}", stdout(&again), stderr(&again));

    let output = squall(
        &dir,
        &["run", "it.toml", "--seeds", "0..16", "--format", "junit"],
    );
    let text = stdout(&output);
    for part in [
        "squall.failure-rate",
        "squall.cause-1",
        "squall.longest-seed",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}
