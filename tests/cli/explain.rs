//! `squall explain`.

use super::*;
use serde_json::Value;

#[test]
fn a_failing_run_prints_the_command_and_it_names_the_cause() {
    let dir = directory("explain");
    let text = format!(
        "{CALM}\n[[property]]\nname = 'quick'\nnever = 'shop.timed-out'\n\
         [[fault]]\nname = 'culprit'\nat = '8s'\nfor = '4s'\ninject.node-pause = {{ nodes = 'web[1]' }}\n\
         [[fault]]\nname = 'innocent'\nat = '6s'\nfor = '4s'\ninject.link-delay = {{ links = 'web <-> web', delay = '1ms' }}\n"
    );
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    let output = squall(&dir, &["run", "it.toml", "--seeds", "3..5"]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    let printed = stdout(&output);
    let line = |word: &str| {
        let line = printed
            .lines()
            .find(|line| line.trim_start().starts_with(word));
        let line = line.unwrap_or_else(|| panic!("no {word} in:\n{printed}"));
        line.trim_start().trim_start_matches(word).trim().to_owned()
    };
    assert_eq!(line("shrink"), "squall shrink it.toml --seed 0x3 --write");
    let command = line("explain");
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    let output = squall(&dir, &arguments);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(
        text.starts_with("CAUSE      culprit (node-pause on web-1)"),
        "{text}"
    );
    assert!(text.contains("ACQUITTED  innocent (link-delay"), "{text}");
    let json = squall(&dir, &[&arguments[..], &["--format", "json"]].concat());
    let document: Value = serde_json::from_slice(&json.stdout).expect("a document");
    assert_eq!(document["faults"][1]["role"], "irrelevant");
    assert_eq!(document["property"], "quick");
    let output = squall(
        &dir,
        &["explain", "it.toml", "--seed", "0x5,0..3", "--seeds", "2"],
    );
    assert!(
        stdout(&output).contains("seeds      0x5, 0x0 that fail"),
        "{}",
        stdout(&output)
    );
    let output = squall(&dir, &["explain", "calm.toml", "--seed", "1,2"]);
    assert!(
        stderr(&output).contains("seed 0x2 does not fail"),
        "the last was tried"
    );
    let output = squall(&dir, &["explain", "calm.toml", "--seed", "1"]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert_eq!(
        code(&squall(&dir, &["explain", "it.toml"])),
        2,
        "which seed?"
    );
    let output = squall(
        &dir,
        &["explain", "it.toml", "--seed", "3", "--property", "qick"],
    );
    assert_eq!(code(&output), 2, "{}", stderr(&output));
}

/// The words of the line after `key` in what explain says.
fn line(text: &str, key: &str) -> String {
    let found = text
        .lines()
        .find_map(|line| line.trim_start().strip_prefix(key));
    let found = found.unwrap_or_else(|| panic!("no {key} in:\n{text}"));
    found.split('#').next().unwrap_or("").trim().to_owned()
}

/// Runs a printed command as a shell would, without quotes.
fn pasted(dir: &Path, command: &str) -> Output {
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    squall(dir, &arguments)
}

#[test]
fn the_commands_that_it_prints_are_about_the_same_run() {
    let dir = directory("explain-next");
    let text = format!(
        "{CALM}\n[[property]]\nname = 'quick'\nnever = 'shop.timed-out'\n\
         [[property]]\nname = 'short'\nthreshold = {{ metric = 'shop.latency', stat = 'max', below = '1s' }}\n\
         [[fault]]\nname = 'culprit'\nat = '8s'\nfor = '10ms'\ninject.node-pause = {{ nodes = 'web[1]' }}\n\
         [with.ejecting]\nabout = 'callers turn away'\nset.\"stop.at\" = '14s'\n"
    );
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    let set = ["--set", "fault.culprit.for=4s"];
    let asked = [
        "explain",
        "it.toml",
        "--seed",
        "3",
        "--property",
        "short",
        "--seeds",
        "1",
    ];
    let output = squall(&dir, &[&asked[..], &set].concat());
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    let next = line(&text, "next");
    assert_eq!(
        next,
        "squall shrink it.toml --seed 0x3 --set fault.culprit.for=4s --property short --write"
    );
    let shrunk = pasted(&dir, &next);
    assert_eq!(code(&shrunk), 0, "{}", stderr(&shrunk));
    assert!(
        stdout(&shrunk).contains("short still fails"),
        "{}",
        stdout(&shrunk)
    );
    assert!(text.contains("# callers turn away"), "{text}");
    let compare = line(&text, "what if");
    assert_eq!(
        compare,
        "squall compare it.toml --base-set fault.culprit.for=4s --set fault.culprit.for=4s --with ejecting"
    );
    let compared = pasted(&dir, &format!("{compare} --seeds 3"));
    assert_ne!(code(&compared), 2, "{}", stderr(&compared));
    assert_ne!(code(&compared), 96, "{}", stderr(&compared));
    // A recording that stands alone is what there is to name.
    let output = squall(&dir, &["run", "it.toml", "--seeds", "3", set[0], set[1]]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    std::fs::create_dir(dir.join("moved")).expect("a folder");
    let stored = dir.join("target/squall/it/0x3/recording.squall");
    std::fs::copy(stored, dir.join("moved/it.squall")).expect("it was written");
    let output = squall(&dir, &["explain", "moved/it.squall", "--seeds", "1"]);
    let next = line(&stdout(&output), "next");
    assert_eq!(next, "squall shrink moved/it.squall --write");
    let shrunk = pasted(&dir, &format!("{next} --dir moved"));
    assert_eq!(code(&shrunk), 0, "{}{}", stdout(&shrunk), stderr(&shrunk));
    let replayed = squall(&dir, &["replay", "moved/it-0x3.toml"]);
    assert_eq!(code(&replayed), 100, "{}", stderr(&replayed));
}
