//! The scheduler's book of nodes: who is free, who works for whom, who is down, who is kept out.
//!
//! It outlives the controller, as the store of a real scheduler does.

use super::config::Config;
use super::mutant::Mutant;
use squall_core::VirtualTime;
use std::collections::VecDeque;

/// What the scheduler takes a node for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum State {
    Free,
    Used(u32),
    Down,
    Quarantined,
}

#[derive(Clone, Debug)]
struct Entry {
    state: State,
    /// Within the window of the quarantine, and all.
    failures: VecDeque<VirtualTime>,
    failed: u32,
    /// It was replaced for being slow: taken again only if nobody else is left.
    slow: bool,
}

/// The book. Nodes are numbered as in `on`.
#[derive(Debug)]
pub(super) struct Fleet {
    nodes: Vec<Entry>,
    kept_out: usize,
}

impl Fleet {
    /// All nodes are free.
    pub(super) fn new(count: usize) -> Self {
        let entry = Entry {
            state: State::Free,
            failures: VecDeque::new(),
            failed: 0,
            slow: false,
        };
        Self {
            nodes: vec![entry; count],
            kept_out: 0,
        }
    }
    pub(super) fn free(&self) -> usize {
        self.of(|state| state == State::Free).count()
    }
    /// Nodes in a state that `is` says, by number.
    pub(super) fn of(&self, is: impl Fn(State) -> bool) -> impl Iterator<Item = usize> {
        let nodes = self.nodes.iter().enumerate();
        nodes
            .filter(move |(_, entry)| is(entry.state))
            .map(|(number, _)| number)
    }
    /// Gives a job `count` nodes, or none: those that it had, then free ones by number.
    /// `reuses` takes those in quarantine too, which is wrong.
    pub(super) fn allocate(&mut self, job: u32, count: usize, reuses: bool) -> Option<Vec<usize>> {
        let mut gang: Vec<usize> = self.of(|state| state == State::Used(job)).collect();
        let missing = count.saturating_sub(gang.len());
        let free = |state| state == State::Free || (reuses && state == State::Quarantined);
        let mut free: Vec<usize> = self.of(free).collect();
        free.sort_by_key(|node| (self.nodes[*node].slow, *node));
        gang.extend(free.into_iter().take(missing));
        if gang.len() < count {
            return None;
        }
        gang.truncate(count);
        gang.sort_unstable();
        for node in &gang {
            self.nodes[*node].state = State::Used(job);
        }
        Some(gang)
    }
    /// A job needs its nodes no more.
    pub(super) fn release(&mut self, job: u32) {
        for entry in &mut self.nodes {
            if entry.state == State::Used(job) {
                entry.state = State::Free;
            }
        }
    }
    /// A node that was slow makes room for a spare, and is a spare from then on.
    pub(super) fn swap_out(&mut self, node: usize) {
        self.nodes[node].state = State::Free;
        self.nodes[node].slow = true;
    }
    /// Whether there is a spare that was not slow itself.
    pub(super) fn has_spare(&self) -> bool {
        self.of(|state| state == State::Free)
            .any(|node| !self.nodes[node].slow)
    }
    /// A node failed. Whether it is in quarantine from now on.
    pub(super) fn failed(&mut self, config: &Config, node: usize, now: VirtualTime) -> bool {
        let entry = &mut self.nodes[node];
        entry.state = State::Down;
        entry.failed += 1;
        let Some(rule) = config.quarantine else {
            return false;
        };
        entry.failures.push_back(now);
        while entry
            .failures
            .front()
            .is_some_and(|at| at.saturating_add(rule.window) < now)
        {
            entry.failures.pop_front();
        }
        let quarantined = entry.failures.len() >= rule.failures && self.kept_out < rule.most;
        if quarantined {
            entry.state = State::Quarantined;
            self.kept_out += 1;
        }
        quarantined
    }
    /// Failures of the node that failed most often.
    pub(super) fn worst(&self) -> u32 {
        self.nodes
            .iter()
            .map(|entry| entry.failed)
            .max()
            .unwrap_or(0)
    }
    /// A node answers again.
    pub(super) fn answers(&mut self, config: &Config, node: usize) {
        let entry = &mut self.nodes[node];
        if entry.state == State::Down && !config.is(Mutant::T08) {
            entry.state = State::Free;
        }
    }
    /// A spare does not answer.
    pub(super) fn silent(&mut self, node: usize) {
        let entry = &mut self.nodes[node];
        if entry.state == State::Free {
            entry.state = State::Down;
        }
    }
}
