//! Jobs: pieces of work on the processors of a node.

use crate::NodeId;
use crate::world::Wake;
use crate::world::cpu::{JobTime, Task};
use crate::world::kernel::{Job, Kernel};
use core::task::Waker;

/// What is asked of a processor.
#[derive(Clone, Copy, Debug)]
pub(in crate::world) struct Work {
    /// Nanoseconds at speed 1.
    pub(in crate::world) ns: f64,
    /// Whether the kernel works, for the process.
    pub(in crate::world) system: bool,
    /// Whether it counts as memory pressure, as most of reclaim does.
    pub(in crate::world) reclaim: bool,
}

/// A job by index and generation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::world) struct JobRef {
    index: u32,
    generation: u32,
}

impl Kernel {
    /// Asks the processors of `node` for some work.
    pub(in crate::world) fn submit(
        &mut self,
        node: NodeId,
        work: Work,
        wake: Option<Wake>,
    ) -> JobRef {
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
        job.waker = wake;
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
    pub(super) fn poll_job(&mut self, job: JobRef, waker: &Waker) -> Option<JobTime> {
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
    /// Whether a job that nobody waits for is done; then it is forgotten.
    pub(in crate::world) fn take_done(&mut self, job: JobRef) -> bool {
        let done = self.jobs[job.index as usize].done.take().is_some();
        if done {
            self.free_job(job);
        }
        done
    }
    /// Gives a job up.
    pub(in crate::world) fn cancel_job(&mut self, job: JobRef) {
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
    pub(in crate::world) fn cpu_event(&mut self, node: NodeId, generation: u64) {
        let cpu = &mut self.nodes[node.index()].cpu;
        if u64::from(cpu.generation) == generation {
            self.cpu_changed(node);
        }
    }

    /// Something changed on a node's processors: jobs that are done wake who waits, what was
    /// slowed down counts for its faults, and the next event is scheduled.
    pub(in crate::world) fn cpu_changed(&mut self, node: NodeId) {
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
            let generation = job.generation;
            if let Some(wake) = job.waker.take() {
                // Of what is parked nobody asks how long the work took.
                if matches!(wake, Wake::Parked(_)) {
                    self.take_done(JobRef { index, generation });
                }
                self.wake(wake);
            }
        }
        self.jobs_done = done;
        if let Some(at) = next {
            self.schedule(
                at,
                crate::world::kernel::Kind::Cpu,
                node.0,
                u64::from(generation),
            );
        }
        self.pressure_changed(node);
    }
}
