//! What the control layer promises, beside what every workload of agents does. Records only.

mod durable;
mod locks;
mod work;

use super::super::app::{Names, call_text};
use super::super::invariants::event;
use super::mind::Labels;
use super::{ControlConfig, ControlNames};
use crate::workloads::{Install, Word, word};
use squall_core::history::Record;
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NameId, VirtualDuration, VirtualTime};
use std::collections::{BTreeMap, BTreeSet};

/// In the order of the tables.
pub(in super::super) const INVARIANTS: [Word; 22] = [
    word(
        "no-effect-without-permission",
        "an effect was permitted, and the permission was not taken away before it",
    ),
    word(
        "arguments-as-wanted",
        "what the back end does is what the task wants",
    ),
    word(
        "approved-arguments-are-executed",
        "what was approved is what is done",
    ),
    word(
        "taint-causes-no-effect",
        "an attacker's words lead to no effect that nobody approved",
    ),
    word("constraint-kept", "no effect is one that the task forbids"),
    word(
        "tenant-isolation",
        "no effect is done with another tenant's memory",
    ),
    word(
        "write-ahead-audit",
        "the record of an intent is durable before the effect",
    ),
    word(
        "kill-switch-bound",
        "no effect happens later than the bound after all agents were stopped",
    ),
    word(
        "fan-out-bound",
        "no session has more agents at once than the bound",
    ),
    word(
        "no-livelock",
        "no step is done again more often than the bound",
    ),
    word(
        "effects-complete",
        "a session that ended well has all its effects, but those of which it knows that they are not",
    ),
    word(
        "takes-bound",
        "no session is taken more often than the bound: it is put aside",
    ),
    word(
        "tool-as-asked",
        "no effect is that of another tool than the one that the model asked for",
    ),
    word(
        "spend-conservation",
        "what is written down of a session's cost when it ends is what the provider bills",
    ),
    word(
        "no-starvation",
        "no call of a session waits longer for the contract than the bound",
    ),
    word(
        "blame-is-right",
        "what a slow model call is blamed on is what made it slow",
    ),
    word(
        "lock-wait-ends",
        "every wait for a lock ends, and within the bound",
    ),
    word("no-deadlock", "no agents wait for each other's locks"),
    word(
        "no-amplification",
        "no effect of a sub-agent is one that its parent may not have",
    ),
    word(
        "tenant-budget",
        "the sessions of a tenant are billed no more tokens than it has",
    ),
    word(
        "done-once",
        "nothing that a task wants is done twice, by whatever effect",
    ),
    word(
        "replay-decides-the-same",
        "a workflow that is run again decides what it decided before",
    ),
];

/// Promises all of them; of a workload without a control layer none is ever exercised.
pub(in super::super) fn promise(
    install: &mut Install<'_>,
    names: &Names,
    config: Option<&ControlConfig>,
    control: Option<ControlNames>,
) {
    let control = control.unwrap_or(ControlNames::none());
    let (grace, kill) =
        config.map_or_else(Default::default, |c| (c.revocation_grace, c.kill_bound));
    let agents = config.map_or(0, |c| c.agents_max);
    let repeats = config.map_or(0, |c| c.repeats_max);
    install.promise(
        "no-effect-without-permission",
        Permitted::new(control, grace),
    );
    install.promise(
        "arguments-as-wanted",
        Arguments::new(control.wanted, control),
    );
    install.promise(
        "approved-arguments-are-executed",
        Arguments::new(control.approved, control),
    );
    for (slug, label, what) in [
        (
            "taint-causes-no-effect",
            Labels::TAINTED,
            "is an attacker's and nobody approved it",
        ),
        (
            "constraint-kept",
            Labels::FORBIDDEN,
            "is one that its task forbids",
        ),
        (
            "tenant-isolation",
            Labels::FOREIGN,
            "was done with another tenant's memory",
        ),
        (
            "tool-as-asked",
            Labels::OTHER_TOOL,
            "is that of a tool for which nobody asked",
        ),
        (
            "no-amplification",
            Labels::OUTSIDE,
            "is a sub-agent's, and its parent may not have it",
        ),
    ] {
        install.promise(
            slug,
            Label {
                control,
                label,
                what,
            },
        );
    }
    install.promise(
        "write-ahead-audit",
        Audited {
            control,
            audited: BTreeSet::new(),
        },
    );
    install.promise(
        "kill-switch-bound",
        Stopped {
            control,
            bound: kill,
            killed: None,
        },
    );
    install.promise(
        "fan-out-bound",
        Counted::new(control.agents, names.accepted, agents, "agents of session"),
    );
    install.promise(
        "no-livelock",
        Counted::new(
            control.repeated,
            names.checkpoint,
            repeats,
            "times in a row, agent",
        ),
    );
    install.promise("effects-complete", Complete::new(names, control));
    let takes = config.map_or(0, |c| c.takes_max);
    install.promise(
        "takes-bound",
        Counted::new(control.taken, names.accepted, takes, "takes of session"),
    );
    install.promise("spend-conservation", work::Conserved::new(names, control));
    let contract = config.and_then(|c| c.contract.as_ref());
    install.promise(
        "no-starvation",
        work::Waits {
            admitted: control.admitted,
            bound: contract.map_or(VirtualDuration::MAX, |c| c.wait),
        },
    );
    install.promise("blame-is-right", work::Blamed::new(control));
    let lock_wait = config.map_or(VirtualDuration::MAX, |c| c.lock_wait);
    install.promise("lock-wait-ends", locks::WaitEnds::new(control, lock_wait));
    install.promise("no-deadlock", locks::NoCircle::new(control));
    install.promise("tenant-budget", durable::TenantBudget::new(names, config));
    install.promise("done-once", durable::OnceEach::new(control));
    install.promise(
        "replay-decides-the-same",
        durable::SameAgain::new(names, control),
    );
}

/// P1: permission before each effect, and not revoked at it.
#[derive(Debug)]
struct Permitted {
    control: ControlNames,
    grace: VirtualDuration,
    decided: BTreeSet<u64>,
    revoked: Option<VirtualTime>,
}

impl Permitted {
    const fn new(control: ControlNames, grace: VirtualDuration) -> Self {
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
struct Arguments {
    before: NameId,
    executed: NameId,
    hashes: BTreeMap<u64, u64>,
}

impl Arguments {
    const fn new(before: NameId, control: ControlNames) -> Self {
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
struct Label {
    control: ControlNames,
    label: u64,
    what: &'static str,
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
struct Audited {
    control: ControlNames,
    audited: BTreeSet<u64>,
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
struct Stopped {
    control: ControlNames,
    bound: VirtualDuration,
    killed: Option<VirtualTime>,
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

/// A count that an event tells stays within its bound.
#[derive(Debug)]
struct Counted {
    name: NameId,
    /// A record that says that it could have happened, and did not.
    calm: NameId,
    bound: u64,
    what: &'static str,
}

impl Counted {
    fn new(name: NameId, calm: NameId, bound: u64, what: &'static str) -> Self {
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
struct Complete {
    control: ControlNames,
    done: NameId,
    tool_error: NameId,
    open: BTreeSet<u64>,
}

impl Complete {
    const fn new(names: &Names, control: ControlNames) -> Self {
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
    fn finish(&mut self, _: &RunEnd<'_>, _: &mut Ruling) {}
}

/// The effects of a session's main agent.
fn call_range(session: u64) -> core::ops::Range<u64> {
    let first = super::super::app::call_key(u32::try_from(session).unwrap_or(u32::MAX), 0);
    first..first + (1 << super::super::app::SEQ_BITS)
}
