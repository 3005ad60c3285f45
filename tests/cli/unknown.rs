//! Words that are not known, and of which there are too many to list.

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
