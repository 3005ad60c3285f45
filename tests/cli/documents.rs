//! What machines read.

use super::*;
use serde_json::Value;
use squall::core::outcome::ENGINE_EPOCH;

fn json(dir: &Path, arguments: &[&str]) -> Value {
    let output = squall(dir, arguments);
    serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)))
}

/// Takes out what is allowed to differ.
fn without_wall(mut document: Value) -> Value {
    for seed in document["seeds"].as_array_mut().expect("seeds") {
        assert!(seed["wall_s"].is_number());
        seed["wall_s"] = Value::Null;
    }
    assert!(document["statistics"]["wall_s"]["slowest"]["s"].is_number());
    document["statistics"]["wall_s"] = Value::Null;
    document
}

#[test]
fn the_document_is_the_same_on_any_number_of_threads() {
    let dir = directory("threads");
    let run = |jobs: &str| {
        without_wall(json(
            &dir,
            &[
                "run",
                "calm.toml",
                "--seeds",
                "0..12",
                "--format",
                "json",
                "--jobs",
                jobs,
            ],
        ))
    };
    let (one, many) = (run("1"), run("5"));
    assert_eq!(one, many);
    assert_eq!(one["scenario"], "calm");
    assert_eq!(one["verdict"], "pass");
    assert_eq!(one["engine_epoch"], ENGINE_EPOCH);
    assert_eq!(one["schema_version"], 1);
    let seeds = one["seeds"].as_array().expect("seeds");
    assert_eq!(seeds.len(), 12);
    assert_eq!(seeds[11]["seed"], "0xb", "seeds are strings, in order");
    assert_eq!(seeds[0]["digest"].as_str().map(str::len), Some(19));
    assert_ne!(seeds[0]["digest"], seeds[1]["digest"]);
    for key in [
        "verdict",
        "virtual_s",
        "events",
        "properties",
        "metrics",
        "faults",
    ] {
        assert!(!seeds[0][key].is_null(), "{key}");
    }
}

#[test]
fn several_scenarios_are_one_document_and_junit_has_a_case_a_seed() {
    let dir = directory("several");
    std::fs::write(
        dir.join("other.toml"),
        CALM.replace("\"calm\"", "\"other\""),
    )
    .expect("a file");
    let document = json(
        &dir,
        &["run", "calm.toml", "other.toml", "--format", "json"],
    );
    assert_eq!(document["campaigns"].as_array().map(Vec::len), Some(2));
    assert_eq!(document["campaigns"][1]["scenario"], "other");
    let output = squall(&dir, &["run", ".", "--format", "junit"]);
    let text = stdout(&output);
    assert!(text.starts_with("<?xml"), "{text}");
    assert_eq!(text.matches("<testcase ").count(), 2 * (4 + 1), "{text}");
    assert!(text.contains("seed_0x3"), "{text}");
}

#[test]
fn the_environment_speaks_where_no_flag_does() {
    let dir = directory("environment");
    let run = |arguments: &[&str]| {
        let output = Command::new(env!("CARGO_BIN_EXE_squall"))
            .args(arguments)
            .env("SQUALL_SEEDS", "5..8")
            .env("SQUALL_OUT", "elsewhere")
            .current_dir(&dir)
            .output()
            .expect("squall runs");
        serde_json::from_slice::<Value>(&output.stdout).expect("a document")
    };
    let document = run(&["run", "calm.toml", "--format", "json"]);
    assert_eq!(document["seeds"].as_array().map(Vec::len), Some(3));
    assert!(dir.join("elsewhere/calm/campaign.json").exists());
    let document = run(&["run", "calm.toml", "--format", "json", "--seeds", "1"]);
    assert_eq!(document["seeds"].as_array().map(Vec::len), Some(1));
}

#[test]
fn the_schema_is_json_and_settings_have_suggestions() {
    let dir = directory("schema");
    let schema: Value = serde_json::from_slice(&squall(&dir, &["schema"]).stdout).expect("JSON");
    assert_eq!(schema["$schema"], "http://json-schema.org/draft-07/schema#");
    assert!(
        schema.to_string().contains("swap-storm"),
        "the schema derives from the tables"
    );
    let output = squall(
        &dir,
        &[
            "run",
            "calm.toml",
            "--set",
            "workload.shop.cluster.arivals.rate=5/s",
        ],
    );
    assert_eq!(code(&output), 96);
    assert!(
        stderr(&output).contains("did you mean `arrivals`"),
        "{}",
        stderr(&output)
    );
}
