//! Linearizability of what clients saw: does some order of the operations, in which each takes effect
//! at one instant between its call and its return, explain every answer?
//!
//! The search is that of Wing and Gong (1993) with the memory of Lowe (2017): a set of operations and
//! a state that once led nowhere is not tried again. Keys are checked by themselves first, because an
//! object is linearizable exactly if each of its keys is (Herlihy and Wing, 1990). An operation of which
//! nobody knows whether it happened stays pending to the end: it may take effect at any time, or never.
//!
//! The effort is bounded in steps of the search, never in time, so that a verdict is the same
//! everywhere; a bound that is reached gives [`Answer::Undecided`], which is no pass.

mod model;
mod prefix;
mod search;

pub use model::{Append, AppendInput, Model, Register, RegisterInput};
pub use prefix::{Failure, minimal_failure};

use search::Search;

/// Steps of the search for each key, unless the caller says otherwise: five times what the hardest of
/// 73 histories recorded from real stores needs.
pub const STEPS_DEFAULT: u64 = 5_000_000;

/// One operation of a client. Instants are positions in the order of all calls and returns of the
/// history, so that two of them are never equal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Operation<I, O> {
    /// The client; its operations do not overlap, unless one of them is pending.
    pub process: u32,
    /// What it is about: histories of different keys are checked by themselves.
    pub key: u64,
    /// What was asked for.
    pub input: I,
    /// What came back; `None` while nobody knows whether it happened.
    pub output: Option<O>,
    /// When it was called.
    pub call: u64,
    /// When it returned; `None` together with `output`.
    pub ret: Option<u64>,
}

/// What can be said about a history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// Some order explains it.
    Linearizable,
    /// No order does, for one key at least.
    Not(Violation),
    /// The bound on steps was reached for these keys, and no other key is violated.
    Undecided(Vec<u64>),
}

/// Why a history is not linearizable, as far as the search can say: the lowest key that is violated.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// The key.
    pub key: u64,
    /// The longest order that explains a part of it: indices of operations in the history.
    pub longest: Vec<usize>,
    /// The operation that cannot be placed after it: its index. It is the first to return of those
    /// that are left.
    pub stuck: usize,
}

/// The verdict and what it took.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checked {
    /// The verdict.
    pub answer: Answer,
    /// Steps of the search, over all keys.
    pub steps: u64,
    /// Steps for the key that took most.
    pub steps_worst: u64,
}

/// Checks `history` against `model`, with at most `steps_max` steps a key.
pub fn check<M: Model>(
    model: &M,
    history: &[Operation<M::Input, M::Output>],
    steps_max: u64,
) -> Checked {
    let (mut steps, mut steps_worst) = (0, 0);
    let mut undecided = Vec::new();
    for (key, members) in by_key(history) {
        let mut search = Search::new(model, history, &members);
        let found = search.run(steps_max);
        steps += search.steps();
        steps_worst = steps_worst.max(search.steps());
        match found {
            Some(true) => {}
            Some(false) => {
                let (longest, stuck) = search.failure();
                let violation = Violation {
                    key,
                    longest,
                    stuck,
                };
                return Checked {
                    answer: Answer::Not(violation),
                    steps,
                    steps_worst,
                };
            }
            None => undecided.push(key),
        }
    }
    let answer = if undecided.is_empty() {
        Answer::Linearizable
    } else {
        Answer::Undecided(undecided)
    };
    Checked {
        answer,
        steps,
        steps_worst,
    }
}

/// The operations of each key, keys and operations in ascending order.
fn by_key<I, O>(history: &[Operation<I, O>]) -> Vec<(u64, Vec<usize>)> {
    let mut indices: Vec<usize> = (0..history.len()).collect();
    indices.sort_by_key(|&i| (history[i].key, history[i].call));
    let groups = indices.chunk_by(|&a, &b| history[a].key == history[b].key);
    groups
        .map(|group| (history[group[0]].key, group.to_vec()))
        .collect()
}
