//! What clients of a store saw, read from the records of their operations: `Invoke` and `Return`.
//!
//! A store holds a value a key. Writes say at their call what they write, reads find at their return what
//! they found; a compare-and-swap is a write that may fail. Of an operation that ended as `Info`, or never,
//! nobody knows whether it happened. Where several writes of a key write the same value, a read of it counts
//! as one of the latest: that never blames a store for nothing, and may miss something.

use super::{Invariant, Ruling, RunEnd};
use crate::history::{Outcome, Record, What};
use crate::linearizability::{Answer, Model, Operation, check, minimal_failure};
use crate::{NameId, NodeId, VirtualTime};
use core::fmt;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// What is promised of the operations on a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consistency {
    /// Some order of the operations, in which none stands before one that returned before its call, explains
    /// every answer. The search takes exponential time at worst, and is bounded.
    Linearizable,
    /// A client never reads what is older than what it knew when it asked, by its own writes and reads, nor
    /// what nobody wrote. Clients are nodes. Linear in the history.
    SessionGuarantees,
    /// Nobody reads what was overwritten by a write that was acknowledged before the read began. Linear in
    /// the history.
    NoLostWrite,
}

impl Consistency {
    /// The words of scenario files.
    pub const WORDS: &[&str] = &["linearizable", "session-guarantees", "no-lost-write"];
    /// Its word.
    pub const fn word(self) -> &'static str {
        match self {
            Self::Linearizable => "linearizable",
            Self::SessionGuarantees => "session-guarantees",
            Self::NoLostWrite => "no-lost-write",
        }
    }
    /// The promise of this word.
    pub fn find(word: &str) -> Option<Self> {
        let all = [
            Self::Linearizable,
            Self::SessionGuarantees,
            Self::NoLostWrite,
        ];
        all.into_iter().find(|promise| promise.word() == word)
    }
}

impl fmt::Display for Consistency {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

/// The invariant of a store, for [`super::Monitored`].
#[derive(Debug)]
pub struct Operations {
    promise: Consistency,
    reads: Vec<NameId>,
    writes: Vec<NameId>,
    /// What a key holds before anything is written.
    initial: u64,
    /// Most steps of the search for an order, a key.
    steps_max: u64,
    history: Vec<Seen>,
    /// Operations under way, by their number: their place in the history.
    open: BTreeMap<u32, usize>,
    /// Positions in the order of calls and returns.
    instants: u64,
    /// Writes by key and value: their place in the history.
    writers: BTreeMap<(u64, u64), usize>,
    /// By key the latest call of a write that has returned.
    acknowledged: BTreeMap<u64, Latest>,
    /// The same of those that a client wrote or read.
    known: BTreeMap<(NodeId, u64), Latest>,
}

/// A write: its call, and its place in the history.
#[derive(Clone, Copy, Debug)]
struct Latest {
    call: u64,
    place: usize,
}

/// An operation.
#[derive(Clone, Copy, Debug)]
struct Seen {
    op: u32,
    node: NodeId,
    key: u64,
    /// What it writes; `None` for a read.
    writes: Option<u64>,
    found: Option<u64>,
    call: u64,
    ret: Option<u64>,
    times: (VirtualTime, VirtualTime),
    /// Whether it surely did not happen.
    void: bool,
    /// The latest write of its key that was acknowledged before its call, and the latest its client knew.
    before: Option<Latest>,
    knew: Option<Latest>,
}

impl fmt::Display for Seen {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "operation {}, key {}: ", self.op, self.key)?;
        match (self.writes, self.found) {
            (Some(value), _) => write!(f, "write {value}"),
            (None, Some(value)) => write!(f, "read -> {value}"),
            (None, None) => write!(f, "read (no answer)"),
        }
    }
}

/// One key of the store, by what it held at first.
#[derive(Clone, Copy, Debug)]
struct Cell(u64);

impl Model for Cell {
    type State = u64;
    type Input = Option<u64>;
    type Output = u64;

    fn initial(&self) -> u64 {
        self.0
    }
    fn apply(&self, state: &u64, input: &Option<u64>, output: Option<&u64>) -> Option<u64> {
        match input {
            Some(value) => Some(*value),
            None => output.is_none_or(|found| found == state).then_some(*state),
        }
    }
}

impl Operations {
    /// A store whose operations have these names.
    pub fn new(
        promise: Consistency,
        (reads, writes): (Vec<NameId>, Vec<NameId>),
        (initial, steps_max): (u64, u64),
    ) -> Self {
        Self {
            promise,
            reads,
            writes,
            initial,
            steps_max,
            history: Vec::new(),
            open: BTreeMap::new(),
            instants: 0,
            writers: BTreeMap::new(),
            acknowledged: BTreeMap::new(),
            known: BTreeMap::new(),
        }
    }
    fn instant(&mut self) -> u64 {
        self.instants += 1;
        self.instants
    }
    fn called(
        &mut self,
        at: VirtualTime,
        (op, node, name): (u32, NodeId, NameId),
        key: u64,
        value: u64,
    ) {
        let writes = self.writes.contains(&name);
        if !writes && !self.reads.contains(&name) {
            return;
        }
        let (call, place) = (self.instant(), self.history.len());
        self.history.push(Seen {
            op,
            node,
            key,
            writes: writes.then_some(value),
            found: None,
            call,
            ret: None,
            times: (at, at),
            void: false,
            before: self.acknowledged.get(&key).copied(),
            knew: self.known.get(&(node, key)).copied(),
        });
        self.open.insert(op, place);
        if writes {
            self.writers.insert((key, value), place);
        }
    }
    fn returned(
        &mut self,
        at: VirtualTime,
        (op, outcome, value): (u32, Outcome, u64),
        ruling: &mut Ruling,
    ) {
        let Some(place) = self.open.remove(&op) else {
            return;
        };
        match outcome {
            Outcome::Info => return,
            Outcome::Fail => return self.history[place].void = true,
            Outcome::Ok => {}
        }
        let ret = self.instant();
        let seen = &mut self.history[place];
        (seen.ret, seen.times.1) = (Some(ret), at);
        if seen.writes.is_none() {
            seen.found = Some(value);
        }
        let seen = *seen;
        match self.promise {
            Consistency::Linearizable => {}
            Consistency::SessionGuarantees => self.session(seen, place, ruling),
            Consistency::NoLostWrite => self.lost(seen, ruling),
        }
        if seen.writes.is_some() {
            later(
                &mut self.acknowledged,
                seen.key,
                Latest {
                    call: seen.call,
                    place,
                },
            );
        }
    }
    /// The write that a read found; `None` in it for what a key holds at first.
    fn writer(&self, seen: &Seen) -> Option<Option<usize>> {
        let value = seen.found?;
        let found = self.writers.get(&(seen.key, value)).copied();
        let found = found.filter(|place| !self.history[*place].void);
        (found.is_some() || value == self.initial).then_some(found)
    }
    /// Whether a write, or what was there at first, was surely over when another began.
    fn is_older(&self, found: Option<usize>, than: Latest) -> bool {
        match found {
            None => true,
            Some(place) => self.history[place].ret.is_some_and(|ret| ret < than.call),
        }
    }
    fn session(&mut self, seen: Seen, place: usize, ruling: &mut Ruling) {
        let (at, node) = (seen.times.1, Some(seen.node));
        let place = match seen.writes {
            Some(_) => place,
            None => {
                ruling.checked();
                let Some(found) = self.writer(&seen) else {
                    return ruling.violated(at, node, || format!("{seen}, which nobody wrote"));
                };
                if let Some(knew) = seen.knew.filter(|knew| self.is_older(found, *knew)) {
                    let newer = self.history[knew.place];
                    ruling.violated(at, node, || {
                        format!("{seen}, though the client knew of the later {newer}")
                    });
                }
                let Some(place) = found else { return };
                place
            }
        };
        let call = self.history[place].call;
        later(
            &mut self.known,
            (seen.node, seen.key),
            Latest { call, place },
        );
    }
    fn lost(&self, seen: Seen, ruling: &mut Ruling) {
        if seen.writes.is_some() {
            return;
        }
        ruling.checked();
        let (at, node) = (seen.times.1, Some(seen.node));
        let Some(found) = self.writer(&seen) else {
            return ruling.violated(at, node, || format!("{seen}, which nobody wrote"));
        };
        if let Some(before) = seen.before.filter(|before| self.is_older(found, *before)) {
            let lost = self.history[before.place];
            ruling.violated(at, node, || {
                format!("{seen}, though {lost} was acknowledged before")
            });
        }
    }
    fn linearize(&self, ruling: &mut Ruling) {
        const SHOWN: usize = 8;
        let real: Vec<&Seen> = self.history.iter().filter(|seen| !seen.void).collect();
        // Writes alone are explained by any order: what nobody read tests nothing.
        if real.iter().all(|seen| seen.found.is_none()) {
            return;
        }
        let operation = |seen: &&Seen| Operation {
            process: seen.node.0,
            key: seen.key,
            input: seen.writes,
            output: seen.ret.and(seen.found.or(seen.writes)),
            call: seen.call,
            ret: seen.ret,
        };
        let operations: Vec<_> = real.iter().map(operation).collect();
        ruling.checked();
        let model = Cell(self.initial);
        let violation = match check(&model, &operations, self.steps_max).answer {
            Answer::Linearizable => return,
            Answer::Undecided(_) => return ruling.undecided(),
            Answer::Not(violation) => violation,
        };
        let of_call = |call: u64| real.iter().find(|seen| seen.call == call).copied();
        let failure = minimal_failure(&model, &operations, self.steps_max);
        let stuck = match &failure {
            Some(failure) => of_call(failure.operations[failure.violation.stuck].call),
            None => None,
        };
        let stuck = stuck.unwrap_or(real[violation.stuck]);
        ruling.violated(stuck.times.1, Some(stuck.node), || {
            let mut text = format!("no order explains {stuck}");
            if let Some(failure) = &failure {
                let all = &failure.operations;
                text += &format!(
                    "; the shortest beginning that is wrong has {} operations on the key, the last:",
                    all.len()
                );
                for operation in all.iter().skip(all.len().saturating_sub(SHOWN)) {
                    if let Some(seen) = of_call(operation.call) {
                        text += &format!("\n  [{} {}] {seen}", seen.times.0, seen.times.1);
                    }
                }
            }
            text
        });
    }
}

/// Keeps the later of two writes.
fn later<K: Ord>(all: &mut BTreeMap<K, Latest>, key: K, latest: Latest) {
    let kept = all.entry(key).or_insert(latest);
    if latest.call > kept.call {
        *kept = latest;
    }
}

impl Invariant for Operations {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        match record.what {
            What::Invoke {
                op,
                node,
                name,
                key,
                value,
            } => self.called(record.at, (op, node, name), key, value),
            What::Return { op, outcome, value } => {
                self.returned(record.at, (op, outcome, value), ruling);
            }
            _ => {}
        }
    }
    fn finish(&mut self, _run: &RunEnd<'_>, ruling: &mut Ruling) {
        if self.promise == Consistency::Linearizable {
            self.linearize(ruling);
        }
    }
}

#[cfg(test)]
mod tests;
