//! Promises about what work costs, how long it waits, and whom a slow call is blamed on. Records only.

use super::super::super::app::{Names, call_text};
use super::super::super::invariants::event;
use super::super::ControlNames;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling};
use squall_core::{NameId, VirtualDuration};
use std::collections::BTreeMap;

/// B2: what is written down of a session when it ends is what the provider bills.
#[derive(Debug)]
pub(super) struct Conserved {
    spent: NameId,
    recorded: NameId,
    ends: [NameId; 2],
    /// Billed and written down, by session.
    tokens: BTreeMap<u64, (u64, u64)>,
}

impl Conserved {
    pub(super) const fn new(names: &Names, control: ControlNames) -> Self {
        Self {
            spent: names.spent,
            recorded: control.recorded,
            ends: [names.done, names.failed],
            tokens: BTreeMap::new(),
        }
    }
}

impl Invariant for Conserved {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if self.recorded == NameId::NONE {
            return;
        }
        if let Some((_, session, tokens)) = event(record, self.spent) {
            self.tokens.entry(session).or_default().0 += tokens;
        } else if let Some((_, session, tokens)) = event(record, self.recorded) {
            self.tokens.entry(session).or_default().1 += tokens;
        }
        let ended = self.ends.iter().find_map(|name| event(record, *name));
        let Some((node, session, _)) = ended else {
            return;
        };
        ruling.checked();
        let (billed, recorded) = self.tokens.remove(&session).unwrap_or_default();
        if billed != recorded {
            let text = || {
                format!("session {session} is billed {billed} tokens, {recorded} are written down")
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// L4: no call of a session waits longer for the contract than the bound.
#[derive(Debug)]
pub(super) struct Waits {
    pub(super) admitted: NameId,
    pub(super) bound: VirtualDuration,
}

impl Invariant for Waits {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, call, wait)) = event(record, self.admitted) else {
            return;
        };
        ruling.checked();
        let wait = VirtualDuration::from_nanos(wait);
        let left = self.bound.as_secs_f64() - wait.as_secs_f64();
        ruling.margin(left, wait.as_secs_f64());
        if wait > self.bound {
            let text = || format!("call {} waits {wait} for the contract", call_text(call));
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// O1: what a slow call is blamed on is what made it slow.
#[derive(Debug)]
pub(super) struct Blamed {
    slow: NameId,
    blamed: NameId,
    truth: BTreeMap<u64, u64>,
}

impl Blamed {
    pub(super) const fn new(control: ControlNames) -> Self {
        Self {
            slow: control.slow_call,
            blamed: control.blamed,
            truth: BTreeMap::new(),
        }
    }
}

const fn whose(number: u64) -> &'static str {
    match number {
        1 => "the model",
        _ => "the host",
    }
}

impl Invariant for Blamed {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, call, truth)) = event(record, self.slow) {
            self.truth.insert(call, truth);
        }
        let Some((node, call, blamed)) = event(record, self.blamed) else {
            return;
        };
        ruling.checked();
        let truth = self.truth.remove(&call);
        if truth != Some(blamed) {
            let text = || {
                let (truth, blamed) = (truth.map_or("nobody", whose), whose(blamed));
                let call = call_text(call);
                format!("{truth} made call {call} slow, and {blamed} is blamed")
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}
