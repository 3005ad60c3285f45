//! `squall shrink`, regression files, and what is wrong with those that were edited.

use super::*;
use std::fs;

/// A weakness: one pause of a server breaks what is promised. Seven other faults do not matter.
const NOISE: &str = "\
[[fault]]
name = 'culprit'
at = '8s'
for = '4s'
inject.node-pause = { nodes = 'web[1]' }
";

const PROMISE: &str = "\
[[property]]
name = 'quick'
never = 'shop.timed-out'
";

/// A directory with `it.toml`, in which every seed fails for want of a server.
fn failing(test: &str) -> PathBuf {
    let dir = directory(test);
    let mut text = format!("{CALM}\n{PROMISE}");
    for n in 0..7 {
        text.push_str(&format!(
            "[[fault]]\nname = 'noise {n}'\nat = '{n}s..9s'\nfor = '1s'\ninject.link-delay = {{ links = 'web[0] -> web[1]', delay = '3ms' }}\n"
        ));
    }
    text.push_str(NOISE);
    fs::write(dir.join("it.toml"), text).expect("a file");
    dir
}

const FILE: &str = "kept/it-0x5.toml";

fn shrink(dir: &Path) -> Output {
    squall(
        dir,
        &[
            "shrink", "it.toml", "--seed", "5", "--dir", "kept", "--write",
        ],
    )
}

#[test]
fn a_failure_becomes_a_file_that_repeats_it() {
    let dir = failing("shrink");
    let output = shrink(&dir);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let text = stdout(&output);
    for part in [
        "quick still fails",
        "faults 8 -> 1",
        "culprit",
        "without this fault it does not fail",
        "file     kept/it-0x5.toml written",
        "replay   squall replay kept/it-0x5.toml",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    assert!(!text.contains("noise"), "{text}");
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    assert!(
        kept.contains("of = \"squall replay it.toml --seed 0x5\""),
        "{kept}"
    );
    assert!(kept.contains("until = \""), "{kept}");
    let output = squall(&dir, &["replay", FILE]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    assert!(
        stdout(&output).contains(", as it was"),
        "{}",
        stdout(&output)
    );
    for command in ["run", "check", "plan"] {
        let output = squall(&dir, &[command, FILE]);
        assert_eq!(
            code(&output),
            0,
            "{command}: {}{}",
            stdout(&output),
            stderr(&output)
        );
    }
    // A file of the same bytes is no other one; and what is small already stays what it is.
    let again = shrink(&dir);
    assert!(
        stdout(&again).contains("was there already"),
        "{}",
        stdout(&again)
    );
    let twice = squall(&dir, &["shrink", FILE, "--dir", "kept"]);
    assert_eq!(code(&twice), 0, "{}", stderr(&twice));
    assert!(
        stdout(&twice).contains("faults 1 -> 1"),
        "{}",
        stdout(&twice)
    );
}

#[test]
fn another_file_of_the_name_is_not_touched() {
    let dir = failing("shrink-exists");
    fs::create_dir(dir.join("kept")).expect("a folder");
    fs::write(dir.join(FILE), "# mine\n").expect("a file");
    let output = shrink(&dir);
    assert_eq!(code(&output), 2, "{}", stdout(&output));
    assert!(
        stderr(&output).contains("is there and differs"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(dir.join(FILE)).expect("it"), "# mine\n");
    let files = fs::read_dir(dir.join("kept")).expect("it").count();
    assert_eq!(files, 1, "no half-written file is left");
}

#[test]
fn what_passes_is_not_shrunk_and_few_runs_give_the_best_so_far() {
    let dir = failing("shrink-passes");
    let output = squall(&dir, &["shrink", "calm.toml", "--seed", "1"]);
    assert_eq!(code(&output), 4, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("nothing to shrink"),
        "{}",
        stderr(&output)
    );
    let output = squall(
        &dir,
        &["shrink", "it.toml", "--seed", "5", "--property", "qick"],
    );
    assert_eq!(code(&output), 2, "{}", stderr(&output));
    assert_eq!(
        code(&squall(&dir, &["shrink", "it.toml"])),
        2,
        "which seed?"
    );
    let output = squall(&dir, &["shrink", "it.toml", "--seed", "5", "--runs", "3"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    let text = stdout(&output);
    assert!(text.contains("the runs were used up"), "{text}");
    assert!(text.contains("runs     3: begin 1, faults 2"), "{text}");
    let output = squall(&dir, &["shrink", "it.toml", "--seed", "5", "--agree", "3"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(
        stdout(&output).contains("faults 8 -> 1"),
        "{}",
        stdout(&output)
    );
}

/// A line of the file with one thing changed, and what must be said about it.
fn edited(dir: &Path, from: &str, to: &str) -> Output {
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    assert!(kept.contains(from), "{from} is not in:\n{kept}");
    fs::write(dir.join("edited.toml"), kept.replace(from, to)).expect("a file");
    squall(dir, &["replay", "edited.toml"])
}

#[test]
fn an_edited_plan_that_does_not_fit_is_96_with_place_and_remedy() {
    let dir = failing("shrink-edited");
    assert_eq!(code(&shrink(&dir)), 0);
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    let line = |key: &str| {
        let found = kept.lines().find(|line| line.starts_with(key));
        found
            .unwrap_or_else(|| panic!("{key} is not in:\n{kept}"))
            .to_owned()
    };
    let (from, until) = (line("from = "), line("until = "));
    let ends = until.replace("until", "from");
    let cases: &[(&str, &str, &[&str])] = &[
        (
            "node = \"web-1\"",
            "node = \"web-7\"",
            &["unknown node `web-7`", "help: ", "web-0"],
        ),
        (
            "kind = \"node-pause\"",
            "kind = \"node-puase\"",
            &["unknown fault `node-puase`", "did you mean `node-pause`"],
        ),
        (
            "do.pause",
            "do.puase",
            &["unknown primitive `puase`", "did you mean `pause`"],
        ),
        (&from, &ends, &["has no length", "write a time after"]),
        (&from, "from = \"1s900ms\"", &["ends before it starts"]),
        (
            &from,
            "from = \"1h\"",
            &["begins when the run is over", "the run stops at"],
        ),
        (
            &until,
            "until = \"1h\"",
            &["ends after the run", "leave it out"],
        ),
        (&until, "until = 3", &["duration has no unit"]),
        (
            "epoch = 2",
            "epoch = 1",
            &["digest of engine epoch 1", "--bless"],
        ),
        ("digest = \"", "digest = \"x", &["is not a digest"]),
        (
            "property = \"quick\"",
            "property = \"qick\"",
            &["no property is called `qick`", "did you mean `quick`"],
        ),
        ("[regression]", "[regresion]", &["unknown key `regresion`"]),
        (
            "part = 0",
            "part = 0\nprat = 1",
            &["unknown key `prat`", "did you mean `part`"],
        ),
    ];
    for (from, to, parts) in cases {
        let output = edited(&dir, from, to);
        let text = stderr(&output);
        assert_eq!(code(&output), 96, "{to}: {}{text}", stdout(&output));
        for part in parts
            .iter()
            .chain(&["--> edited.toml:", "^", "nothing was run"])
        {
            assert!(text.contains(part), "{part} is not in:\n{text}");
        }
    }
    assert!(!dir.join("target").exists(), "nothing was written");
}

#[test]
fn all_that_is_wrong_with_a_plan_is_told_at_once() {
    let dir = failing("shrink-errors");
    assert_eq!(code(&shrink(&dir)), 0);
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    let plan =
        &kept[kept.find("[[plan]]").expect("a plan")..kept.find("[expect]").expect("its end")];
    // The same part a second time, one of a node that is not there, and a fault that is drawn.
    let more = format!(
        "{plan}{}[[fault]]\nat = '1s'\nfor = '1s'\ninject.node-pause = {{ nodes = 'web' }}\n[expect]",
        plan.replace("\"web-", "\"wbe-")
            .replace("part = 0", "part = 9")
            .replace("part = 1", "part = 8"),
    );
    fs::write(dir.join("broken.toml"), kept.replace("[expect]", &more)).expect("a file");
    let output = squall(&dir, &["check", "broken.toml"]);
    let text = stderr(&output);
    assert_eq!(code(&output), 96, "{text}");
    for part in [
        "is there twice",
        "the other one is in line",
        "unknown node `wbe-",
        "faults are drawn, a plan is frozen",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
}

#[test]
fn an_edited_plan_runs_as_it_is_and_can_be_blessed() {
    let dir = failing("shrink-bless");
    assert_eq!(code(&shrink(&dir)), 0);
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    let from = kept
        .lines()
        .find(|line| line.starts_with("from = "))
        .expect("a start");
    fs::write(dir.join(FILE), kept.replace(from, "from = \"1ms\"")).expect("a file");
    let output = squall(&dir, &["replay", FILE]);
    assert_eq!(
        code(&output),
        102,
        "another plan has another digest: {}",
        stdout(&output)
    );
    assert_eq!(
        code(&squall(&dir, &["run", FILE])),
        0,
        "it still fails, as expected"
    );
    let output = squall(&dir, &["shrink", FILE, "--bless"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
    assert!(stdout(&output).contains(", was "), "{}", stdout(&output));
    assert_eq!(code(&squall(&dir, &["replay", FILE])), 100);
    let blessed = fs::read_to_string(dir.join(FILE)).expect("it");
    assert_eq!(
        blessed.lines().count(),
        kept.lines().count(),
        "nothing else changed"
    );
    // Of another epoch it is refused, until it is blessed.
    fs::write(dir.join(FILE), blessed.replace("epoch = 2", "epoch = 1")).expect("a file");
    assert_eq!(code(&squall(&dir, &["run", FILE])), 96);
    assert_eq!(code(&squall(&dir, &["shrink", FILE, "--bless"])), 0);
    assert_eq!(fs::read_to_string(dir.join(FILE)).expect("it"), blessed);
    // What does not fail any more is not blessed.
    let calm = blessed.replace("'shop.timed-out'", "'shop.ejected'");
    fs::write(dir.join(FILE), &calm).expect("a file");
    let output = squall(&dir, &["shrink", FILE, "--bless"]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    assert!(
        stderr(&output).contains("not touched"),
        "{}",
        stderr(&output)
    );
    assert_eq!(fs::read_to_string(dir.join(FILE)).expect("it"), calm);
    // Unless that is what the file says now.
    fs::write(
        dir.join(FILE),
        calm.replace(
            "verdict = \"fail\"\nbecause = [\"quick\"]",
            "verdict = \"pass\"",
        ),
    )
    .expect("a file");
    assert_eq!(code(&squall(&dir, &["shrink", FILE, "--bless"])), 0);
    assert_eq!(code(&squall(&dir, &["shrink", "calm.toml", "--bless"])), 96);
}

/// One rule for all commands: the seed that was asked for, else the file's own; its digest is that of its
/// own seed, and who runs it otherwise is told how to keep it.
#[test]
fn a_regression_file_has_one_seed_in_every_command() {
    let dir = failing("shrink-seed");
    assert_eq!(code(&shrink(&dir)), 0);
    let kept = fs::read_to_string(dir.join(FILE)).expect("it was written");
    let many = kept.replace("seeds = \"0x5\"", "seeds = \"0..8\"");
    assert_ne!(many, kept);
    fs::write(dir.join("many.toml"), &many).expect("a file");
    let output = squall(&dir, &["replay", "many.toml"]);
    assert!(stdout(&output).contains("seed 0x5"), "{}", stderr(&output));
    let said = |command: &[&str]| {
        let output = squall(&dir, &[command, &["--seed", "6"]].concat());
        format!("{}{}", stdout(&output), stderr(&output))
    };
    for command in [
        &["replay", "many.toml"][..],
        &["plan", "many.toml"],
        &["explain", "many.toml", "--seeds", "1"],
        &["shrink", "many.toml"],
    ] {
        let text = said(command);
        assert!(text.contains("seed 0x6"), "{command:?}: {text}");
    }
    // A seed that the file does not run is an error with its place.
    let output = edited(&dir, "seeds = \"0x5\"", "seeds = \"0x4\"");
    let text = stderr(&output);
    assert_eq!(code(&output), 96, "{text}");
    for part in [
        "seed 0x5 is not among `seeds`",
        "write seeds = \"0x5\"",
        "^",
    ] {
        assert!(text.contains(part), "{part} is not in:\n{text}");
    }
    // Another digest is told, with the remedy, by whoever runs the seed.
    let wrong = kept
        .lines()
        .map(|line| match line.starts_with("digest = ") {
            true => "digest = \"0000-0000-0000-0001\"\n".to_owned(),
            false => format!("{line}\n"),
        })
        .collect::<String>();
    fs::write(dir.join("wrong.toml"), wrong).expect("a file");
    for (command, wanted) in [("run", 0), ("replay", 102), ("explain", 0)] {
        let output = squall(&dir, &[command, "wrong.toml"]);
        assert_eq!(code(&output), wanted, "{command}: {}", stderr(&output));
        let text = stderr(&output);
        assert!(
            text.contains("squall shrink wrong.toml --bless"),
            "{command}: {text}"
        );
    }
}
