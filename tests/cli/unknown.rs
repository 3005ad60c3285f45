//! What a newcomer gets wrong: words that are not known, numbers that are none, a file without a promise.

use super::*;

#[test]
fn a_fault_like_no_other_is_answered_with_the_list_of_faults_and_not_its_beginning() {
    let dir = directory("unknown-fault");
    let fault = |name: &str| {
        let text = format!("{CALM}[[fault]]\nat = \"1s\"\nfor = \"1s\"\ninject.{name} = {{}}\n");
        std::fs::write(dir.join("it.toml"), text).expect("a file");
        let output = squall(&dir, &["check", "it.toml"]);
        assert_eq!(code(&output), 96);
        stderr(&output)
    };
    let far = fault("quantum-foam-collapse");
    assert!(far.contains("`squall list faults` shows all "), "{far}");
    assert!(!far.contains("known here"), "{far}");
    let near = fault("node-pauze");
    assert!(near.contains("did you mean `node-pause`?"), "{near}");
    let text = format!("{CALM}[chaos]\nfaults = 1\nkinds = [\"quantum-foam-collapse\"]\n");
    std::fs::write(dir.join("it.toml"), text).expect("a file");
    let drawn = stderr(&squall(&dir, &["check", "it.toml"]));
    assert!(drawn.contains("`squall list faults` shows all "), "{drawn}");
}

#[test]
fn what_is_missing_is_named() {
    let dir = directory("newcomer");
    for command in ["run", "compare"] {
        let none = squall(&dir, &[command, "calm.toml", "--jobs", "0"]);
        assert_eq!(code(&none), 2);
        assert!(stderr(&none).contains("no number of threads: write 1 or more"));
    }
    let (bare, _) = CALM
        .split_once("[[property]]")
        .expect("it promises something");
    std::fs::write(dir.join("bare.toml"), bare).expect("a file");
    let output = squall(&dir, &["run", "bare.toml"]);
    assert_eq!(code(&output), 3, "{}", stdout(&output));
    assert!(stdout(&output).contains("nothing is promised: add a [[property]]"));
    let explain = squall(&dir, &["explain", "calm.toml", "--seed", "0"]);
    assert_eq!(code(&explain), 4);
    assert!(stderr(&explain).contains("nothing to shrink or explain"));
}
