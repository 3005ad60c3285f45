//! What clients are told.

use super::*;

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
