use super::*;
use crate::properties_for_log;
use proptest::prelude::*;
use squall_core::property::Verdict;

const HEADER: &str = r#"{"format":"squall-event-log","version":1,"name":"shop"}"#;

fn log(lines: &[&str]) -> Result<EventLog, String> {
    let text = format!("{HEADER}\n{}\n", lines.join("\n"));
    EventLog::parse("shop.jsonl", text.as_bytes()).map_err(|report| report.render(false))
}

/// What a property says about a log.
fn verdict(lines: &[&str], property: &str) -> Verdict {
    let log = log(lines).unwrap_or_else(|text| panic!("{text}"));
    let text = format!("[[property]]\n{property}\n");
    let specs = properties_for_log("p.toml", &text, &log);
    let specs = specs.unwrap_or_else(|report| panic!("{}", report.render(false)));
    log.judge(&specs).result.properties[0].outcome.verdict
}

/// A log whose latency rises during a fault and falls after it.
const STORY: [&str; 9] = [
    r#"{"time_ns":1000000000,"kind":"metric","name":"latency","value":0.1}"#,
    r#"{"time_s":2,"kind":"event","name":"paid","key":7,"node":"web-0"}"#,
    r#"{"time_s":3.0,"kind":"fault-start","name":"storm"}"#,
    r#"{"time_s":4,"kind":"metric","name":"latency","value":0.9}"#,
    r#"{"time_s":5,"kind":"fault-end","name":"storm"}"#,
    r#"{"time_s":6,"kind":"metric","name":"latency","value":0.5}"#,
    r#"{"time_s":12,"kind":"metric","name":"latency","value":0.1}"#,
    r#"{"time_s":19.5,"kind":"metric","name":"latency","value":0.1}"#,
    r#"{"time_s":20,"kind":"end"}"#,
];

/// A register whose second client reads what was overwritten before it asked.
const STORE: [&str; 7] = [
    r#"{"time_s":1,"kind":"op-invoke","op":"a","name":"write","node":"c-0","key":"x","value":1}"#,
    r#"{"time_s":2,"kind":"op-ok","op":"a"}"#,
    r#"{"time_s":3,"kind":"op-invoke","op":"b","name":"write","node":"c-0","key":"x","value":2}"#,
    r#"{"time_s":4,"kind":"op-ok","op":"b"}"#,
    r#"{"time_s":5,"kind":"op-invoke","op":"c","name":"read","node":"c-1","key":"x"}"#,
    r#"{"time_s":6,"kind":"op-ok","op":"c","value":1}"#,
    r#"{"time_s":20,"kind":"end"}"#,
];

#[test]
fn operations_on_the_store_of_another_system() {
    let promise = |are: &str| {
        format!("operations = {{ are = \"{are}\", reads = [\"read\"], writes = [\"write\"] }}")
    };
    assert_eq!(verdict(&STORE, &promise("linearizable")), Verdict::Fail);
    assert_eq!(verdict(&STORE, &promise("no-lost-write")), Verdict::Fail);
    let session = promise("session-guarantees");
    assert_eq!(verdict(&STORE, &session), Verdict::Pass, "another client");
    let own: Vec<String> = STORE
        .iter()
        .map(|line| line.replace("c-1", "c-0"))
        .collect();
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    assert_eq!(verdict(&own, &session), Verdict::Fail, "its own writes");
    let log = log(&STORE).expect("a log");
    let text =
        "[[property]]\noperations = { are = \"linearizable\", reads = [\"reed\"], writes = [] }\n";
    let wrong = properties_for_log("p.toml", text, &log).expect_err("no such operation");
    let wrong = wrong.render(false);
    assert!(wrong.contains("unknown operation `reed`"), "{wrong}");
    assert!(wrong.contains("did you mean `read`?"), "{wrong}");
    assert!(wrong.contains("`writes` names no operation"), "{wrong}");
}

#[test]
fn the_temporal_words_work_on_a_log() {
    use Verdict::{Fail, Inconclusive, NotExercised, Pass};
    let recovers = |within| {
        format!(
            "recovers = {{ metric = \"latency\", stat = \"max\", to = \"1.5x baseline\", within = \"{within}\", window = \"1s\" }}"
        )
    };
    for (property, wanted) in [
        ("never = \"paid\"".to_owned(), Fail),
        ("sometimes = \"paid\"".to_owned(), Pass),
        (
            "eventually = { event = \"paid\", within = \"3s\" }".to_owned(),
            Pass,
        ),
        (
            "eventually = { event = \"paid\", within = \"1s\" }".to_owned(),
            Fail,
        ),
        (recovers("5s"), Pass),
        (
            "threshold = { metric = \"latency\", stat = \"max\", below = 0.5 }".to_owned(),
            Fail,
        ),
        (
            "threshold = { metric = \"latency\", stat = \"max\", below = 0.95 }".to_owned(),
            Pass,
        ),
        (
            "threshold = { metric = \"latency\", stat = \"max\", below = 1, from = \"19900ms\" }"
                .to_owned(),
            NotExercised,
        ),
        ("always = \"shop.conservation\"".to_owned(), Inconclusive),
    ] {
        assert_eq!(verdict(&STORY, &property), wanted, "{property}");
    }
    // Late is late: the sample at 6 s is beyond what is allowed.
    assert_eq!(verdict(&STORY, &recovers("500ms")), Fail);
}

#[test]
fn a_log_that_was_cut_decides_nothing_about_its_end() {
    let event = r#"{"time_s":1,"kind":"event","name":"paid"}"#;
    let other = r#"{"time_s":2,"kind":"event","name":"lost"}"#;
    let late = "eventually = { event = \"paid\", after = \"1500ms\" }";
    let end = r#"{"time_s":9,"kind":"end"}"#;
    assert_eq!(verdict(&[event, other], late), Verdict::Inconclusive);
    assert_eq!(verdict(&[event, other, end], late), Verdict::Fail);
    let log = log(&[event, other]).expect("a log");
    let specs = properties_for_log("p", &format!("[[property]]\n{late}"), &log).expect("a file");
    assert!(
        log.judge(&specs).needs[0]
            .1
            .contains("no record of kind `end`")
    );
}

/// Each wrong line, and what is said about it.
#[test]
fn what_is_wrong_is_said_with_its_line_and_a_remedy() {
    let two = r#"{"time_ns":1500,"kind":"event","name":"paid"}"#;
    for (line, parts) in [
        (
            r#"{"time_ns":1400,"kind":"event","name":"paid"}"#,
            &["time goes back", "line 2 is at", "sort_by"][..],
        ),
        (
            r#"{"time_ns":1600,"kind":"evnt","name":"paid"}"#,
            &["unknown kind `evnt`", "did you mean `event`?"],
        ),
        (
            r#"{"time_ns":1600,"kind":"event","nme":"paid","name":"paid"}"#,
            &["unknown key `nme`", "`name`"],
        ),
        (
            r#"{"time_ns":1.5,"kind":"event","name":"paid"}"#,
            &["whole number of nanoseconds", "time_s"],
        ),
        (
            r#"{"time_s":-1,"kind":"event","name":"paid"}"#,
            &["not below zero"],
        ),
        (
            r#"{"kind":"event","name":"paid"}"#,
            &["a record has a time"],
        ),
        (
            r#"{"time_ns":1600,"kind":"metric","name":"m","value":"9"}"#,
            &["`value` is a number"],
        ),
        (r#"{"time_ns":1600,"kind":"event"}"#, &["`name` is missing"]),
        (
            r#"{"time_ns":1600,"kind":"op-ok","op":4}"#,
            &["operation 4 did not begin", "op-invoke"],
        ),
        (
            r#"{"time_ns":1600,"kind":"fault-end","name":"x"}"#,
            &["`x` is not in force"],
        ),
        (
            r#"{"time_ns":1600,"kind":"node-up"}"#,
            &["`node` is missing"],
        ),
        (r#"{"time_ns":1600,"kind" "event"}"#, &["this is no JSON"]),
        ("[1, 2]", &["a record is a JSON object"]),
    ] {
        let text = log(&[two, line]).expect_err(line);
        assert!(text.contains("shop.jsonl:3:"), "no line in\n{text}");
        for part in parts {
            assert!(text.contains(part), "no `{part}` in\n{text}");
        }
    }
    let all = log(&[r#"{"kind":"x"}"#, "?", two]).expect_err("two errors");
    assert!(all.contains("2 errors, nothing was run"), "{all}");
    let end = r#"{"time_s":9,"kind":"end"}"#;
    let after = log(&[end, r#"{"time_s":10,"kind":"event","name":"paid"}"#]).expect_err("late");
    assert!(after.contains("a record after the end") && after.contains("stands in line 2"));
}

#[test]
fn headers_are_checked_and_bind() {
    let parse = |text: &str| EventLog::parse("l", text.as_bytes()).map_err(|r| r.render(false));
    assert!(
        parse("")
            .expect_err("empty")
            .contains("the event log is empty")
    );
    let other = parse("{\"time_ns\":1}\n").expect_err("no header");
    assert!(
        other.contains("the first line of an event log is its header"),
        "{other}"
    );
    let newer = parse("{\"format\":\"squall-event-log\",\"version\":9}\n").expect_err("newer");
    assert!(newer.contains("this build reads version 1"), "{newer}");
    let header = r#"{"format":"squall-event-log","version":1,"start_ns":1000,"nodes":["web-0"],"events":["paid"],"metrics":{"latency":"s"}}"#;
    let with = |line: &str| parse(&format!("{header}\n{line}\n"));
    let log =
        with(r#"{"time_ns":1500,"kind":"event","name":"paid","node":"web-0"}"#).expect("fits");
    assert_eq!(
        log.records[0].at,
        VirtualTime::from_nanos(500),
        "times count from the start"
    );
    for (line, part) in [
        (
            r#"{"time_ns":1500,"kind":"event","name":"piad"}"#,
            "did you mean `paid`?",
        ),
        (
            r#"{"time_ns":1500,"kind":"metric","name":"latenc","value":1}"#,
            "did you mean `latency`?",
        ),
        (
            r#"{"time_ns":1500,"kind":"event","name":"paid","node":"web-1"}"#,
            "no node `web-1`",
        ),
        (
            r#"{"time_ns":500,"kind":"event","name":"paid"}"#,
            "before the `start_ns`",
        ),
    ] {
        let text = with(line).expect_err(line);
        assert!(text.contains(part), "no `{part}` in\n{text}");
    }
    // A unit makes durations possible, and a typing error in a property is found.
    let check = |property: &str| {
        let text = format!("[[property]]\n{property}\n");
        properties_for_log("p.toml", &text, &log).map_err(|report| report.render(false))
    };
    let below = "threshold = { metric = \"latency\", stat = \"max\", below = \"5ms\" }";
    assert!(check(below).is_ok());
    let typo = check("never = \"piad\"").expect_err("no such event");
    assert!(
        typo.contains("unknown event `piad`") && typo.contains("did you mean `paid`?"),
        "{typo}"
    );
    assert!(
        check("always = \"shop.conservaton\"")
            .expect_err("none")
            .contains("unknown invariant")
    );
    let none = properties_for_log("p.toml", "seeds = 3\n", &log).expect_err("no property");
    assert!(none.render(false).contains("the file promises nothing"));
}

proptest! {
    /// Whatever is done to a log, reading it gives a log or a report that can be shown.
    #[test]
    fn garbled_logs_never_panic(
        cut in 0usize..700,
        changes in proptest::collection::vec((0usize..700, any::<u8>()), 0..12),
    ) {
        let mut bytes = format!("{HEADER}\n{}\n", STORY.join("\n")).into_bytes();
        for (at, byte) in changes {
            let length = bytes.len();
            bytes[at % length] = byte;
        }
        bytes.truncate(bytes.len().saturating_sub(cut));
        match EventLog::parse("shop.jsonl", &bytes) {
            Ok(log) => {
                let property = "[[property]]\nsometimes = \"paid\"\n";
                if let Ok(specs) = properties_for_log("p.toml", property, &log) {
                    let _ = log.judge(&specs);
                }
            }
            Err(report) => prop_assert!(!report.render(false).is_empty()),
        }
    }

    #[test]
    fn any_bytes_never_panic(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        if let Err(report) = EventLog::parse("x", &bytes) {
            prop_assert!(!report.render(false).is_empty());
        }
    }
}
