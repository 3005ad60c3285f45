//! Promises about single actions: whether they may be, and whether they are what was wanted. Records only.

use super::super::super::app::call_text;
use super::super::super::invariants::event;
use super::super::ControlNames;
use super::super::mind::Labels;
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling};
use squall_core::{NameId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// P1: permission before each effect, and not revoked at it.
#[derive(Debug)]
pub(super) struct Permitted {
    control: ControlNames,
    grace: VirtualDuration,
    decided: BTreeSet<u64>,
    revoked: Option<VirtualTime>,
}

impl Permitted {
    pub(super) const fn new(control: ControlNames, grace: VirtualDuration) -> Self {
        Self {
            control,
            grace,
            decided: BTreeSet::new(),
            revoked: None,
        }
    }
}

impl Invariant for Permitted {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let names = &self.control;
        if event(record, names.revoked).is_some() {
            self.revoked = Some(record.at);
        } else if event(record, names.granted).is_some() {
            self.revoked = None;
        } else if let Some((_, effect, _)) = event(record, names.decided) {
            self.decided.insert(effect);
        }
        let Some((node, effect, _)) = event(record, names.executed) else {
            return;
        };
        ruling.checked();
        let late = self.revoked.map(|at| record.at.since(at));
        if !self.decided.contains(&effect) {
            let text = || {
                format!(
                    "effect {} happened and nobody permitted it",
                    call_text(effect)
                )
            };
            ruling.violated(record.at, Some(node), text);
        } else if let Some(late) = late.filter(|late| *late > self.grace) {
            let text = || {
                let effect = call_text(effect);
                format!("effect {effect} happened {late} after its permission was taken away")
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// P3: arguments of an effect are those that another record had for it, if there is one.
#[derive(Debug)]
pub(super) struct Arguments {
    before: NameId,
    executed: NameId,
    hashes: BTreeMap<u64, u64>,
}

impl Arguments {
    pub(super) const fn new(before: NameId, control: ControlNames) -> Self {
        Self {
            before,
            executed: control.executed,
            hashes: BTreeMap::new(),
        }
    }
}

impl Invariant for Arguments {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, effect, hash)) = event(record, self.before) {
            self.hashes.insert(effect, hash);
        }
        let Some((node, effect, hash)) = event(record, self.executed) else {
            return;
        };
        let Some(before) = self.hashes.get(&effect) else {
            return;
        };
        ruling.checked();
        if *before != hash {
            let text = || format!("effect {} happened with other arguments", call_text(effect));
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// X2 and its like: no effect has a label, unless somebody approved it.
#[derive(Debug)]
pub(super) struct Label {
    pub(super) control: ControlNames,
    pub(super) label: u64,
    pub(super) what: &'static str,
}

impl Invariant for Label {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        let Some((node, effect, labels)) = event(record, self.control.executed_as) else {
            return;
        };
        ruling.checked();
        let labels = Labels(labels);
        let excused = self.label == Labels::TAINTED && labels.has(Labels::APPROVED);
        if labels.has(self.label) && !excused {
            let text = || format!("effect {} {}", call_text(effect), self.what);
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// U1: the audit record first.
#[derive(Debug)]
pub(super) struct Audited {
    pub(super) control: ControlNames,
    pub(super) audited: BTreeSet<u64>,
}

impl Invariant for Audited {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if let Some((_, effect, _)) = event(record, self.control.audited) {
            self.audited.insert(effect);
        }
        let Some((node, effect, _)) = event(record, self.control.executed) else {
            return;
        };
        ruling.checked();
        if !self.audited.contains(&effect) {
            let text = || {
                format!(
                    "effect {} happened before its audit record",
                    call_text(effect)
                )
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}

/// K1: nothing happens later than the bound after the kill.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) control: ControlNames,
    pub(super) bound: VirtualDuration,
    pub(super) killed: Option<VirtualTime>,
}

impl Invariant for Stopped {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        if event(record, self.control.kill).is_some() {
            self.killed = Some(record.at);
            // That it was pressed is what the promise is about: silence afterwards keeps it.
            ruling.checked();
        }
        let (Some(killed), Some((node, effect, _))) =
            (self.killed, event(record, self.control.executed))
        else {
            return;
        };
        ruling.checked();
        let late = record.at.since(killed);
        let left = self.bound.as_secs_f64() - late.as_secs_f64();
        ruling.margin(left, late.as_secs_f64());
        if late > self.bound {
            let text = || {
                format!(
                    "effect {} happened {late} after the kill",
                    call_text(effect)
                )
            };
            ruling.violated(record.at, Some(node), text);
        }
    }
}
