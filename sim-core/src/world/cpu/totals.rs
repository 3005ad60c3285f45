//! What an operator would count of the processors: running sums, in nanoseconds.

use super::Cpu;
use super::rules::Effect;
use crate::VirtualDuration;

/// Running sums, in nanoseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::world) struct CpuTotals {
    /// Core time spent running jobs.
    pub(in crate::world) busy: u64,
    /// Of that, the kernel's: faults that were served.
    pub(in crate::world) system: u64,
    /// Core time that hogs had.
    pub(in crate::world) hogged: u64,
    /// Core time that the host took while a job was on the core.
    pub(in crate::world) stolen: u64,
    /// Core time that jobs on a core lost to hogs.
    pub(in crate::world) crowded: u64,
    /// Time of waiting jobs, summed: the run-queue delay. Throttled time is not part of it.
    pub(in crate::world) queued: u64,
    /// Of that, what cores that are gone would have spared.
    pub(in crate::world) lacking: u64,
    /// Time with a job stopped by the quota.
    pub(in crate::world) throttled: u64,
    /// Quota periods in which anything ran.
    pub(in crate::world) periods: u64,
    /// Quota periods in which a job was stopped.
    pub(in crate::world) periods_throttled: u64,
    /// Core time spent while slowed down by an overlay.
    pub(in crate::world) stretched: u64,
}

impl CpuTotals {
    pub(super) fn add(&mut self, gain: &Self) {
        self.busy += gain.busy;
        self.system += gain.system;
        self.hogged += gain.hogged;
        self.stolen += gain.stolen;
        self.crowded += gain.crowded;
        self.queued += gain.queued;
        self.lacking += gain.lacking;
        self.throttled += gain.throttled;
        self.periods += gain.periods;
        self.periods_throttled += gain.periods_throttled;
        self.stretched += gain.stretched;
    }
    /// What has had an effect since `old`.
    pub(in crate::world) fn effects(&self, old: &Self) -> impl Iterator<Item = Effect> {
        let grown = [
            (Effect::Stretched, self.stretched, old.stretched),
            (Effect::Throttled, self.throttled, old.throttled),
            (Effect::Host, self.stolen, old.stolen),
            (Effect::Hogs, self.crowded, old.crowded),
            (Effect::Cores, self.lacking, old.lacking),
        ];
        let grown = grown.into_iter().filter(|(_, new, old)| new > old);
        grown.map(|(effect, ..)| effect)
    }
}

fn share(time: u64, part: f64) -> u64 {
    if part == 1.0 {
        return time;
    }
    VirtualDuration::from_nanos_f64(time as f64 * part).as_nanos()
}

impl Cpu {
    /// The totals at `now`. Reading changes nothing: an observed run stays the run it was.
    pub(in crate::world) fn read(&self, now: u64) -> CpuTotals {
        let mut totals = self.totals;
        totals.add(&self.gain(now - self.settled));
        totals
    }

    /// What is added to the totals in a time in which nothing changes.
    pub(super) fn gain(&self, elapsed: u64) -> CpuTotals {
        let mut gain = CpuTotals::default();
        let hogs = self.rules.hogs;
        if self.stopped || (self.running.is_empty() && hogs == 0.0) {
            return gain;
        }
        let (host, left) = self.kept();
        if hogs > 0.0 {
            let (cores, jobs) = (self.usable() as f64, self.jobs() as f64);
            let jobs = if self.throttled() { 0.0 } else { jobs };
            // An idle node has no events at the bounds of the bursts: hogs get the mean.
            let host = if self.running.is_empty() {
                1.0 - self.rules.host
            } else {
                host
            };
            let hogs = hogs.min(cores * hogs / (hogs + jobs));
            gain.hogged = share(elapsed, hogs * host);
        }
        if self.running.is_empty() {
            return gain;
        }
        if self.throttled() {
            gain.throttled = elapsed;
            return gain;
        }
        let core_time = elapsed * self.running.len() as u64;
        let system = self.running.iter().filter(|job| job.task.system).count() as u64;
        let waiting = self.waiting.len() as u64;
        gain.busy = share(core_time, host * left);
        gain.system = share(elapsed * system, host * left);
        gain.stolen = core_time - share(core_time, host);
        gain.crowded = (core_time - gain.stolen).saturating_sub(gain.busy);
        gain.queued = elapsed * waiting + gain.crowded;
        gain.lacking = elapsed * waiting.min(self.lost() as u64);
        if self.rules.stretch() {
            gain.stretched = core_time;
        }
        gain
    }
    /// Cores that are gone.
    const fn lost(&self) -> usize {
        if self.rules.lost < self.cores {
            self.rules.lost
        } else {
            self.cores - 1
        }
    }
}
