//! A node's processors: cores, one run queue, time slices, speed, quota and steal.
//!
//! A state machine with explicit time. Jobs run in the order in which they came; while others wait,
//! a job gives its core up after a slice. Work is measured in nanoseconds at speed 1.
//!
//! ```text
//! progress of a running job = speed x (1 - taken by the host) x (share left by hogs)
//! ```
//!
//! and none outside the quota windows, or in a burst of the host.

mod rules;
mod totals;

#[cfg(test)]
mod tests;

use crate::plan::Entry;
use crate::{EntryId, VirtualDuration};
pub(super) use rules::Effect;
use rules::Rules;
use std::collections::VecDeque;
pub(super) use totals::CpuTotals;

/// A job gives way after this long while others wait: the base slice of Linux's fair scheduler is
/// 0.7 to 3 ms scaled by the number of cores.
const SLICE_NS: u64 = 3_000_000;

/// What a job waits for and what it got.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct JobTime {
    /// Running on a core, in nanoseconds.
    pub(super) ran: u64,
    /// Stopped by the quota.
    pub(super) throttled: u64,
}

/// What a job asks for.
#[derive(Clone, Copy, Debug)]
pub(super) struct Task {
    /// Its number.
    pub(super) id: u32,
    /// Nanoseconds at speed 1.
    pub(super) work: f64,
    /// Whether it is the kernel's: a page fault that is served.
    pub(super) system: bool,
}

#[derive(Debug)]
struct Job {
    task: Task,
    /// Work left, in nanoseconds at speed 1.
    left: f64,
    /// Nanoseconds on a core since it got it.
    slice: u64,
    /// Nanoseconds on a core in all, and how many of them somebody else had.
    on_core: u64,
    taken: f64,
    throttled: u64,
}

impl Job {
    fn time(&self) -> JobTime {
        let taken = VirtualDuration::from_nanos_f64(self.taken).as_nanos();
        JobTime {
            ran: self.on_core.saturating_sub(taken),
            throttled: self.throttled,
        }
    }
}

/// The processors of one node.
#[derive(Debug)]
pub(super) struct Cpu {
    cores: usize,
    rules: Rules,
    /// Running time left in the window that ends at `window_end`.
    budget: u64,
    window_end: u64,
    running: Vec<Job>,
    waiting: VecDeque<Job>,
    /// Up to when everything below is accounted for.
    settled: u64,
    stopped: bool,
    /// Invalidates the engine's pending event.
    pub(super) generation: u32,
    pub(super) totals: CpuTotals,
    /// Totals for which the overlays have been credited.
    pub(super) counted: CpuTotals,
}

impl Cpu {
    pub(super) fn new(cores: u32) -> Self {
        Self {
            cores: cores.max(1) as usize,
            rules: Rules::default(),
            budget: 0,
            window_end: 0,
            running: Vec::new(),
            waiting: VecDeque::new(),
            settled: 0,
            stopped: false,
            generation: 0,
            totals: CpuTotals::default(),
            counted: CpuTotals::default(),
        }
    }
    pub(super) fn cores(&self) -> usize {
        self.cores
    }
    /// Cores that are there now.
    fn usable(&self) -> usize {
        self.cores.saturating_sub(self.rules.lost).max(1)
    }
    /// Whether counters grow without any event to come.
    pub(super) fn goes_on(&self) -> bool {
        self.jobs() > 0 || self.rules.hogs > 0.0
    }
    /// Jobs, whatever they wait for.
    pub(super) fn jobs(&self) -> usize {
        self.running.len() + self.waiting.len()
    }
    /// Tasks on a core as an operator sees them, hogs included.
    pub(super) fn tasks_running(&self) -> usize {
        if self.stopped {
            return 0;
        }
        let jobs = if self.throttled() { 0 } else { self.jobs() };
        (jobs + self.hogs()).min(self.usable())
    }
    /// The ids of the jobs on a core.
    pub(super) fn running_jobs(&self) -> impl Iterator<Item = u32> {
        let halted = self.stopped || self.throttled();
        let running = if halted { &[][..] } else { &self.running[..] };
        running.iter().map(|job| job.task.id)
    }
    /// Tasks without a core, or stopped by the quota.
    pub(super) fn tasks_waiting(&self) -> usize {
        self.jobs() + self.hogs() - self.tasks_running()
    }
    /// Hogs as whole tasks.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a small number that is not negative"
    )]
    pub(super) fn hogs(&self) -> usize {
        libm::ceil(self.rules.hogs) as usize
    }
    fn throttled(&self) -> bool {
        self.rules.quota.is_some() && self.budget == 0
    }
    /// Whether the host has the cores since the time that is accounted for.
    fn in_burst(&self) -> bool {
        self.rules.bursts.is_some_and(|b| b.at(self.settled))
    }
    /// The parts of a core that running jobs keep: beside the host, and beside hogs.
    fn kept(&self) -> (f64, f64) {
        let host = match self.rules.bursts {
            Some(_) => f64::from(u8::from(!self.in_burst())),
            None => 1.0 - self.rules.host,
        };
        if self.rules.hogs == 0.0 {
            return (host, 1.0);
        }
        let (jobs, cores) = (self.jobs() as f64, self.usable() as f64);
        let everybody = jobs + self.rules.hogs;
        // Of the cores, the jobs have jobs/everybody, and those on a core share that.
        let hogs = if everybody <= cores {
            1.0
        } else {
            cores * jobs / everybody / jobs.min(cores).max(1.0)
        };
        (host, hogs)
    }

    /// A job asks for time on a core.
    pub(super) fn submit(&mut self, now: u64, task: Task) {
        self.settle(now);
        let job = Job {
            task,
            left: task.work,
            slice: 0,
            on_core: 0,
            taken: 0.0,
            throttled: 0,
        };
        if self.running.len() < self.usable() {
            self.running.push(job);
        } else {
            self.waiting.push_back(job);
        }
    }

    /// Accounts for the time up to `now`.
    pub(super) fn settle(&mut self, now: u64) {
        let elapsed = now - self.settled;
        if elapsed > 0 {
            let gain = self.gain(elapsed);
            self.totals.add(&gain);
            self.pass(elapsed, gain.busy);
        }
        self.settled = now;
        if let Some(quota) = self.rules.quota
            && now >= self.window_end
        {
            self.totals.periods += u64::from(self.budget < quota.quota);
            self.window_end = quota.window_end(now);
            self.budget = quota.quota;
        }
    }

    /// Jobs are moved on by a time in which nothing changes, of which they ran for `busy`.
    fn pass(&mut self, elapsed: u64, busy: u64) {
        if self.running.is_empty() || self.stopped {
            return;
        }
        if self.throttled() {
            for job in self.running.iter_mut().chain(&mut self.waiting) {
                job.throttled += elapsed;
            }
            return;
        }
        let (host, hogs) = self.kept();
        let (kept, time) = (host * hogs, elapsed as f64);
        for job in &mut self.running {
            job.left -= time * (self.rules.speed * kept);
            job.slice += elapsed;
            job.on_core += elapsed;
            job.taken += time * (1.0 - kept);
        }
        if self.rules.quota.is_some() && busy > 0 {
            self.budget = self.budget.saturating_sub(busy);
            self.totals.periods_throttled += u64::from(self.budget == 0);
        }
    }

    /// Moves jobs that are done to `done`, rotates those whose slice is over, fills free cores.
    pub(super) fn advance(&mut self, now: u64, done: &mut Vec<(u32, JobTime)>) {
        self.settle(now);
        let usable = self.usable();
        let mut at = 0;
        while at < self.running.len() {
            // Half a nanosecond of rounding is no work.
            if self.running[at].left <= 0.5 * self.rules.speed {
                let job = self.running.remove(at);
                done.push((job.task.id, job.time()));
            } else if self.running[at].slice >= SLICE_NS && !self.waiting.is_empty() {
                let mut job = self.running.remove(at);
                job.slice = 0;
                self.waiting.push_back(job);
            } else {
                at += 1;
            }
        }
        while self.running.len() < usable {
            let Some(job) = self.waiting.pop_front() else {
                break;
            };
            self.running.push(job);
        }
        // Cores went away: who came last waits first.
        while self.running.len() > usable {
            let job = self.running.pop().expect("more than there are cores");
            self.waiting.push_front(job);
        }
    }

    /// When [`Cpu::advance`] has something to do next, if nobody interferes.
    pub(super) fn next_event(&self) -> Option<u64> {
        if self.running.is_empty() || self.stopped {
            return None;
        }
        if self.throttled() {
            return Some(self.window_end);
        }
        let turn = self.rules.bursts.map(|b| b.next(self.settled));
        if self.in_burst() {
            return turn.flatten();
        }
        let (host, hogs) = self.kept();
        let pace = self.rules.speed * (host * hogs);
        if pace <= 0.0 {
            return None;
        }
        let done = self.running.iter().map(|job| {
            let left = libm::ceil((job.left / pace).max(0.0));
            VirtualDuration::from_nanos_f64(left).as_nanos()
        });
        let mut next = done.min().unwrap_or(0);
        if !self.waiting.is_empty() {
            let slice = self
                .running
                .iter()
                .map(|job| SLICE_NS.saturating_sub(job.slice));
            next = next.min(slice.min().unwrap_or(0));
        }
        if self.rules.quota.is_some() {
            let budget = self.budget_lasts(host * hogs);
            next = next.min(budget).min(self.window_end - self.settled);
        }
        if let Some(turn) = turn.flatten() {
            next = next.min(turn - self.settled);
        }
        Some(self.settled.saturating_add(next))
    }
    /// How long the budget lasts.
    fn budget_lasts(&self, kept: f64) -> u64 {
        let running = self.running.len() as u64;
        if kept == 1.0 {
            return self.budget.div_ceil(running);
        }
        let time = libm::ceil(self.budget as f64 / (running as f64 * kept));
        VirtualDuration::from_nanos_f64(time).as_nanos().max(1)
    }

    /// Nobody runs until [`Cpu::resume`].
    pub(super) fn stop(&mut self, now: u64) {
        self.settle(now);
        self.stopped = true;
    }
    pub(super) fn resume(&mut self, now: u64) {
        self.settle(now);
        self.stopped = false;
    }
    /// Forgets one job: nobody waits for it any more.
    pub(super) fn cancel(&mut self, now: u64, id: u32) {
        self.settle(now);
        self.running.retain(|job| job.task.id != id);
        self.waiting.retain(|job| job.task.id != id);
    }
    /// Forgets all jobs: the node crashed.
    pub(super) fn clear(&mut self, now: u64) {
        self.settle(now);
        self.running.clear();
        self.waiting.clear();
    }

    /// Puts an overlay in force, or takes it away.
    pub(super) fn overlay(&mut self, now: u64, id: EntryId, entry: &Entry, start: bool) {
        self.settle(now);
        let limited = self.rules.quota.is_some();
        self.rules.set(id, &entry.primitive, start);
        let quota = self.rules.quota;
        if quota.is_none() || !limited {
            // A quota that begins in the middle of a window grants what a full one would.
            self.budget = quota.map_or(0, |q| q.quota);
            self.window_end = quota.map_or(0, |q| q.window_end(now));
        }
    }
    /// The overlays by which an effect came about.
    pub(super) fn blame(&self, effect: Effect) -> impl Iterator<Item = EntryId> {
        self.rules.blame(effect)
    }
}
