//! Exit codes, one by one.

use super::*;

/// Adds text to the calm scenario and runs it.
fn run_with(test: &str, addition: &str) -> Output {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{addition}")).expect("a file");
    squall(&dir, &["run", "it.toml"])
}

#[test]
fn a_pass_is_0() {
    let dir = directory("pass");
    let output = squall(&dir, &["run", "calm.toml"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("PASS   calm.toml   4 seeds"), "{text}");
    assert!(text.contains("2 ok   exit code 0"), "{text}");
    assert_eq!(code(&squall(&dir, &["check", "calm.toml"])), 0);
    assert_eq!(
        code(&squall(&dir, &["plan", "calm.toml", "--seed", "0x3"])),
        0
    );
    assert_eq!(code(&squall(&dir, &["--help"])), 0);
}

#[test]
fn wrong_arguments_are_2() {
    let dir = directory("usage");
    for arguments in [
        &["run"][..],
        &["run", "calm.toml", "--seeds", "64..0"],
        &["run", "calm.toml", "--sedes", "0..1"],
        &["run", "calm.toml", "--set", "no-equals-sign"],
        &["replay", "calm.toml"],
        &["fly"],
    ] {
        let output = squall(&dir, arguments);
        assert_eq!(code(&output), 2, "{arguments:?}: {}", stderr(&output));
        assert!(!stderr(&output).is_empty(), "{arguments:?} says why");
    }
}

#[test]
fn what_was_not_exercised_is_3() {
    let output = run_with("sometimes", "[[property]]\nsometimes = \"shop.ejected\"\n");
    assert_eq!(code(&output), 3, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.starts_with("NOT EXERCISED"), "{text}");
    assert!(text.contains("no seed saw shop.ejected"), "{text}");
    let idle = "[[fault]]\nat = \"5s\"\nfor = \"1s\"\ninject.rate-limit = { service = \"shop.request\", rate = \"100000/s\" }\n";
    let output = run_with("not-landed", idle);
    assert_eq!(code(&output), 3, "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).contains("NOT LANDED"),
        "{}",
        stdout(&output)
    );
    let allowed = idle.replace("for =", "land = \"optional\"\nfor =");
    assert_eq!(code(&run_with("optional", &allowed)), 0);
}

#[test]
fn a_bound_on_events_that_is_reached_is_3() {
    let dir = directory("bound");
    let output = squall(&dir, &["run", "calm.toml", "--set", "stop.events_max=100"]);
    assert_eq!(code(&output), 3, "{}", stdout(&output));
    let text = stdout(&output);
    assert!(text.starts_with("INCONCLUSIVE"), "{text}");
    let why = "stopped: 100 events reached at ";
    let remedy = " of 20 s; raise stop.events_max";
    let says = |text: &str| {
        text.lines()
            .any(|line| line.contains(why) && line.contains(remedy))
    };
    assert!(
        says(&text) && text.contains("(4 of 4 seeds, first 0x0)"),
        "{text}"
    );
    let set = ["--set", "stop.events_max=100"];
    let replay = squall(
        &dir,
        &[&["replay", "calm.toml", "--seed", "1"], &set[..]].concat(),
    );
    assert!(says(&stdout(&replay)), "{}", stdout(&replay));
    let junit = squall(
        &dir,
        &[&["run", "calm.toml", "--format", "junit"], &set[..]].concat(),
    );
    assert!(says(&stdout(&junit)), "{}", stdout(&junit));
}

/// Machines are told which fault did not land, not only that the campaign decides nothing.
#[test]
fn junit_names_what_was_not_tested() {
    let dir = directory("junit-why");
    let idle = "[[fault]]\nname = \"idle\"\nat = \"5s\"\nfor = \"1s\"\n\
        inject.rate-limit = { service = \"shop.request\", rate = \"100000/s\" }\n\
        [[property]]\nsometimes = \"shop.ejected\"\n";
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{idle}")).expect("a file");
    let output = squall(&dir, &["run", "it.toml", "--format", "junit"]);
    assert_eq!(code(&output), 3, "{}", stdout(&output));
    let text = stdout(&output);
    for part in ["idle", "NOT LANDED", "no seed saw shop.ejected"] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn nothing_selected_is_4() {
    let dir = directory("nothing");
    std::fs::create_dir(dir.join("empty")).expect("a directory");
    assert_eq!(code(&squall(&dir, &["run", "empty"])), 4);
    assert_eq!(code(&squall(&dir, &["list", "faults", "no-such-fault"])), 4);
}

#[test]
fn an_invalid_scenario_is_96_with_all_errors_and_nothing_written() {
    let dir = directory("invalid");
    let broken = CALM.replace("stop = { at = \"20s\" }", "stop = { at = 20 }")
        + "[[fault]]\nat = \"1s\"\ninject.node-los = { nodes = \"any 1 of web\" }\n"
        + "[[fault]]\nat = \"1s\"\nfor = \"1s\"\ninject.node-pause = { nodes = \"wbe\" }\n";
    std::fs::write(dir.join("broken.toml"), broken).expect("a file");
    let output = squall(&dir, &["run", "broken.toml", "calm.toml"]);
    assert_eq!(code(&output), 96);
    let text = stderr(&output);
    for part in [
        "duration has no unit",
        "write \"20s\"",
        "unknown fault `node-los`",
        "did you mean `node-loss`?",
        "unknown node group `wbe`",
        "did you mean `web`?",
        "3 errors, nothing was run",
        "--> broken.toml:3:",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert_eq!(stdout(&output), "");
    assert!(!dir.join("target").exists(), "nothing is written");
    let missing = squall(&dir, &["run", "missing.toml"]);
    assert_eq!(code(&missing), 96);
    assert!(
        stderr(&missing).contains("missing.toml"),
        "{}",
        stderr(&missing)
    );
}

#[test]
fn a_violation_is_100_and_an_expected_one_is_0() {
    let strict = "[[property]]\nname = \"strict\"\nthreshold = { metric = \"shop.latency\", stat = \"max\", below = \"1us\" }\n";
    let output = run_with("violation", strict);
    assert_eq!(code(&output), 100);
    let text = stdout(&output);
    for part in [
        "FAIL",
        "strict",
        "4 of 4 seeds, first 0x0",
        "replay     squall replay it.toml --seed 0x0",
        "digest",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    let expected = format!("{strict}[expect]\nverdict = \"fail\"\nbecause = [\"strict\"]\n");
    let output = run_with("expected", &expected);
    assert_eq!(code(&output), 0, "{}", stdout(&output));
    assert!(
        stdout(&output).starts_with("EXPECTED"),
        "{}",
        stdout(&output)
    );
    let other =
        format!("{strict}[expect]\nverdict = \"fail\"\nbecause = [\"shop.conservation\"]\n");
    assert_eq!(
        code(&run_with("other-reason", &other)),
        100,
        "it fails, but not because of that"
    );
    let unmet = "[expect]\nverdict = \"fail\"\n";
    assert_eq!(
        code(&run_with("unmet", unmet)),
        100,
        "it was to fail and did not"
    );
}

/// Whatever was found, a result that could not be written is not a success.
#[cfg(target_os = "linux")]
#[test]
fn a_result_that_cannot_be_written_is_1() {
    let dir = directory("full");
    let full = std::fs::File::create("/dev/full").expect("linux has it");
    let output = Command::new(env!("CARGO_BIN_EXE_squall"))
        .args(["run", "calm.toml", "--format", "junit"])
        .current_dir(&dir)
        .stdout(full)
        .output()
        .expect("squall runs");
    assert_eq!(code(&output), 1);
    assert!(
        stderr(&output).contains("cannot be written"),
        "{}",
        stderr(&output)
    );
}

/// Files are a result too: what replay needs must not be lost in silence.
#[cfg(target_os = "linux")]
#[test]
fn files_that_cannot_be_written_are_1() {
    let dir = directory("no-files");
    let output = squall(&dir, &["run", "calm.toml", "--out", "/dev/null"]);
    assert_eq!(code(&output), 1, "{}", stdout(&output));
    let text = stderr(&output);
    assert!(
        text.contains("error: cannot write /dev/null/calm/campaign.json"),
        "{text}"
    );
}

/// Arrivals so close that no time passes between them use up events instead of hanging.
#[test]
fn a_model_that_waits_for_nothing_meets_the_bound() {
    let dir = directory("zero-gap");
    let rate = "workload.shop.cluster.arrivals.rate=100000000000/s";
    let bound = "stop.events_max=20000";
    let output = squall(
        &dir,
        &[
            "run",
            "calm.toml",
            "--seeds",
            "0",
            "--set",
            rate,
            "--set",
            bound,
        ],
    );
    assert_eq!(code(&output), 3, "{}{}", stdout(&output), stderr(&output));
}

/// A fault in the plan of one seed that cannot be in force is known before anything runs.
#[test]
fn a_conflict_of_one_seed_is_96_before_anything_is_written() {
    let dir = directory("conflict");
    let set = |value: u32| {
        format!(
            "[[fault]]\nat = \"4s\"\nfor = \"2s\"\nchance = 0.3\ninject.knob-set = {{ name = \"shop.load\", value = {value} }}\n"
        )
    };
    let text = format!("{CALM}\n{}{}", set(2), set(3));
    std::fs::write(dir.join("conflict.toml"), text).expect("a file");
    let output = squall(
        &dir,
        &["run", "calm.toml", "conflict.toml", "--seeds", "0..64"],
    );
    assert_eq!(code(&output), 96, "{}", stdout(&output));
    assert_eq!(stdout(&output), "", "nothing was run");
    assert!(!dir.join("target").exists(), "nothing was written");
}
