//! Waiting for virtual time.

use super::clock::{ClockTimer, Due};
use super::{Cx, Wake};
use crate::VirtualTime;
use crate::history::Part;
use crate::task::TaskRef;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll};

/// Waits until a time. Made by [`Cx::sleep`].
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep<'a> {
    cx: &'a Cx,
    until: VirtualTime,
    armed: Armed,
    /// What the time counts as in the span, and since when.
    part: Option<(Part, VirtualTime)>,
}

/// Who is woken when the time comes.
enum Armed {
    No,
    /// The task itself: its timer is a queue entry and nothing else.
    Task(TaskRef),
    /// The waker of a combinator, in a slot. Boxed, since it is rare and futures should be small.
    Slot(Box<(Wake, (u32, u32))>),
    /// The node's own clock, which can be wrong: `until` is what it must read.
    Clock(Option<Box<ClockTimer>>),
}

impl fmt::Debug for Sleep<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "sleep until {}", self.until)
    }
}

impl<'a> Sleep<'a> {
    pub(super) const fn new(
        cx: &'a Cx,
        until: VirtualTime,
        part: Option<(Part, VirtualTime)>,
    ) -> Self {
        Self {
            cx,
            until,
            armed: Armed::No,
            part,
        }
    }
    /// Until the clock of the process's node, which can be wrong, reads `target`.
    pub(super) const fn by_clock(
        cx: &'a Cx,
        target: u64,
        part: Option<(Part, VirtualTime)>,
    ) -> Self {
        Self {
            cx,
            until: VirtualTime::from_nanos(target),
            armed: Armed::Clock(None),
            part,
        }
    }
    #[cold]
    fn poll_by_clock(&mut self, context: &Context<'_>) -> Poll<()> {
        let Armed::Clock(timer) = &mut self.armed else {
            return Poll::Pending;
        };
        let mut k = self.cx.kernel();
        let node = self.cx.node;
        let Some(known) = timer else {
            let due = Due::Wake(Wake::of(context.waker()));
            *timer = Some(Box::new(k.arm_by_clock(node, self.until.as_nanos(), due)));
            return Poll::Pending;
        };
        let waits = k.clock(node).and_then(|clock| clock.timer(**known));
        let Some(due) = waits else {
            let now = k.time();
            drop(k);
            if let Some((part, since)) = self.part.take() {
                self.cx.spent(part, now.since(since).as_nanos());
            }
            return Poll::Ready(());
        };
        if !matches!(due, Due::Wake(wake) if wake.is(context.waker())) {
            let old = core::mem::replace(due, Due::Wake(Wake::of(context.waker())));
            drop(k);
            drop(old);
        }
        Poll::Pending
    }
    fn disarm(&mut self) {
        if let Armed::Clock(Some(timer)) = &self.armed {
            let mut k = self.cx.kernel();
            let due = k
                .clock(self.cx.node)
                .and_then(|clock| clock.disarm(**timer));
            drop(k);
            drop(due);
        }
        if let Armed::Slot(held) = core::mem::replace(&mut self.armed, Armed::No) {
            let (slot, generation) = held.1;
            let waker = self.cx.kernel().take_foreign(slot, generation);
            drop(waker);
        }
    }
}

impl Future for Sleep<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        if matches!(self.armed, Armed::Clock(_)) {
            return self.poll_by_clock(context);
        }
        let mut k = self.cx.kernel();
        // The first time even a wait of no length goes through the queue: a loop that waits for
        // nothing then uses up events, and meets the bound on them, instead of hanging the run.
        if k.time() >= self.until && !matches!(self.armed, Armed::No) {
            drop(k);
            if let Some((part, since)) = self.part.take() {
                self.cx.spent(part, self.until.since(since).as_nanos());
            }
            self.disarm();
            return Poll::Ready(());
        }
        let same = match &self.armed {
            Armed::No | Armed::Clock(_) => false,
            Armed::Task(task) => TaskRef::of(context.waker()) == Some(*task),
            Armed::Slot(held) => held.0.is(context.waker()),
        };
        if !same {
            let wake = Wake::of(context.waker());
            let at = self.until.max(k.time()).as_nanos();
            let slot = k.wake_at(at, wake.clone());
            drop(k);
            self.disarm();
            self.armed = match (wake, slot) {
                (Wake::Task(task), _) => Armed::Task(task),
                (wake, Some(slot)) => Armed::Slot(Box::new((wake, slot))),
                (Wake::Foreign(_), None) => Armed::No,
            };
        }
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    fn drop(&mut self) {
        self.disarm();
    }
}

/// The time was over first.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Elapsed;

/// A future with a limit. Made by [`Cx::timeout`]. The future is asked first: one that is ready at
/// the very instant of the limit is in time.
#[must_use = "futures do nothing unless awaited"]
pub struct Timeout<'a, F> {
    sleep: Sleep<'a>,
    future: Pin<Box<F>>,
}

impl<F> fmt::Debug for Timeout<'_, F> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "timeout at {}", self.sleep.until)
    }
}

impl<'a, F: Future> Timeout<'a, F> {
    pub(super) fn new(sleep: Sleep<'a>, future: F) -> Self {
        Self {
            sleep,
            future: Box::pin(future),
        }
    }
}

impl<F: Future> Future for Timeout<'_, F> {
    type Output = Result<F::Output, Elapsed>;
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        if let Poll::Ready(output) = self.future.as_mut().poll(context) {
            return Poll::Ready(Ok(output));
        }
        Pin::new(&mut self.sleep)
            .poll(context)
            .map(|()| Err(Elapsed))
    }
}
