//! Requests that wait for a leader: a replica that knows none keeps them for a while, instead of sending
//! clients round the others. Whoever wins then finds work waiting, at the very moment at which it leads.

use super::{Answer, Raft, Request, Role, Ticket};

/// A request that waits.
#[derive(Debug)]
pub(super) struct Held {
    ticket: Ticket,
    request: Request,
    /// When its client is told that nobody leads.
    pub(super) until: u64,
}

impl Raft {
    /// Answers a request that only a leader can serve, now or once it is known who leads. One that was not heard for
    /// the shortest time-out may be gone: whoever stands would get a vote.
    pub(super) fn elsewhere(&mut self, ticket: Ticket, request: Request) {
        let leader = self.leader.filter(|leader| *leader != self.rules.me);
        let silent = self.now >= self.heard_at.saturating_add(self.rules.election_ns.0);
        if self.rules.hold_ns == 0 || (leader.is_some() && !silent) {
            return self.answer(ticket, Answer::NotLeader(leader));
        }
        let until = self.now.saturating_add(self.rules.hold_ns);
        self.held.push_back(Held {
            ticket,
            request,
            until,
        });
    }
    /// It is known who leads: this replica does what waits, or sends it there.
    pub(super) fn release(&mut self) {
        for held in core::mem::take(&mut self.held) {
            self.request(self.now, held.ticket, held.request);
        }
    }
    /// Whoever waited too long looks elsewhere.
    pub(super) fn let_go(&mut self) {
        debug_assert!(
            self.held.is_empty() || !matches!(self.role, Role::Leader(_)),
            "a leader keeps nobody waiting"
        );
        while let Some(held) = self.held.pop_front_if(|held| held.until <= self.now) {
            self.answer(held.ticket, Answer::NotLeader(None));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::tests::{Cluster, MS};
    use super::super::{Answer, Rules};

    fn cluster(count: usize, hold_ms: u64) -> Cluster {
        Cluster::of(count, |rules| Rules {
            hold_ns: hold_ms * MS,
            ..rules
        })
    }

    /// Everybody is asked before anybody leads: the leader does it, the others say who leads.
    #[test]
    fn what_waits_is_done_by_whoever_wins() {
        let mut cluster = cluster(3, 1000);
        let tickets: Vec<_> = (0..3).map(|me| cluster.put(me, 1, 7)).collect();
        assert!(
            tickets
                .iter()
                .all(|ticket| cluster.answer(*ticket).is_none())
        );
        cluster.pass(400);
        let leader = cluster.leader().expect("somebody won");
        for (me, ticket) in (0..3).zip(tickets) {
            let wanted = match me == leader {
                true => Answer::Done(7),
                false => Answer::NotLeader(Some(leader)),
            };
            assert_eq!(cluster.answer(ticket), Some(wanted), "replica {me}");
        }
    }

    /// A leader that falls silent is taken for one until somebody could be elected.
    #[test]
    fn a_silent_leader_is_none() {
        let mut cluster = cluster(3, 1000);
        cluster.pass(400);
        let old = cluster.leader().expect("somebody won");
        let other = (old + 1) % 3;
        cluster.cut = vec![old];
        cluster.pass(49);
        let soon = cluster.put(other, 1, 7);
        assert_eq!(cluster.answer(soon), Some(Answer::NotLeader(Some(old))));
        cluster.pass(101);
        let late = cluster.put(other, 2, 7);
        assert_eq!(cluster.answer(late), None);
        cluster.pass(300);
        assert!(
            cluster
                .answer(late)
                .is_some_and(|answer| answer != Answer::NotLeader(Some(old)))
        );
    }

    /// Nobody waits longer than that, and without it nobody waits at all.
    #[test]
    fn nobody_waits_for_ever() {
        let mut cluster = cluster(3, 40);
        cluster.cut = vec![0, 1, 2];
        let first = cluster.put(0, 1, 7);
        cluster.pass(20);
        let second = cluster.put(0, 2, 7);
        cluster.pass(19);
        assert_eq!(cluster.answer(first), None);
        cluster.pass(1);
        assert_eq!(cluster.answer(first), Some(Answer::NotLeader(None)));
        assert_eq!(cluster.answer(second), None);
        cluster.pass(20);
        assert_eq!(cluster.answer(second), Some(Answer::NotLeader(None)));
        let mut at_once = self::cluster(3, 0);
        let ticket = at_once.put(0, 1, 7);
        assert_eq!(at_once.answer(ticket), Some(Answer::NotLeader(None)));
    }
}
