//! What the store promises, read from the records alone and checked at every record.
//!
//! One oracle rebuilds every replica's term, vote, log, snapshot and membership from the records
//! ([`replica`]), and what was committed and applied anywhere; each invariant gives out what the oracle
//! found for it. Safety over replicas needs no quiet moment: the order of the records is the order in which
//! things happened ([`safety`]). What clients saw is checked apart ([`clients`], [`history`]), and what
//! must come true once nothing is wrong any more ([`liveness`]).

mod clients;
mod findings;
mod history;
mod liveness;
mod replica;
mod safety;
#[cfg(test)]
mod tests;

use super::events::Events;
use super::machine::{LogId, MEMBERS_MAX, Member, Voters};
use super::shared::Shared;
use crate::workloads::{Install, Word, word};
use clients::Clients;
use core::cell::{Cell, RefCell};
use findings::{Findings, Slug};
use liveness::Liveness;
use replica::Replica;
use safety::Truth;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::{Invariant, Ruling, RunEnd};
use squall_core::{NodeId, VirtualDuration};
use std::rc::Rc;

/// The invariants, for the kind's table; in the order of [`Slug`].
pub(super) const WORDS: &[Word] = &[
    word(
        "election-safety",
        "at most one replica leads in a term, and a quorum voted for it in that term",
    ),
    word(
        "leader-append-only",
        "a leader never drops or replaces an entry of its own log",
    ),
    word(
        "log-matching",
        "logs with the same entry at an index agree up to it",
    ),
    word(
        "leader-completeness",
        "a new leader has every entry that is committed",
    ),
    word(
        "state-machine-safety",
        "replicas apply the same entries, and have the same state after each",
    ),
    word(
        "quorum-commit",
        "an entry is committed only while a quorum of the voters holds it durably",
    ),
    word(
        "progress",
        "what a leader believes that a member holds, it holds",
    ),
    word(
        "committed-immutable",
        "what is committed at an index never changes, and is never dropped",
    ),
    word(
        "monotone",
        "terms, votes in a term, commits, snapshots and what is applied never go back",
    ),
    word(
        "log-bounds",
        "purged <= snapshot <= applied <= committed <= last",
    ),
    word(
        "no-lost-write",
        "a write that was acknowledged is committed, and every new leader has it",
    ),
    word(
        "session-guarantees",
        "clients read what they wrote, never an older value than before, and none that nobody wrote",
    ),
    word(
        "linearizable",
        "some order of the operations explains every answer",
    ),
    word(
        "one-leader",
        "while nothing is wrong there is a leader in time, and no other follows it",
    ),
    word(
        "converged",
        "while nothing is wrong every voter applies in time what is committed",
    ),
    word(
        "quorum-runs",
        "a quorum of the voters runs at every moment, from the first on at which it did",
    ),
];

pub(super) fn promise(install: &mut Install<'_>, shared: &Shared) {
    let config = &shared.config;
    let oracle = Oracle::new(
        shared.events,
        Setting {
            nodes: match config.placed {
                Some(_) => Vec::new(),
                None => config.nodes.clone(),
            },
            count: config.count,
            voters: config.voters,
            settle: config.settle,
            steps_max: config.steps_max,
        },
    );
    let oracle = Rc::new(Watched {
        oracle: RefCell::new(oracle),
        seen: Cell::new(0),
        found: Cell::new(false),
    });
    for slug in Slug::ALL {
        let word = &WORDS[slug as usize];
        let promise = Promise {
            oracle: Rc::clone(&oracle),
            slug,
            seen: 0,
            given: 0,
        };
        install.promise(word.name, promise);
    }
}

/// What the oracle must know beforehand.
#[derive(Clone, Debug)]
struct Setting {
    /// The nodes of the replicas; records say where they are if they are placed.
    nodes: Vec<NodeId>,
    count: usize,
    voters: Voters,
    settle: VirtualDuration,
    steps_max: u64,
}

/// Sees every record once, whichever invariants are asked for.
#[derive(Debug)]
struct Oracle {
    events: Events,
    setting: Setting,
    /// Replicas by the index of their node.
    members: Vec<Option<Member>>,
    replicas: Vec<Replica>,
    truth: Truth,
    clients: Clients,
    liveness: Liveness,
    findings: Findings,
    finished: bool,
}

impl Oracle {
    fn new(events: Events, setting: Setting) -> Self {
        let mut oracle = Self {
            events,
            members: Vec::new(),
            replicas: vec![Replica::new(setting.voters); setting.count],
            truth: Truth::default(),
            clients: Clients::default(),
            liveness: Liveness::new(setting.settle, (setting.count, setting.voters)),
            findings: Findings::default(),
            finished: false,
            setting,
        };
        let nodes = oracle.setting.nodes.clone();
        for (number, node) in nodes.into_iter().enumerate().take(MEMBERS_MAX) {
            oracle.lives_on(node, Member::try_from(number).ok());
        }
        oracle
    }
    fn lives_on(&mut self, node: NodeId, member: Option<Member>) {
        if self.members.len() <= node.index() {
            self.members.resize(node.index() + 1, None);
        }
        self.members[node.index()] = member;
    }
    /// A replica begins where it was placed, or ends. It says itself when it is ready.
    fn hosted(&mut self, record: &Record, node: NodeId, (member, begins): (u64, bool)) {
        let known = Member::try_from(member).ok();
        let known = known.filter(|member| usize::from(*member) < self.setting.count);
        self.lives_on(node, known);
        if let (Some(member), false) = (known, begins) {
            self.node(record, member, NodeChange::Down);
        }
    }
    fn member(&self, node: NodeId) -> Option<Member> {
        self.members.get(node.index()).copied().flatten()
    }

    fn observe(&mut self, record: &Record) {
        self.liveness.time(record.at, &mut self.findings);
        match record.what {
            What::Event { name, node, a, b } if Some(name) == self.events.hosted => {
                self.hosted(record, node, (a, b == 1));
            }
            What::Event { name, node, a, b } => self.event(record, (name, node), (a, b)),
            What::Invoke {
                op,
                name,
                key,
                value,
                ..
            } => {
                self.clients
                    .invoked(&self.events, (op, record.at), name, (key, value));
            }
            What::Return { op, outcome, value } => {
                self.returned(record, op, (outcome, value));
            }
            What::Node { node, change } => {
                if let Some(member) = self.member(node) {
                    self.node(record, member, change);
                }
            }
            What::Fault { change, .. } => self.liveness.fault(record.at, change),
            _ => {}
        }
        self.quorum_runs(record.at);
    }
    fn node(&mut self, record: &Record, member: Member, change: NodeChange) {
        let replica = &mut self.replicas[usize::from(member)];
        match change {
            NodeChange::Down | NodeChange::OutOfMemory => {
                replica.leads = None;
                self.liveness.stopped(record.at, member);
            }
            NodeChange::Paused => self.liveness.paused(record.at, member, true),
            NodeChange::Resumed => self.liveness.paused(record.at, member, false),
            NodeChange::Up => {}
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>) {
        if core::mem::replace(&mut self.finished, true) {
            return;
        }
        self.liveness.time(run.at, &mut self.findings);
        self.converged(run.at);
        self.clients
            .check(self.setting.steps_max, &mut self.findings);
    }
}

/// The oracle, and what each invariant asks for at each record.
#[derive(Debug)]
struct Watched {
    oracle: RefCell<Oracle>,
    /// Records that it was shown.
    seen: Cell<u64>,
    /// Whether anything is wrong.
    found: Cell<bool>,
}

/// One invariant.
#[derive(Debug)]
struct Promise {
    oracle: Rc<Watched>,
    slug: Slug,
    seen: u64,
    /// Violations that were given out.
    given: u64,
}

impl Promise {
    fn give(&mut self, oracle: &Oracle, ruling: &mut Ruling) {
        let finding = oracle.findings.of(self.slug);
        while self.given < finding.violations {
            self.given += 1;
            if let Some((at, node, text)) = &finding.first {
                ruling.violated(*at, *node, || text.clone());
            }
        }
    }
}

impl Invariant for Promise {
    fn observe(&mut self, record: &Record, ruling: &mut Ruling) {
        self.seen += 1;
        // The first of the invariants that sees a record shows it to the oracle.
        if self.oracle.seen.get() < self.seen {
            let mut oracle = self.oracle.oracle.borrow_mut();
            oracle.observe(record);
            self.oracle.seen.set(self.seen);
            self.oracle.found.set(oracle.findings.any());
        }
        if self.oracle.found.get() {
            let watched = Rc::clone(&self.oracle);
            self.give(&watched.oracle.borrow(), ruling);
        }
    }
    fn finish(&mut self, run: &RunEnd<'_>, ruling: &mut Ruling) {
        let watched = Rc::clone(&self.oracle);
        watched.oracle.borrow_mut().finish(run);
        let oracle = watched.oracle.borrow();
        self.give(&oracle, ruling);
        let finding = oracle.findings.of(self.slug);
        for _ in 0..finding.checked {
            ruling.checked();
        }
        if finding.undecided {
            ruling.undecided();
        }
    }
}
