//! `plan` and `compare --without` of a fault of one tenant's policy server: whom it may hurt, and whom it does.

use super::*;
use serde_json::Value;

/// Two tenants, each with a policy server of its own.
const TENANTS: &str = r#"name = "tenants"
seeds = "0..2"
stop = { at = "12m" }
[topology]
nodes.worker = { count = 2, cores = 4 }
nodes.endpoint = { cores = 4 }
nodes.tool = { cores = 4 }
nodes.policy = { count = 2, cores = 2 }
[workload.crew.agents]
on = "worker"
arrivals = { rate = "0.5/s", sessions = 240, calls = "4", gap_scale = 0.01 }
model = { on = "endpoint", latency = "1s" }
tools = { on = "tool", work = "10ms", writes = 1.0 }
retry = { redeliveries = 8, redelivery_after = "3s" }
policy = { on = "policy", timeout = "500ms", client = "fail-closed" }
control = { tenants = 2, enforce = "gateway", approvals = 0.0, window = 1000000000 }
[[fault]]
name = "theirs"
at = "2m"
for = "4m"
inject.node-pause = { nodes = "policy[1]" }
"#;
/// A failed step asks the model again, soon and often, and all sessions share what the provider lets through.
const SHARED: [(&str, &str); 2] = [
    (
        "redeliveries = 8, redelivery_after = \"3s\"",
        "redeliveries = 100, redelivery_after = \"1s\"",
    ),
    (
        "window =",
        "contract = \"3/s\", contract_wait = \"10m\", window =",
    ),
];

/// A file with the tenants in which some words are others.
fn tenants(test: &str, changes: &[(&str, &str)]) -> PathBuf {
    let dir = directory(test);
    let mut text = TENANTS.to_owned();
    for (old, new) in changes {
        assert!(text.contains(old), "{old}");
        text = text.replace(old, new);
    }
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    dir
}

/// The tenants in the blast radius of the fault, measured: name, seeds in which it was hit, and surprises.
fn hurt(dir: &Path) -> Vec<(String, u64, u64)> {
    let arguments = [
        "compare",
        "it.toml",
        "--without",
        "theirs",
        "--format",
        "json",
    ];
    let output = squall(dir, &arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let document: Value = serde_json::from_slice(&output.stdout).expect("a document");
    let units = document["blast_radius"]["units"].as_array().expect("units");
    let tenants = units.iter().filter(|unit| unit["kind"] == "tenant");
    let row = |unit: &Value| {
        let count = |key: &str| unit[key].as_u64().expect("a number");
        let name = unit["name"].as_str().expect("a name").to_owned();
        (name, count("hit"), count("surprise"))
    };
    tenants.map(row).collect()
}

/// The line of `squall plan` about tenants.
fn predicted(dir: &Path) -> Option<String> {
    let output = squall(dir, &["plan", "it.toml", "--seed", "0"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    let mut lines = text.lines().map(str::trim);
    lines.find_map(|line| Some(line.strip_prefix("tenants")?.trim().to_owned()))
}

#[test]
fn the_fault_of_one_tenant_hurts_it_alone_as_predicted() {
    let dir = tenants("tenants-alone", &[]);
    assert_eq!(predicted(&dir).as_deref(), Some("crew.tenant-1"));
    assert_eq!(hurt(&dir), [("crew.tenant-1".to_owned(), 2, 0)]);
}

#[test]
fn what_tenants_share_carries_it_to_another_one() {
    let dir = tenants("tenants-shared", &SHARED);
    assert_eq!(predicted(&dir).as_deref(), Some("crew.tenant-1"));
    let both = [
        ("crew.tenant-0".to_owned(), 0, 2),
        ("crew.tenant-1".to_owned(), 2, 0),
    ];
    assert_eq!(hurt(&dir), both);
}

#[test]
fn what_all_tenants_need_may_hurt_them_all() {
    let dir = tenants("tenants-all", &[("policy[1]", "endpoint[0]")]);
    assert_eq!(
        predicted(&dir).as_deref(),
        Some("crew.tenant-0, crew.tenant-1")
    );
    let theirs = tenants(
        "tenants-one-server",
        &[("nodes.policy = { count = 2", "nodes.policy = { count = 3")],
    );
    assert_eq!(
        predicted(&theirs).as_deref(),
        Some("crew.tenant-0, crew.tenant-1")
    );
}
