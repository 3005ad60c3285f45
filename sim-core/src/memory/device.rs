//! Swap devices: when a page that is read will be there.

use super::faults::lognormal_sum;
use super::{PAGE_BYTES, SwapSpace, whole};
use crate::{Sample, VirtualDuration, VirtualTime};

/// Length of a quota window, as in the kernel's block throttling.
const WINDOW_NS: u64 = 100_000_000;
/// Lowest quota that is accepted, in reads a second: one read in ten seconds.
const IOPS_MIN: f64 = 0.1;

/// Named devices. Medians are of one 4 KiB random read without queueing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Preset {
    /// The para-virtual disk of the calibration: 49.5 us, 2 servers, 38 k reads/s (measured: 51 us,
    /// 27 k at depth 2, 48 k at depth 8).
    #[default]
    Vdisk,
    /// Compressed memory, lzo-rle: 2.5 us on the task's core; fitted.
    Zram,
    /// Compressed memory, lz4: mean 1.7 us; published benchmark.
    ZramLz4,
    /// Compressed memory, zstd: mean 5.7 us; published benchmark.
    ZramZstd,
    /// A compressed cache in front of a disk: 6 us; from Lagar-Cavilla, ASPLOS'19 (unverified).
    Zswap,
    /// 12 us; Savchenko, arXiv 2102.11198 (unverified), as the next three.
    Optane,
    /// 120 us.
    Nvme,
    /// SATA: 130 us.
    Ssd,
    /// A network volume: 1 ms (assumed), 3000 reads/s (vendor documents, unverified).
    Cloud,
    /// 10.6 ms, one server.
    Hdd,
}

/// Service times, parallelism and limits of a device.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Device {
    /// Median service time of a read in microseconds.
    pub median_us: f64,
    /// Standard deviation of its logarithm.
    pub sigma: f64,
    /// Reads served at once.
    pub servers: u32,
    /// What a read costs more after a long pause, in microseconds.
    pub idle_us: f64,
    /// Time constant of that surcharge, in microseconds.
    pub idle_tau_us: f64,
    /// Most reads a second.
    pub iops_max: Option<f64>,
    /// Whether reads run on the core of the task: no queue, no wait for input and output.
    pub on_core: bool,
    /// Write bandwidth in bytes a second.
    pub write_bytes_per_s: f64,
}

impl Preset {
    /// All presets, in the order of the documentation.
    pub const ALL: [Self; 10] = [
        Self::Vdisk,
        Self::Zram,
        Self::ZramLz4,
        Self::ZramZstd,
        Self::Zswap,
        Self::Optane,
        Self::Nvme,
        Self::Ssd,
        Self::Cloud,
        Self::Hdd,
    ];

    /// Its name in scenarios.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Vdisk => "vdisk",
            Self::Zram => "zram",
            Self::ZramLz4 => "zram-lz4",
            Self::ZramZstd => "zram-zstd",
            Self::Zswap => "zswap",
            Self::Optane => "optane",
            Self::Nvme => "nvme",
            Self::Ssd => "ssd",
            Self::Cloud => "cloud",
            Self::Hdd => "hdd",
        }
    }

    /// The preset of this name; `sata-ssd` is `ssd`, `zram-lzo-rle` is `zram`.
    pub fn by_name(name: &str) -> Option<Self> {
        let name = match name {
            "sata-ssd" => "ssd",
            "zram-lzo-rle" => "zram",
            name => name,
        };
        Self::ALL.into_iter().find(|preset| preset.name() == name)
    }

    /// Its figures. Sigmas other than of `vdisk` and `zram`, most server counts and the write
    /// bandwidths are assumed.
    pub fn device(self) -> Device {
        let base = Device {
            median_us: 49.5,
            sigma: 0.32,
            servers: 2,
            idle_us: 0.0,
            idle_tau_us: 5_000.0,
            iops_max: None,
            on_core: false,
            write_bytes_per_s: 400e6,
        };
        let disk = |median_us, sigma, servers| Device {
            median_us,
            sigma,
            servers,
            ..base
        };
        // Compressed memory: a mean is the median times e^(sigma^2 / 2), 1.063 at 0.35.
        let memory = |median_us, sigma, idle_us| Device {
            median_us,
            sigma,
            idle_us,
            on_core: true,
            ..base
        };
        match self {
            Self::Vdisk => Device {
                idle_us: 135.0,
                write_bytes_per_s: 230e6,
                ..base
            },
            Self::Zram => memory(2.5, 0.6, 15.0),
            Self::ZramLz4 => memory(1.7 / 1.063, 0.35, 15.0),
            Self::ZramZstd => memory(5.7 / 1.063, 0.35, 15.0),
            Self::Zswap => memory(6.0, 0.35, 0.0),
            Self::Optane => disk(12.0, 0.5, 8),
            Self::Nvme => disk(120.0, 0.35, 32),
            Self::Ssd => disk(130.0, 0.4, 16),
            Self::Cloud => Device {
                iops_max: Some(3_000.0),
                ..disk(1_000.0, 0.5, 16)
            },
            Self::Hdd => Device {
                write_bytes_per_s: 150e6,
                ..disk(10_600.0, 0.5, 1)
            },
        }
    }

    /// The swap space of `bytes` on such a device.
    pub fn space(self, bytes: u64) -> SwapSpace {
        SwapSpace {
            bytes,
            no_copies: matches!(self, Self::Zram | Self::ZramLz4 | Self::ZramZstd),
            write_bytes_per_s: self.device().write_bytes_per_s,
        }
    }
}

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
    read_ns: u64,
    busy_ns: u64,
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
            read_ns: 0,
            busy_ns: 0,
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
        let done = (start + service).max(last_start + service / u64::from(pages));
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
        self.reads * PAGE_BYTES
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Key, Seed};

    fn at(ms: f64) -> VirtualTime {
        VirtualTime::ZERO + VirtualDuration::from_secs_f64(ms / 1e3)
    }

    #[test]
    fn every_preset_has_a_name_of_its_own() {
        for preset in Preset::ALL {
            assert_eq!(Preset::by_name(preset.name()), Some(preset));
        }
        assert_eq!(Preset::by_name("tape"), None);
    }

    /// One thread waits for its own read, then submits the next: measured 17.8 thousand a second.
    #[test]
    fn the_disk_of_the_calibration_at_depth_one() {
        let key = Key::new(Seed(1), "swap", "test");
        let mut swap = SwapDevice::new(Preset::Vdisk.device());
        let mut now = at(0.0);
        for i in 0..20_000 {
            now = swap.read(now, &mut key.at(i));
        }
        let iops = 20_000.0 / now.as_secs_f64();
        assert!((17_000.0..20_500.0).contains(&iops), "{iops}");
        assert_eq!(
            swap.busy_time(now),
            now - at(0.0),
            "always one read under way"
        );
    }

    /// 1000 reads at once under 800 a second: the last starts in the thirteenth window.
    #[test]
    fn a_cap_makes_a_queue_of_windows() {
        let key = Key::new(Seed(1), "swap", "test");
        let mut swap = SwapDevice::new(Preset::Vdisk.device());
        swap.set_iops_cap(at(0.0), Some(800.0));
        let mut last = at(0.0);
        for i in 0..1_000 {
            last = last.max(swap.read(at(0.0), &mut key.at(i)));
        }
        assert!(
            (1_200.0..1_202.0).contains(&(last.as_secs_f64() * 1e3)),
            "{last}"
        );
        // What comes later in the window finds its rest of the quota, then waits.
        let next = swap.read(at(1_210.0), &mut key.at(1_000));
        assert!(next < at(1_211.0), "{next}");
        swap.set_iops_cap(at(1_220.0), None);
        assert!(swap.read(at(1_220.0), &mut key.at(1_001)) < at(1_221.0));
    }

    /// Half of a quota that was not used serves the next window, and no later one.
    #[test]
    fn credit_lasts_for_one_window() {
        let key = Key::new(Seed(1), "swap", "test");
        let served = |first: f64, used: u64, second: f64| {
            let mut swap = SwapDevice::new(Preset::Nvme.device());
            swap.set_iops_cap(at(0.0), Some(800.0));
            for i in 0..used {
                swap.read(at(first), &mut key.at(i));
            }
            let next = at(second + 50.0);
            (0..400)
                .take_while(|i| swap.read(at(second), &mut key.at(1_000 + i)) < next)
                .count()
        };
        assert_eq!(served(10.0, 40, 110.0), 120);
        assert_eq!(served(10.0, 80, 110.0), 80);
        assert_eq!(served(10.0, 40, 210.0), 80);
        assert_eq!(served(10.0, 0, 110.0), 80);
    }

    #[test]
    fn quotas_hold_over_any_ten_seconds() {
        let key = Key::new(Seed(1), "swap", "test");
        for iops in [3.0, 55.0, 800.0] {
            let mut swap = SwapDevice::new(Preset::Nvme.device());
            swap.set_iops_cap(at(0.0), Some(iops));
            let count = (0..100_000)
                .take_while(|i| swap.read(at(0.0), &mut key.at(*i)) < at(10_000.0))
                .count();
            assert!(
                (count as f64 / (10.0 * iops) - 1.0).abs() < 0.04,
                "{iops}: {count}"
            );
        }
    }

    #[test]
    fn one_server_serves_in_order_and_a_slow_one_is_slower() {
        let key = Key::new(Seed(1), "swap", "test");
        let mut swap = SwapDevice::new(Preset::Hdd.device());
        let mut last = at(0.0);
        for i in 0..100 {
            let done = swap.read(at(1.0), &mut key.at(i));
            assert!(done > last);
            last = done;
        }
        let mut slow = SwapDevice::new(Preset::Hdd.device());
        slow.set_slow(10.0);
        let mut late = at(0.0);
        for i in 0..100 {
            late = slow.read(at(1.0), &mut key.at(i));
        }
        let ratio = late.since(at(1.0)).as_secs_f64() / last.since(at(1.0)).as_secs_f64();
        assert!((ratio - 10.0).abs() < 1e-3, "{ratio}");
    }

    #[test]
    fn compressed_memory_does_not_queue() {
        let key = Key::new(Seed(1), "swap", "test");
        let mut swap = SwapDevice::new(Preset::Zram.device());
        assert!(swap.on_core());
        for i in 0..1_000 {
            let took = swap.read(at(5.0), &mut key.at(i)).since(at(5.0));
            assert!(took < VirtualDuration::from_micros(60), "{took}");
        }
    }
}
