//! Locks around the tools: a write holds those of the two things that it touches.
//!
//! They are kept outside the nodes, like the queue. Whoever waits is given the lock by the one who frees it,
//! in order of coming. What a lost worker held is free when its session is taken again.

use super::super::app::Agent;
use super::super::session::Cause;
use super::gate::Stop;
use super::policy::parts;
use super::{Control, ControlConfig, Purpose, Slug, State};
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use squall_core::rng::thing_hash;
use squall_core::{Cx, Sample, VirtualDuration, WallTime};
use std::cell::RefCell;
use std::collections::{BTreeMap, VecDeque};

/// Longest time before a refused agent tries again: more than a tool call usually takes (a choice).
const AGAIN: VirtualDuration = VirtualDuration::from_secs(2);

/// Who has a lock or waits for it: a stream, as the worker of this epoch runs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in super::super) struct Owner {
    pub(in super::super) stream: u32,
    pub(in super::super) epoch: u32,
}

#[derive(Debug, Default)]
struct Lock {
    holder: Option<Owner>,
    queue: VecDeque<(Owner, Option<Waker>)>,
}

#[derive(Debug, Default)]
pub(super) struct Locks(BTreeMap<u64, Lock>);

impl Locks {
    /// Takes a lock that is free, or is the owner's already.
    fn take(&mut self, lock: u64, owner: Owner) -> bool {
        let place = self.0.entry(lock).or_default();
        *place.holder.get_or_insert(owner) == owner
    }
    fn wait(&mut self, lock: u64, owner: Owner) {
        let place = self.0.entry(lock).or_default();
        place.queue.push_back((owner, None));
    }
    fn leave(&mut self, lock: u64, owner: Owner) {
        if let Some(place) = self.0.get_mut(&lock) {
            place.queue.retain(|(waits, _)| *waits != owner);
        }
    }
    /// Frees a lock of this owner, and says to whom it goes; `None` if it is not the owner's.
    fn free(&mut self, lock: u64, owner: Owner) -> Option<Option<Owner>> {
        let place = self.0.get_mut(&lock)?;
        if place.holder != Some(owner) {
            return None;
        }
        let next = place.queue.pop_front();
        place.holder = next.as_ref().map(|(next, _)| *next);
        if let Some((_, Some(waker))) = next {
            waker.wake();
        }
        Some(place.holder)
    }
    /// Whether the owner would wait for itself if it waited for this lock.
    fn closes_a_circle(&self, lock: u64, owner: Owner) -> bool {
        let mut at = lock;
        // Everybody waits for one lock at most, so that the way is a line.
        for _ in 0..=self.0.len() {
            let Some(holder) = self.0.get(&at).and_then(|place| place.holder) else {
                return false;
            };
            if holder.stream == owner.stream {
                return true;
            }
            let waits = |(_, place): &(&u64, &Lock)| place.queue.iter().any(|(o, _)| *o == holder);
            match self.0.iter().find(waits) {
                Some((next, _)) => at = *next,
                None => return false,
            }
        }
        false
    }
    /// What earlier owners of a stream held, or waited for.
    fn of_others(&self, owner: Owner) -> Vec<(u64, Owner)> {
        let old = |o: &Owner| o.stream == owner.stream && o.epoch != owner.epoch;
        let mut found = Vec::new();
        for (lock, place) in &self.0 {
            let waiting = place.queue.iter().map(|(o, _)| o);
            let all = waiting.chain(&place.holder).filter(|o| old(o));
            found.extend(all.map(|o| (*lock, *o)));
        }
        found
    }
}

/// Waits until a lock is the owner's.
struct Turn<'a>(&'a RefCell<State>, u64, Owner);

impl Future for Turn<'_> {
    type Output = ();
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let Turn(state, lock, owner) = *self;
        let mut state = state.borrow_mut();
        let place = state.locks.0.entry(lock).or_default();
        if place.holder == Some(owner) {
            return Poll::Ready(());
        }
        if let Some((_, waker)) = place.queue.iter_mut().find(|(o, _)| *o == owner) {
            *waker = Some(context.waker().clone());
        }
        Poll::Pending
    }
}

/// The locks of an effect, in the order in which they are taken.
fn of(control: &Control, cx: &Cx, config: &ControlConfig, effect: u64) -> Vec<u64> {
    let [first, second] = [1, 2].map(|n| thing_hash(thing_hash(effect) ^ n) % config.locks);
    let (low, high) = (first.min(second), first.max(second));
    let mut locks = match control.knobs.whole(cx, Slug::LockOrder) {
        1 => vec![first, second],
        2 => vec![high, low],
        _ => vec![low, high],
    };
    locks.dedup();
    locks
}

/// How the wait for a lock ended.
enum Got {
    It,
    /// It would never have ended.
    Refused,
    GaveUp,
}

/// Takes the locks of an effect; by `deadline` at the latest it has them or fails.
pub(in super::super) async fn lock(
    agent: &Agent,
    cx: &Cx,
    (owner, effect): (Owner, u64),
    deadline: WallTime,
) -> Result<Vec<u64>, Stop> {
    let Some((control, config)) = parts(&agent.app).filter(|(_, config)| config.locks > 0) else {
        return Ok(Vec::new());
    };
    let locks = of(control, cx, config, effect);
    let (mut held, mut refused) = (0, 0);
    while held < locks.len() {
        match acquire(agent, cx, (control, config), (locks[held], owner), deadline).await {
            Got::It => held += 1,
            Got::Refused => {
                unlock(agent, owner, &locks[..held]);
                held = 0;
                refused += 1;
                let draw = control.draws(Purpose::Lock, effect).at(refused).open_unit();
                let left = deadline.since(cx.wall_clock());
                cx.back_off(AGAIN.scaled(draw).min(left)).await;
                if cx.wall_clock() >= deadline {
                    return Err(Stop::Fail(Cause::Deadline));
                }
            }
            Got::GaveUp => {
                unlock(agent, owner, &locks[..held]);
                return Err(Stop::Fail(match cx.wall_clock() >= deadline {
                    true => Cause::Deadline,
                    false => Cause::Tool,
                }));
            }
        }
    }
    Ok(locks)
}

async fn acquire(
    agent: &Agent,
    cx: &Cx,
    (control, config): (&Control, &ControlConfig),
    (lock, owner): (u64, Owner),
    deadline: WallTime,
) -> Got {
    let (names, who) = (control.names, u64::from(owner.stream));
    let at_once = {
        let locks = &mut control.state.borrow_mut().locks;
        if locks.take(lock, owner) {
            Some(Got::It)
        } else if config.refuse_deadlocks && locks.closes_a_circle(lock, owner) {
            Some(Got::Refused)
        } else {
            locks.wait(lock, owner);
            None
        }
    };
    match at_once {
        Some(Got::It) => agent.event(names.lock_held, who, lock),
        Some(_) => agent.event(names.lock_refused, who, lock),
        None => {}
    }
    if let Some(got) = at_once {
        return got;
    }
    agent.event(names.lock_wait, who, lock);
    let since = cx.now();
    let patience = config.lock_patience.min(deadline.since(cx.wall_clock()));
    let turn = cx
        .timeout(patience, Turn(&control.state, lock, owner))
        .await;
    cx.waited_in_queue(since);
    // It may have become this one's at the last moment.
    let mut state = control.state.borrow_mut();
    if turn.is_ok() || state.locks.0[&lock].holder == Some(owner) {
        return Got::It;
    }
    state.locks.leave(lock, owner);
    drop(state);
    agent.event(names.lock_left, who, lock);
    Got::GaveUp
}

/// Frees locks that the owner has. Who waits for one has it now.
pub(in super::super) fn unlock(agent: &Agent, owner: Owner, locks: &[u64]) {
    let Some(control) = &agent.app.control else {
        return;
    };
    let names = control.names;
    for lock in locks {
        let Some(next) = control.state.borrow_mut().locks.free(*lock, owner) else {
            continue;
        };
        agent.event(names.lock_free, u64::from(owner.stream), *lock);
        if let Some(next) = next {
            agent.event(names.lock_held, u64::from(next.stream), *lock);
        }
    }
}

/// A stream is taken anew: nobody who had it before holds a lock or waits for one.
pub(super) fn drop_old(agent: &Agent, control: &Control, owner: Owner) {
    let old = control.state.borrow().locks.of_others(owner);
    for (lock, before) in old {
        control.state.borrow_mut().locks.leave(lock, before);
        unlock(agent, before, &[lock]);
    }
}
