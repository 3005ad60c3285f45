//! Connection pools: what a process keeps open to a service. Each connection leads to one replica; a new
//! one costs a handshake there. Where all are in use a call waits for one, or fails.

use super::COUNT;
use super::turn::{Giver, turn};
use core::cell::RefCell;
use squall_core::world::Cx;
use squall_core::{Law, VirtualDuration};
use squall_faults::param::{Args, Kind, Param, Unit};
use std::collections::VecDeque;
use std::rc::Rc;

pub(crate) const PARAM: Param = Param::new(
    "pool",
    Kind::Table(TABLE),
    "connections that each process keeps to a service; as many as it needs, at no cost, if missing",
);

const TABLE: &[Param] = &[
    Param::new("size", COUNT, "connections at most").default("100"),
    Param::new(
        "wait",
        Kind::Duration,
        "how long a call waits for one where all are in use; without an end but its deadline if missing, and \
         not at all if zero",
    ),
    Param::new(
        "connect",
        Kind::Law(Unit::Time),
        "processor time at the replica for a new connection, beside the way there and back",
    )
    .default("500us"),
];

/// The parameters.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Rules {
    pub(crate) size: u32,
    pub(crate) wait: Option<VirtualDuration>,
    pub(crate) connect: Law,
}

impl Rules {
    pub(crate) fn read(args: &Args) -> Self {
        Self {
            size: u32::try_from(args.count("size")).expect("the table bounds it"),
            wait: args.duration_opt("wait"),
            connect: args.law("connect"),
        }
    }
}

/// The connections of one process to one service.
#[derive(Debug, Default)]
pub(crate) struct Pool(RefCell<State>);

#[derive(Debug, Default)]
struct State {
    /// Replicas to which an unused one leads; the last was used last.
    idle: Vec<u32>,
    in_use: u32,
    waiting: VecDeque<Giver<Right>>,
    /// How often all connections were dropped.
    age: u64,
}

/// The right to a connection, with one that is open if there is.
#[derive(Debug)]
struct Right {
    open: Option<u32>,
}

/// All connections are in use, and none came free in time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Exhausted;

/// A connection in use. It is closed unless it is given back.
#[derive(Debug)]
pub(crate) struct Lease {
    pool: Rc<Pool>,
    replica: u32,
    /// Whether the handshake is still to be done.
    pub(crate) new: bool,
    keep: bool,
    age: u64,
    most: u32,
}

impl Pool {
    /// How many there are, in use or not.
    pub(crate) fn open(&self) -> u32 {
        let state = self.0.borrow();
        state.in_use + u32::try_from(state.idle.len()).expect("fewer than 2^32 connections")
    }

    /// Takes a connection to `replica`, `most` being allowed. One to another replica is closed for it,
    /// if there is no other way.
    pub(crate) async fn take(
        self: &Rc<Self>,
        cx: &Cx,
        replica: u32,
        (most, wait): (u32, VirtualDuration),
    ) -> Result<Lease, Exhausted> {
        let waits = {
            let state = &mut *self.0.borrow_mut();
            // Where fewer are allowed than before, unused ones go first.
            let room = most.saturating_sub(state.in_use) as usize;
            if state.idle.len() > room {
                let too_many = state.idle.len() - room;
                state.idle.drain(..too_many);
            }
            if state.in_use < most {
                state.in_use += 1;
                let open = take_idle(&mut state.idle, replica, state.in_use, most);
                return Ok(self.lease(replica, open, (state.age, most)));
            }
            if wait.is_zero() {
                return Err(Exhausted);
            }
            let (giver, waits) = turn();
            state.waiting.push_back(giver);
            waits
        };
        let mut waits = waits;
        match cx.timeout(wait, &mut waits).await {
            Ok(right) => {
                let age = self.0.borrow().age;
                let open = right.open.filter(|open| *open == replica);
                Ok(self.lease(replica, open, (age, most)))
            }
            Err(_) => {
                if let Some(right) = waits.leave() {
                    self.release(right, most);
                }
                Err(Exhausted)
            }
        }
    }
    fn lease(self: &Rc<Self>, replica: u32, open: Option<u32>, (age, most): (u64, u32)) -> Lease {
        Lease {
            pool: Rc::clone(self),
            replica,
            new: open.is_none(),
            keep: false,
            age,
            most,
        }
    }
    /// A right comes back: to the first who waits, or nobody has it.
    fn release(&self, right: Right, most: u32) {
        let state = &mut *self.0.borrow_mut();
        let mut right = right;
        if state.in_use <= most {
            while let Some(giver) = state.waiting.pop_front() {
                match giver.give(right) {
                    Ok(()) => return,
                    Err(back) => right = back,
                }
            }
        }
        state.in_use -= 1;
        let all = state.in_use + u32::try_from(state.idle.len()).expect("a small number");
        if all < most {
            state.idle.extend(right.open);
        }
    }
    /// Drops a share of the unused connections, the oldest first, rounded up; with any share those in
    /// use are not kept after their call.
    pub(crate) fn chill(&self, share: f64) {
        let state = &mut *self.0.borrow_mut();
        state.age += 1;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count"
        )]
        let gone = (state.idle.len() as f64 * share).ceil() as usize;
        state.idle.drain(..gone.min(state.idle.len()));
    }
}

/// An unused connection to `replica`; if there is none and no room for one more, another is closed.
fn take_idle(idle: &mut Vec<u32>, replica: u32, in_use: u32, most: u32) -> Option<u32> {
    if let Some(at) = idle.iter().rposition(|open| *open == replica) {
        return Some(idle.remove(at));
    }
    let all = in_use as usize + idle.len();
    if all > most as usize && !idle.is_empty() {
        idle.remove(0);
    }
    None
}

impl Lease {
    /// The call went well enough that the connection can be used again.
    pub(crate) fn give_back(mut self) {
        self.keep = true;
    }
}

impl Drop for Lease {
    fn drop(&mut self) {
        let fresh = self.keep && self.pool.0.borrow().age == self.age;
        let open = fresh.then_some(self.replica);
        self.pool.release(Right { open }, self.most);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use squall_core::world::{Bounds, NodeSpec, World};
    use squall_core::{Seed, VirtualTime};

    const SECOND: VirtualDuration = VirtualDuration::from_secs(1);

    /// What a process sees that does this.
    fn with<F: Future<Output = ()> + 'static>(body: impl Fn(Cx, Rc<Pool>) -> F + 'static) {
        let mut world = World::new(Seed(0), false);
        let node = world.add_node(&NodeSpec::new("n"));
        let done = Rc::new(core::cell::Cell::new(false));
        let seen = Rc::clone(&done);
        let body = Rc::new(body);
        world.process(node, "p", move |cx| {
            let (done, body) = (Rc::clone(&done), Rc::clone(&body));
            async move {
                body(cx, Rc::new(Pool::default())).await;
                done.set(true);
            }
        });
        world.run(Bounds::until(VirtualTime::from_nanos(10_000_000_000)));
        assert!(seen.get(), "it came to its end");
    }

    #[test]
    fn connections_are_used_again_and_bounded() {
        with(|cx, pool| async move {
            let none = (2, VirtualDuration::ZERO);
            let one = pool.take(&cx, 7, none).await.expect("there is room");
            let two = pool.take(&cx, 8, none).await.expect("there is room");
            assert!(one.new && two.new);
            assert_eq!(pool.take(&cx, 7, none).await.err(), Some(Exhausted));
            one.give_back();
            assert_eq!(pool.open(), 2);
            let again = pool.take(&cx, 7, none).await.expect("one is unused");
            assert!(!again.new);
            again.give_back();
            let other = pool.take(&cx, 9, none).await.expect("the unused one goes");
            assert!(other.new);
            assert_eq!(pool.open(), 2);
            drop((two, other));
            assert_eq!(pool.open(), 0, "what is not given back is closed");
        });
    }

    #[test]
    fn whoever_waits_gets_the_next_one_in_order() {
        with(|cx, pool| async move {
            let lease = pool.take(&cx, 7, (1, SECOND)).await.expect("there is room");
            let order = Rc::new(RefCell::new(Vec::new()));
            for (number, wait) in [(1, SECOND), (2, SECOND / 10), (3, SECOND)] {
                let (cx, pool, order) = (cx.clone(), Rc::clone(&pool), Rc::clone(&order));
                cx.clone().spawn(async move {
                    let got = pool.take(&cx, 7, (1, wait)).await;
                    order.borrow_mut().push((number, got.is_ok()));
                    if let Ok(lease) = got {
                        assert!(!lease.new);
                        lease.give_back();
                    }
                });
            }
            cx.sleep(SECOND / 2).await;
            lease.give_back();
            cx.sleep(SECOND / 2).await;
            assert_eq!(*order.borrow(), [(2, false), (1, true), (3, true)]);
            assert_eq!(pool.open(), 1);
        });
    }

    #[test]
    fn dropped_connections_are_made_anew() {
        with(|cx, pool| async move {
            let most = (4, SECOND);
            let held = pool.take(&cx, 1, most).await.expect("there is room");
            let unused = pool.take(&cx, 1, most).await.expect("there is room");
            unused.give_back();
            pool.chill(1.0);
            assert_eq!(pool.open(), 1);
            held.give_back();
            assert_eq!(pool.open(), 0, "the one in use was meant too");
        });
    }
}
