//! `compare --without` what no `[[fault]]` of the file names: draws of `[chaos]`, groups, frozen plans.

use super::*;
use serde_json::Value;

const DRAWN: &str = r#"
[chaos]
faults = 3
kinds = ["link", "node-pause", "cpu-steal"]
land = "optional"
[[fault]]
name = "pair"
at = "2s"
for = "2s"
[[fault.parallel]]
name = "nap"
for = "2s"
land = "optional"
inject.node-pause = { nodes = "web[1]" }
[[fault.parallel]]
name = "slow"
for = "2s"
land = "optional"
inject.link-delay = { from = "web", to = "web", delay = "80ms" }
"#;

fn drawn(test: &str) -> PathBuf {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}{DRAWN}")).expect("a file");
    dir
}

fn without(dir: &Path, file: &str, fault: &str) -> Value {
    let output = squall(
        dir,
        &["compare", file, "--without", fault, "--format", "json"],
    );
    assert!(matches!(code(&output), 0 | 3), "{}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a document")
}

/// How many seeds a fault has an effect in, on both sides.
fn landed(document: &Value, fault: &str) -> Option<(u64, u64)> {
    let rows = document["landed"].as_array().expect("rows");
    let row = rows.iter().find(|row| row["fault"] == fault)?;
    let side = |key: &str| row[key].as_u64().expect("a number");
    Some((side("seeds_a"), side("seeds_b")))
}

#[test]
fn a_draw_of_chaos_goes_alone_and_the_climate_as_a_whole() {
    let dir = drawn("taken-chaos");
    let one = without(&dir, "it.toml", "chaos/1");
    assert_eq!(one["blast_radius"]["fault"], "chaos/1");
    let (with, gone) = landed(&one, "chaos/1").expect("it has an effect in some seed");
    assert!(with > 0 && gone == 0);
    assert_eq!(one["blast_radius"]["landed"], with);
    for other in ["pair/nap", "pair/slow"] {
        assert_eq!(landed(&one, other), None, "{other} stays as it was");
    }
    let all = without(&dir, "it.toml", "chaos");
    assert_eq!(all["blast_radius"]["fault"], "chaos");
    assert_eq!(landed(&all, "chaos/1"), Some((with, 0)));
    assert_eq!(landed(&all, "pair/nap"), None);
    let group = without(&dir, "it.toml", "pair");
    for member in ["pair/nap", "pair/slow"] {
        assert_eq!(landed(&group, member), Some((4, 0)));
    }
    let wrong = squall(&dir, &["compare", "it.toml", "--without", "chaos/4"]);
    assert_eq!(code(&wrong), 96);
    assert!(stderr(&wrong).contains("did you mean `chaos/"));
}

#[test]
fn a_fault_of_a_frozen_plan_goes_by_its_label() {
    let dir = directory("taken-frozen");
    let shop = format!(
        "{CALM}[[fault]]\nname = \"nap\"\nat = \"5s\"\nfor = \"3s\"\n\
         inject.node-pause = {{ nodes = \"web[1]\" }}\n[[property]]\nname = \"quick\"\n\
         threshold = {{ metric = \"shop.latency\", stat = \"max\", below = \"500ms\" }}\n"
    );
    std::fs::write(dir.join("it.toml"), shop).expect("a file");
    let written = squall(&dir, &["shrink", "it.toml", "--seed", "0", "--write"]);
    assert_eq!(code(&written), 0, "{}", stderr(&written));
    let files = std::fs::read_dir(dir.join("scenarios/regressions")).expect("it was written");
    let file = files.flatten().next().expect("one").path();
    let file = file.to_str().expect("text");
    let document = without(&dir, file, "nap");
    assert_eq!(document["finding"], "better", "{document}");
    assert_eq!(document["blast_radius"]["landed"], 1);
    assert_eq!(landed(&document, "nap"), Some((1, 0)));
    let wrong = squall(&dir, &["compare", file, "--without", "napp"]);
    assert_eq!(code(&wrong), 96);
    assert!(stderr(&wrong).contains("did you mean `nap`?"));
}
