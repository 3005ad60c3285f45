//! Promises about how many: nothing too often, and no effect that is missing. Records only.

use super::super::super::app::{Names, SEQ_BITS, call_key, call_text};
use super::super::super::invariants::event;
use super::super::ControlNames;
use squall_core::NameId;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling};
use std::collections::BTreeSet;

/// A count that an event tells stays within its bound.
#[derive(Debug)]
pub(super) struct Counted {
    name: NameId,
    /// A record that says that it could have happened, and did not.
    calm: NameId,
    bound: u64,
    what: &'static str,
}

impl Counted {
    pub(super) fn new(name: NameId, calm: NameId, bound: u64, what: &'static str) -> Self {
        // Without a control layer it could not.
        let calm = match name == NameId::NONE {
            true => name,
            false => calm,
        };
        Self {
            name,
            calm,
            bound,
            what,
        }
    }
}

impl Invariant for Counted {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if event(record, self.calm).is_some() {
            ruling.checked();
        }
        let Some((node, about, count)) = event(record, self.name) else {
            return;
        };
        ruling.checked();
        ruling.margin(self.bound as f64 - count as f64, count as f64);
        if count > self.bound {
            let text = || format!("{count} {} {about}, more than {}", self.what, self.bound);
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// A2: a session that ended well has all its effects, but those of which it knows that they are not.
#[derive(Debug)]
pub(super) struct Complete {
    control: ControlNames,
    done: NameId,
    tool_error: NameId,
    open: BTreeSet<u64>,
}

impl Complete {
    pub(super) const fn new(names: &Names, control: ControlNames) -> Self {
        Self {
            control,
            done: names.done,
            tool_error: names.tool_error,
            open: BTreeSet::new(),
        }
    }
}

impl Invariant for Complete {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, effect, _)) = event(record, self.control.wanted) {
            self.open.insert(effect);
        }
        for name in [self.control.executed, self.control.denied, self.tool_error] {
            if let Some((_, effect, _)) = event(record, name) {
                self.open.remove(&effect);
            }
        }
        let Some((node, session, _)) = event(record, self.done) else {
            return;
        };
        if self.control.wanted == NameId::NONE {
            return;
        }
        ruling.checked();
        let effects = call_range(session);
        if let Some(effect) = self.open.range(effects).next() {
            let text = || {
                format!(
                    "effect {} never happened, and its session ended well",
                    call_text(*effect)
                )
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// The effects of a session's main agent.
fn call_range(session: u64) -> core::ops::Range<u64> {
    let first = call_key(u32::try_from(session).unwrap_or(u32::MAX), 0);
    first..first + (1 << SEQ_BITS)
}
