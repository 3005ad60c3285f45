//! Swap devices: when a page that is read will be there.

mod preset;
mod stalls;

#[cfg(test)]
mod tests;

use super::faults::lognormal_sum;
use super::{PAGE_BYTES, whole};
use crate::{Key, Sample, VirtualDuration, VirtualTime};
pub use preset::{Device, Preset};
use stalls::Calendar;
pub use stalls::DeviceStalls;

/// Length of a quota window, as in the kernel's block throttling.
const WINDOW_NS: u64 = 100_000_000;
/// Lowest quota that is accepted, in reads a second: one read in ten seconds.
const IOPS_MIN: f64 = 0.1;

/// A piece of work for one server.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Work {
    /// Operations that it consists of; each takes its part of the quota.
    pub(crate) operations: u32,
    /// Service time in microseconds, alone and on a device that is awake.
    pub(crate) service_us: f64,
    /// How much it disturbs others: 1 is a small read.
    pub(crate) weight: f64,
    /// Whether it feels the weight of others, or only their number.
    pub(crate) weighs_others: bool,
}

/// A swap device at work: FCFS servers whose service times are known at submission, so that a read
/// has its completion at once and needs no queue of events.
#[derive(Clone, Debug)]
pub struct SwapDevice {
    device: Device,
    iops_cap: Option<f64>,
    slow: f64,
    /// When each server is free, in nanoseconds.
    free_at: Vec<u64>,
    /// What an operation takes longer for each one that is served beside it, as a share.
    contention: f64,
    /// Weight of what each server serves; kept where there is contention.
    weights: Vec<f64>,
    last_start: u64,
    last_done: u64,
    /// Current quota window and what may still start in it.
    window: u64,
    window_left: u64,
    /// Reads that started in it.
    window_started: u64,
    reads: u64,
    /// Pages read beside those that were asked for.
    beside: u64,
    read_ns: u64,
    busy_ns: u64,
    /// When all servers stand still; `None`: never.
    stalls: Option<Box<Calendar>>,
}

impl SwapDevice {
    /// An idle device.
    pub fn new(device: Device) -> Self {
        let mut swap = Self {
            device,
            iops_cap: None,
            slow: 1.0,
            free_at: Vec::new(),
            contention: 0.0,
            weights: Vec::new(),
            last_start: 0,
            last_done: 0,
            window: 0,
            window_left: 0,
            window_started: 0,
            reads: 0,
            beside: 0,
            read_ns: 0,
            busy_ns: 0,
            stalls: None,
        };
        swap.window_left = swap.window_quota(0);
        swap
    }

    /// Another device from now on. What was submitted completes as it was told; the queue starts
    /// empty.
    pub fn replace(&mut self, now: VirtualTime, device: Device) {
        self.device = device;
        self.free_at.clear();
        self.last_start = now.as_nanos();
        self.window_started = 0;
        self.enter_window(now.as_nanos() / WINDOW_NS);
    }

    /// A cap in reads a second on top of the device's own limit, at least 0.1; `None` lifts it.
    pub fn set_iops_cap(&mut self, now: VirtualTime, cap: Option<f64>) {
        self.iops_cap = cap.map(|iops| iops.max(IOPS_MIN));
        self.window_started = 0;
        let window = now.as_nanos() / WINDOW_NS;
        if window >= self.window {
            self.enter_window(window);
        }
    }

    /// A factor on every service time, above 0; 1 is the device as it is.
    pub const fn set_slow(&mut self, factor: f64) {
        self.slow = factor;
    }

    /// From now on the device stalls every now and then: all its servers at once. The stall with the
    /// ordinal n comes after a gap drawn at n, whatever is read.
    pub fn set_stalls(&mut self, stalls: DeviceStalls, key: Key) {
        self.stalls = Some(Box::new(Calendar::new(stalls, key)));
    }

    /// Whether a read runs on the core of its task instead of here.
    pub const fn on_core(&self) -> bool {
        self.device.on_core
    }

    /// The figures in force.
    pub const fn device(&self) -> &Device {
        &self.device
    }

    /// Submits one read and returns when it completes. Calls come in the order of time.
    pub fn read(&mut self, now: VirtualTime, source: &mut impl Sample) -> VirtualTime {
        self.read_bundle(now, 1, source)
    }

    /// Submits `pages` reads, one after the other on one server, and returns when the last one
    /// completes; their total service time has the mean and variance of the sum.
    ///
    /// On the core of the task the result is the time at which the work would end on a free core.
    pub fn read_bundle(
        &mut self,
        now: VirtualTime,
        pages: u32,
        source: &mut impl Sample,
    ) -> VirtualTime {
        let pages = pages.max(1);
        let sigma = self.device.sigma;
        let mean = self.device.median_us * libm::exp(sigma * sigma / 2.0);
        let done = self.serve(
            now,
            Work {
                operations: pages,
                service_us: lognormal_sum(pages, mean, sigma, source),
                weight: 1.0,
                weighs_others: true,
            },
        );
        self.reads += u64::from(pages);
        self.read_ns += done.since(now).as_nanos() * u64::from(pages);
        done
    }

    /// Pages that came with reads that were submitted: more bytes, not more reads.
    pub(crate) const fn read_beside(&mut self, pages: u64) {
        self.beside += pages;
    }

    /// Each operation takes this share longer for each one that is served beside it. Calibrated for
    /// disks only: swap alone stays as it was calibrated, without.
    pub(crate) const fn set_contention(&mut self, share: f64) {
        self.contention = share;
    }

    /// Serves `work`, first come, first served; gives the time at which it is done.
    pub(crate) fn serve(&mut self, now: VirtualTime, work: Work) -> VirtualTime {
        let (now, pages) = (now.as_nanos(), work.operations);
        let mut service_us = work.service_us;
        let server = self.first_free();
        let ready = server
            .map_or(now, |i| self.free_at[i].max(now))
            .max(self.first_start(now));
        let (start, last_start) = self.admit(ready, pages);
        if start >= self.last_done {
            let gap_us = (start - self.last_done) as f64 / 1e3;
            service_us -= self.device.idle_us * libm::expm1(-gap_us / self.device.idle_tau_us);
        }
        if self.contention > 0.0 {
            service_us *= 1.0 + self.contention * self.beside(start, work.weighs_others);
        }
        let service = nanos(service_us * 1e3 * self.slow);
        let mut done = (start + service).max(last_start + service / u64::from(pages));
        if let Some(stalls) = self.stalls.as_deref_mut().filter(|_| server.is_some()) {
            done = stalls.stretch(now, (start, done));
        }
        if let Some(i) = server {
            self.free_at[i] = done;
            if self.contention > 0.0 {
                self.weights[i] = work.weight;
            }
        }
        self.occupy(now, done);
        self.last_start = last_start;
        VirtualTime::from_nanos(done)
    }

    /// The device has something to do from `now` to `done`.
    pub(crate) fn occupy(&mut self, now: u64, done: u64) {
        self.busy_ns += done.saturating_sub(now.max(self.last_done));
        self.last_done = self.last_done.max(done);
    }

    /// What is in service at `start`: weights, or a plain number.
    fn beside(&mut self, start: u64, weighed: bool) -> f64 {
        self.weights.resize(self.free_at.len(), 1.0);
        let busy = self.free_at.iter().zip(&self.weights);
        let busy = busy.filter(|(free_at, _)| **free_at > start);
        busy.map(|(_, weight)| if weighed { *weight } else { 1.0 })
            .sum()
    }

    /// The server that is free first; none where reads do not queue.
    fn first_free(&mut self) -> Option<usize> {
        if self.device.on_core {
            return None;
        }
        if self.free_at.is_empty() {
            self.free_at = vec![0; self.device.servers.max(1) as usize];
        }
        (0..self.free_at.len()).min_by_key(|i| self.free_at[*i])
    }

    /// First come, first served: nothing starts before what came earlier.
    const fn first_start(&self, now: u64) -> u64 {
        if self.device.on_core {
            now
        } else {
            self.last_start
        }
    }

    fn iops(&self) -> Option<f64> {
        match (self.device.iops_max, self.iops_cap) {
            (Some(own), Some(cap)) => Some(own.min(cap).max(IOPS_MIN)),
            (Some(one), None) | (None, Some(one)) => Some(one.max(IOPS_MIN)),
            (None, None) => None,
        }
    }

    /// Reads that may start in a window; quotas below ten a second leave windows without any.
    fn window_quota(&self, window: u64) -> u64 {
        self.iops().map_or(u64::MAX, |iops| {
            let upto = |window: u64| whole(window as f64 * iops / 10.0);
            upto(window + 1) - upto(window)
        })
    }

    fn enter_window(&mut self, window: u64) {
        let quota = self.window_quota(window);
        let started = core::mem::take(&mut self.window_started);
        // What a window left over lasts for one more: the kernel trims its slices one late. A window
        // in which nothing started ends the slice.
        let left = match started > 0 && window == self.window + 1 {
            true => self.window_quota(self.window).saturating_sub(started),
            false => 0,
        };
        self.window = window;
        self.window_left = quota.saturating_add(left);
    }

    /// Takes `pages` starts from the quota, the first not before `ready`. Returns the instants of
    /// the first and the last one.
    fn admit(&mut self, ready: u64, pages: u32) -> (u64, u64) {
        if self.iops().is_none() {
            return (ready, ready);
        }
        let (mut at, mut first) = (ready, None);
        let mut wanted = u64::from(pages);
        if at / WINDOW_NS > self.window {
            self.enter_window(at / WINDOW_NS);
        }
        // A read later than its window waits for the one that still has room.
        at = at.max(self.window * WINDOW_NS);
        loop {
            let taken = wanted.min(self.window_left);
            if taken > 0 {
                first.get_or_insert(at);
                self.window_left -= taken;
                self.window_started += taken;
                wanted -= taken;
            }
            if wanted == 0 {
                return (first.unwrap_or(at), at);
            }
            self.enter_window(self.window + 1);
            at = self.window * WINDOW_NS;
        }
    }

    /// Time until everything submitted has completed.
    pub const fn backlog(&self, now: VirtualTime) -> VirtualDuration {
        VirtualTime::from_nanos(self.last_done).since(now)
    }

    /// Reads submitted so far.
    pub const fn reads(&self) -> u64 {
        self.reads
    }

    /// Bytes read so far.
    pub const fn read_bytes(&self) -> u64 {
        (self.reads + self.beside) * PAGE_BYTES
    }

    /// Sum over the reads of the time from submission to completion.
    pub const fn read_time(&self) -> VirtualDuration {
        VirtualDuration::from_nanos(self.read_ns)
    }

    /// Time by `now` in which at least one read was waiting or served.
    pub const fn busy_time(&self, now: VirtualTime) -> VirtualDuration {
        VirtualDuration::from_nanos(self.busy_ns).saturating_sub(self.backlog(now))
    }
}

fn nanos(ns: f64) -> u64 {
    VirtualDuration::from_nanos_f64(ns).as_nanos()
}
