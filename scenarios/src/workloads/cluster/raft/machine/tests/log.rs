//! Votes, and logs that agree in the end.

use super::*;

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
