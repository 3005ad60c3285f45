//! Before a run: whether a swap device can serve the faults of an over-committed node.

use super::popularity::bins;
use super::{ClassSpec, Device, che};

/// A load on the pages of one class.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Demand {
    /// The pages.
    pub pages: ClassSpec,
    /// Requests a second.
    pub requests: f64,
    /// Pages each request touches.
    pub touches: f64,
}

/// What a device would have to do.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Saturation {
    /// Reads a second that the requests ask for.
    pub reads: f64,
    /// Reads a second that the device can serve; infinite where reads do not queue.
    pub capacity: f64,
    /// Requests a second by which the queue grows; 0 while the device keeps up.
    pub growth: f64,
}

impl Saturation {
    /// Whether the device cannot keep up: a storm, not merely faults.
    pub fn saturated(&self) -> bool {
        self.reads >= self.capacity
    }
}

/// The steady state of `demands` on a node whose memory holds (all their pages) / `overcommit` of
/// them: `sum lambda_i K_i m_i` reads a second against what `device` serves. The onset asks for more
/// (measured: 1.2 to 1.5 times as much), because age is lost then.
pub fn saturation(demands: &[Demand], overcommit: f64, device: &Device) -> Saturation {
    let spread = libm::exp(device.sigma * device.sigma / 2.0);
    let served = f64::from(device.servers.max(1)) * 1e6 / (device.median_us * spread);
    let capacity = match device.iops_max {
        _ if device.on_core => f64::INFINITY,
        Some(iops) => iops.min(served),
        None => served,
    };
    let touched = |demand: &Demand| demand.requests * demand.touches;
    let made: Vec<_> = demands
        .iter()
        .map(|demand| bins(demand.pages.pages, demand.pages.zipf))
        .collect();
    let classes: Vec<_> = made
        .iter()
        .zip(demands)
        .map(|(bins, demand)| (&bins[..], touched(demand)))
        .collect();
    let all: f64 = demands.iter().map(|d| d.pages.pages as f64).sum();
    let horizon = che::horizon(&classes, all / overcommit.max(1.0));
    let missing = |(bins, rate): &(&[_], f64)| -> f64 {
        let miss = |bin: &super::popularity::Bin| {
            bin.pages * bin.touch * libm::exp(-bin.touch * rate * horizon)
        };
        rate * bins.iter().map(miss).sum::<f64>()
    };
    let reads: f64 = match overcommit > 1.0 {
        true => classes.iter().map(missing).sum(),
        false => 0.0,
    };
    let requests: f64 = demands.iter().map(|d| d.requests).sum();
    let growth = match reads > capacity {
        true => requests * (1.0 - capacity / reads),
        false => 0.0,
    };
    Saturation {
        reads,
        capacity,
        growth,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Preset;

    fn demand(requests: f64, touches: f64, zipf: f64) -> Demand {
        Demand {
            pages: ClassSpec {
                zipf,
                ..ClassSpec::new(32_768)
            },
            requests,
            touches,
        }
    }
    fn capped(iops: f64) -> Device {
        Device {
            iops_max: Some(iops),
            ..Preset::Vdisk.device()
        }
    }

    /// Measured storms on a device of 800 reads/s: S3 (4.7 faults a request, 150/s) nearly fills it
    /// in its steady state and saturates it at its onset; S6 asks for 580.
    #[test]
    fn the_measured_storms() {
        let s3 = saturation(&[demand(150.0, 16.0, 0.9)], 4.0, &capped(800.0));
        assert!((600.0..800.0).contains(&s3.reads), "{s3:?}");
        assert!(!s3.saturated() && s3.growth == 0.0);
        assert!(s3.reads * 1.25 > s3.capacity, "the onset does: {s3:?}");
        let s6 = saturation(&[demand(120.0, 8.0, 0.6)], 3.2, &capped(800.0));
        assert!((450.0..600.0).contains(&s6.reads), "{s6:?}");
    }

    /// The queue grows by lambda - IOPS / (K m).
    #[test]
    fn a_queue_grows_by_what_is_not_served() {
        let seen = saturation(&[demand(400.0, 16.0, 0.9)], 2.0, &capped(300.0));
        let faults = seen.reads / 400.0;
        assert!(seen.saturated() && (2.2..2.4).contains(&faults), "{seen:?}");
        assert!(
            (seen.growth - (400.0 - 300.0 / faults)).abs() < 1e-9,
            "{seen:?}"
        );
        let two = [demand(200.0, 16.0, 0.9); 2];
        let half = saturation(&two, 2.0, &capped(300.0));
        assert!((half.growth / seen.growth - 1.0).abs() < 1e-6, "{half:?}");
    }

    #[test]
    fn what_fits_or_is_memory_never_saturates() {
        let demands = [demand(1e6, 16.0, 0.9)];
        let fits = saturation(&demands, 0.9, &capped(1.0));
        assert_eq!((fits.reads, fits.saturated()), (0.0, false));
        let zram = saturation(&demands, 4.0, &Preset::Zram.device());
        assert!(zram.reads > 1e6 && !zram.saturated());
    }
}
