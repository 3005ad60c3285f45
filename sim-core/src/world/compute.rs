//! Running on a node: processor time, and the pages it touches.

use super::cpu::{JobTime, Task};
use super::kernel::{Job, Kernel};
use super::{Cx, Wake};
use crate::history::Part;
use crate::memory::faults;
use crate::{NodeId, VirtualDuration, VirtualTime};
use core::fmt;
use core::future::Future;
use core::pin::Pin;
use core::task::{Context, Poll, Waker};

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
    touches: Option<(usize, u32)>,
    stage: Stage,
    /// Halves not begun yet.
    halves: u32,
    /// Sizes of the bundles of faults of this half that are still to be served.
    faults: Faults,
    /// Faults so far.
    majors: u32,
}

#[derive(Clone, Copy, Debug, Default)]
struct Faults {
    total: u32,
    bundles: u32,
    served: u32,
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
    /// On the processor or waiting for it since then; `true` if for a fault of so many pages.
    Job(JobRef, VirtualTime, Option<u32>),
    /// Waiting for the swap device until then; whether that counts as memory pressure.
    Device(VirtualTime, bool, Option<Wake>),
    Done,
}

/// What is asked of a processor.
#[derive(Clone, Copy, Debug)]
struct Work {
    /// Nanoseconds at speed 1.
    ns: f64,
    /// Whether the kernel works, for the process.
    system: bool,
    /// Whether it counts as memory pressure, as most of reclaim does.
    reclaim: bool,
}

/// A job by index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct JobRef {
    index: u32,
    generation: u32,
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
    pub const fn touching(mut self, set: MemorySet, pages: u32) -> Self {
        if let Some(class) = set.class {
            self.touches = Some((class, pages));
            self.halves = 2;
        }
        self
    }

    /// Begins what comes next; `false` if nothing is left.
    fn advance(&mut self, k: &mut Kernel, waker: &Waker) -> bool {
        let node = self.cx.node;
        if let Some(pages) = self.faults.next() {
            self.fault(k, pages, waker);
            return true;
        }
        if self.halves == 0 {
            return false;
        }
        let mut share = 1.0;
        if let Some((class, pages)) = self.touches {
            if self.halves == 2 && !k.memory_busy(node) {
                // Nothing can fault: the two halves are one.
                k.touch(node, class, pages);
                self.halves = 1;
                self.touches = None;
            } else {
                let half = if self.halves == 2 {
                    pages / 2
                } else {
                    pages - pages / 2
                };
                share = 0.5;
                let total = k.touch(node, class, half);
                self.majors += total;
                self.faults = Faults {
                    total,
                    bundles: total.min(faults::FAULTS_SERIAL_MAX),
                    served: 0,
                };
            }
        }
        if let Some(pages) = self.faults.next() {
            // The half runs when its faults are served.
            self.fault(k, pages, waker);
        } else {
            self.run(k, share, waker);
        }
        true
    }
    fn run(&mut self, k: &mut Kernel, share: f64, waker: &Waker) {
        self.halves -= 1;
        let work = Work {
            ns: self.work.as_nanos_f64() * share,
            system: false,
            reclaim: false,
        };
        let job = k.submit(self.cx.node, work, Wake::of(waker));
        self.stage = Stage::Job(job, k.time(), None);
    }
    fn fault(&mut self, k: &mut Kernel, pages: u32, waker: &Waker) {
        let (ns, reclaim) = k.fault_work(self.cx.node, pages);
        let work = Work {
            ns,
            system: true,
            reclaim,
        };
        let job = k.submit(self.cx.node, work, Wake::of(waker));
        self.stage = Stage::Job(job, k.time(), Some(pages));
    }

    /// A job is done: what it was, and what follows.
    fn job_done(
        &mut self,
        k: &mut Kernel,
        (since, time): (VirtualTime, JobTime),
        fault: Option<u32>,
    ) {
        let (cx, now) = (self.cx, k.time());
        let whole = now.since(since).as_nanos();
        let Some(pages) = fault else {
            let waited = whole.saturating_sub(time.ran + time.throttled);
            k.spans.add(cx.span, Part::Run, time.ran);
            k.spans.add(cx.span, Part::Throttled, time.throttled);
            k.spans.add(cx.span, Part::CpuWait, waited);
            self.stage = Stage::Idle;
            return;
        };
        k.spans.add(cx.span, Part::PageFault, whole);
        self.stage = match k.read_swap(cx.node, pages) {
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

impl Future for Compute<'_> {
    type Output = ();
    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<()> {
        let this = &mut *self;
        let mut k = this.cx.kernel();
        if !k.acts(this.cx.node, this.cx.incarnation) {
            return Poll::Pending;
        }
        loop {
            match &mut this.stage {
                Stage::Idle
                    if this.faults.served > 0 && this.faults.served == this.faults.bundles =>
                {
                    this.faults = Faults::default();
                    this.run(&mut k, 0.5, context.waker());
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
                    if k.time() < *until {
                        if !wake.as_ref().is_some_and(|wake| wake.is(context.waker())) {
                            let new = Wake::of(context.waker());
                            k.wake_at(until.as_nanos(), new.clone());
                            *wake = Some(new);
                        }
                        return Poll::Pending;
                    }
                    k.read_done(this.cx.node, *restored);
                    this.stage = Stage::Idle;
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
                if let Some(mut k) = self.cx.alive() {
                    k.read_done(self.cx.node, restored);
                }
            }
            Stage::Idle | Stage::Done => {}
        }
    }
}

impl Kernel {
    /// Asks the processors of `node` for some work.
    fn submit(&mut self, node: NodeId, work: Work, wake: Wake) -> JobRef {
        let index = self.jobs_free.pop().unwrap_or_else(|| {
            self.jobs.push(Job {
                generation: 0,
                node,
                waker: None,
                done: None,
                reclaim: false,
            });
            u32::try_from(self.jobs.len() - 1).expect("fewer than 2^32 jobs")
        });
        let job = &mut self.jobs[index as usize];
        job.node = node;
        job.waker = Some(wake);
        job.done = None;
        job.reclaim = work.reclaim;
        let generation = job.generation;
        let now = self.now;
        let task = Task {
            id: index,
            work: work.ns,
            system: work.system,
        };
        self.nodes[node.index()].cpu.submit(now, task);
        self.cpu_changed(node);
        JobRef { index, generation }
    }
    fn free_job(&mut self, job: JobRef) {
        let slot = &mut self.jobs[job.index as usize];
        slot.generation = slot.generation.wrapping_add(1);
        slot.waker = None;
        self.jobs_free.push(job.index);
    }
    fn poll_job(&mut self, job: JobRef, waker: &Waker) -> Option<JobTime> {
        let slot = &mut self.jobs[job.index as usize];
        if let Some(time) = slot.done.take() {
            self.free_job(job);
            return Some(time);
        }
        if !slot.waker.as_ref().is_some_and(|wake| wake.is(waker)) {
            slot.waker = Some(Wake::of(waker));
        }
        None
    }
    /// Gives a job up.
    fn cancel_job(&mut self, job: JobRef) {
        let slot = &self.jobs[job.index as usize];
        if slot.generation != job.generation {
            return;
        }
        let (node, now) = (slot.node, self.now);
        self.free_job(job);
        self.nodes[node.index()].cpu.cancel(now, job.index);
        self.cpu_changed(node);
    }

    /// The next event of a node's processors is due.
    pub(super) fn cpu_event(&mut self, node: NodeId, generation: u64) {
        let cpu = &mut self.nodes[node.index()].cpu;
        if u64::from(cpu.generation) == generation {
            self.cpu_changed(node);
        }
    }

    /// Something changed on a node's processors: jobs that are done wake who waits, what was
    /// slowed down counts for its faults, and the next event is scheduled.
    pub(super) fn cpu_changed(&mut self, node: NodeId) {
        let now = self.now;
        let cpu = &mut self.nodes[node.index()].cpu;
        let mut done = core::mem::take(&mut self.jobs_done);
        cpu.advance(now, &mut done);
        cpu.generation = cpu.generation.wrapping_add(1);
        let (next, generation) = (cpu.next_event(), cpu.generation);
        let counted = core::mem::replace(&mut cpu.counted, cpu.totals);
        for effect in cpu.totals.effects(&counted) {
            self.landed_now.extend(cpu.blame(effect));
        }
        self.land_collected();
        for (index, time) in done.drain(..) {
            let job = &mut self.jobs[index as usize];
            job.done = Some(time);
            if let Some(wake) = job.waker.take() {
                self.wake(wake);
            }
        }
        self.jobs_done = done;
        if let Some(at) = next {
            self.schedule(at, super::kernel::Kind::Cpu, node.0, u64::from(generation));
        }
        self.pressure_changed(node);
    }
}
