//! What somebody meets who uses Squall for the first time: short plans, files that are found, kinds, units
//! and names that are theirs.

use super::*;

/// A climate of delays and a property that every seed breaks.
const WEATHER: &str = "[[property]]\nname = \"fast\"\n\
    threshold = { metric = \"shop.latency\", stat = \"p99\", below = \"1us\" }\n\
    [[fault]]\nname = \"fog\"\nat = \"5s\"\nfor = \"8s\"\n\
    inject.link-delay = { links = \"web -> web\", delay = \"5ms\" }\n";

fn prepared(test: &str) -> PathBuf {
    let dir = directory(test);
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{WEATHER}")).expect("a file");
    dir
}

fn has(text: &str, parts: &[&str]) {
    for part in parts {
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
}

#[test]
fn a_failure_names_kinds_units_and_its_recording() {
    let dir = prepared("newcomer-failure");
    let output = squall(&dir, &["run", "it.toml", "--seeds", "0..2"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 100, "{text}");
    has(
        &text,
        &[
            "fast: shop.latency p99 < 1us",
            "ms against a limit of 1us",
            "healed     fog link-delay ",
            "    recording  target/squall/it/0x0/recording.squall",
            "20 s virtual",
        ],
    );
    // The newest is a directory; it means its recording.
    let latest = squall(&dir, &["replay", "target/squall/latest"]);
    assert_eq!(code(&latest), 100, "{}", stderr(&latest));
    has(&stdout(&latest), &["  ok   shop.conservation", " checks"]);
    let none = squall(&dir, &["replay", "target"]);
    assert_eq!(code(&none), 4);
    has(&stderr(&none), &["holds no recording"]);
    let stored = "target/squall/it/0x0/recording.squall";
    for command in [&["check", stored][..], &["run", stored], &["plan", stored]] {
        let output = squall(&dir, command);
        assert_eq!(code(&output), 96, "{command:?}: {}", stderr(&output));
        has(
            &stderr(&output),
            &[
                "is a recording, not a scenario",
                "squall replay",
                "effective.toml",
            ],
        );
    }
    let text = CALM.replacen("name = \"", "name = \"another ", 1);
    assert_ne!(text, CALM, "it has a name");
    std::fs::write(dir.join("another.toml"), text).expect("a file");
    let output = squall(&dir, &["plan", "another.toml", "--recording", stored]);
    assert_eq!(code(&output), 96, "{}", stdout(&output));
    has(
        &stderr(&output),
        &["this is a recording of `", "(it.toml), not of `another "],
    );
    let output = squall(&dir, &["plan", "it.toml", "--recording", stored]);
    assert_eq!(code(&output), 0, "{}", stderr(&output));
}

#[test]
fn a_replay_of_a_seed_that_passes_shows_what_was_kept() {
    let dir = directory("newcomer-replay");
    let output = squall(&dir, &["replay", "calm.toml", "--seed", "1"]);
    let text = stdout(&output);
    assert_eq!(code(&output), 0, "{text}");
    has(&text, &["  ok   shop.conservation"]);
    assert!(!text.contains("1/1 seeds"), "{text}");
    let output = squall(&dir, &["explain", "calm.toml", "--seed", "1"]);
    assert_eq!(code(&output), 4);
    has(
        &stderr(&output),
        &["--seeds 0..1000` looks for a seed that does"],
    );
}

#[test]
fn a_plan_is_a_screen_and_its_full_form_has_every_overlay() {
    let dir = prepared("newcomer-plan");
    let plan = |more: &[&str]| {
        let output = squall(&dir, &[&["plan", "it.toml"], more].concat());
        assert_eq!(code(&output), 0, "{}", stderr(&output));
        stdout(&output)
    };
    let (short, full) = (plan(&[]), plan(&["--full"]));
    has(&full, &["web-0->web-1"]);
    let fog: Vec<&str> = short
        .lines()
        .filter(|l| l.contains("delay + 5ms"))
        .collect();
    assert_eq!(fog.len(), 1, "{short}");
    has(
        fog[0],
        &[
            "00:05.000  for 8 s",
            "fog link-delay",
            "within web (",
            " links)",
        ],
    );
    assert!(!short.contains("web-0 is web-0"), "{short}");
    assert!(
        short.lines().all(|line| line.chars().count() <= 160),
        "{short}"
    );
}

const STORE: &str = "\
{\"format\":\"squall-event-log\",\"version\":1}
{\"time_s\":1,\"kind\":\"op-invoke\",\"op\":\"a7\",\"name\":\"write\",\"node\":\"c-0\",\"key\":1,\"value\":1}
{\"time_s\":2,\"kind\":\"op-ok\",\"op\":\"a7\"}
{\"time_s\":3,\"kind\":\"op-invoke\",\"op\":\"b8\",\"name\":\"write\",\"node\":\"c-0\",\"key\":1,\"value\":2}
{\"time_s\":4,\"kind\":\"op-ok\",\"op\":\"b8\"}
";

fn judged(dir: &Path, log: &str, properties: &str) -> Output {
    std::fs::write(dir.join("store.jsonl"), log).expect("a file");
    std::fs::write(dir.join("p.toml"), properties).expect("a file");
    squall(dir, &["judge", "store.jsonl", "--properties", "p.toml"])
}

#[test]
fn a_log_is_told_in_its_own_names_and_lines() {
    let dir = directory("newcomer-log");
    let end = "{\"time_s\":9,\"kind\":\"end\"}\n";
    let read = "{\"time_s\":5,\"kind\":\"op-invoke\",\"op\":\"c9\",\"name\":\"read\",\"node\":\"c-1\",\"key\":1}\n\
        {\"time_s\":6,\"kind\":\"op-ok\",\"op\":\"c9\",\"value\":1}\n";
    let promise = |are: &str| {
        format!(
            "[[property]]\noperations = {{ are = \"{are}\", reads = [\"read\"], writes = [\"write\"] }}\n"
        )
    };
    let lost = judged(
        &dir,
        &format!("{STORE}{read}{end}"),
        &promise("no-lost-write"),
    );
    let text = stdout(&lost);
    assert_eq!(code(&lost), 100, "{text}{}", stderr(&lost));
    has(
        &text,
        &[
            "8 lines until",
            "operation c9 (line 6)",
            "operation b8 (line 4)",
            "violated",
        ],
    );
    assert!(!text.contains("seed"), "{text}");
    let wrong = judged(
        &dir,
        &format!("{STORE}{read}{end}"),
        &promise("linearizable"),
    );
    let text = stdout(&wrong);
    assert_eq!(code(&wrong), 100, "{text}");
    // The place stands on the first line, and the history is indented below it.
    let first = text.lines().find(|line| line.contains("no order explains"));
    has(first.unwrap_or_default(), &["p.toml:1"]);
    has(
        &text,
        &["\n          [00:01.000 00:02.000] operation a7 (line 2)"],
    );
    // Nobody read: that tests no order, and stands in no other property's way.
    for are in ["linearizable", "session-guarantees", "no-lost-write"] {
        let kept = "[[property]]\nthreshold = { metric = \"m\", stat = \"max\", below = 2 }\n";
        let sample = "{\"time_s\":8,\"kind\":\"metric\",\"name\":\"m\",\"value\":1}\n";
        let log = format!("{STORE}{sample}{end}");
        let output = judged(&dir, &log, &format!("{}{kept}", promise(are)));
        let text = stdout(&output);
        assert_eq!(code(&output), 3, "{are}: {text}{}", stderr(&output));
        has(&text, &["NOT EXERCISED", "  ok   threshold m"]);
    }
    let twice = STORE.replacen("\"time_s\":2", "\"time_s\":2,\"time_ns\":2", 1);
    let output = judged(&dir, &twice, &promise("linearizable"));
    assert_eq!(code(&output), 96);
    has(
        &stderr(&output),
        &["a record has one time", "leave out the other"],
    );
}

#[test]
fn properties_of_a_workload_that_is_not_there_are_one_error() {
    let dir = directory("newcomer-workload");
    let strange = "[[property]]\nalways = \"kv.linearizable\"\n[[property]]\nnever = \"kv.lost\"\n\
        [[property]]\nthreshold = { metric = \"kv.latency-of-reads\", stat = \"p99\", below = \"1s\" }\n";
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{strange}")).expect("a file");
    let output = squall(&dir, &["check", "it.toml"]);
    let text = stderr(&output);
    assert_eq!(code(&output), 96);
    has(
        &text,
        &["no workload `kv`", "here: shop", "1 error, nothing was run"],
    );
}

/// A link is named by its ends: who is deaf is not among those who talk to it.
#[test]
fn a_fault_of_links_is_named_by_them() {
    let dir = directory("newcomer-links");
    let deaf = "[[property]]\nname = \"fast\"\n\
        threshold = { metric = \"shop.latency\", stat = \"max\", below = \"300ms\" }\n\
        [[fault]]\nname = \"one deaf\"\nat = \"5s\"\nfor = \"8s\"\n\
        inject.link-delay = { links = \"web[0] -> web[1]\", delay = \"400ms\" }\n\
        [[property]]\nname = \"never slow\"\n\
        threshold = { metric = \"shop.latency\", stat = \"max\", below = \"200ms\" }\n";
    std::fs::write(dir.join("it.toml"), format!("{CALM}\n{deaf}")).expect("a file");
    let output = squall(&dir, &["run", "it.toml", "--seeds", "1"]);
    let text = stdout(&output);
    has(
        &text,
        &[
            "ms against a limit of 300ms, reached here first",
            "active     one deaf link-delay web-0 -> web-1 since 00:05.000 (planned 8 s)\n",
        ],
    );
    let output = squall(&dir, &["explain", "it.toml", "--seed", "1"]);
    let text = stdout(&output);
    has(
        &text,
        &[
            "CAUSE      one deaf (link-delay on web-0 -> web-1",
            "  also       never slow is broken too: squall explain it.toml --seed 0x1 --property 'never slow'\n",
            "one deaf length: any; 125ms is enough (planned 8s)\n",
        ],
    );
}

/// What is found by a name: files and no manifests, and the file whose name was given.
#[test]
fn scenarios_are_found_by_the_names_that_the_list_shows() {
    let dir = directory("newcomer-names");
    let below = dir.join("scenarios/library");
    std::fs::create_dir_all(&below).expect("a directory");
    std::fs::write(below.join("storm.toml"), CALM).expect("a file");
    std::fs::write(dir.join("scenarios/Cargo.toml"), "[package]\n").expect("a file");
    let listed = stdout(&squall(&dir, &["list", "scenarios"]));
    assert_eq!(listed.lines().count(), 1, "{listed}");
    let output = squall(&dir, &["run", "storm", "--seeds", "1"]);
    assert_eq!(code(&output), 96);
    has(
        &stderr(&output),
        &["help: did you mean scenarios/library/storm.toml?"],
    );
    let output = squall(&dir, &["run", "hail"]);
    assert!(
        !stderr(&output).contains("did you mean"),
        "{}",
        stderr(&output)
    );
}

/// A scenario that is there to show a failure need not show it in each of its seeds.
#[test]
fn an_expectation_is_about_all_seeds_of_the_file() {
    let dir = directory("newcomer-few");

    std::fs::write(
        dir.join("it.toml"),
        format!("{CALM}\n[expect]\nverdict = \"fail\"\n"),
    )
    .expect("a file");
    let few = squall(&dir, &["run", "it.toml", "--seeds", "0..2"]);
    assert_eq!(code(&few), 100);
    has(
        &stderr(&few),
        &["its [expect] is about seeds 0..4 together, of which 2 of 4 were run"],
    );
    let all = squall(&dir, &["run", "it.toml"]);
    assert_eq!(code(&all), 100);
    assert!(!stderr(&all).contains("together"), "{}", stderr(&all));
}
