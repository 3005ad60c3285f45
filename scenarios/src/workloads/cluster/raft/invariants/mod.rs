//! What the store promises, read from the records alone and checked at every record.
//!
//! One oracle rebuilds every replica's term, vote, log, snapshot and membership from the records
//! ([`replica`]), and what was committed and applied anywhere; each invariant gives out what the oracle
//! found for it. Safety over replicas needs no quiet moment: the order of the records is the order in which
//! things happened ([`safety`]). What clients saw is checked apart ([`clients`], [`history`]), and what
//! must come true once nothing is wrong any more ([`liveness`]).

mod clients;
mod history;
mod liveness;
mod replica;
mod safety;
#[cfg(test)]
mod tests;

use super::events::{Events, HostEvents};
use super::machine::{LogId, MEMBERS_MAX, Member, Voters};
use super::shared::Shared;
use crate::workloads::Install;
use crate::workloads::cluster::oracle::{self, Place, invariants};
use clients::Clients;
use liveness::Liveness;
use replica::Replica;
use safety::Truth;
use squall_core::history::{NodeChange, Record, What};
use squall_core::property::RunEnd;
use squall_core::{NodeId, VirtualDuration};

invariants! {
    ElectionSafety "election-safety":
        "at most one replica leads in a term, and a quorum voted for it in that term",
    AppendOnly "leader-append-only": "a leader never drops or replaces an entry of its own log",
    LogMatching "log-matching": "logs with the same entry at an index agree up to it",
    Completeness "leader-completeness": "a new leader has every entry that is committed",
    StateMachine "state-machine-safety":
        "replicas apply the same entries, and have the same state after each",
    Quorum "quorum-commit": "an entry is committed only while a quorum of the voters holds it durably",
    Progress "progress": "what a leader believes that a member holds, it holds",
    Immutable "committed-immutable": "what is committed at an index never changes, and is never dropped",
    Monotone "monotone": "terms, votes in a term, commits, snapshots and what is applied never go back",
    Bounds "log-bounds": "purged <= snapshot <= applied <= committed <= last",
    NoLostWrite "no-lost-write":
        "a write that was acknowledged is committed, and every new leader has it",
    Session "session-guarantees":
        "clients read what they wrote, never an older value than before, and none that nobody wrote",
    Linearizable "linearizable": "some order of the operations explains every answer",
    OneLeader "one-leader": "while nothing is wrong there is a leader in time, and no other follows it",
    Converged "converged": "while nothing is wrong every voter applies in time what is committed",
    QuorumRuns "quorum-runs": "a quorum of the voters runs at every moment, from the first on at which it did",
}

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
            hosting: shared.hosting,
        },
    );
    oracle::promise(install, oracle);
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
    /// Only where replicas are placed.
    hosting: Option<HostEvents>,
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
}

impl oracle::Oracle for Oracle {
    type Slug = Slug;

    fn observe(&mut self, record: &Record) {
        self.liveness.time(record.at, &mut self.findings);
        match record.what {
            What::Event { name, node, a, b }
                if (self.setting.hosting).is_some_and(|events| name == events.hosted) =>
            {
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
    fn finish(&mut self, run: &RunEnd<'_>) {
        self.liveness.time(run.at, &mut self.findings);
        self.converged(run.at);
        self.clients
            .check(self.setting.steps_max, &mut self.findings);
    }
    fn findings(&self) -> &Findings {
        &self.findings
    }
}
