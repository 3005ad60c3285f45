//! The search of one key.

use super::{Model, Operation};
use std::collections::BTreeSet;

/// No entry: the end of the list.
const END: usize = usize::MAX;

/// Calls and returns of the operations that are not placed yet, a list in the order of time.
#[derive(Clone, Copy, Debug)]
struct Entry {
    /// Position of the operation among those of the key.
    op: usize,
    /// For a call its return, [`END`] if the operation is pending; for a return `None`.
    ret: Option<usize>,
    before: usize,
    after: usize,
}

/// A search, step by step.
pub(super) struct Search<'a, M: Model> {
    model: &'a M,
    history: &'a [Operation<M::Input, M::Output>],
    /// Index in the history of each operation of the key.
    members: &'a [usize],
    entries: Vec<Entry>,
    head: usize,
    /// Returns that are still in the list: none left is success.
    returns: usize,
    state: M::State,
    placed: Vec<u64>,
    /// The calls that were placed, with the state before each.
    stack: Vec<(usize, M::State)>,
    /// Placed operations and state that led nowhere, or are being tried.
    seen: BTreeSet<(Vec<u64>, M::State)>,
    steps: u64,
    longest: Vec<usize>,
    stuck: usize,
}

impl<'a, M: Model> Search<'a, M> {
    pub(super) fn new(
        model: &'a M,
        history: &'a [Operation<M::Input, M::Output>],
        members: &'a [usize],
    ) -> Self {
        let mut events: Vec<(u64, usize, bool)> = Vec::with_capacity(2 * members.len());
        for (op, &index) in members.iter().enumerate() {
            let operation = &history[index];
            events.push((operation.call, op, true));
            events.extend(operation.ret.map(|ret| (ret, op, false)));
        }
        events.sort_unstable();
        let mut returns = vec![END; members.len()];
        for (at, &(_, op, is_call)) in events.iter().enumerate() {
            if !is_call {
                returns[op] = at;
            }
        }
        let last = events.len();
        let entry = |(at, &(_, op, is_call)): (usize, &(u64, usize, bool))| Entry {
            op,
            ret: is_call.then_some(returns[op]),
            before: if at == 0 { END } else { at - 1 },
            after: if at + 1 == last { END } else { at + 1 },
        };
        Self {
            model,
            history,
            members,
            entries: events.iter().enumerate().map(entry).collect(),
            head: if last == 0 { END } else { 0 },
            returns: returns.iter().filter(|ret| **ret != END).count(),
            state: model.initial(),
            placed: vec![0; members.len().div_ceil(64)],
            stack: Vec::new(),
            seen: BTreeSet::new(),
            steps: 0,
            longest: Vec::new(),
            stuck: END,
        }
    }
    pub(super) const fn steps(&self) -> u64 {
        self.steps
    }
    /// The longest order found, and the operation that could not follow it.
    ///
    /// # Panics
    /// If the search has not failed.
    pub(super) fn failure(&self) -> (Vec<usize>, usize) {
        (self.longest.clone(), self.members[self.stuck])
    }

    /// Whether there is an order; `None` if it would take more than `steps_max` steps to know.
    pub(super) fn run(&mut self, steps_max: u64) -> Option<bool> {
        let mut at = self.head;
        while self.returns > 0 {
            if self.steps >= steps_max {
                return None;
            }
            self.steps += 1;
            // A return is in the list, so the walk meets it before the end of the list.
            let entry = self.entries[at];
            at = match entry.ret {
                Some(ret) if self.place(at, ret) => self.head,
                Some(_) => entry.after,
                None => {
                    self.remember(entry.op);
                    match self.take_back() {
                        Some(call) => self.entries[call].after,
                        None => return Some(false),
                    }
                }
            };
        }
        Some(true)
    }

    /// Places the operation called at `call` next, unless it cannot come here or that was tried.
    fn place(&mut self, call: usize, ret: usize) -> bool {
        let op = self.entries[call].op;
        let operation = &self.history[self.members[op]];
        let next = self
            .model
            .apply(&self.state, &operation.input, operation.output.as_ref());
        let Some(next) = next else {
            return false;
        };
        self.placed[op / 64] |= 1 << (op % 64);
        if !self.seen.insert((self.placed.clone(), next.clone())) {
            self.placed[op / 64] &= !(1 << (op % 64));
            return false;
        }
        let before = core::mem::replace(&mut self.state, next);
        self.stack.push((call, before));
        self.unlink(call);
        if ret != END {
            self.unlink(ret);
            self.returns -= 1;
        }
        true
    }
    /// Takes the last placed operation back, and gives its call.
    fn take_back(&mut self) -> Option<usize> {
        let (call, before) = self.stack.pop()?;
        let Entry { op, ret, .. } = self.entries[call];
        self.state = before;
        self.placed[op / 64] &= !(1 << (op % 64));
        if let Some(ret) = ret.filter(|ret| *ret != END) {
            self.link(ret);
            self.returns += 1;
        }
        self.link(call);
        Some(call)
    }
    fn remember(&mut self, stuck: usize) {
        if self.stuck == END || self.stack.len() > self.longest.len() {
            let index = |(call, _): &(usize, M::State)| self.members[self.entries[*call].op];
            self.longest = self.stack.iter().map(index).collect();
            self.stuck = stuck;
        }
    }
    fn unlink(&mut self, at: usize) {
        let Entry { before, after, .. } = self.entries[at];
        self.join(before, after);
    }
    /// Puts back what [`Self::unlink`] took out last.
    fn link(&mut self, at: usize) {
        let Entry { before, after, .. } = self.entries[at];
        match before {
            END => self.head = at,
            before => self.entries[before].after = at,
        }
        if after != END {
            self.entries[after].before = at;
        }
    }
    fn join(&mut self, before: usize, after: usize) {
        match before {
            END => self.head = after,
            before => self.entries[before].after = after,
        }
        if after != END {
            self.entries[after].before = before;
        }
    }
}
