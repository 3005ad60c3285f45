//! A class: pages that one law touches, and which of them are resident.

use super::popularity::{Bin, bins};
use super::scan::Scan;
use super::touches::Touches;
use std::sync::Arc;

/// The pages of a process, and how it touches them.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ClassSpec {
    /// Pages of 4 KiB.
    pub pages: u64,
    /// Zipf exponent of the touches, 0 (uniform) to 2.
    pub zipf: f64,
    /// Share of the touches that write, 0 to 1.
    pub write_share: f64,
}

impl ClassSpec {
    /// A class of `pages` pages with the defaults of a service: Zipf 0.9, half of the touches write
    /// (assumed).
    pub const fn new(pages: u64) -> Self {
        Self {
            pages,
            zipf: 0.9,
            write_share: 0.5,
        }
    }
}

/// When the pages of a young class appear.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Birth {
    /// First instant, in seconds.
    pub(super) from: f64,
    /// Last instant; the same as the first if all appear at once.
    pub(super) to: f64,
    /// Share that is there at `from` already.
    pub(super) burst: f64,
}

impl Birth {
    /// Share of the interval that has passed at `at`.
    fn passed(self, at: f64) -> f64 {
        if at >= self.to {
            // A young page born at the horizon itself is kept: the horizon starts there.
            return if self.from < self.to || at > self.to {
                1.0
            } else {
                0.0
            };
        }
        ((at - self.from) / (self.to - self.from)).clamp(0.0, 1.0)
    }
    /// Share of the pages that have appeared by `at`.
    pub(super) fn appeared(self, at: f64) -> f64 {
        if at >= self.to {
            1.0
        } else if at < self.from {
            0.0
        } else {
            self.burst + (1.0 - self.burst) * self.passed(at)
        }
    }
}

/// Where the eviction of a domain stands.
#[derive(Clone, Copy, Debug)]
pub(super) struct Front {
    /// The horizon in seconds: what was not touched since is gone, but for the survivors.
    pub(super) horizon: f64,
    /// Surviving share of what was resident at the last onset and not touched since the horizon.
    pub(super) survive: f64,
}

/// Resident pages of a class, and what follows from them.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Survey {
    /// Resident pages.
    pub(super) resident: f64,
    /// Probability that a touch faults.
    pub(super) miss: f64,
}

#[derive(Clone, Debug)]
pub(super) struct Class {
    pub(super) spec: ClassSpec,
    /// The group it is in; 0 is the node.
    pub(super) group: usize,
    /// False after its process has freed everything.
    pub(super) present: bool,
    /// Touches so far; those of an intruder are a fluid and not counted here.
    pub(super) touches: u64,
    /// Mean seconds between the touches of one page of an intruder; `None`: `touches` counts.
    pub(super) period: Option<f64>,
    /// When the fluid touches begin.
    pub(super) touched_from: f64,
    /// The interval in which it was populated, while it is young.
    pub(super) birth: Option<Birth>,
    /// Whether it is a leak of the processes of the node.
    pub(super) leaks: bool,
    /// The horizon at which its old generation was last taken stock of, in seconds.
    pub(super) aged_at: f64,
    /// State at the last tick.
    pub(super) survey: Survey,
    /// Touches and appeared pages at the last tick.
    pub(super) ticked: (f64, f64),
    curve: Touches,
    bins: Option<Arc<[Bin]>>,
    /// Resident share per bin at the last onset; empty: everything.
    onset: Vec<f64>,
    /// Passes through its pages in order, once there was one.
    pub(super) scan: Option<Box<Scan>>,
}

impl Class {
    pub(super) fn new(spec: ClassSpec) -> Self {
        let pages = spec.pages as f64;
        Self {
            spec,
            group: 0,
            present: true,
            touches: 0,
            period: None,
            touched_from: 0.0,
            birth: None,
            leaks: false,
            aged_at: f64::NEG_INFINITY,
            survey: Survey {
                resident: pages,
                miss: 0.0,
            },
            ticked: (0.0, pages),
            curve: Touches::default(),
            bins: None,
            onset: Vec::new(),
            scan: None,
        }
    }

    /// Pages that exist at `at`, resident or swapped out.
    pub(super) fn appeared(&self, at: f64) -> f64 {
        if !self.present {
            return 0.0;
        }
        self.spec.pages as f64 * self.birth.map_or(1.0, |birth| birth.appeared(at))
    }

    /// Whether pages are still to appear after `at`.
    pub(super) fn arriving(&self, at: f64) -> bool {
        self.present && self.birth.is_some_and(|birth| birth.to > at)
    }

    /// Notes the touches so far; the recording begins with the first call.
    pub(super) fn record(&mut self, at: f64) {
        if self.period.is_none() {
            self.curve.record(at, self.touches as f64);
        }
        if let Some(scan) = &mut self.scan {
            scan.record(at);
        }
    }

    /// Starts the recording with a past of constant rate: `rate` touches a second for `age` seconds.
    pub(super) fn record_past(&mut self, at: f64, age: f64, rate: f64) {
        self.curve.clear();
        self.curve
            .record(at - age, self.touches as f64 - rate * age);
        self.curve.record(at, self.touches as f64);
    }

    /// Drops what no later horizon needs.
    pub(super) fn forget_before(&mut self, horizon: f64) {
        self.curve.forget_before(horizon);
        if let Some(scan) = &mut self.scan {
            scan.forget_before(horizon);
        }
    }

    /// Cumulative touches by `at`.
    pub(super) fn touched(&self, at: f64) -> f64 {
        match self.period {
            None => self.curve.at(at),
            Some(period) => self.spec.pages as f64 * (at - self.touched_from).max(0.0) / period,
        }
    }

    /// The popularity bins, made when they are first needed.
    pub(super) fn bins(&mut self) -> &Arc<[Bin]> {
        self.bins
            .get_or_insert_with(|| bins(self.spec.pages, self.spec.zipf).into())
    }

    /// Takes over bins made for an equal class.
    pub(super) fn share_bins(&mut self, other: &Self) {
        if self.spec.pages == other.spec.pages
            && self.spec.zipf.to_bits() == other.spec.zipf.to_bits()
        {
            self.bins.clone_from(&other.bins);
        }
    }

    pub(super) fn bins_made(&self) -> &[Bin] {
        self.bins.as_deref().unwrap_or(&[])
    }

    fn onset_share(&self, bin: usize) -> f64 {
        self.onset.get(bin).copied().unwrap_or(1.0)
    }

    /// Calls `each` with every bin, the share of it that exists, the share that is resident at `at`,
    /// and the share that was not touched since the horizon.
    fn each_bin(&self, at: f64, front: Front, mut each: impl FnMut(usize, Bin, [f64; 3])) {
        if !self.present {
            return;
        }
        let touches = self.touched(at) - self.touched(front.horizon);
        let passed = self.scan.as_deref();
        let unscanned = passed.map(|scan| scan.unscanned(at, front.horizon, self.spec.pages));
        let young = self.birth.map(|birth| {
            let exist = birth.appeared(at);
            let share = (exist - birth.passed(front.horizon)).clamp(0.0, 1.0);
            (exist, share, at < birth.to || front.horizon <= birth.from)
        });
        for (index, bin) in self.bins_made().iter().enumerate() {
            let mut untouched = libm::exp(-bin.touch * touches);
            if let Some(unscanned) = unscanned {
                untouched *= unscanned;
            }
            let (exist, resident) = match young {
                None => {
                    let kept = front.survive * self.onset_share(index);
                    (1.0, 1.0 - (1.0 - kept) * untouched)
                }
                Some((exist, share, true)) => (exist, share),
                Some((exist, share, false)) => (exist, 1.0 - (1.0 - share) * untouched),
            };
            each(index, *bin, [exist, resident, untouched]);
        }
    }

    /// Resident pages and miss ratio at `at` behind `front`.
    pub(super) fn survey(&self, at: f64, front: Front) -> Survey {
        let mut survey = Survey::default();
        self.each_bin(at, front, |_, bin, [exist, resident, _]| {
            survey.resident += bin.pages * resident;
            survey.miss += bin.pages * bin.touch * (exist - resident).max(0.0);
        });
        survey
    }

    /// Pages of an old class touched since the horizon, and those left to the survivors' share.
    pub(super) fn survivors(&self, at: f64, front: Front) -> (f64, f64) {
        let (mut touched, mut left) = (0.0, 0.0);
        self.each_bin(at, front, |index, bin, [_, _, untouched]| {
            touched += bin.pages * (1.0 - untouched);
            left += bin.pages * self.onset_share(index) * untouched;
        });
        (touched, left)
    }

    /// Onset: what is resident now is the old generation, and its interval is forgotten.
    pub(super) fn grow_old(&mut self, at: f64, front: Front) {
        let mut onset = Vec::with_capacity(self.bins_made().len());
        self.each_bin(at, front, |_, _, [_, resident, _]| onset.push(resident));
        self.onset = onset;
        self.birth = None;
    }

    /// Everything is resident again: back to two counters.
    pub(super) fn calm_down(&mut self) {
        self.curve.clear();
        if let Some(scan) = &mut self.scan {
            scan.calm_down();
        }
        self.onset = Vec::new();
        self.birth = None;
        self.survey = Survey {
            resident: self.appeared(0.0),
            miss: 0.0,
        };
    }

    /// Share of the pages evicted by age that were written since they came in; exact for LRU.
    pub(super) fn dirty_share(&self, at: f64, front: Front) -> f64 {
        if self.birth.is_some() {
            return 1.0;
        }
        let write = self.spec.write_share;
        let (mut evicted, mut dirty) = (0.0, 0.0);
        self.each_bin(at, front, |_, bin, [_, _, untouched]| {
            let flow = bin.pages * bin.touch * untouched;
            evicted += flow;
            if write > 0.0 {
                dirty += flow * write / (write + (1.0 - write) * untouched);
            }
        });
        if evicted > 0.0 {
            dirty / evicted
        } else {
            write
        }
    }
}
