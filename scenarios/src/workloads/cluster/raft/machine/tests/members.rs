//! Changes of membership.

use super::*;

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
