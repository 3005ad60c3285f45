//! The search: the best candidate so far, what has been run already, and what running may still cost.

use super::{Answer, Candidate, Phase, Shrunk};
use squall_core::VirtualTime;
use squall_core::history::Digest;
use std::collections::BTreeMap;

/// Runs by phase.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spent(BTreeMap<Phase, u64>);

impl Spent {
    /// Runs of a phase.
    pub fn of(&self, phase: Phase) -> u64 {
        self.0.get(&phase).copied().unwrap_or(0)
    }
    /// All runs.
    pub fn total(&self) -> u64 {
        self.0.values().sum()
    }
}

pub(super) struct Search<'a> {
    oracle: &'a mut dyn FnMut(&Candidate) -> Answer,
    best: Candidate,
    at: Option<VirtualTime>,
    known: BTreeMap<Digest, Answer>,
    spent: Spent,
    phase: Phase,
    runs_max: u64,
    /// Runs that are kept back for the last phase.
    kept_back: u64,
    exhausted: bool,
}

impl<'a> Search<'a> {
    /// `None` if the first candidate does not fail.
    pub(super) fn begin(
        first: Candidate,
        runs_max: u64,
        oracle: &'a mut dyn FnMut(&Candidate) -> Answer,
    ) -> Option<Self> {
        let mut search = Self {
            oracle,
            best: first.clone(),
            at: None,
            known: BTreeMap::new(),
            spent: Spent::default(),
            phase: Phase::Begin,
            runs_max: runs_max.max(1),
            kept_back: 0,
            exhausted: false,
        };
        search.take(first).then_some(search)
    }
    pub(super) fn enter(&mut self, phase: Phase) {
        self.phase = phase;
    }
    pub(super) fn best(&self) -> &Candidate {
        &self.best
    }
    /// When the property first fails in the best candidate.
    pub(super) fn at(&self) -> Option<VirtualTime> {
        self.at
    }
    pub(super) fn exhausted(&self) -> bool {
        self.exhausted
    }
    /// Keeps back so many of the runs, until it is called with none.
    pub(super) fn keep_back(&mut self, runs: u64) {
        self.kept_back = runs;
    }
    /// Runs a candidate, if it has not been run yet. Nothing is known of it, and it is not kept, when
    /// the runs are used up.
    pub(super) fn ask(&mut self, candidate: &Candidate) -> Option<Answer> {
        let key = key(candidate);
        if let Some(answer) = self.known.get(&key) {
            return Some(*answer);
        }
        if self.spent.total().saturating_add(self.kept_back) >= self.runs_max {
            self.exhausted = true;
            return None;
        }
        *self.spent.0.entry(self.phase).or_default() += 1;
        let answer = (self.oracle)(candidate);
        self.known.insert(key, answer);
        Some(answer)
    }
    /// Makes it the best if it fails.
    pub(super) fn take(&mut self, candidate: Candidate) -> bool {
        match self.ask(&candidate) {
            Some(Answer::Fails(at)) => {
                self.best = candidate;
                self.at = at;
                true
            }
            Some(Answer::Holds | Answer::Invalid) | None => false,
        }
    }
    /// Makes it the best if it fails and the same world without any fault does not: in a world that is
    /// too small to keep the promise at all, it would fail for another reason. Where no fault was needed
    /// to begin with, there is no other reason.
    pub(super) fn take_world(&mut self, candidate: Candidate) -> bool {
        let control = Candidate {
            plan: candidate.plan.with_entries(Vec::new()),
            axes: candidate.axes.clone(),
        };
        let faulty = !candidate.plan.entries().is_empty();
        let fails = matches!(self.ask(&candidate), Some(Answer::Fails(_)));
        if !fails || (faulty && self.ask(&control) != Some(Answer::Holds)) {
            return false;
        }
        self.take(candidate)
    }
    pub(super) fn end(self, minimal: bool) -> Shrunk {
        Shrunk {
            candidate: self.best,
            at: self.at,
            spent: self.spent,
            minimal,
            exhausted: self.exhausted,
        }
    }
}

/// What a candidate is remembered by.
fn key(candidate: &Candidate) -> Digest {
    Digest::of_text(&format!(
        "{:?} {:?}",
        candidate.plan.entries(),
        candidate.axes
    ))
}
