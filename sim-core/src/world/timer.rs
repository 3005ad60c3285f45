//! Waiting for virtual time.

use super::clock::{ClockTimer, Due};
use super::{Cx, Wake};
use crate::VirtualTime;
use crate::history::Part;
use crate::task::TaskRef;
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

/// Waits until a time. Made by [`Cx::sleep`].
#[must_use = "futures do nothing unless awaited"]
pub struct Sleep<'a> {
    cx: &'a Cx,
    until: VirtualTime,
    armed: Armed,
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
    pub(super) const fn new(cx: &'a Cx, until: VirtualTime) -> Self {
        Self {
            cx,
            until,
            armed: Armed::No,
        }
    }
    /// Until the clock of the process's node, which can be wrong, reads `target`.
    pub(super) const fn by_clock(cx: &'a Cx, target: u64) -> Self {
        Self {
            cx,
            until: VirtualTime::from_nanos(target),
            armed: Armed::Clock(None),
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
            return Poll::Ready(());
        };
        if !matches!(due, Due::Wake(wake) if wake.is(context.waker())) {
            let old = core::mem::replace(due, Due::Wake(Wake::of(context.waker())));
            drop(k);
            drop(old);
        }
        Poll::Pending
    }
    #[inline]
    fn disarm(&mut self) {
        if matches!(self.armed, Armed::Slot(_) | Armed::Clock(_)) {
            self.free();
        }
    }
    #[cold]
    fn free(&mut self) {
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
    #[cold]
    fn arm_foreign(&mut self, waker: &Waker) {
        if matches!(&self.armed, Armed::Slot(held) if held.0.is(waker)) {
            return;
        }
        self.disarm();
        let wake = Wake::of(waker);
        let mut k = self.cx.kernel();
        let at = self.until.max(k.time()).as_nanos();
        let slot = k.wake_at(at, wake.clone());
        drop(k);
        self.armed = slot.map_or(Armed::No, |slot| Armed::Slot(Box::new((wake, slot))));
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
            self.disarm();
            return Poll::Ready(());
        }
        match TaskRef::of(context.waker()) {
            Some(task) if matches!(self.armed, Armed::Task(armed) if armed == task) => {}
            Some(task) => {
                let at = self.until.max(k.time());
                k.wake_task_at(at.as_nanos(), task);
                drop(k);
                self.disarm();
                self.armed = Armed::Task(task);
            }
            None => {
                drop(k);
                self.arm_foreign(context.waker());
            }
        }
        Poll::Pending
    }
}

impl Drop for Sleep<'_> {
    #[inline]
    fn drop(&mut self) {
        self.disarm();
    }
}

/// A wait before another attempt, which counts as such in the span. Made by [`Cx::back_off`].
#[derive(Debug)]
#[must_use = "futures do nothing unless awaited"]
pub struct BackOff<'a> {
    sleep: Sleep<'a>,
    since: VirtualTime,
}

impl<'a> BackOff<'a> {
    pub(super) const fn new(sleep: Sleep<'a>, since: VirtualTime) -> Self {
        Self { sleep, since }
    }
}

impl Future for BackOff<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let waited = Pin::new(&mut self.sleep).poll(context);
        if waited.is_ready() {
            let cx = self.sleep.cx;
            cx.spent(Part::Backoff, cx.now().since(self.since).as_nanos());
        }
        waited
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
