//! Closed forms to check runs against: they share constants with the model, not its mechanics.

use super::faults::reclaim_us_mean;
use super::{Device, faults};

/// A request of the open-loop service: how much it touches and computes, and how often it comes.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Request {
    /// Pages touched.
    pub touches: f64,
    /// Work on a core in microseconds.
    pub work_us: f64,
    /// Requests a second.
    pub rate: f64,
}

/// Mean response in microseconds by effective access time, for a device far from saturation:
/// `34 us + C + K m L`, where L is the mean cost of a fault. Against 36 steady runs without a device
/// stall the median ratio is 0.96, from 0.82 to 1.06 but for one under-warmed run.
pub fn response_us_mean(request: Request, miss: f64, dirty: f64, device: &Device) -> f64 {
    let faults = request.touches * miss;
    if faults <= 0.0 {
        return 34.0 + request.work_us;
    }
    let spread = libm::exp(device.sigma * device.sigma / 2.0);
    let faulting = request.rate * -libm::expm1(request.touches * libm::log1p(-miss.min(1.0)));
    let idle = device.idle_us / (1.0 + faulting * device.idle_tau_us / 1e6) * faulting
        / (request.rate * faults);
    let fault_us = faults::FAULT_CPU.as_nanos_f64() / 1e3
        + reclaim_us_mean(dirty)
        + device.median_us * spread
        + idle;
    34.0 + request.work_us + faults * fault_us
}

/// Pressure in microseconds of stall a second, some of input and output and some of memory, at
/// `faults` a second on the disk of the calibration; `restored` is the share of faults that count as
/// memory stall. Within a factor of 1.5 at best for memory.
pub fn pressure_us(faults: f64, restored: f64) -> (f64, f64) {
    let lull = 1.0 + faults / 200.0;
    let wait = 52.0 + 135.0 / lull;
    (
        faults * (18.0 + 48.0 / lull),
        faults * (5.5 + restored * wait),
    )
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::memory::Preset;

    /// Zipf 0.9, twice over budget: 2.3 faults a request, measured mean response 437 to 476 us.
    #[test]
    fn access_time_of_a_steady_run() {
        let request = Request {
            touches: 16.0,
            work_us: 200.0,
            rate: 400.0,
        };
        let calm = response_us_mean(request, 0.0, 1.0, &Preset::Vdisk.device());
        assert!((calm - 234.0).abs() < 1e-9, "{calm}");
        let busy = response_us_mean(request, 0.1448, 0.7, &Preset::Vdisk.device());
        assert!((430.0..490.0).contains(&busy), "{busy}");
        let (io, memory) = pressure_us(900.0, 0.08);
        assert!(io > 2.0 * memory, "{io} {memory}");
    }
}
