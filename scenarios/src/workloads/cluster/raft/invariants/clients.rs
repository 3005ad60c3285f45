//! What clients asked and were told, beside what was committed: lost writes and session guarantees.

use super::super::events::Events;
use super::super::machine::appended;
use super::history::{Action, Done};
use super::{Findings, Oracle, Slug};
use squall_core::history::{Outcome, Record};
use squall_core::{NameId, VirtualTime};
use std::collections::BTreeMap;

/// An operation that has not returned.
#[derive(Clone, Copy, Debug)]
struct Open {
    /// Its place in the history.
    place: usize,
    command: u64,
}

/// Clients and their operations.
#[derive(Debug, Default)]
pub(super) struct Clients {
    /// All operations, in the order of their calls.
    pub(super) history: Vec<Done>,
    open: BTreeMap<u32, Open>,
    /// Operations by the command that stands for them in logs.
    commands: BTreeMap<u64, usize>,
    /// Positions in the order of calls and returns.
    instants: u64,
    /// The store as the commands make it, and the last command of each session.
    values: BTreeMap<u64, u64>,
    serials: BTreeMap<u32, u32>,
    /// Where a command was applied first, and where a key got a value.
    applied: BTreeMap<u64, u32>,
    versions: BTreeMap<(u64, u64), u32>,
    /// The latest version that a session saw of a key.
    seen: BTreeMap<(u32, u64), u32>,
}

fn session(command: u64) -> u32 {
    u32::try_from(command >> 32).unwrap_or(0)
}

impl Clients {
    fn instant(&mut self) -> u64 {
        self.instants += 1;
        self.instants
    }
    pub(super) fn invoked(
        &mut self,
        events: &Events,
        (op, at): (u32, VirtualTime),
        name: NameId,
        (key, value): (u64, u64),
    ) {
        let action = match name {
            _ if name == events.get => Action::Get,
            _ if name == events.put => Action::Put(value),
            _ if name == events.append => Action::Append(value),
            _ if name == events.cas => Action::Swap(0, value),
            _ => return,
        };
        let call = self.instant();
        let place = self.history.len();
        self.history.push(Done {
            op,
            session: 0,
            key,
            action,
            answer: None,
            call,
            ret: None,
            times: (at, at),
            void: false,
        });
        let command = 0;
        self.open.insert(op, Open { place, command });
    }
    /// An event of a client; `false` if it is none.
    pub(super) fn event(&mut self, events: &Events, name: NameId, (a, b): (u64, u64)) -> bool {
        let session_of = name == events.session;
        if !session_of && name != events.expected {
            return name == events.retried || name == events.gave_up || name == events.changed;
        }
        let op = u32::try_from(a).unwrap_or(u32::MAX);
        let Some(open) = self.open.get_mut(&op) else {
            return true;
        };
        let done = &mut self.history[open.place];
        if session_of {
            open.command = b;
            done.session = session(b);
            self.commands.insert(b, open.place);
        } else if let Action::Swap(expected, _) = &mut done.action {
            *expected = b;
        }
        true
    }
    /// A command was applied for the first time, at this index.
    pub(super) fn applied(&mut self, index: u32, command: u64) {
        let Some(place) = self.commands.get(&command).copied() else {
            return;
        };
        let serial = u32::try_from(command & u64::from(u32::MAX)).unwrap_or(0);
        let last = self.serials.entry(session(command)).or_default();
        if serial <= *last {
            return;
        }
        *last = serial;
        self.applied.insert(command, index);
        let Done { key, action, .. } = self.history[place];
        let now = self.values.get(&key).copied().unwrap_or(0);
        let next = match action {
            Action::Get => now,
            Action::Put(value) => value,
            Action::Append(more) => appended(now, more),
            Action::Swap(expected, value) if expected == now => value,
            Action::Swap(..) => now,
        };
        if next != now {
            self.values.insert(key, next);
            self.versions.insert((key, next), index);
        }
    }

    /// Checks that some order of the operations explains the answers.
    pub(super) fn check(&self, steps_max: u64, findings: &mut Findings) {
        super::history::check(&self.history, steps_max, findings);
    }
}

impl Oracle {
    pub(super) fn returned(&mut self, record: &Record, op: u32, (outcome, value): (Outcome, u64)) {
        let clients = &mut self.clients;
        let Some(open) = clients.open.remove(&op) else {
            return;
        };
        let instant = clients.instant();
        let done = &mut clients.history[open.place];
        match outcome {
            Outcome::Ok => {
                (done.answer, done.ret) = (Some(value), Some(instant));
                done.times.1 = record.at;
            }
            Outcome::Fail => done.void = true,
            Outcome::Info => {}
        }
        let done = done.clone();
        if outcome == Outcome::Ok {
            self.acknowledged(record.at, &done, open.command);
            self.guarantees(record.at, &done, open.command);
        }
    }
    /// A write that was acknowledged is in the log for good.
    fn acknowledged(&mut self, at: VirtualTime, done: &Done, command: u64) {
        if done.action == Action::Get {
            return;
        }
        let index = self.clients.applied.get(&command).copied();
        let known = index.and_then(|index| self.truth.at(index));
        if let Some(known) = known {
            known.acknowledged = true;
        }
        self.findings
            .test(Slug::NoLostWrite, index.is_some(), (at, None), || {
                format!("{} was acknowledged and is committed nowhere", done.what())
            });
    }
    /// Read your writes, monotonic reads, and nothing out of thin air.
    fn guarantees(&mut self, at: VirtualTime, done: &Done, command: u64) {
        let clients = &mut self.clients;
        let value = match (done.action, done.answer) {
            (Action::Swap(_, new), Some(1)) => new,
            (Action::Swap(..), _) => return,
            (_, answer) => answer.unwrap_or(0),
        };
        let version = match value {
            0 => Some(0),
            value => clients.versions.get(&(done.key, value)).copied(),
        };
        let seen = clients
            .seen
            .entry((session(command), done.key))
            .or_default();
        let before = *seen;
        *seen = before.max(version.unwrap_or(0));
        let holds = version.is_some_and(|version| version >= before);
        self.findings.test(Slug::Session, holds, (at, None), || match version {
            None => format!("{} answered with a value that no committed write made", done.what()),
            Some(version) => format!(
                "{} answered with the value of entry {version}; its client knew that of entry {before}",
                done.what()
            ),
        });
    }
}
