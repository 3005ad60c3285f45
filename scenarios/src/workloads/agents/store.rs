//! The durable queue: sessions, leases, checkpoints, budgets.
//!
//! It stands for a replicated store outside the nodes that the scenario can hit: it outlives them,
//! answers at once and is never wrong. What a worker keeps for itself is lost with its node.

use super::config::Config;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
use squall_core::{VirtualDuration, VirtualTime, WallTime};
use std::cell::RefCell;
use std::collections::{BTreeSet, VecDeque};

/// What is known of a stream: a session's main agent, or one of its sub-agents.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Stream {
    /// The session it belongs to, by the stream of its main agent.
    pub(super) task: u32,
    /// The next step.
    pub(super) seq: u32,
    /// Tokens of the previous prompt.
    pub(super) context: u32,
    /// Counts who owned it.
    pub(super) epoch: u32,
    /// Whether the step's model call is done and its tool call was written down.
    pub(super) intent: bool,
    pub(super) owner: u32,
    pub(super) state: State,
    pub(super) accepted: VirtualTime,
    /// By the wall clock of the worker that accepted it; others compare it with theirs.
    pub(super) deadline: WallTime,
    spent: u64,
    reserved: u64,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum State {
    /// Not heard of yet, or run by its parent.
    #[default]
    Idle,
    /// Given to a worker.
    Active,
    Ended,
}

/// A worker as the queue sees it.
#[derive(Debug, Default)]
struct Worker {
    /// By the worker's own wall clock.
    lease_until: WallTime,
    given: VecDeque<u32>,
    waker: Option<Waker>,
}

#[derive(Debug)]
pub(super) struct Store {
    streams: Vec<Stream>,
    workers: Vec<Worker>,
    turn: usize,
    /// The next session and when it comes; `None` when all have come.
    next: Option<(u64, VirtualTime)>,
}

impl Store {
    pub(super) fn new(config: &Config, workers: usize, first: VirtualTime) -> Self {
        let streams = config.trace.as_ref().map_or(0, |trace| trace.streams.len());
        Self {
            streams: vec![Stream::default(); streams],
            workers: (0..workers).map(|_| Worker::default()).collect(),
            turn: 0,
            next: Some((0, first)),
        }
    }
    pub(super) fn stream(&mut self, stream: u32) -> &mut Stream {
        let at = stream as usize;
        if at >= self.streams.len() {
            self.streams.resize(at + 1, Stream::default());
        }
        &mut self.streams[at]
    }
    pub(super) const fn next(&self) -> Option<(u64, VirtualTime)> {
        self.next
    }
    pub(super) const fn set_next(&mut self, next: Option<(u64, VirtualTime)>) {
        self.next = next;
    }

    /// A worker shows that it lives.
    pub(super) fn renew(&mut self, worker: usize, until: WallTime) {
        self.workers[worker].lease_until = until;
    }
    /// Gives a stream to the next worker in turn whose lease holds, by the clock of who asks; to the next at all if none does.
    pub(super) fn give(&mut self, stream: u32, now: WallTime) {
        let count = self.workers.len();
        let turns = (0..count).map(|i| (self.turn + i) % count);
        let holds = |w: &usize| self.workers[*w].lease_until >= now;
        let worker = turns.clone().find(holds).unwrap_or(self.turn);
        self.turn = (worker + 1) % count;
        let entry = self.stream(stream);
        entry.owner = u32::try_from(worker).expect("fewer than 2^32 workers");
        entry.state = State::Active;
        let place = &mut self.workers[worker];
        place.given.push_back(stream);
        if let Some(waker) = place.waker.take() {
            waker.wake();
        }
    }
    /// Takes a stream for a worker, with a new epoch: nobody else's writes count any more.
    pub(super) fn claim(&mut self, stream: u32, worker: usize) -> u32 {
        let entry = self.stream(stream);
        entry.owner = u32::try_from(worker).expect("fewer than 2^32 workers");
        entry.epoch += 1;
        if entry.task == stream {
            // Reservations of an owner that is lost.
            entry.reserved = 0;
        }
        entry.epoch
    }
    /// What a worker has, by its own restart: all of it is to be claimed anew.
    pub(super) fn owned(&mut self, worker: usize) -> Vec<u32> {
        self.workers[worker].given.clear();
        self.active_of(&BTreeSet::from([worker]))
    }
    /// What workers have whose lease is over.
    pub(super) fn orphans(&self, now: WallTime) -> Vec<u32> {
        let lost = |w: &usize| self.workers[*w].lease_until < now;
        let lost: BTreeSet<usize> = (0..self.workers.len()).filter(lost).collect();
        if lost.is_empty() {
            Vec::new()
        } else {
            self.active_of(&lost)
        }
    }
    fn active_of(&self, workers: &BTreeSet<usize>) -> Vec<u32> {
        let of = |s: &Stream| s.state == State::Active && workers.contains(&(s.owner as usize));
        let numbered = (0u32..).zip(&self.streams);
        numbered
            .filter(|(_, s)| of(s))
            .map(|(number, _)| number)
            .collect()
    }

    /// Whether `epoch` still owns the stream, or nobody looks.
    pub(super) fn holds(&mut self, fencing: bool, stream: u32, epoch: u32) -> bool {
        !fencing || self.stream(stream).epoch == epoch
    }
    /// Reserves tokens of a session. `false` if it has not so many.
    pub(super) fn reserve(&mut self, config: &Config, task: u32, tokens: u64) -> bool {
        let entry = self.stream(task);
        let wanted = (entry.spent + entry.reserved + tokens) as f64;
        if config.budget_enforce && wanted > config.budget_tokens {
            return false;
        }
        entry.reserved += tokens;
        true
    }
    /// Gives a reservation back and spends `spent` of it.
    pub(super) fn settle(&mut self, task: u32, reserved: u64, spent: u64) {
        let entry = self.stream(task);
        entry.reserved = entry.reserved.saturating_sub(reserved);
        entry.spent += spent;
    }
}

/// Waits until the queue gives `worker` a stream.
#[derive(Debug)]
pub(super) struct Given<'a>(pub(super) &'a RefCell<Store>, pub(super) usize);

impl Future for Given<'_> {
    type Output = u32;
    fn poll(self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<u32> {
        let mut store = self.0.borrow_mut();
        let place = &mut store.workers[self.1];
        match place.given.pop_front() {
            Some(stream) => Poll::Ready(stream),
            None => {
                place.waker = Some(context.waker().clone());
                Poll::Pending
            }
        }
    }
}

/// Retries that a worker may still make: a share of its first tries, and a few to begin with.
#[derive(Debug)]
pub(super) struct Allowance {
    left: f64,
}

/// Retries that an allowance begins with and keeps at most beyond its share.
const ALLOWANCE_BURST: f64 = 10.0;

impl Allowance {
    pub(super) const fn new() -> Self {
        Self {
            left: ALLOWANCE_BURST,
        }
    }
    /// A call began. Without a share there is no budget.
    pub(super) fn earn(&mut self, share: Option<f64>) {
        if let Some(share) = share {
            self.left = (self.left + share).min(ALLOWANCE_BURST);
        }
    }
    /// Whether a retry is allowed; it then counts.
    pub(super) fn take(&mut self, share: Option<f64>) -> bool {
        match share {
            None => true,
            Some(_) if self.left < 1.0 => false,
            Some(_) => {
                self.left -= 1.0;
                true
            }
        }
    }
}

/// `time`, no later than `limit`.
pub(super) fn until(now: WallTime, time: VirtualDuration, limit: WallTime) -> WallTime {
    now.saturating_add(time).min(limit)
}
