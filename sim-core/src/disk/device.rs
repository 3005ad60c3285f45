//! The device under a disk: laws of reads, transfers and flushes, and one queue for all of them.
//!
//! A sync is a transfer of what is dirty, on one of the servers, then a flush. One flush is under way
//! at a time; those that come meanwhile share the next one, as kernels do it. Fitted to
//! `calibration/swap/device.csv` and `fsync_contention.csv` (`sim-core/tests/disk_calibration.rs`
//! prints model beside measurement).

use super::weather::Strain;
use crate::memory::{Device, Preset, SwapDevice, Work};
use crate::{Sample, VirtualDuration, VirtualTime};
use serde::{Deserialize, Serialize};

/// Bytes whose cost is the base cost of a read or transfer.
const BASE_BYTES: u64 = 4096;
/// Weight that each further block of 4 KiB of an operation adds to its disturbance of reads; fitted.
const WEIGHT_BLOCK: f64 = 0.018;
/// Largest weight: devices split requests, usually at 128 KiB.
const WEIGHT_MAX: f64 = 2.0;

/// Figures of a kind of disk.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DiskProfile {
    /// Servers, law of a 4 KiB read, idle surcharge, quota: those of the swap device of this name.
    pub device: Device,
    /// Share that an operation takes longer for each one served beside it.
    pub contention: f64,
    /// Bytes of a read beyond 4 KiB, a microsecond.
    pub read_bytes_per_us: f64,
    /// Median of the transfer of 4 KiB to the device, in microseconds.
    pub transfer_us: f64,
    /// Standard deviation of its logarithm.
    pub transfer_sigma: f64,
    /// Bytes of a transfer beyond 4 KiB, a microsecond.
    pub write_bytes_per_us: f64,
    /// Median of a flush, in microseconds.
    pub flush_us: f64,
    /// Standard deviation of its logarithm.
    pub flush_sigma: f64,
    /// What a flush takes longer for each sync that shares it, in microseconds.
    pub flush_share_us: f64,
    /// A system call that ends in the cache, in microseconds; assumed.
    pub cache_us: f64,
    /// Bytes copied to or from the cache, a microsecond; assumed.
    pub cache_bytes_per_us: f64,
}

impl DiskProfile {
    /// The figures of a preset; `None` for compressed memory, which is no disk.
    ///
    /// `vdisk` is fitted to measurements. Of the others only what the swap presets say has a source;
    /// transfers as reads, flushes and bandwidths are assumed: a drive without protection against
    /// power loss writes its cache to flash, a magnetic one waits for a rotation (8.3 ms).
    pub fn of(preset: Preset) -> Option<Self> {
        let device = preset.device();
        if device.on_core {
            return None;
        }
        let other = |flush_us, read_bytes_per_us| Self {
            device,
            contention: 0.0,
            read_bytes_per_us,
            transfer_us: device.median_us,
            transfer_sigma: device.sigma,
            write_bytes_per_us: device.write_bytes_per_s / 1e6,
            flush_us,
            flush_sigma: device.sigma,
            flush_share_us: 0.0,
            cache_us: 3.0,
            cache_bytes_per_us: 5_000.0,
        };
        Some(match preset {
            // Eight servers that slow each other down meet all measured depths. Where swap has the
            // device to itself two servers stand for both, since reads there are few or one by one.
            Preset::Vdisk => Self {
                device: Device {
                    servers: 8,
                    ..device
                },
                contention: 0.29,
                transfer_us: 60.0,
                transfer_sigma: 0.3,
                write_bytes_per_us: 1_000.0,
                flush_sigma: 0.35,
                flush_share_us: 30.0,
                ..other(70.0, 637.0)
            },
            Preset::Optane => other(15.0, 2_000.0),
            Preset::Nvme => other(500.0, 2_000.0),
            Preset::Cloud => other(500.0, 250.0),
            Preset::Hdd => other(8_300.0, 150.0),
            _ => other(1_000.0, 500.0),
        })
    }

    fn joining_ns(&self) -> u64 {
        nanos(self.flush_share_us * 1e3)
    }
    /// Time of an operation that ends in the cache.
    pub fn cached(&self, bytes: u64) -> VirtualDuration {
        let us = self.cache_us + bytes as f64 / self.cache_bytes_per_us;
        VirtualDuration::from_nanos_f64(us * 1e3)
    }
}

/// Counters of a disk, as `node_disk_*` of node_exporter has them.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DiskTotals {
    /// Reads of the device, those of a swap file on it included.
    pub reads: u64,
    /// Transfers to the device.
    pub writes: u64,
    /// Bytes read from the device.
    pub read_bytes: u64,
    /// Bytes written to the device.
    pub written_bytes: u64,
    /// Flushes asked for; several may have shared one.
    pub flushes: u64,
    /// Time of all reads, from request to answer.
    pub read_time_ns: u64,
    /// Time of all transfers.
    pub write_time_ns: u64,
    /// Time of all flushes.
    pub flush_time_ns: u64,
    /// Time in which the device had something to do.
    pub io_time_ns: u64,
    /// Operations under way that wait for the device.
    pub in_flight: u32,
    /// Operations that ended with an error.
    pub errors: u64,
    /// Syncs that were acknowledged and not done.
    pub lies: u64,
}

/// A disk's device at work.
#[derive(Clone, Debug)]
pub struct DiskDevice {
    profile: DiskProfile,
    queue: SwapDevice,
    /// Flushes that are not over: from, until; one after the other.
    flushes: Vec<(u64, u64)>,
    totals: DiskTotals,
}

impl DiskDevice {
    /// An idle device.
    pub fn new(profile: DiskProfile) -> Self {
        let mut queue = SwapDevice::new(profile.device);
        queue.set_contention(profile.contention);
        Self {
            profile,
            queue,
            flushes: Vec::new(),
            totals: DiskTotals::default(),
        }
    }
    /// Its figures.
    pub const fn profile(&self) -> &DiskProfile {
        &self.profile
    }
    /// The servers, for a swap file that lies on this disk.
    pub(crate) const fn queue_mut(&mut self) -> &mut SwapDevice {
        &mut self.queue
    }
    /// Nothing is under way any more.
    pub(crate) fn power_loss(&mut self, now: VirtualTime) {
        self.queue.replace(now, self.profile.device);
        self.flushes.clear();
    }
    /// Counters by `now`; operations under way and errors are counted by the host.
    pub fn totals(&self, now: VirtualTime) -> DiskTotals {
        let swap = &self.queue;
        DiskTotals {
            reads: self.totals.reads + swap.reads(),
            read_bytes: self.totals.read_bytes + swap.read_bytes(),
            read_time_ns: self.totals.read_time_ns + swap.read_time().as_nanos(),
            io_time_ns: swap.busy_time(now).as_nanos(),
            ..self.totals
        }
    }

    /// Reads `bytes`; gives the time at which they are there. Calls come in the order of time.
    pub fn read(
        &mut self,
        now: VirtualTime,
        bytes: u64,
        strain: Strain,
        source: &mut impl Sample,
    ) -> VirtualTime {
        let device = self.profile.device;
        let base = device.median_us + beyond(bytes) / self.profile.read_bytes_per_us;
        let law = (base, device.sigma);
        let done = self.serve(now, (bytes, true), strain.of(law, source));
        self.totals.reads += 1;
        self.totals.read_bytes += bytes;
        self.totals.read_time_ns += done.since(now).as_nanos();
        done
    }
    /// Transfers `bytes` to the device, whose own cache may still lose them.
    pub fn transfer(
        &mut self,
        now: VirtualTime,
        bytes: u64,
        strain: Strain,
        source: &mut impl Sample,
    ) -> VirtualTime {
        let base = self.profile.transfer_us + beyond(bytes) / self.profile.write_bytes_per_us;
        let law = (base, self.profile.transfer_sigma);
        let done = self.serve(now, (bytes, false), strain.of(law, source));
        self.totals.writes += 1;
        self.totals.written_bytes += bytes;
        self.totals.write_time_ns += done.since(now).as_nanos();
        done
    }
    /// Flushes the device's cache once it has what was transferred by `ready`, which is not before
    /// `now`.
    pub fn flush(
        &mut self,
        (now, ready): (VirtualTime, VirtualTime),
        strain: Strain,
        source: &mut impl Sample,
    ) -> VirtualTime {
        let law = (self.profile.flush_us, self.profile.flush_sigma);
        let length = nanos(strain.of(law, source) * 1e3);
        let (now, ready) = (now.as_nanos(), ready.as_nanos());
        self.flushes.retain(|(_, until)| *until > now);
        let done = self.next_flush(ready, length);
        self.queue.occupy(ready, done);
        self.totals.flushes += 1;
        self.totals.flush_time_ns += done - ready;
        VirtualTime::from_nanos(done)
    }
    /// Finds a flush that begins at `ready` or later: one that waits already, or one of its own.
    fn next_flush(&mut self, ready: u64, length: u64) -> u64 {
        let mut from = ready;
        for at in 0..self.flushes.len() {
            let (start, until) = self.flushes[at];
            if until <= from {
                continue;
            }
            if from + length <= start {
                self.flushes.insert(at, (from, from + length));
                return from + length;
            }
            if start >= ready {
                let joined = until + self.profile.joining_ns();
                self.flushes[at].1 = joined;
                return joined;
            }
            from = until;
        }
        self.flushes.push((from, from + length));
        from + length
    }

    fn serve(&mut self, now: VirtualTime, (bytes, read): (u64, bool), us: f64) -> VirtualTime {
        let blocks = beyond(bytes) / BASE_BYTES as f64;
        self.queue.serve(
            now,
            Work {
                operations: 1,
                service_us: us,
                weight: (1.0 + blocks * WEIGHT_BLOCK).min(WEIGHT_MAX),
                weighs_others: read,
            },
        )
    }
}

fn beyond(bytes: u64) -> f64 {
    bytes.saturating_sub(BASE_BYTES) as f64
}

fn nanos(ns: f64) -> u64 {
    VirtualDuration::from_nanos_f64(ns).as_nanos()
}
