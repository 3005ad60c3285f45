//! Running on a node: processor time, and the pages it touches.

mod jobs;

use super::cpu::JobTime;
use super::kernel::Kernel;
use super::{Cx, Wake};
use crate::history::Part;
use crate::memory::faults;
use crate::{VirtualDuration, VirtualTime};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};
pub(super) use jobs::{JobRef, Work};

/// A working set that a process declared on its node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemorySet {
    /// `None` on a node with all the memory it needs.
    pub(super) class: Option<usize>,
}

/// A computation. Made by [`Cx::compute`].
///
/// It touches half of its pages, runs half of its work, touches the other half and runs the rest,
/// each fault served before the next: the order of the service on which the memory model was
/// calibrated.
#[must_use = "futures do nothing unless awaited"]
pub struct Compute<'a> {
    cx: &'a Cx,
    work: VirtualDuration,
    touches: Option<Touches>,
    stage: Stage,
    /// Halves not begun yet.
    halves: u32,
    /// Sizes of the bundles of faults of this half that are still to be served.
    faults: Faults,
    /// Faults so far.
    majors: u32,
}

/// Pages of a working set that a computation touches.
#[derive(Clone, Copy, Debug)]
pub(super) struct Touches {
    pub(super) class: usize,
    pub(super) pages: u32,
    /// One after the other, instead of by their popularity.
    pub(super) in_order: bool,
}

/// Faults that one half of a computation has.
#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    total: u32,
    bundles: u32,
    served: u32,
}

/// Some faults that are served together.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bundle {
    pub(super) class: usize,
    pub(super) faults: u32,
    /// Pages that each of them reads.
    pub(super) cluster: u32,
}

impl Faults {
    fn next(&mut self) -> Option<u32> {
        if self.served == self.bundles {
            return None;
        }
        let size = self.total / self.bundles + u32::from(self.served < self.total % self.bundles);
        self.served += 1;
        Some(size)
    }
}

enum Stage {
    /// Nothing is under way.
    Idle,
    /// On the processor or waiting for it since then; for some faults, or for the work itself.
    Job(JobRef, VirtualTime, Option<Bundle>),
    /// Waiting for the swap device until then; whether that counts as memory pressure.
    Device(VirtualTime, bool, Option<Wake>),
    /// Put to sleep until then for what was charged to a group over `memory.high`; then this share of
    /// the work runs.
    Asleep(VirtualTime, f64, Option<Wake>),
    Done,
}

impl fmt::Debug for Compute<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "compute for {}", self.work)
    }
}

impl<'a> Compute<'a> {
    pub(super) const fn new(cx: &'a Cx, work: VirtualDuration) -> Self {
        Self {
            cx,
            work,
            touches: None,
            stage: Stage::Idle,
            halves: 1,
            faults: Faults {
                total: 0,
                bundles: 0,
                served: 0,
            },
            majors: 0,
        }
    }
    /// Major faults it has had so far: pages that had to come back from swap.
    pub const fn major_faults(&self) -> u32 {
        self.majors
    }
    /// Touches `pages` pages of a working set on the way.
    pub const fn touching(self, set: MemorySet, pages: u32) -> Self {
        self.touches_of(set, pages, false)
    }
    /// Touches the next `pages` pages of a working set in their order on the way: a pass through it,
    /// which goes on where the last one ended. Each of its faults reads as many pages as the node's
    /// `page_cluster` says; with more pages than room every page is missing.
    pub const fn scanning(self, set: MemorySet, pages: u32) -> Self {
        self.touches_of(set, pages, true)
    }
    const fn touches_of(mut self, set: MemorySet, pages: u32, in_order: bool) -> Self {
        if let Some(class) = set.class {
            self.touches = Some(Touches {
                class,
                pages,
                in_order,
            });
            self.halves = 2;
        }
        self
    }

    /// Begins what comes next; `false` if nothing is left.
    fn advance(&mut self, k: &mut Kernel, waker: &Waker) -> bool {
        if self.serve_next(k, waker) {
            return true;
        }
        if self.halves == 0 {
            return false;
        }
        let node = self.cx.node;
        let mut share = 1.0;
        if let Some(touches) = self.touches {
            if self.halves == 2 && !k.memory_busy(node) {
                // Nothing can fault: the two halves are one.
                k.touch(node, touches);
                self.halves = 1;
                self.touches = None;
            } else {
                let first = touches.pages / 2;
                let pages = if self.halves == 2 {
                    first
                } else {
                    touches.pages - first
                };
                share = 0.5;
                let total = k.touch(node, Touches { pages, ..touches });
                self.majors += total;
                self.faults = Faults {
                    total,
                    bundles: total.min(faults::FAULTS_SERIAL_MAX),
                    served: 0,
                };
            }
        }
        // The half runs when its faults are served.
        if !self.serve_next(k, waker) {
            self.pay(k, share, waker);
        }
        true
    }
    /// Begins to serve the next faults of this half; `false` if none is left.
    fn serve_next(&mut self, k: &mut Kernel, waker: &Waker) -> bool {
        let next = self.touches.zip(self.faults.next());
        let Some((touches, faults)) = next else {
            return false;
        };
        let bundle = Bundle {
            class: touches.class,
            faults,
            cluster: if touches.in_order {
                k.page_cluster(self.cx.node)
            } else {
                1
            },
        };
        self.fault(k, bundle, waker);
        true
    }
    /// On the way back from the kernel: sleeps for what was charged to a group over `memory.high`, then
    /// runs.
    fn pay(&mut self, k: &mut Kernel, share: f64, waker: &Waker) {
        let node = self.cx.node;
        let sleep = match self.touches {
            Some(touches) => k.high_stall(node, touches.class),
            None => VirtualDuration::ZERO,
        };
        if sleep.is_zero() {
            return self.run(k, share, waker);
        }
        k.asleep(node, true);
        k.spans.add(self.cx.span, Part::PageFault, sleep.as_nanos());
        self.stage = Stage::Asleep(k.time().saturating_add(sleep), share, None);
    }
    fn run(&mut self, k: &mut Kernel, share: f64, waker: &Waker) {
        self.halves -= 1;
        let work = Work {
            ns: self.work.as_nanos_f64() * share,
            system: false,
            reclaim: false,
        };
        let job = k.submit(self.cx.node, work, Some(Wake::of(waker)));
        self.stage = Stage::Job(job, k.time(), None);
    }
    fn fault(&mut self, k: &mut Kernel, bundle: Bundle, waker: &Waker) {
        let (ns, reclaim) = k.fault_work(self.cx.node, bundle);
        let work = Work {
            ns,
            system: true,
            reclaim,
        };
        let job = k.submit(self.cx.node, work, Some(Wake::of(waker)));
        self.stage = Stage::Job(job, k.time(), Some(bundle));
    }

    /// A job is done: what it was, and what follows.
    fn job_done(
        &mut self,
        k: &mut Kernel,
        (since, time): (VirtualTime, JobTime),
        fault: Option<Bundle>,
    ) {
        let (cx, now) = (self.cx, k.time());
        let whole = now.since(since).as_nanos();
        let Some(bundle) = fault else {
            let waited = whole.saturating_sub(time.ran + time.throttled);
            k.spans.add(cx.span, Part::Run, time.ran);
            k.spans.add(cx.span, Part::Throttled, time.throttled);
            k.spans.add(cx.span, Part::CpuWait, waited);
            self.stage = Stage::Idle;
            return;
        };
        k.spans.add(cx.span, Part::PageFault, whole);
        self.stage = match k.read_swap(cx.node, bundle) {
            Some((until, restored)) => {
                // Credited now, so that a report on an operation that never ends knows where it is.
                k.spans
                    .add(cx.span, Part::PageFault, until.since(now).as_nanos());
                Stage::Device(until, restored, None)
            }
            None => Stage::Idle,
        };
    }
}

/// Whether it is not yet `until`; then the task is woken by that time.
fn wait_until(k: &mut Kernel, until: VirtualTime, wake: &mut Option<Wake>, waker: &Waker) -> bool {
    let early = k.time() < until;
    if early && !wake.as_ref().is_some_and(|wake| wake.is(waker)) {
        let new = Wake::of(waker);
        k.wake_at(until.as_nanos(), new.clone());
        *wake = Some(new);
    }
    early
}

impl Future for Compute<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut k = this.cx.kernel();
        if !k.acts(this.cx.node, this.cx.life) {
            return Poll::Pending;
        }
        loop {
            match &mut this.stage {
                Stage::Idle
                    if this.faults.served > 0 && this.faults.served == this.faults.bundles =>
                {
                    this.faults = Faults::default();
                    this.pay(&mut k, 0.5, context.waker());
                }
                Stage::Idle => {
                    if !this.advance(&mut k, context.waker()) {
                        this.stage = Stage::Done;
                    }
                }
                Stage::Job(job, since, fault) => {
                    let (job, since, fault) = (*job, *since, *fault);
                    let Some(time) = k.poll_job(job, context.waker()) else {
                        return Poll::Pending;
                    };
                    this.job_done(&mut k, (since, time), fault);
                }
                Stage::Device(until, restored, wake) => {
                    if wait_until(&mut k, *until, wake, context.waker()) {
                        return Poll::Pending;
                    }
                    k.read_done(this.cx.node, *restored);
                    this.stage = Stage::Idle;
                }
                Stage::Asleep(until, share, wake) => {
                    if wait_until(&mut k, *until, wake, context.waker()) {
                        return Poll::Pending;
                    }
                    let share = *share;
                    k.asleep(this.cx.node, false);
                    this.run(&mut k, share, context.waker());
                }
                Stage::Done => return Poll::Ready(()),
            }
        }
    }
}

impl Drop for Compute<'_> {
    fn drop(&mut self) {
        match core::mem::replace(&mut self.stage, Stage::Done) {
            Stage::Job(job, ..) => self.cx.kernel().cancel_job(job),
            Stage::Device(_, restored, _) => {
                if let Some(mut k) = self.cx.on_live_node() {
                    k.read_done(self.cx.node, restored);
                }
            }
            Stage::Asleep(..) => {
                if let Some(mut k) = self.cx.on_live_node() {
                    k.asleep(self.cx.node, false);
                }
            }
            Stage::Idle | Stage::Done => {}
        }
    }
}
