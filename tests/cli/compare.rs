//! Two sides on the same seeds, and one side with and without a fault.

use super::*;
use serde_json::Value;

/// A node pauses in most seeds, which breaks a promise; a variant takes the pause away.
const PAUSED: &str = r#"
[[fault]]
name = "nap"
at = "5s..9s"
for = "3s"
inject.node-pause = { nodes = "web[1]" }
[[fault]]
name = "idle"
at = "5s"
for = "1s"
land = "optional"
inject.rate-limit = { service = "shop.request", rate = "100000/s" }
[[property]]
name = "quick"
threshold = { metric = "shop.latency", stat = "max", below = "500ms" }
[with.awake]
set."fault.nap.for" = "1ms"
[with.sleepy]
set."fault.nap.for" = "5s"
"#;

fn paused(test: &str) -> PathBuf {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}{PAUSED}")).expect("a file");
    dir
}

fn document(dir: &Path, arguments: &[&str]) -> (i32, Value) {
    let arguments = [arguments, &["--format", "json"]].concat();
    let output = squall(dir, &arguments);
    let document = serde_json::from_slice(&output.stdout);
    (
        code(&output),
        document.unwrap_or_else(|e| panic!("{e}: {}", stderr(&output))),
    )
}

#[test]
fn a_variant_that_mends_is_0_and_one_that_breaks_is_100() {
    let dir = paused("compare-variants");
    let (better, document) = document(&dir, &["compare", "it.toml", "--with", "awake"]);
    assert_eq!((better, &document["finding"]), (0, &Value::from("better")));
    let quick = document["properties"].as_array().expect("properties");
    let quick = quick
        .iter()
        .find(|p| p["name"] == "quick")
        .expect("it is there");
    assert_eq!(quick["mended"], 4, "{quick}");
    assert_eq!(quick["flips"][0]["a"], "fail");
    let metrics = document["metrics"].as_array().expect("metrics");
    let max = metrics
        .iter()
        .find(|m| m["name"] == "shop.latency" && m["statistic"] == "max")
        .expect("it is there");
    let difference = &max["difference"];
    assert!(
        difference["high"].as_f64().expect("a number") < 0.0,
        "{difference}"
    );

    let turned = [
        "compare",
        "it.toml",
        "--base-with",
        "awake",
        "--with",
        "sleepy",
    ];
    let output = squall(&dir, &turned);
    let text = stdout(&output);
    assert_eq!(code(&output), 100, "{text}{}", stderr(&output));
    for part in [
        "B is worse",
        "pass -> fail: 0x0 0x1 0x2 0x3",
        "caveat",
        "(Holm)",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    // Threads change nothing.
    let [one, many] = ["1", "4"].map(|jobs| {
        stdout(&squall(
            &dir,
            &["compare", "it.toml", "--with", "awake", "--jobs", jobs],
        ))
    });
    assert_eq!(one, many);
}

#[test]
fn files_are_matched_by_name_and_the_rest_is_listed() {
    let dir = paused("compare-files");
    let other = CALM.replace("[workload.shop.cluster]", "[workload.store.cluster]");
    let other = other.replace("shop.", "store.").replace("web", "shelf");
    std::fs::write(dir.join("other.toml"), &other).expect("a file");
    let output = squall(&dir, &["compare", "it.toml", "other.toml"]);
    assert_eq!(code(&output), 3, "{}", stdout(&output));
    let text = stdout(&output);
    for part in [
        "nothing to compare",
        "only in A  shop.conservation",
        "quick",
        "only in B",
        "threshold store.latency",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    let calm = squall(&dir, &["compare", "calm.toml", "it.toml"]);
    assert_eq!(code(&calm), 0, "{}", stdout(&calm));
    assert!(
        stdout(&calm).contains("only in B  quick"),
        "{}",
        stdout(&calm)
    );
    std::fs::write(dir.join("far.toml"), CALM.replace("0..4", "8..12")).expect("a file");
    let far = squall(&dir, &["compare", "calm.toml", "far.toml"]);
    assert_eq!(code(&far), 4);
    assert!(stderr(&far).contains("calm.toml has 0..4, far.toml has 8..12; give --seeds"));
}

#[test]
fn what_cannot_be_compared_says_why() {
    let dir = paused("compare-wrong");
    for (arguments, code_wanted, part) in [
        (&["compare", "it.toml"][..], 2, "both sides are the same"),
        (
            &["compare", "it.toml", "./it.toml"],
            2,
            "both sides are the same",
        ),
        (
            &["compare", "it.toml", "--with", "awak"],
            96,
            "did you mean `awake`?",
        ),
        (
            &["compare", "it.toml", "--without", "napp"],
            96,
            "did you mean `nap`?",
        ),
        (
            &["compare", "it.toml", "calm.toml", "--without", "nap"],
            2,
            "cannot be used with",
        ),
        (&["compare", "it.toml", "none.toml"], 96, "none.toml"),
        (
            &["compare", "it.toml", "--with", "awake", "--seeds", "9..3"],
            2,
            "holds no seed",
        ),
    ] {
        let output = squall(&dir, arguments);
        let text = stderr(&output);
        assert_eq!(code(&output), code_wanted, "{arguments:?}: {text}");
        assert!(text.contains(part), "{arguments:?}: no `{part}` in\n{text}");
    }
}

#[test]
fn the_blast_radius_is_predicted_and_measured() {
    let dir = paused("blast");
    let plan = stdout(&squall(&dir, &["plan", "it.toml"]));
    for part in [
        "blast radius, as the dependency map predicts it",
        "    hosts      web-1",
        "    services   shop.cart, shop.front",
        "    workloads  shop",
        "shop.cart runs on web-1",
        "shop calls shop.request",
    ] {
        assert!(plan.contains(part), "no `{part}` in\n{plan}");
    }
    let (code_found, document) = document(&dir, &["compare", "it.toml", "--without", "nap"]);
    assert_eq!(code_found, 0, "{document}");
    let blast = &document["blast_radius"];
    assert_eq!(
        (&blast["seeds"], &blast["landed"]),
        (&Value::from(4), &Value::from(4))
    );
    let unit = |name: &str| {
        let units = blast["units"].as_array().expect("units");
        let found = units.iter().find(|u| u["name"] == name);
        found
            .unwrap_or_else(|| panic!("no {name} in {blast}"))
            .clone()
    };
    assert_eq!(unit("shop")["hit"], 4);
    assert_eq!(unit("shop")["promises"]["quick"], 4);
    assert_eq!(
        unit("web-1")["unwatched"],
        4,
        "nothing is promised about the host"
    );
    // One that has no effect reaches nothing, and that is not known.
    let idle = squall(&dir, &["compare", "it.toml", "--without", "rate-limit"]);
    assert_eq!(code(&idle), 3, "{}", stdout(&idle));
    assert!(stdout(&idle).contains("not known: it had no effect in any seed"));
}

/// The spans of a run show the calls that the map declares, and no others.
#[test]
fn the_map_is_compared_with_what_spans_show() {
    let dir = paused("blast-observed");
    assert_eq!(code(&squall(&dir, &["run", "it.toml"])), 100);
    let recording = "target/squall/it/0x0/recording.squall";
    let output = squall(&dir, &["plan", "it.toml", "--recording", recording]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    for part in ["ok   shop -> shop.front", "ok   shop.front -> shop.cart"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    assert!(
        !text.contains("??") && !text.contains("never seen"),
        "{text}"
    );
}

#[test]
fn an_invariant_is_promised_once() {
    let dir = directory("promised-twice");
    let text = format!("{CALM}[[property]]\nalways = \"shop.conservation\"\n");
    std::fs::write(dir.join("twice.toml"), text).expect("a file");
    let output = squall(&dir, &["check", "twice.toml"]);
    assert_eq!(code(&output), 96);
    let text = stderr(&output);
    for part in [
        "`shop.conservation` is promised twice",
        "the other one is in line 14",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

/// The run without the fault is asked about the same times: its baseline ends where the fault would
/// have begun, and it recovers by when that would have healed.
#[test]
fn both_sides_are_judged_by_the_times_of_the_whole_plan() {
    let dir = directory("blast-times");
    let text = format!(
        "{CALM}[[fault]]\nname = \"nap\"\nat = \"8s\"\nfor = \"2s\"\n\
         inject.node-pause = {{ nodes = \"web[1]\" }}\n[[property]]\nname = \"back\"\n\
         recovers = {{ metric = \"shop.latency\", stat = \"p50\", to = \"3x baseline\", \
         within = \"4s\", window = \"2s\" }}\n"
    );
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    let (_, document) = document(&dir, &["compare", "it.toml", "--without", "nap"]);
    let properties = document["properties"].as_array().expect("properties");
    let back = properties
        .iter()
        .find(|p| p["name"] == "back")
        .expect("it is there");
    assert_eq!(
        back["flips"],
        serde_json::json!([]),
        "it passes with and without"
    );
    assert_eq!(document["landed"][0]["fault"], "nap");
    assert_eq!(document["landed"][0]["seeds_b"], 0);
}
