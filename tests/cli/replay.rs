//! Replays: from the printed command, from a recording, and what does not fit.

use super::*;

/// A directory in which a failing campaign was run, with the text it printed.
fn failed(test: &str) -> (PathBuf, String) {
    let dir = directory(test);
    let strict = "[[property]]\nname = \"strict\"\nthreshold = { metric = \"shop.latency\", stat = \"max\", below = \"1us\" }\n";
    let fault = "[[fault]]\nat = \"5s..9s\"\nfor = \"3s\"\ninject.node-pause = { nodes = \"any 1 of web\" }\n";
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{fault}{strict}")).expect("a file");
    let output = squall(
        &dir,
        &["run", "it.toml", "--set", "stop.at=15s", "--seeds", "6..9"],
    );
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    (dir, stdout(&output))
}

#[test]
fn the_printed_command_repeats_the_run_byte_for_byte() {
    let (dir, text) = failed("command");
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("replay"))
        .expect("a replay line");
    let command = line.trim_start().trim_start_matches("replay").trim();
    let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
    let output = squall(&dir, &arguments);
    assert_eq!(code(&output), 100, "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).contains(", as it was"),
        "{}",
        stdout(&output)
    );
    assert!(stdout(&output).contains("strict"), "{}", stdout(&output));

    // Another digest, another seed or another setting is not the same run.
    let digest = arguments
        .iter()
        .position(|a| *a == "--digest")
        .expect("a digest")
        + 1;
    let mut other = arguments.clone();
    other[digest] = "0000-0000-0000-0001";
    let output = squall(&dir, &other);
    assert_eq!(code(&output), 102);
    assert!(
        stdout(&output).starts_with("DIFFERENT"),
        "{}",
        stdout(&output)
    );
    let mut other = arguments.clone();
    let seed = other.iter().position(|a| *a == "--seed").expect("a seed") + 1;
    other[seed] = "0x7";
    assert_eq!(code(&squall(&dir, &other)), 102);
}

/// That no signals are shown may mean that there were none; it is told. Names of any length keep their columns.
#[test]
fn what_was_not_recorded_is_said_and_long_names_keep_their_columns() {
    const SAID: &str = "no host signals were recorded";
    let (dir, text) = failed("signals");
    assert!(!text.contains(SAID), "{text}");
    let never = [
        "replay",
        "it.toml",
        "--seed",
        "6",
        "--set",
        "stop.at=15s",
        "--set",
        "topology.signals=0s",
    ];
    let output = squall(&dir, &never);
    assert!(stdout(&output).contains(SAID), "{}", stdout(&output));

    let long = "no answer ever takes as long as one that takes a microsecond";
    let file = std::fs::read_to_string(dir.join("it.toml")).expect("a file");
    let renamed = file.replace("\"strict\"", &format!("\"{long}\""));
    std::fs::write(dir.join("it.toml"), renamed).expect("a file");
    let output = squall(&dir, &["replay", "it.toml", "--seed", "6"]);
    let text = stdout(&output);
    let kinds = text
        .lines()
        .filter(|line| line.starts_with("  ok   ") || line.starts_with("  FAIL "));
    let columns: Vec<usize> = kinds
        .filter_map(|line| {
            ["threshold  ", "always     "]
                .iter()
                .find_map(|kind| line.find(kind))
        })
        .collect();
    assert!(
        columns.len() > 1 && columns.iter().all(|at| *at == columns[0]),
        "{text}"
    );
}

#[test]
fn a_recording_replays_without_its_file_and_a_damaged_one_is_refused() {
    let (dir, _) = failed("recording");
    let recording = "target/squall/latest/0x6/recording.squall";
    assert!(dir.join("target/squall/it/0x6/effective.toml").exists());
    assert!(dir.join("target/squall/it/0x6/plan.txt").exists());
    std::fs::remove_file(dir.join("it.toml")).expect("it was there");
    let output = squall(&dir, &["replay", recording]);
    assert_eq!(code(&output), 100, "{}{}", stdout(&output), stderr(&output));
    assert!(
        stdout(&output).contains(", as it was"),
        "{}",
        stdout(&output)
    );

    let bytes = std::fs::read(dir.join(recording)).expect("it was written");
    std::fs::write(dir.join("cut.squall"), &bytes[..bytes.len() / 2]).expect("a file");
    let output = squall(&dir, &["replay", "cut.squall"]);
    assert_eq!(code(&output), 96);
    assert!(
        stderr(&output).contains("not a whole recording"),
        "{}",
        stderr(&output)
    );
    let output = squall(&dir, &["replay", recording, "--set", "stop.at=1m"]);
    assert_eq!(code(&output), 2, "settings cannot change a recording");
    let output = squall(&dir, &["replay", "calm.toml", "--seed", "0x1"]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

/// A path with a blank and a setting with a quote: the shell must see the words that squall meant.
#[cfg(unix)]
#[test]
fn the_printed_command_can_be_pasted_into_a_shell() {
    let (dir, _) = failed("paste");
    std::fs::rename(dir.join("it.toml"), dir.join("it $is.toml")).expect("it is there");
    let set = "name=it's \"quoted\"";
    let output = squall(&dir, &["run", "it $is.toml", "--seeds", "6", "--set", set]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    let text = stdout(&output);
    let line = text
        .lines()
        .find(|line| line.trim_start().starts_with("replay"));
    let command = line
        .expect("a replay line")
        .trim_start()
        .trim_start_matches("replay")
        .trim();
    let command = command.replacen("squall", env!("CARGO_BIN_EXE_squall"), 1);
    let output = Command::new("sh")
        .args(["-c", &command])
        .current_dir(&dir)
        .output();
    let output = output.expect("a shell runs");
    assert_eq!(code(&output), 100, "{command}: {}", stderr(&output));
    assert!(
        stdout(&output).contains(", as it was"),
        "{}",
        stdout(&output)
    );
}
