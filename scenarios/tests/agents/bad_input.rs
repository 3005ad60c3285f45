//! Files that cannot be read: every error, with line and column, at the value that names the file.

use flate2::Compression;
use flate2::write::GzEncoder;
use squall_scenarios::workloads::agents::trace::{SHOWN_MAX, Step, Trace};
use squall_scenarios::{Files, Settings, parse};
use std::fmt::Write as _;
use std::io::Write as _;

const HEADER: &str = "session,agent,seq,t_s,kind,model,in_tok,out_tok,blocks,new_blocks,in_types,out_types,stop,api_time_s,ttft_s,think_time_s\n";
const GOOD: &str = "0001,main,0,0,nonstream,claude-opus-4-6,100,5,2,2,text,text+tool_use,tool_use,1.5,,0\n\
    0001,main,1,3,spawn:Explore,,,,,,,,completed,9,,\n\
    0001,sub001,0,0,nonstream,claude-haiku-4-5-20251001,50,6,1,1,text,text,end_turn,,,0\n\
    0001,main,2,5,nonstream,claude-opus-4-6,200,7,4,2,tool_result,text,end_turn,2.25,,2\n";

fn gzip(text: &str) -> Vec<u8> {
    let mut encoder = GzEncoder::new(Vec::new(), Compression::fast());
    encoder.write_all(text.as_bytes()).unwrap();
    encoder.finish().unwrap()
}

/// What is wrong with a file.
fn told(bytes: &[u8]) -> Vec<String> {
    let wrong = Trace::read(bytes).unwrap_err();
    wrong.into_iter().map(|bad| bad.text).collect()
}

#[test]
fn good_rows_become_streams() {
    let text = format!("{HEADER}{GOOD}");
    let trace = Trace::read(&gzip(&text)).unwrap();
    assert_eq!(trace, Trace::read(text.as_bytes()).unwrap());
    assert_eq!(
        (trace.sessions.len(), trace.streams.len(), trace.steps.len()),
        (1, 2, 4)
    );
    assert_eq!(
        trace.steps[1],
        Step::Spawn {
            child: 1,
            wait: true
        }
    );
    let Step::Call(last) = trace.steps[2] else {
        panic!("{:?}", trace.steps)
    };
    assert_eq!(
        (last.context, last.new, last.api_ms, last.gap_ms, last.tool),
        (200, 128, 2250, 2000, false)
    );
}

#[test]
fn every_bad_row_is_told() {
    let check = |rows: &str, expect: &[&str]| {
        let wrong = told(&gzip(&format!("{HEADER}{rows}")));
        assert_eq!(wrong, expect, "{rows}");
    };
    let bad = GOOD
        .replace("main,0,0", "main,zero,0")
        .replace(",100,5,", ",1e99,-5,");
    check(
        &bad,
        &[
            "line 2: `seq` is not a number: `zero`",
            "line 2: `in_tok` is out of range: `1e99`",
            "line 2: `out_tok` is out of range: `-5`",
        ],
    );
    check(
        &GOOD.replace(",2.25,,2", ",NaN"),
        &[
            "line 5: `think_time_s` is missing",
            "line 5: `api_time_s` is out of range: `NaN`",
        ],
    );
    check(
        &GOOD.replace("main,2,5", "main,1,5"),
        &["line 5: `seq` does not ascend: `1`"],
    );
    check(
        &GOOD.replace("sub001", "main"),
        &[
            "line 4: `seq` does not ascend: `0`",
            "line 3: the sub-agent it starts has no rows",
        ],
    );
    check(
        &GOOD.replace("0001,sub001", "0002,sub001"),
        &[
            "line 3: the sub-agent it starts has no rows",
            "line 4: its session has no agent `main`",
        ],
    );
    check(
        &GOOD.replace("spawn:Explore,", "nonstream,m"),
        &[
            "line 3: `in_tok` is not a number: ``",
            "line 3: `new_blocks` is not a number: ``",
            "line 3: `out_tok` is not a number: ``",
            "line 4: no row starts this sub-agent",
        ],
    );
    check("", &["it has no sessions"]);
}

#[test]
fn many_bad_rows_are_counted() {
    let mut rows = String::new();
    for n in 0..100 {
        let _ = writeln!(rows, "0001,main,{n},0,nonstream,m,x,5,2,2,text,text,,1,,0");
    }
    let wrong = told(&gzip(&format!("{HEADER}{rows}")));
    assert_eq!(wrong.len(), SHOWN_MAX + 1);
    assert_eq!(wrong[SHOWN_MAX], "80 more rows are wrong");
}

#[test]
fn missing_columns_are_told_at_once() {
    let wrong = told(b"session,agent,seq\n1,main,0\n");
    assert!(
        wrong.contains(&"line 1: there is no column `in_tok`".to_owned()),
        "{wrong:?}"
    );
    assert!(
        wrong.contains(&"line 1: there is no column `kind`".to_owned()),
        "{wrong:?}"
    );
    assert!(Trace::read(&[0x1f, 0x8b, 8, 0]).is_err() && Trace::read(b"").is_err());
}

#[test]
fn a_file_cut_short_tells_so_and_what_was_wrong_before() {
    let mut rows = format!("{HEADER}0001,main,0,0,nonstream,m,x,5,2,2,text,text,,1,,0\n");
    for n in 1..20_000 {
        let _ = writeln!(
            rows,
            "0001,main,{n},0,nonstream,m,{},5,2,2,text,text,,1,,0",
            n * 7919 % 10_007
        );
    }
    let bytes = gzip(&rows);
    let wrong = told(&bytes[..bytes.len() / 2]);
    assert_eq!(wrong.len(), 2, "{wrong:?}");
    assert!(
        wrong[0].starts_with("the gzip data end early, after line "),
        "{wrong:?}"
    );
    assert_eq!(wrong[1], "line 2: `in_tok` is not a number: `x`");
}

#[test]
fn errors_stand_at_the_value_that_names_the_file() {
    struct One(Option<Vec<u8>>);
    impl Files for One {
        fn read(&self, _: &str) -> Result<Vec<u8>, String> {
            self.0.clone().ok_or_else(|| "no such file".to_owned())
        }
    }
    let text = include_str!("../../library/agents/rate-limit-storm.toml");
    let shown = |file: Option<Vec<u8>>| {
        let mut settings = Settings::default();
        settings
            .push_set("workload.desk.agents.arrivals.trace=a.csv.gz")
            .unwrap();
        let scenario = parse("storm.toml", text, &settings).unwrap();
        scenario.ready(&One(file)).unwrap_err().render(false)
    };
    let missing = shown(None);
    assert!(missing.contains("`a.csv.gz`: no such file"), "{missing}");
    assert!(missing.contains(" ^^^^^^^^\n"), "{missing}");
    // A row is shown where it stands: in its own file, with the word marked.
    let row = shown(Some(gzip(&format!(
        "{HEADER}{}",
        GOOD.replace(",200,", ",banana,")
    ))));
    for part in [
        "--> a.csv.gz:5:41",
        "claude-opus-4-6,banana,7",
        "^^^^^^",
        "correct the row",
    ] {
        assert!(row.contains(part), "{part} is not in\n{row}");
    }
    let bad = GOOD.replace(",100,", ",many,").replace(",200,", ",more,");
    let both = shown(Some(gzip(&format!("{HEADER}{bad}"))));
    for part in [
        "line 2: `in_tok` is not a number: `many`",
        "line 5: `in_tok` is not a number: `more`",
        "2 errors",
    ] {
        assert!(both.contains(part), "{part}\n{both}");
    }
}
