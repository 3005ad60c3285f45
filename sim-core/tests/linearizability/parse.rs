//! Recorded histories: Jepsen's log of a register, and maps in EDN of a store of texts.

use squall_core::linearizability::{AppendInput, Operation, RegisterInput};
use std::collections::BTreeMap;

pub(crate) type Registers = Vec<Operation<RegisterInput, Option<u64>>>;
pub(crate) type Texts = Vec<Operation<AppendInput, String>>;

/// Lines `INFO  jepsen.util - PROCESS :type :f value`; others say nothing about the register.
pub(crate) fn registers(log: &str) -> Registers {
    let mut history = Registers::new();
    let mut open: BTreeMap<u32, usize> = BTreeMap::new();
    let mut drop = Vec::new();
    let lines = log
        .lines()
        .filter_map(|line| line.split_once("jepsen.util - "));
    for (at, (_, rest)) in lines.enumerate() {
        let words: Vec<&str> = rest.split_whitespace().collect();
        let Ok(process) = words[0].parse() else {
            continue;
        };
        let (kind, f, value) = (words[1], words[2], words[3..].join(" "));
        let at = at as u64;
        if kind == ":invoke" {
            open.insert(process, history.len());
            history.push(Operation {
                process,
                key: 0,
                input: input(f, &value),
                output: None,
                call: at,
                ret: None,
            });
            continue;
        }
        let index = open.remove(&process).expect("what returns was called");
        let output = match (kind, f) {
            (":ok", ":read") => number(&value),
            (":ok", _) => Some(1),
            (":fail", ":cas") => None,
            // A read that timed out says nothing.
            (":fail", ":read") => {
                drop.push(index);
                continue;
            }
            // Nobody knows: pending.
            (":info", _) => continue,
            other => panic!("a line of another kind: {other:?}"),
        };
        history[index].output = Some(output);
        history[index].ret = Some(at);
    }
    for index in drop.into_iter().rev() {
        history.remove(index);
    }
    history
}

fn number(word: &str) -> Option<u64> {
    (word != "nil").then(|| word.parse().expect("a number"))
}

fn input(f: &str, value: &str) -> RegisterInput {
    let numbers: Vec<u64> = value
        .trim_matches(['[', ']'])
        .split_whitespace()
        .filter_map(number)
        .collect();
    match (f, numbers.as_slice()) {
        (":read", []) => RegisterInput::Read,
        (":write", [value]) => RegisterInput::Write(*value),
        (":cas", [expected, value]) => RegisterInput::Swap(*expected, *value),
        other => panic!("no operation of a register: {other:?}"),
    }
}

/// Lines `{:process 0, :type :invoke, :f :append, :key "0", :value "x"}`.
pub(crate) fn texts(log: &str) -> Texts {
    let mut history = Texts::new();
    let mut open: BTreeMap<u32, usize> = BTreeMap::new();
    for (at, line) in log.lines().filter(|line| !line.is_empty()).enumerate() {
        let field = |name: &str| {
            let (_, rest) = line.split_once(name).expect("each line has each field");
            match rest.trim_start().strip_prefix('"') {
                Some(text) => text
                    .split('"')
                    .next()
                    .expect("split gives one part at least")
                    .to_owned(),
                None => rest
                    .trim_start()
                    .split([',', '}'])
                    .next()
                    .expect("split gives one part at least")
                    .to_owned(),
            }
        };
        let process = field(":process").parse().expect("a number");
        let (value, at) = (field(":value"), at as u64);
        if field(":type") == ":invoke" {
            open.insert(process, history.len());
            history.push(Operation {
                process,
                key: field(":key").parse().expect("keys are numbers"),
                input: match field(":f").as_str() {
                    ":get" => AppendInput::Get,
                    ":put" => AppendInput::Put(value),
                    ":append" => AppendInput::Append(value),
                    other => panic!("no operation of a text: {other}"),
                },
                output: None,
                call: at,
                ret: None,
            });
            continue;
        }
        let index = open.remove(&process).expect("what returns was called");
        history[index].output = Some(value);
        history[index].ret = Some(at);
    }
    history
}
