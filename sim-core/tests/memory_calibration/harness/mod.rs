//! Runs a directory of measurements through the engine and judges the result: the one program
//! behind the test of the calibration and `cargo run --release --example calibration`.

mod csv;
mod device;
mod judge;
mod loops;
mod pages;
mod replay;
mod run;
mod show;

use csv::Table;
use judge::{Bar, Steady, Storm};
use run::Run;
use std::path::Path;

/// Everything that was compared.
#[derive(Debug, Default)]
pub(crate) struct Report {
    steady: Vec<Steady>,
    storms: Vec<Storm>,
    loops: Vec<loops::Loop>,
    reads: Vec<device::Reads>,
    pages: Vec<pages::Cell>,
    bars: Vec<Bar>,
    /// What could not be compared, and why.
    skipped: Vec<String>,
}

impl Report {
    /// The equations against page-exact runs, which needs no measurements.
    pub(crate) fn of_pages() -> Self {
        let pages = pages::grid();
        let bars = pages::bars(&pages);
        Self {
            pages,
            bars,
            ..Self::default()
        }
    }

    /// Compares everything in `dir`. The error says what is missing.
    pub(crate) fn of(dir: &Path) -> Result<Self, String> {
        let summary = Table::read(dir, "summary.csv")?;
        let series = Table::read(dir, "storm_timeseries.csv");
        let mut report = Self::of_pages();
        for row in summary.rows() {
            match Run::read(row) {
                Ok(run) if run.hog.is_none() => report.steady.push(judge::steady(run, row)),
                Ok(run) => {
                    let series = series.as_ref().ok();
                    report.storms.push(judge::storm(run, row, series));
                }
                Err(error) => report.skipped.push(error),
            }
        }
        if let (Err(error), false) = (series, report.storms.is_empty()) {
            report
                .skipped
                .push(format!("{error}: storms are predicted, not judged"));
        }
        report.loops(dir);
        report.reads(dir);
        let mut bars = judge::steady_bars(&report.steady);
        bars.extend(judge::storm_bars(&report.storms));
        bars.append(&mut report.bars);
        report.bars = bars;
        if report.steady.is_empty() && report.storms.is_empty() {
            return Err(format!("no run to compare: {}", report.skipped.join("; ")));
        }
        Ok(report)
    }

    fn loops(&mut self, dir: &Path) {
        match Table::read(dir, "cpu_pause.csv") {
            Ok(table) => {
                for row in table.rows() {
                    match loops::compare(row) {
                        Ok(compared) => self.loops.push(compared),
                        Err(error) => self.skipped.push(error),
                    }
                }
            }
            Err(error) => self.skipped.push(error),
        }
    }

    fn reads(&mut self, dir: &Path) {
        let table = match Table::read(dir, "device.csv") {
            Ok(table) => table,
            Err(error) => return self.skipped.push(error),
        };
        let mut other = 0;
        for row in table.rows() {
            if !device::modelled(row) {
                other += 1;
                continue;
            }
            match device::compare(row) {
                Ok(compared) => self.reads.push(compared),
                Err(error) => self.skipped.push(error),
            }
        }
        if other > 0 {
            let text = "rows of device.csv write, or read more than a page: not swap";
            self.skipped.push(format!("{other} {text}"));
        }
    }

    /// The bars that are missed.
    pub(crate) fn missed(&self) -> Vec<&Bar> {
        self.bars
            .iter()
            .filter(|bar| bar.pass == Some(false))
            .collect()
    }
}
