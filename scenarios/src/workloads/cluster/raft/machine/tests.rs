//! The machine alone: replicas whose messages a test delivers, drops and keeps.

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

/// Figure 8 of the paper: an entry of an earlier term on a majority is not committed by counting.
#[test]
fn an_old_entry_is_committed_only_with_one_of_the_term() {
    let commits = |mutant| {
        let voters = Voters::first(3);
        let key = Key::new(Seed(1), "raft", "election");
        let mut stored = blank(voters);
        stored.hard.term = 2;
        let at = LogId::new(1, 1);
        stored.log.push(Entry {
            at,
            command: Command::Noop,
        });
        let mut raft = Raft::new(rules(0, mutant), stored, key, 0);
        raft.tick(MS * 300);
        let grant = |term, body| Message {
            from: 1,
            term,
            body,
        };
        raft.receive(MS * 300, &grant(3, Body::PreVoteReply { granted: true }));
        raft.receive(MS * 300, &grant(3, Body::VoteReply { granted: true }));
        assert!(raft.leads());
        raft.saved(MS * 300);
        let session = 1;
        let round = types::Round { round: 1, session };
        let acked = |matched| grant(3, Body::Appended { matched, round });
        raft.receive(MS * 300, &acked(1));
        let first = raft.commit;
        raft.receive(MS * 300, &acked(2));
        (first, raft.commit)
    };
    assert_eq!(commits(None), (0, 2));
    assert_eq!(commits(Some(Mutant::B04)), (1, 1));
}

#[test]
fn votes_go_to_the_up_to_date_once_a_term_and_not_while_a_leader_is_heard() {
    let mut stored = blank(Voters::first(3));
    stored.hard.term = 5;
    for index in 1..=3 {
        let at = LogId::new(4, index);
        let command = Command::Noop;
        stored.log.push(Entry { at, command });
    }
    let key = Key::new(Seed(1), "raft", "election");
    let mut raft = Raft::new(rules(0, None), stored, key, 0);
    raft.take_outputs();
    let mut vote = |now, from, term, last: (u32, u32)| {
        let last = LogId::new(last.0, last.1);
        let body = Body::Vote { last };
        raft.receive(now, &Message { from, term, body });
        let answers = raft.take_outputs().messages;
        answers.first().map(|(_, message)| match message.body {
            Body::VoteReply { granted } => (message.term, granted),
            _ => panic!("{message:?}"),
        })
    };
    assert_eq!(
        vote(100 * MS, 1, 6, (4, 3)),
        None,
        "it may have promised a lease before it began"
    );
    let later = 200 * MS;
    assert_eq!(
        vote(later, 1, 5, (3, 9)),
        Some((5, false)),
        "a long log of an old term"
    );
    assert_eq!(vote(later, 1, 5, (4, 2)), Some((5, false)), "a short log");
    assert_eq!(vote(later, 1, 5, (4, 3)), Some((5, true)));
    assert_eq!(vote(later, 2, 5, (9, 9)), Some((5, false)), "it has voted");
    assert_eq!(
        vote(later, 1, 5, (4, 3)),
        Some((5, true)),
        "the answer was lost"
    );
    assert_eq!(vote(later, 2, 6, (5, 1)), Some((6, true)), "a later term");
    assert_eq!(
        vote(later, 1, 4, (9, 9)),
        Some((6, false)),
        "an earlier one"
    );
}

#[test]
fn conflict_hints_skip_whole_terms() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let slow = cluster.others(leader)[0];
    cluster.cut = vec![slow];
    for serial in 1..=6 {
        cluster.put(leader, serial, 3);
        cluster.settle();
    }
    cluster.cut.clear();
    cluster.pass(60);
    assert_eq!(cluster.log(slow), cluster.log(leader));
}

#[test]
fn who_is_too_far_behind_gets_a_snapshot_and_goes_on_from_there() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let slow = cluster.others(leader)[1];
    cluster.cut = vec![slow];
    for serial in 1..=25 {
        cluster.put(leader, serial, u64::from(serial));
        cluster.settle();
    }
    let at = usize::from(leader);
    assert_eq!(cluster.rafts[at].snapshot.last.index, 20);
    assert_eq!(cluster.rafts[at].log.base().index, 18, "two are kept");
    cluster.cut.clear();
    cluster.pass(120);
    let (fast, slow) = (&cluster.rafts[at], &cluster.rafts[usize::from(slow)]);
    assert_eq!((slow.applied, &slow.kv), (fast.applied, &fast.kv));
    assert_eq!(slow.snapshot.last.index, 20);
}

#[test]
fn an_old_snapshot_takes_nothing_back() {
    for (mutant, applied) in [(None, 3), (Some(Mutant::B17), 1)] {
        let mut cluster = Cluster::new(3, mutant);
        cluster.pass(400);
        let leader = cluster.leader().unwrap();
        for serial in 1..=2 {
            cluster.put(leader, serial, 1);
            cluster.settle();
        }
        cluster.pass(60);
        let other = cluster.others(leader)[0];
        let term = cluster.rafts[usize::from(leader)].hard.term;
        let snapshot = Rc::new(Snapshot {
            last: LogId::new(term, 1),
            voters: Voters::first(3),
            kv: Kv::default(),
        });
        let round = types::Round::default();
        let body = Body::Install { snapshot, round };
        let late = Message {
            from: leader,
            term,
            body,
        };
        cluster.deliver(other, &late);
        assert_eq!(
            cluster.rafts[usize::from(other)].applied,
            applied,
            "{mutant:?}"
        );
    }
}

#[test]
fn a_retried_write_happens_once() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let mut append = |serial| {
        let id = CommandId { session: 4, serial };
        let op = Op::Append(5);
        let ticket = cluster.ask(leader, Request::Write { id, key: 2, op });
        cluster.settle();
        cluster.answer(ticket)
    };
    let once = appended(0, 5);
    assert_eq!(append(1), Some(Answer::Done(once)));
    assert_eq!(append(1), Some(Answer::Done(once)), "the same answer");
    assert_eq!(append(2), Some(Answer::Done(appended(once, 5))));
    assert_eq!(append(1), Some(Answer::Stale));
}

#[test]
fn a_read_waits_for_a_quorum_or_a_lease() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    cluster.put(leader, 1, 7);
    cluster.settle();
    let get = |lease| Request::Get { key: 1, lease };
    let leased = cluster.ask(leader, get(true));
    assert_eq!(cluster.answer(leased), Some(Answer::Done(7)));
    let asked = cluster.ask(leader, get(false));
    assert_eq!(cluster.answer(asked), None);
    cluster.settle();
    assert_eq!(cluster.answer(asked), Some(Answer::Done(7)));
    // Alone, a lease ends before anybody else may be elected; then nothing is answered.
    cluster.cut = vec![leader];
    cluster.now += 121 * MS;
    let late = cluster.ask(leader, get(true));
    cluster.settle();
    assert_eq!(cluster.answer(late), None);
}

#[test]
fn members_come_and_go_one_at_a_time() {
    let mut cluster = Cluster::new(4, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let (gone, other) = (cluster.others(leader)[0], cluster.others(leader)[1]);
    let id = |serial| CommandId { session: 1, serial };
    let remove = |serial, member| Request::Remove {
        id: id(serial),
        member,
    };
    let first = cluster.ask(leader, remove(1, gone));
    let second = cluster.ask(leader, remove(2, other));
    assert_eq!(
        cluster.answer(second),
        Some(Answer::Refused),
        "one is under way"
    );
    cluster.settle();
    assert_eq!(cluster.answer(first), Some(Answer::Done(2)));
    assert_eq!(cluster.rafts[usize::from(leader)].voters().len(), 3);
    // It knows, and never stands; and an old order is not obeyed.
    cluster.pass(2000);
    assert_eq!(cluster.leader(), Some(leader));
    let old = cluster.ask(
        leader,
        Request::Add {
            id: id(1),
            member: gone,
        },
    );
    assert_eq!(
        cluster.answer(old),
        Some(Answer::Done(2)),
        "the answer it got"
    );
    // Emptied and added again, it has everything.
    let wiped = cluster.ask(gone, Request::Wipe { removal: 2 });
    assert_eq!(cluster.answer(wiped), Some(Answer::Done(0)));
    assert_eq!(cluster.log(gone), []);
    // Until it has back what it had, it gives no vote: who counts it as a voter may know less.
    let later = cluster.now + 200 * MS;
    let last = LogId::new(9, 9);
    for body in [Body::PreVote { last }, Body::Vote { last }] {
        let message = Message {
            from: other,
            term: 1,
            body,
        };
        cluster.rafts[usize::from(gone)].receive(later, &message);
        let outputs = cluster.rafts[usize::from(gone)].take_outputs();
        let reply = &outputs.messages[0].1.body;
        assert!(matches!(
            reply,
            Body::VoteReply { granted: false } | Body::PreVoteReply { granted: false }
        ));
    }
    let add = Request::Add {
        id: id(3),
        member: gone,
    };
    let added = cluster.ask(leader, add);
    assert_eq!(
        cluster.answer(added),
        Some(Answer::Refused),
        "it has nothing"
    );
    cluster.pass(200);
    assert!(!cluster.rafts[usize::from(gone)].hard.blank);
    let added = cluster.ask(leader, add);
    cluster.pass(200);
    assert_eq!(cluster.answer(added), Some(Answer::Done(3)));
    assert_eq!(cluster.log(gone), cluster.log(leader));
    let again = cluster.ask(gone, Request::Wipe { removal: 2 });
    assert_eq!(cluster.answer(again), Some(Answer::Done(0)));
    assert_ne!(cluster.log(gone), [], "a copy of the order does nothing");
}

/// A member that learns to be added, and is removed instead, may be emptied: what it had counts no more.
#[test]
fn a_removal_forgets_who_only_learns() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let member = cluster.others(leader)[0];
    let id = |serial| CommandId { session: 1, serial };
    let add = |serial| Request::Add {
        id: id(serial),
        member,
    };
    let remove = |serial| Request::Remove {
        id: id(serial),
        member,
    };
    cluster.ask(leader, remove(1));
    cluster.settle();
    cluster.ask(leader, add(2));
    cluster.settle();
    let removed = cluster.ask(leader, remove(3));
    cluster.settle();
    assert_eq!(cluster.answer(removed), Some(Answer::Done(3)));
    cluster.ask(member, Request::Wipe { removal: 3 });
    let early = cluster.ask(leader, add(4));
    assert_eq!(
        cluster.answer(early),
        Some(Answer::Refused),
        "it has nothing"
    );
}

#[test]
fn a_leader_that_removes_itself_leads_until_that_is_committed() {
    let mut cluster = Cluster::new(3, None);
    cluster.pass(400);
    let leader = cluster.leader().unwrap();
    let id = CommandId {
        session: 1,
        serial: 1,
    };
    let ticket = cluster.ask(leader, Request::Remove { id, member: leader });
    assert_eq!(cluster.leader(), Some(leader));
    cluster.settle();
    assert_eq!(cluster.answer(ticket), Some(Answer::Done(2)));
    assert_eq!(cluster.leader(), None);
    cluster.pass(1000);
    let next = cluster.leader().unwrap();
    assert_ne!(next, leader);
    assert_eq!(
        cluster.rafts[usize::from(next)].voters(),
        Voters::first(3).without(leader)
    );
}

/// No membership changes before an entry of the term is committed (Ongaro, 2015).
#[test]
fn a_new_leader_changes_no_membership_before_it_has_committed() {
    for (mutant, refused) in [(None, true), (Some(Mutant::B18), false)] {
        let mut cluster = Cluster::new(3, mutant);
        for _ in 0..400 {
            cluster.now += MS;
            for raft in &mut cluster.rafts {
                raft.tick(cluster.now);
            }
            cluster.collect();
            // Elections only: nothing is replicated.
            for (to, message) in core::mem::take(&mut cluster.wire) {
                if !matches!(message.body, Body::Append { .. }) {
                    cluster.deliver(to, &message);
                }
            }
            if cluster.leader().is_some() {
                break;
            }
        }
        let leader = cluster.leader().unwrap();
        let id = CommandId {
            session: 1,
            serial: 1,
        };
        let member = cluster.others(leader)[0];
        let ticket = cluster.ask(leader, Request::Remove { id, member });
        let answer = cluster.answer(ticket);
        assert_eq!(answer == Some(Answer::Refused), refused, "{mutant:?}");
    }
}
