//! Properties on what was stored, and what is wrong with what was stored.

use super::*;
use std::io::{Read, Write};

const STRICT: &str = "[[property]]\nname = \"strict\"\n\
    threshold = { metric = \"shop.latency\", stat = \"max\", below = \"1us\" }\n";

/// A directory with the recording of a failing seed, and where that is.
fn recorded(test: &str) -> (PathBuf, &'static str) {
    let dir = directory(test);
    let fault =
        "[[fault]]\nat = \"5s\"\nfor = \"3s\"\ninject.node-pause = { nodes = \"web[1]\" }\n";
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{fault}{STRICT}")).expect("a file");
    let output = squall(&dir, &["run", "it.toml", "--seeds", "6"]);
    assert_eq!(code(&output), 100, "{}", stderr(&output));
    (dir, "target/squall/it/0x6/recording.squall")
}

fn judge(dir: &Path, stored: &str, properties: &str) -> Output {
    std::fs::write(dir.join("p.toml"), properties).expect("a file");
    squall(dir, &["judge", stored, "--properties", "p.toml"])
}

#[test]
fn a_recording_says_what_its_run_said_and_answers_new_questions() {
    let (dir, recording) = recorded("judge-recording");
    // A scenario gives its properties: the verdicts are those of the run, invariants included.
    let output = squall(&dir, &["judge", recording, "--properties", "it.toml"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 100, "{text}{}", stderr(&output));
    let run = stdout(&squall(&dir, &["replay", "it.toml", "--seed", "6"]));
    let broken = |text: &str| -> Vec<String> {
        let lines = text
            .lines()
            .skip_while(|line| !line.contains("broken     strict"));
        lines
            .take(2)
            .map(|line| line.replace("it.toml:", ""))
            .collect()
    };
    assert_eq!(broken(&text), broken(&run), "{text}\n{run}");
    assert!(text.contains("ok   shop.conservation"), "{text}");
    assert!(text.contains("nothing was run"), "{text}");

    let kept = "[[property]]\nalways = \"shop.no-late-success\"\n[[property]]\n\
        recovers = { metric = \"shop.latency\", stat = \"p99\", to = \"9x baseline\", within = \"5s\", window = \"2s\" }\n\
        [[property]]\nthreshold = { metric = \"web-0.rate(node_vmstat_pswpin)\", stat = \"max\", below = 1 }\n\
        [[property]]\nsometimes = \"shop.ok\"\n";
    let output = judge(&dir, recording, kept);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let silent = judge(
        &dir,
        recording,
        "[[property]]\nsometimes = \"shop.ejected\"\n",
    );
    assert_eq!(code(&silent), 3, "{}", stdout(&silent));
    assert!(
        stdout(&silent).contains("NOT EXERCISED"),
        "{}",
        stdout(&silent)
    );
    let typo = judge(&dir, recording, "[[property]]\nnever = \"shop.timed-ot\"\n");
    assert_eq!(code(&typo), 96);
    assert!(
        stderr(&typo).contains("did you mean `shop.timed-out`?"),
        "{}",
        stderr(&typo)
    );
    let none = judge(&dir, recording, "seed = 3\n");
    assert_eq!(code(&none), 96);
    assert!(
        stderr(&none).contains("did you mean `seeds`?"),
        "{}",
        stderr(&none)
    );
}

/// The recording with its plain bytes changed.
fn edited(dir: &Path, recording: &str, edit: impl Fn(Vec<u8>) -> Vec<u8>) {
    let bytes = std::fs::read(dir.join(recording)).expect("it was written");
    let mut plain = Vec::new();
    let mut reader = flate2::read::GzDecoder::new(bytes.as_slice());
    reader.read_to_end(&mut plain).expect("gzip");
    let mut writer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    writer.write_all(&edit(plain)).expect("memory");
    let bytes = writer.finish().expect("memory");
    std::fs::write(dir.join("edited.squall"), bytes).expect("a file");
}

#[test]
fn a_recording_that_was_cut_or_changed_is_96_with_a_remedy() {
    let (dir, recording) = recorded("judge-damaged");
    let replaced = |from: &'static str, to: &'static str| {
        move |plain: Vec<u8>| {
            let line = plain
                .iter()
                .position(|byte| *byte == b'\n')
                .expect("a header");
            let header = String::from_utf8(plain[..line].to_vec()).expect("text");
            assert!(header.contains(from), "{header}");
            [header.replacen(from, to, 1).as_bytes(), &plain[line..]].concat()
        }
    };
    let refused = |part: &str| {
        for command in ["judge", "replay"] {
            let promised = ["edited.squall", "--properties", "it.toml"];
            let arguments = if command == "judge" {
                &promised[..]
            } else {
                &promised[..1]
            };
            let output = squall(&dir, &[&[command], arguments].concat());
            let text = stderr(&output);
            assert_eq!(code(&output), 96, "{command}: {}{text}", stdout(&output));
            assert!(
                text.contains(part) && text.contains("edited.squall"),
                "{part} not in {text}"
            );
            assert!(text.contains("run the seed again"), "no remedy in {text}");
            assert_eq!(stdout(&output), "");
        }
    };
    edited(&dir, recording, replaced("\"epoch\":2", "\"epoch\":1"));
    refused("recording is of engine epoch 1, this build is of epoch 2");
    edited(
        &dir,
        recording,
        replaced("\"format\":3", "\"format\":7,\"new\":1"),
    );
    refused("recording has format 7, this build reads 3");
    // No part of the header is taken on trust, nor what stands behind the whole.
    for (from, to) in [
        ("\"seed\":", "\"seed\": "),
        ("node-pause", "node-doze!"),
        ("\"end\":", "\"end\":1"),
        ("\"web-0\"", "\"web-9\""),
        ("\"checkpoints\":[", "\"checkpoints\":[ "),
        ("\"plan\":{", "\"plan\":{ "),
    ] {
        edited(&dir, recording, replaced(from, to));
        refused("this is not what was written");
    }
    let mut longer = std::fs::read(dir.join(recording)).expect("it was written");
    longer.extend_from_slice(b"more");
    std::fs::write(dir.join("edited.squall"), longer).expect("a file");
    refused("this is not what was written");
    edited(&dir, recording, |plain| plain[..plain.len() - 5].to_vec());
    refused("the recording");
    edited(&dir, recording, |mut plain| {
        let at = plain.len() - 40;
        plain[at] ^= 1;
        plain
    });
    refused("the recording");
    edited(&dir, recording, |plain| plain[7..].to_vec());
    refused("header of the recording is damaged");
    let bytes = std::fs::read(dir.join(recording)).expect("it was written");
    std::fs::write(dir.join("edited.squall"), &bytes[..bytes.len() - 9]).expect("a file");
    refused("not a whole recording");
    assert_eq!(
        std::fs::read(dir.join(recording)).expect("still there"),
        bytes
    );
}

const LOG: &str = "\
{\"format\":\"squall-event-log\",\"version\":1,\"name\":\"shop\",\"metrics\":{\"latency\":\"s\"}}
{\"time_s\":1,\"kind\":\"event\",\"name\":\"paid\",\"node\":\"web-0\",\"key\":7}
{\"time_s\":2,\"kind\":\"metric\",\"name\":\"latency\",\"value\":0.2}
{\"time_s\":3,\"kind\":\"end\"}
";

#[test]
fn the_log_of_another_system_is_judged_as_far_as_it_goes() {
    let dir = directory("judge-log");
    std::fs::write(dir.join("shop.jsonl"), LOG).expect("a file");
    let quick =
        "[[property]]\nthreshold = { metric = \"latency\", stat = \"max\", below = \"300ms\" }\n";
    let output = judge(&dir, "shop.jsonl", quick);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let output = judge(&dir, "shop.jsonl", "[[property]]\nnever = \"paid\"\n");
    let text = stdout(&output);
    assert_eq!(code(&output), 100, "{text}");
    assert!(
        text.contains("00:01.000  web-0: paid happened   p.toml:1"),
        "{text}"
    );
    let invariant = format!("{quick}[[property]]\nalways = \"shop.conservation\"\n");
    let output = judge(&dir, "shop.jsonl", &invariant);
    assert_eq!(code(&output), 3, "{}", stdout(&output));
    assert!(stdout(&output).contains("inconclusive: needs the records of a workload"));

    let swapped = LOG.replace("\"time_s\":2", "\"time_s\":0.5");
    std::fs::write(dir.join("swapped.jsonl"), &swapped).expect("a file");
    let output = judge(&dir, "swapped.jsonl", quick);
    let text = stderr(&output);
    assert_eq!(code(&output), 96, "{text}");
    for part in [
        "time goes back: 00:00.500 after 00:01.000",
        "--> swapped.jsonl:3:",
        "line 2 is at 00:01.000",
        "sort the records by time",
        "1 error, nothing was run",
    ] {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    sorted_as_printed(&dir, &text, quick);
    assert_eq!(
        std::fs::read_to_string(dir.join("swapped.jsonl")).expect("there"),
        swapped
    );
    let missing = judge(&dir, "none.jsonl", quick);
    assert_eq!(code(&missing), 96);
    let usage = squall(&dir, &["judge", "shop.jsonl"]);
    assert_eq!(code(&usage), 2);
    let json = [
        "judge",
        "shop.jsonl",
        "--properties",
        "p.toml",
        "--format",
        "json",
    ];
    let output = squall(&dir, &json);
    let document: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(document["what"], "event log");
}

/// The remedy for a log out of order is a command that mends it, whichever key has the times.
fn sorted_as_printed(dir: &Path, text: &str, properties: &str) {
    let command = text.split_once("stably: ").expect("a remedy").1;
    let command = command.lines().next().expect("a line");
    assert!(command.contains(".time_ns // (.time_s*1e9)"), "{command}");
    if Command::new("jq").arg("--version").output().is_err() {
        return;
    }
    let command = command.replace("LOG", "swapped.jsonl") + " > sorted.jsonl";
    let status = Command::new("sh")
        .args(["-c", &command])
        .current_dir(dir)
        .status();
    assert!(status.expect("a shell").success(), "{command}");
    let output = judge(dir, "sorted.jsonl", properties);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
}

/// The example of the description is a log, and means what stands beside it.
#[test]
fn the_example_of_the_description_is_a_log() {
    let dir = directory("judge-example");
    let text = include_str!("../../docs/event-log.md");
    let lines = text.lines().filter_map(|line| line.strip_prefix("    {"));
    let example: String = lines.map(|line| format!("{{{line}\n")).collect();
    assert_eq!(example.lines().count(), 9);
    std::fs::write(dir.join("shop.jsonl"), example).expect("a file");
    let recovers = "[[property]]\nrecovers = { metric = \"latency\", stat = \"mean\", \
        to = \"1.2x baseline\", within = \"5s\", window = \"10s\" }\n";
    let output = judge(&dir, "shop.jsonl", recovers);
    assert_eq!(code(&output), 0, "{}{}", stdout(&output), stderr(&output));
    let never = judge(&dir, "shop.jsonl", "[[property]]\nnever = \"order.piad\"\n");
    assert_eq!(code(&never), 96);
    assert!(
        stderr(&never).contains("did you mean `order.paid`?"),
        "{}",
        stderr(&never)
    );
}
