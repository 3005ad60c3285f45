//! Passes through the pages of a class in their order: backups, collections of garbage, big queries.
//!
//! A pass goes on where the last one ended, round and round. What it touched since the horizon is
//! resident, so that the next page is there only if a whole round was; with more pages than room no page
//! is, however often the pass comes round: the worst case of LRU.

use super::class::{Class, Front};
use super::touches::Touches;

/// Points of the curve of passes. They come in bursts, so that it has more corners than one of touches:
/// with 64 points the pages in use lie below the budget in one fault of six, which then reclaims nothing.
const POINTS_MAX: usize = 256;

/// The passes of one class.
#[derive(Clone, Debug)]
pub(super) struct Scan {
    /// Pages so far.
    pages: u64,
    curve: Touches,
    /// Pages that the last fault read beside its own, and that no pass has come to.
    ahead: u32,
    /// Pages by the last tick, and the probability as of then that the next one is missing.
    ticked: f64,
    miss: f64,
}

impl Scan {
    pub(super) fn record(&mut self, at: f64) {
        self.curve.record(at, self.pages as f64);
    }
    pub(super) fn forget_before(&mut self, horizon: f64) {
        self.curve.forget_before(horizon);
    }
    /// Everything is resident again.
    pub(super) fn calm_down(&mut self) {
        self.curve.clear();
        self.ticked = self.pages as f64;
        self.ahead = 0;
        self.miss = 0.0;
    }
    /// Share of the pages that no pass touched from `horizon` to `at`.
    pub(super) fn unscanned(&self, at: f64, horizon: f64, pages: u64) -> f64 {
        let touched = self.curve.at(at) - self.curve.at(horizon);
        (1.0 - touched / pages.max(1) as f64).max(0.0)
    }
}

impl Class {
    /// A pass goes on over `pages` pages; the last tick was at `ticked_at`.
    pub(super) fn scan_on(&mut self, ticked_at: f64, pages: u64) {
        let missing = self.missing_share();
        let scan = self.scan.get_or_insert_with(|| {
            let mut first = Scan {
                pages: 0,
                curve: Touches::with_points(POINTS_MAX),
                ahead: 0,
                ticked: 0.0,
                miss: missing,
            };
            first.record(ticked_at);
            Box::new(first)
        });
        scan.pages += pages;
    }

    /// Faults of a pass over `missing` pages that are swapped out, each of which reads `cluster` pages.
    pub(super) fn scan_faults(&mut self, missing: u32, cluster: u32) -> u32 {
        let Some(scan) = &mut self.scan else {
            return missing;
        };
        let faults = missing.saturating_sub(scan.ahead).div_ceil(cluster);
        scan.ahead += faults * cluster;
        scan.ahead -= missing.min(scan.ahead);
        faults
    }

    /// Probability that the next page of a pass is missing, as of the last tick.
    pub(super) fn scan_miss(&self) -> f64 {
        let scan = self.scan.as_ref();
        scan.map_or_else(|| self.missing_share(), |scan| scan.miss)
    }

    /// Faults of passes since the last tick.
    pub(super) fn scanned_faults(&self, at: f64) -> f64 {
        let scan = self.scan.as_ref();
        scan.map_or(0.0, |s| (s.curve.at(at) - s.ticked).max(0.0) * s.miss)
    }

    /// Caches what passes read until the next tick; the survey is made.
    pub(super) fn scan_ticked(&mut self, at: f64, front: Front) {
        let (missing, pages) = (self.missing_share(), self.spec.pages);
        if let Some(scan) = &mut self.scan {
            // All that is missing is among what no pass touched since the horizon.
            let unscanned = scan.unscanned(at, front.horizon, pages);
            scan.miss = if unscanned > 0.0 {
                (missing / unscanned).min(1.0)
            } else {
                0.0
            };
            scan.ticked = scan.curve.at(at);
        }
    }

    /// Share of the pages that are swapped out.
    fn missing_share(&self) -> f64 {
        let missing = self.ticked.1 - self.survey.resident;
        (missing / self.spec.pages.max(1) as f64).max(0.0)
    }
}
