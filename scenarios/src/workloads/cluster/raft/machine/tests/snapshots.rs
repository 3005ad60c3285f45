//! Snapshots that are sent, and those that come late.

use super::*;

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
