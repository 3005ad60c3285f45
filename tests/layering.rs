//! Who may depend on whom. A new arrow is a design change, not a convenience.

#![expect(
    clippy::disallowed_methods,
    reason = "asks cargo, whose path is in the environment"
)]

use serde_json::Value;
use std::process::Command;

/// Each package of the house and those of the house it depends on, outside of tests.
const ARROWS: [(&str, &[&str]); 6] = [
    ("squall-core", &[]),
    ("squall-faults", &["squall-core"]),
    ("squall-scenarios", &["squall-core", "squall-faults"]),
    ("squall-madsim", &["squall-core"]),
    ("squall-reports", &["squall-core"]),
    (
        "squall",
        &[
            "squall-core",
            "squall-faults",
            "squall-reports",
            "squall-scenarios",
        ],
    ),
];

/// What the engine may use of others.
const CORE_MAY_USE: [&str; 3] = ["serde", "rand_chacha", "libm"];

fn metadata() -> Value {
    let cargo = std::env::var("CARGO").expect("cargo runs the tests");
    let output = Command::new(cargo)
        .args([
            "metadata",
            "--format-version",
            "1",
            "--no-deps",
            "--offline",
        ])
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .expect("cargo metadata runs");
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).expect("cargo metadata is JSON")
}

/// Names of the dependencies of a package that are no dev-dependencies.
fn uses(package: &Value) -> Vec<&str> {
    let dependencies = package["dependencies"].as_array().expect("a list");
    let normal = dependencies.iter().filter(|d| d["kind"] != "dev");
    let mut names: Vec<&str> = normal.filter_map(|d| d["name"].as_str()).collect();
    names.sort_unstable();
    names
}

#[test]
fn the_arrows_between_crates_are_those_of_the_design() {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("a list");
    assert_eq!(
        packages.len(),
        ARROWS.len(),
        "a crate more or less is a design change"
    );
    for (name, allowed) in ARROWS {
        let package = packages.iter().find(|p| p["name"] == name);
        let package = package.unwrap_or_else(|| panic!("there is a package {name}"));
        let house: Vec<&str> = uses(package)
            .into_iter()
            .filter(|n| n.starts_with("squall"))
            .collect();
        assert_eq!(house, allowed, "{name}");
        if name == "squall-core" {
            let foreign: Vec<&str> = uses(package);
            assert!(
                foreign.iter().all(|n| CORE_MAY_USE.contains(n)),
                "{foreign:?}"
            );
        }
        // The shipped program and the benches never link madsim, not even as a dev-dependency.
        let dependencies = package["dependencies"].as_array().expect("a list");
        let madsim = dependencies.iter().filter(|d| {
            d["name"]
                .as_str()
                .is_some_and(|n| n.starts_with("madsim") || n == "squall-madsim")
        });
        for dependency in madsim {
            assert_eq!(name, "squall-madsim");
            assert_eq!(dependency["target"], "cfg(madsim)", "{dependency}");
        }
    }
}

/// The engine, the faults and the workloads reach for nothing of the outside.
#[test]
fn no_model_code_reads_the_outside() {
    const BANNED: [&str; 8] = [
        "std::fs",
        "std::net",
        "std::thread",
        "std::time",
        "std::env",
        "println!",
        "eprintln!",
        "SystemTime",
    ];
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut files = Vec::new();
    for dir in [
        "sim-core/src",
        "fault-injectors/src",
        "scenarios/src",
        "reports/src",
    ] {
        collect(&root.join(dir), &mut files);
    }
    assert!(files.len() > 60, "the sources are where this test looks");
    for path in files.iter().filter(|path| !only_tests(path)) {
        let text = std::fs::read_to_string(path).expect("a source file");
        for (number, line) in text.lines().enumerate() {
            let code = line.split("//").next().unwrap_or("");
            for banned in BANNED {
                assert!(
                    !code.contains(banned),
                    "{}:{}: {line}",
                    path.display(),
                    number + 1
                );
            }
        }
    }
}

/// Whether a file is a module of tests: it may read the published tables and say aloud that they are missing.
fn only_tests(path: &std::path::Path) -> bool {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let declared = format!("#[cfg(test)]\nmod {stem};");
    let parent = std::fs::read_to_string(path.with_file_name("mod.rs"));
    parent.is_ok_and(|text| text.contains(&declared))
}

fn collect(dir: &std::path::Path, files: &mut Vec<std::path::PathBuf>) {
    for entry in std::fs::read_dir(dir).expect("a source directory") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect(&path, files);
        } else if path.extension().is_some_and(|e| e == "rs") {
            files.push(path);
        }
    }
}
