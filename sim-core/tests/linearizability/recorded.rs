//! 69 histories of an etcd register and 4 of a store of texts, with known verdicts.

#![expect(clippy::print_stderr, reason = "what was compared is said aloud")]

use crate::parse::{registers, texts};
use squall_core::linearizability::{
    Answer, Append, Checked, Model, Operation, Register, STEPS_DEFAULT, check, minimal_failure,
};

const DATA: &str = concat!(
    env!("CARGO_MANIFEST_DIR"),
    "/../../shared/data/cluster/linearizability"
);

/// Name, text and verdict of each history; none, said aloud, if they are not there.
fn histories() -> Vec<(String, String, bool)> {
    let Ok(expected) = std::fs::read_to_string(format!("{DATA}/expected.csv")) else {
        eprintln!(
            "NOT RUN: {DATA} is missing, the checker is not compared with recorded histories"
        );
        return Vec::new();
    };
    let row = |line: &str| {
        let (name, verdict) = line.split_once(',').expect("two columns");
        let text = std::fs::read_to_string(format!("{DATA}/{name}")).expect("a listed history");
        (name.to_owned(), text, verdict.trim() == "true")
    };
    let rows: Vec<_> = expected.lines().skip(1).map(row).collect();
    assert_eq!(rows.len(), 73);
    rows
}

#[test]
fn every_recorded_history_gets_its_verdict() {
    let (mut worst_register, mut worst_text) = (0, 0);
    for (name, text, linearizable) in histories() {
        let checked = if name.starts_with("etcd/") {
            let checked = check(&Register, &registers(&text), STEPS_DEFAULT);
            worst_register = worst_register.max(checked.steps_worst);
            checked
        } else {
            let checked = check(&Append, &texts(&text), STEPS_DEFAULT);
            worst_text = worst_text.max(checked.steps_worst);
            checked
        };
        let right = match &checked.answer {
            Answer::Linearizable => linearizable,
            Answer::Not(_) => !linearizable,
            Answer::Undecided(_) => false,
        };
        assert!(right, "{name}: {:?}", checked.answer);
    }
    eprintln!("steps at most: {worst_register} for a register, {worst_text} for a key of texts");
    // cluster.md, section 6: the plain search with memory needs 1.0 million at most, and 540. More would
    // mean that it remembers less than it could.
    assert!(worst_register < 1_050_000 && worst_text <= 540);
}

#[test]
fn a_wrong_history_is_cut_after_the_first_return_that_nothing_explains() {
    for (name, text, linearizable) in histories() {
        if name.starts_with("etcd/") {
            cut(&Register, &registers(&text), linearizable, &name);
        } else {
            cut(&Append, &texts(&text), linearizable, &name);
        }
    }
}

fn cut<M: Model>(
    model: &M,
    history: &[Operation<M::Input, M::Output>],
    linearizable: bool,
    name: &str,
) {
    let Some(failure) = minimal_failure(model, history, STEPS_DEFAULT) else {
        assert!(linearizable, "{name}");
        return;
    };
    assert!(!linearizable, "{name}");
    // Wrong as it is, and right without its last return.
    let operations = failure.operations;
    let answer =
        |operations: &[Operation<_, _>]| -> Checked { check(model, operations, STEPS_DEFAULT) };
    assert!(
        matches!(answer(&operations).answer, Answer::Not(_)),
        "{name}"
    );
    let mut before = operations.clone();
    let last = before
        .iter_mut()
        .max_by_key(|op| op.ret)
        .expect("not empty");
    let end = last.ret;
    assert!(operations.iter().all(|op| Some(op.call) < end), "{name}");
    (last.ret, last.output) = (None, None);
    assert_eq!(answer(&before).answer, Answer::Linearizable, "{name}");
    // What it says about why is about these operations, and its order is one.
    let why = failure.violation;
    assert!(!why.longest.contains(&why.stuck));
    let mut state = model.initial();
    for &index in &why.longest {
        let op = &operations[index];
        let next = model.apply(&state, &op.input, op.output.as_ref());
        state = next.unwrap_or_else(|| panic!("{name}: the order does not explain {op:?}"));
    }
}
