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
