//! Explaining what a recording holds.

use super::*;
use squall::core::VirtualTime;
use squall::core::recording::Recording;
use squall::reports::storage;

const NAP: &str = "[[property]]\nname = 'quick'\nnever = 'shop.timed-out'\n\
    [[fault]]\nname = 'culprit'\nat = '8s'\nfor = '4s'\ninject.node-pause = { nodes = 'web[1]' }\n";
const STORED: &str = "target/squall/it/0x3/recording.squall";

/// A failing run with its recording.
fn ran(test: &str) -> PathBuf {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{NAP}")).expect("a file");
    let output = squall(&dir, &["run", "it.toml", "--seeds", "3"]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    dir
}

/// The recording as `edit` leaves it, whole by its own digest.
fn edited(dir: &Path, name: &str, edit: impl FnOnce(&mut Recording)) {
    let bytes = std::fs::read(dir.join(STORED)).expect("it was written");
    let mut recording = storage::decode(&bytes).expect("it is whole");
    edit(&mut recording);
    let bytes = storage::encode(&recording).expect("memory");
    std::fs::write(dir.join(name), bytes).expect("a file");
}

#[test]
fn a_recording_is_explained_without_its_file_and_names_a_file_to_go_on_with() {
    let dir = ran("recorded");
    let of_file = squall(&dir, &["explain", "it.toml", "--seed", "3", "--seeds", "1"]);
    let of_run = squall(&dir, &["explain", STORED, "--seeds", "1"]);
    assert_eq!(code(&of_run), 0, "{}", stderr(&of_run));
    assert_eq!(
        stdout(&of_run),
        stdout(&of_file),
        "the same run, the same words"
    );
    std::fs::remove_file(dir.join("it.toml")).expect("it was there");
    let of_run = squall(&dir, &["explain", STORED, "--seeds", "1"]);
    let text = stdout(&of_run);
    assert_eq!(code(&of_run), 0, "{}", stderr(&of_run));
    assert!(
        text.starts_with("CAUSE      culprit (node-pause on web-1)"),
        "{text}"
    );
    let next = "squall shrink target/squall/it/0x3/effective.toml --seed 0x3 --write";
    assert!(text.contains(next), "no `{next}` in\n{text}");
    let wrong = squall(&dir, &["explain", STORED, "--seed", "3"]);
    assert_eq!(code(&wrong), 2, "it has its own seed");
}

#[test]
fn a_recording_that_says_nothing_of_this_build_is_refused_with_a_remedy() {
    let dir = ran("recorded-wrong");
    let bytes = std::fs::read(dir.join(STORED)).expect("it was written");
    std::fs::write(dir.join("cut.squall"), &bytes[..bytes.len() / 2]).expect("a file");
    edited(&dir, "epoch.squall", |r| r.header.epoch += 1);
    edited(&dir, "unknown.squall", |r| {
        r.header.text = r.header.text.replace("node-pause", "node-doze");
    });
    edited(&dir, "other.squall", |r| {
        r.header.text = r.header.text.replace("'4s'", "'5s'");
    });
    for (file, wanted, part) in [
        ("cut.squall", 96, "copy it again, or run the seed again"),
        (
            "epoch.squall",
            96,
            "of engine epoch 3, this build is of epoch 2",
        ),
        (
            "unknown.squall",
            96,
            "use the build that made the recording",
        ),
        (
            "other.squall",
            102,
            "this build does not repeat the recorded run",
        ),
    ] {
        let output = squall(&dir, &["explain", file]);
        let text = stderr(&output);
        assert_eq!(code(&output), wanted, "{file}: {text}");
        assert!(text.contains(part), "{file}: no `{part}` in\n{text}");
    }
    // The same for `replay`: a run that ends otherwise is told, and where it parts.
    let output = squall(&dir, &["replay", "other.squall"]);
    assert_eq!(code(&output), 102);
    // An end that its scenario does not have, or its records, is not waited for.
    let ends = [
        (VirtualTime::MAX, "its scenario stops at"),
        (VirtualTime::ZERO, "the run ended at 00:00.000"),
    ];
    for (end, part) in ends {
        edited(&dir, "end.squall", |r| r.header.end = end);
        let output = squall(&dir, &["judge", "end.squall", "--properties", "it.toml"]);
        let text = stderr(&output);
        assert_eq!(code(&output), 96, "{text}");
        assert!(
            text.contains(part) && text.contains("run the seed again"),
            "{text}"
        );
    }
    // Records that do not give the digest of the header were changed.
    edited(&dir, "records.squall", |r| {
        r.records.pop();
    });
    for command in ["explain", "replay"] {
        let output = squall(&dir, &[command, "records.squall"]);
        assert_eq!(code(&output), 96);
        assert!(
            stderr(&output).contains("was changed or cut"),
            "{}",
            stderr(&output)
        );
    }
}
