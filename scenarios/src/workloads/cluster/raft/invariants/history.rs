//! Linearizability of what clients saw, key by key.

use super::super::machine::appended;
use super::{Findings, Slug};
use core::fmt::Write as _;
use squall_core::VirtualTime;
use squall_core::linearizability::{
    Answer, Failure, Model, Operation, check as search, minimal_failure,
};

/// What a client asked for; values stand for texts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Get,
    Put(u64),
    Append(u64),
    /// Put the second if the first is there.
    Swap(u64, u64),
}

/// An operation of a client.
#[derive(Clone, Debug)]
pub(super) struct Done {
    pub(super) op: u32,
    pub(super) session: u32,
    pub(super) key: u64,
    pub(super) action: Action,
    pub(super) answer: Option<u64>,
    pub(super) call: u64,
    pub(super) ret: Option<u64>,
    /// When it was called, and when it returned.
    pub(super) times: (VirtualTime, VirtualTime),
    /// Whether it surely did not happen.
    pub(super) void: bool,
}

impl Done {
    /// In words.
    pub(super) fn what(&self) -> String {
        let Self {
            op, session, key, ..
        } = self;
        let answer = |text: String| match self.answer {
            None => format!("{text} (no answer)"),
            Some(value) => format!("{text} -> {value:#x}"),
        };
        let action = match self.action {
            Action::Get => "get".to_owned(),
            Action::Put(value) => format!("put {value:#x}"),
            Action::Append(more) => format!("append {more:#x}"),
            Action::Swap(expected, value) => format!("cas {expected:#x} {value:#x}"),
        };
        answer(format!(
            "operation {op} of session {session}, key {key}: {action}"
        ))
    }
}

/// One key of the store.
#[derive(Clone, Copy, Debug)]
struct Text;

impl Model for Text {
    type State = u64;
    type Input = Action;
    type Output = u64;

    fn initial(&self) -> u64 {
        0
    }
    fn apply(&self, state: &u64, input: &Action, output: Option<&u64>) -> Option<u64> {
        let (next, answer) = match *input {
            Action::Get => (*state, *state),
            Action::Put(value) => (value, value),
            Action::Append(more) => {
                let text = appended(*state, more);
                (text, text)
            }
            Action::Swap(expected, value) if expected == *state => (value, 1),
            Action::Swap(..) => (*state, 0),
        };
        output
            .is_none_or(|output| *output == answer)
            .then_some(next)
    }
}

/// Checks the history; what is violated is said with the shortest beginning that is wrong.
pub(super) fn check(history: &[Done], steps_max: u64, findings: &mut Findings) {
    let real: Vec<&Done> = history.iter().filter(|done| !done.void).collect();
    if real.is_empty() {
        return;
    }
    let operation = |done: &&Done| Operation {
        process: done.session,
        key: done.key,
        input: done.action,
        output: done.answer,
        call: done.call,
        ret: done.ret,
    };
    let operations: Vec<_> = real.iter().map(operation).collect();
    findings.checked(Slug::Linearizable);
    let violation = match search(&Text, &operations, steps_max).answer {
        Answer::Linearizable => return,
        Answer::Undecided(_) => return findings.undecided(Slug::Linearizable),
        Answer::Not(violation) => violation,
    };
    let stuck = real[violation.stuck];
    let at = (stuck.times.1, None);
    match minimal_failure(&Text, &operations, steps_max) {
        Some(failure) => {
            let wrong = failure.operations[failure.violation.stuck].call;
            let found = real
                .iter()
                .find(|done| done.call == wrong)
                .unwrap_or(&stuck);
            let at = (found.times.1, None);
            findings.violated(Slug::Linearizable, at, || text(&real, found, &failure));
        }
        None => findings.violated(Slug::Linearizable, at, || {
            format!("no order explains {}", stuck.what())
        }),
    }
}

/// The operation that cannot be placed, and the last ones of the beginning that ends with it.
fn text(real: &[&Done], wrong: &Done, failure: &Failure<Action, u64>) -> String {
    const SHOWN: usize = 8;
    let count = failure.operations.len();
    let mut text = format!(
        "no order explains {}; the shortest beginning that is wrong has {count} operations on the key, the last:",
        wrong.what()
    );
    let calls = failure
        .operations
        .iter()
        .skip(count.saturating_sub(SHOWN))
        .map(|op| op.call);
    for call in calls {
        if let Some(done) = real.iter().find(|done| done.call == call) {
            let (from, to) = done.times;
            let end = done.ret.map_or_else(|| "..".to_owned(), |_| to.to_string());
            let _ = write!(text, "\n  [{from} {end}] {}", done.what());
        }
    }
    text
}
