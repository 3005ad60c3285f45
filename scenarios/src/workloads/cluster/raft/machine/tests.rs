//! The machine alone: replicas whose messages a test delivers, drops and keeps.

mod clients;
mod log;
mod members;
mod snapshots;

use super::*;
use crate::workloads::cluster::raft::mutant::Mutant;
use squall_core::Seed;

pub(super) const MS: u64 = 1_000_000;

fn rules(me: Member, mutant: Option<Mutant>) -> Rules {
    Rules {
        me,
        election_ns: (150 * MS, 300 * MS),
        heartbeat_ns: 50 * MS,
        lease_ns: 120 * MS,
        pre_vote: true,
        check_quorum: true,
        unchecked_reads: false,
        batch: 4,
        snapshot_every: 10,
        snapshot_keep: 2,
        voters_min: 1,
        hold_ns: 0,
        mutant,
    }
}

fn blank(voters: Voters) -> Stored {
    Stored {
        hard: Hard::default(),
        snapshot: Snapshot {
            voters,
            ..Snapshot::default()
        },
        log: Log::after(LogId::default(), voters),
    }
}

/// Replicas, the messages between them, and what they answered. Everything is durable at once.
pub(super) struct Cluster {
    rafts: Vec<Raft>,
    now: u64,
    wire: Vec<(Member, Rc<Message>)>,
    asked: Ticket,
    answers: Vec<(Ticket, Answer)>,
    notes: Vec<(Member, Note)>,
    /// Who neither hears nor is heard.
    pub(super) cut: Vec<Member>,
}

impl Cluster {
    fn new(count: usize, mutant: Option<Mutant>) -> Self {
        Self::of(count, |rules| Rules { mutant, ..rules })
    }
    pub(super) fn of(count: usize, change: impl Fn(Rules) -> Rules) -> Self {
        let start = |me| {
            let key = Key::new(Seed(1), "raft", "election").child(u64::from(me));
            Raft::new(change(rules(me, None)), blank(Voters::first(count)), key, 0)
        };
        let mut cluster = Self {
            rafts: (0..Member::try_from(count).unwrap()).map(start).collect(),
            now: 0,
            wire: Vec::new(),
            asked: 0,
            answers: Vec::new(),
            notes: Vec::new(),
            cut: Vec::new(),
        };
        cluster.collect();
        cluster
    }
    fn collect(&mut self) {
        for (me, raft) in (0..).zip(&mut self.rafts) {
            loop {
                if !raft.has_outputs() {
                    raft.compact();
                }
                if !raft.has_outputs() {
                    break;
                }
                let outputs = raft.take_outputs();
                if !outputs.save.is_empty() {
                    raft.saved(self.now);
                }
                self.notes
                    .extend(outputs.notes.into_iter().map(|note| (me, note)));
                self.answers.extend(outputs.answers);
                self.wire.extend(outputs.messages);
            }
        }
    }
    /// Delivers until nothing is under way.
    fn settle(&mut self) {
        while !self.wire.is_empty() {
            for (to, message) in core::mem::take(&mut self.wire) {
                self.deliver(to, &message);
            }
        }
    }
    fn deliver(&mut self, to: Member, message: &Message) {
        if !self.cut.contains(&to) && !self.cut.contains(&message.from) {
            self.rafts[usize::from(to)].receive(self.now, message);
            self.collect();
        }
    }
    /// Time passes in steps of a millisecond, messages take none.
    pub(super) fn pass(&mut self, ms: u64) {
        for _ in 0..ms {
            self.now += MS;
            for at in 0..self.rafts.len() {
                if self.now >= self.rafts[at].deadline() {
                    self.rafts[at].tick(self.now);
                }
            }
            self.collect();
            self.settle();
        }
    }
    pub(super) fn leader(&self) -> Option<Member> {
        let leads = |(_, raft): &(usize, &Raft)| raft.leads();
        let leaders = self.rafts.iter().enumerate().filter(leads);
        let latest = leaders.max_by_key(|(_, raft)| raft.hard.term)?;
        Member::try_from(latest.0).ok()
    }
    fn ask(&mut self, member: Member, request: Request) -> Ticket {
        self.asked += 1;
        let ticket = self.asked;
        self.rafts[usize::from(member)].request(self.now, ticket, request);
        self.collect();
        ticket
    }
    pub(super) fn answer(&self, ticket: Ticket) -> Option<Answer> {
        let found = self.answers.iter().find(|(known, _)| *known == ticket);
        found.map(|(_, answer)| *answer)
    }
    pub(super) fn put(&mut self, member: Member, serial: u32, value: u64) -> Ticket {
        let id = CommandId { session: 9, serial };
        let op = Op::Put(value);
        self.ask(member, Request::Write { id, key: 1, op })
    }
    fn commits(&self) -> Vec<u32> {
        self.rafts.iter().map(|raft| raft.commit).collect()
    }
    fn log(&self, member: Member) -> Vec<(u32, u32)> {
        let raft = &self.rafts[usize::from(member)];
        let all = raft.log.since(raft.log.base().index + 1);
        all.map(|entry| (entry.at.term, entry.at.index)).collect()
    }
    fn others(&self, of: Member) -> Vec<Member> {
        let count = Member::try_from(self.rafts.len()).unwrap();
        (0..count).filter(|member| *member != of).collect()
    }
}

/// A tutorial: one is elected, a write goes to a quorum, and its client is told.
#[test]
fn a_cluster_elects_a_leader_and_commits() {
    let mut cluster = Cluster::new(3, None);
    assert_eq!(cluster.leader(), None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let ticket = cluster.put(leader, 1, 7);
    assert_eq!(cluster.answer(ticket), None, "nobody else has it yet");
    cluster.settle();
    assert_eq!(cluster.answer(ticket), Some(Answer::Done(7)));
    // The first entry is the leader's own; followers hear of the commit with the next heartbeat.
    cluster.pass(50);
    assert_eq!(cluster.commits(), [2, 2, 2]);
    let other = cluster.others(leader)[0];
    let refused = cluster.put(other, 2, 8);
    assert_eq!(
        cluster.answer(refused),
        Some(Answer::NotLeader(Some(leader)))
    );
}

#[test]
fn a_majority_goes_on_without_the_leader_and_overwrites_what_it_alone_has() {
    let mut cluster = Cluster::new(5, None);
    cluster.pass(400);
    let old = cluster.leader().unwrap();
    cluster.cut = vec![old];
    let lost: Vec<Ticket> = (1..4).map(|serial| cluster.put(old, serial, 5)).collect();
    assert_eq!(cluster.log(old).len(), 4);
    cluster.pass(1000);
    let new = cluster.leader().unwrap();
    assert_ne!(new, old);
    assert!(
        !cluster.rafts[usize::from(old)].leads(),
        "it hears no quorum"
    );
    let kept = cluster.put(new, 9, 6);
    cluster.settle();
    assert_eq!(cluster.answer(kept), Some(Answer::Done(6)));
    cluster.cut.clear();
    cluster.pass(500);
    assert_eq!(cluster.log(old), cluster.log(new));
    for ticket in lost {
        assert_eq!(cluster.answer(ticket), Some(Answer::NotLeader(None)));
    }
    let cut = cluster.notes.contains(&(old, Note::Truncated(2)));
    assert!(cut, "its own entries are gone");
}
