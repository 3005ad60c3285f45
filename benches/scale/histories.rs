//! The checker of linearizability on the 73 recorded histories: the slowest decides.

use crate::parse::{registers, texts};
use crate::{median, timed};
use squall::core::linearizability::{Answer, Append, Checked, Register, STEPS_DEFAULT, check};

const DATA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../shared/data/cluster/linearizability"
);
const ROUNDS: u32 = 3;

/// CPU seconds of a check, median of some, and what it said.
fn checked(mut work: impl FnMut() -> Checked) -> (f64, Checked) {
    let mut last = None;
    let one = |_| {
        let (seconds, checked) = timed(&mut work);
        last = Some(checked);
        seconds
    };
    let seconds = median((0..ROUNDS).map(one).collect());
    (seconds, last.expect("it was checked"))
}

pub(crate) fn run() {
    let Ok(expected) = std::fs::read_to_string(format!("{DATA}/expected.csv")) else {
        println!("histories    NOT RUN: there is no {DATA}");
        return;
    };
    let (mut count, mut all, mut worst) = (0, 0.0, (0.0, String::new(), 0));
    for line in expected.lines().skip(1) {
        let (name, verdict) = line.split_once(',').expect("two columns");
        let text = std::fs::read_to_string(format!("{DATA}/{name}")).expect("a listed history");
        let (seconds, checked) = if name.starts_with("etcd/") {
            let history = registers(&text);
            checked(|| check(&Register, &history, STEPS_DEFAULT))
        } else {
            let history = texts(&text);
            checked(|| check(&Append, &history, STEPS_DEFAULT))
        };
        let right = match checked.answer {
            Answer::Linearizable => verdict.trim() == "true",
            Answer::Not(_) => verdict.trim() == "false",
            Answer::Undecided(_) => false,
        };
        assert!(right, "{name}: {:?}", checked.answer);
        count += 1;
        all += seconds;
        if seconds > worst.0 {
            worst = (seconds, name.to_owned(), checked.steps_worst);
        }
    }
    let (seconds, name, steps) = worst;
    println!(
        "histories    {count} histories in {all:.2} s CPU; slowest {name}: {:.0} ms, {steps} steps (bar 1 s)",
        seconds * 1e3
    );
}
