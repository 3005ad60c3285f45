//! Oracles: what many invariants of a workload know in common, found once and given out by name.

use crate::workloads::{Install, Word};
use core::cell::RefCell;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NodeId, VirtualTime};
use std::rc::Rc;

/// What was found about one invariant.
#[derive(Clone, Debug, Default)]
struct Finding {
    checked: u64,
    violations: u64,
    first: Option<(VirtualTime, Option<NodeId>, String)>,
}

/// What was found about all, by their position in the table.
#[derive(Clone, Debug, Default)]
pub(super) struct Findings {
    all: Vec<Finding>,
    violations: u64,
}

impl Findings {
    /// One test of an invariant, and its outcome. The text is made only if it fails.
    pub(super) fn test(
        &mut self,
        slug: usize,
        holds: bool,
        (at, node): (VirtualTime, Option<NodeId>),
        text: impl FnOnce() -> String,
    ) {
        let finding = &mut self.all[slug];
        finding.checked += 1;
        if !holds {
            finding.violations += 1;
            self.violations += 1;
            finding.first.get_or_insert_with(|| (at, node, text()));
        }
    }
}

/// Reads records and finds what is wrong.
pub(super) trait Oracle: core::fmt::Debug {
    /// Sees a record; every one, once.
    fn observe(&mut self, record: &Record, findings: &mut Findings);
    /// The run is over.
    fn finish(&mut self, run: &RunEnd<'_>, findings: &mut Findings);
}

#[derive(Debug)]
struct State<O> {
    oracle: O,
    findings: Findings,
    seen: u64,
    finished: bool,
}

/// Promises all invariants of a table, as one oracle finds them.
pub(super) fn promise<O: Oracle + 'static>(
    install: &mut Install<'_>,
    words: &'static [Word],
    oracle: O,
) {
    let findings = Findings {
        all: vec![Finding::default(); words.len()],
        violations: 0,
    };
    let state = Rc::new(RefCell::new(State {
        oracle,
        findings,
        seen: 0,
        finished: false,
    }));
    for (slug, word) in words.iter().enumerate() {
        let promise = Promise {
            state: Rc::clone(&state),
            slug,
            seen: 0,
            given: 0,
        };
        install.promise(word.name, promise);
    }
}

/// One invariant.
#[derive(Debug)]
struct Promise<O> {
    state: Rc<RefCell<State<O>>>,
    slug: usize,
    seen: u64,
    /// Violations that were given out.
    given: u64,
}

impl<O> Promise<O> {
    fn give(&mut self, findings: &Findings, ruling: &mut Ruling) {
        let finding = &findings.all[self.slug];
        while self.given < finding.violations {
            self.given += 1;
            if let Some((at, node, text)) = &finding.first {
                ruling.violated(*at, *node, || text.clone());
            }
        }
    }
}

impl<O: Oracle + 'static> Invariant for Promise<O> {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        self.seen += 1;
        let state = Rc::clone(&self.state);
        let mut state = state.borrow_mut();
        // The first of the invariants that sees a record shows it to the oracle, whichever are asked for.
        if state.seen < self.seen {
            state.seen += 1;
            let State {
                oracle, findings, ..
            } = &mut *state;
            oracle.observe(record, findings);
        }
        if state.findings.violations > 0 {
            self.give(&state.findings, ruling);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let state = Rc::clone(&self.state);
        let mut state = state.borrow_mut();
        if !core::mem::replace(&mut state.finished, true) {
            let State {
                oracle, findings, ..
            } = &mut *state;
            oracle.finish(run, findings);
        }
        self.give(&state.findings, ruling);
        for _ in 0..state.findings.all[self.slug].checked {
            ruling.checked();
        }
    }
}
