//! A file with a `path of` fault and something wrong beside it: errors of what is wrong, and nothing else.

use squall_scenarios::{Files, Settings, parse, workloads};

struct NoFiles;
impl Files for NoFiles {
    fn read(&self, path: &str) -> Result<Vec<u8>, String> {
        Err(format!("no file {path} here"))
    }
}

const HEAD: &str = "name = \"paths\"
stop = { at = \"20s\" }
topology.nodes.web = { count = 3 }
topology.nodes.client = { count = 2 }
";

const FAULT: &str = "
[[fault]]
name = \"it\"
at = \"5s\"
for = \"5s\"
inject.link-loss = { links = \"path of it\", p = 0.5 }
";

/// What is wrong with a text, in parsing or in preparing.
fn errors(text: &str) -> Vec<String> {
    let report = match parse("paths.toml", text, &Settings::default()) {
        Err(report) => report,
        Ok(scenario) => match scenario.ready(&NoFiles) {
            Ok(_) => return Vec::new(),
            Err(report) => report,
        },
    };
    let issues = report.diagnostics.into_iter();
    issues.map(|diagnostic| diagnostic.issue.message).collect()
}

/// What each kind of workload needs beside `on`.
fn least(kind: &str) -> &'static str {
    match kind {
        "cluster" => "arrivals.rate = \"5/s\"\n",
        "agents" => "arrivals = { rate = \"1/s\" }\n",
        "edge" => "plant.servo = {}\n",
        "scheduler" => "pods.a = { replicas = 1 }\n",
        "training" => "controller = \"client\"\n",
        "rollout" => "of = \"shop\"\ncontrol = \"client[0]\"\nrouters = \"client[1]\"\n",
        _ => "",
    }
}

/// A file with a workload `it` of a kind. `line` stands instead of what it needs at the same key.
fn workload(kind: &str, on: &str, line: &str) -> String {
    let key = line.split(['.', ' ']).next().unwrap_or_default();
    let others = least(kind).lines().filter(|needed| {
        let own = needed.split(['.', ' ']).next().unwrap_or_default();
        own != key
    });
    let others: Vec<&str> = others.collect();
    format!(
        "{HEAD}{FAULT}\n[workload.shop.cluster]\non = \"web\"\narrivals.rate = \"5/s\"\n\
         [workload.it.{kind}]\n{on}{}\n{line}\n",
        others.join("\n")
    )
}

/// Every parameter of every kind of workload, each with values that it cannot have.
#[test]
fn no_broken_workload_panics_where_a_fault_names_its_path() {
    let mut tried = 0;
    for kind in workloads::ALL {
        for param in kind.params {
            for wrong in [
                "{ nonsense = 1 }",
                "[[]]",
                "\"no such thing\"",
                "-7",
                "1e300",
                "0",
            ] {
                let line = format!("{} = {wrong}\n", param.key);
                let on = match param.key {
                    "on" => "",
                    _ => "on = \"web\"\n",
                };
                let text = workload(kind.name, on, &line);
                for message in errors(&text) {
                    assert!(!message.starts_with("nothing here is called"), "{text}");
                }
                tried += 1;
            }
        }
    }
    assert!(tried > 500, "{tried}");
}

#[test]
fn no_error_of_a_path_hides_what_is_wrong_with_its_workload() {
    for (kind, line, message) in [
        ("cluster", "retry.attempts = 0", "0 is out of range"),
        ("cluster", "entry = \"nope\"", "no service is called `nope`"),
        (
            "cluster",
            "graph.edges = [\"a\", \"-> b\"]",
            "`-> b` is not an edge: write \"caller -> callee\"",
        ),
        ("clutser", "", "unknown workload kind `clutser`"),
    ] {
        assert_eq!(errors(&workload(kind, "on = \"web\"\n", line)), [message]);
    }
    for kind in workloads::ALL {
        let text = workload(kind.name, "on = \"wbe\"\n", "");
        assert_eq!(
            errors(&text),
            ["selector names an unknown node group `wbe`"],
            "{}",
            kind.name
        );
    }
}

/// The words alone are no path.
#[test]
fn words_in_a_comment_are_none() {
    let text = format!(
        "# the hot path of the shop\n{HEAD}[workload.shop.cluster]\non = \"web\"\narrivals.rate = 5\n"
    );
    assert_eq!(errors(&text), ["rate has no unit"]);
}

/// A variant that breaks a workload is an error of the variant.
#[test]
fn a_variant_may_break_it_too() {
    let text = format!(
        "{}\n[with.x]\nset.\"workload.it.cluster.retry.attempts\" = 0\n",
        workload("cluster", "on = \"web\"\n", "")
    );
    assert_eq!(errors(&text), ["variant `x`: 0 is out of range"]);
}
