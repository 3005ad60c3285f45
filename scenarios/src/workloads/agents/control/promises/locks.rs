//! Promises about locks. Records only.

use super::super::super::invariants::event;
use super::super::ControlNames;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{VirtualDuration, VirtualTime};
use std::collections::BTreeMap;

/// Every wait for a lock ends, and within the bound.
#[derive(Debug)]
pub(super) struct WaitEnds {
    control: ControlNames,
    bound: VirtualDuration,
    /// Who waits, since when.
    open: BTreeMap<u64, VirtualTime>,
}

impl WaitEnds {
    pub(super) const fn new(control: ControlNames, bound: VirtualDuration) -> Self {
        Self {
            control,
            bound,
            open: BTreeMap::new(),
        }
    }
    fn ended(&self, agent: u64, (since, end): (VirtualTime, VirtualTime), ruling: &mut Ruling) {
        ruling.checked();
        let wait = end.since(since);
        let left = self.bound.as_secs_f64() - wait.as_secs_f64();
        ruling.margin(left, wait.as_secs_f64());
        if wait > self.bound {
            let at = since.saturating_add(self.bound);
            ruling.violated(at, None, || {
                format!("agent {agent} waits for a lock for {wait}")
            });
        }
    }
}

impl Invariant for WaitEnds {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let names = &self.control;
        if let Some((_, agent, _)) = event(record, names.lock_wait) {
            self.open.insert(agent, record.at);
        } else if let Some((_, agent, _)) = event(record, names.taken) {
            // Its worker was lost, and waits no more.
            self.open.remove(&agent);
        }
        let held = event(record, names.lock_held);
        if held.is_some() && self.open.is_empty() {
            // Nobody had to wait.
            ruling.checked();
        }
        if let Some((_, agent, _)) = held.or_else(|| event(record, names.lock_left))
            && let Some(since) = self.open.remove(&agent)
        {
            self.ended(agent, (since, record.at), ruling);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        for (agent, since) in &self.open {
            self.ended(*agent, (*since, run.at), ruling);
        }
    }
}

/// Nobody waits for somebody who waits for it.
#[derive(Debug)]
pub(super) struct NoCircle {
    control: ControlNames,
    /// Who has a lock.
    held: BTreeMap<u64, u64>,
    /// For which lock an agent waits.
    waits: BTreeMap<u64, u64>,
}

impl NoCircle {
    pub(super) const fn new(control: ControlNames) -> Self {
        Self {
            control,
            held: BTreeMap::new(),
            waits: BTreeMap::new(),
        }
    }
    /// How many wait for each other if `agent` is one of them.
    fn circle(&self, agent: u64) -> Option<usize> {
        let mut at = agent;
        for length in 1..=self.waits.len() {
            at = *self.held.get(self.waits.get(&at)?)?;
            if at == agent {
                return Some(length);
            }
        }
        None
    }
}

impl Invariant for NoCircle {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let names = &self.control;
        if let Some((_, agent, lock)) = event(record, names.lock_held) {
            ruling.checked();
            self.waits.remove(&agent);
            self.held.insert(lock, agent);
        } else if let Some((_, agent, lock)) = event(record, names.lock_free) {
            if self.held.get(&lock) == Some(&agent) {
                self.held.remove(&lock);
            }
        } else if let Some((_, agent, _)) =
            event(record, names.lock_left).or_else(|| event(record, names.taken))
        {
            self.waits.remove(&agent);
        }
        let Some((node, agent, lock)) = event(record, names.lock_wait) else {
            return;
        };
        ruling.checked();
        self.waits.insert(agent, lock);
        if let Some(length) = self.circle(agent) {
            let text =
                || format!("{length} agents wait for each other's locks, {agent} is one of them");
            ruling.violated(record.at, Some(node), text);
        }
    }
}
