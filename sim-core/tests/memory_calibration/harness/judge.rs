//! Predicted beside measured, and the bars of acceptance.

use super::csv::{Row, Table};
use super::replay::{Done, Seen, WINDOW_S, replay};
use super::run::{Hog, Run};
use std::collections::BTreeMap;

/// Seeds of which the median is judged.
const STEADY_SEEDS: u64 = 5;
const STORM_SEEDS: u64 = 16;
/// Completions below which the mean of a phase says nothing.
const PHASE_COUNT_MIN: f64 = 200.0;
/// Resident set by limit up to which nothing may fault; the tables round the limit.
const FITS: f64 = 0.951;
/// A queue shorter than this is noise; a p50 of this many times the calm one is a saturated device.
const QUEUE_MIN: f64 = 20.0;
const SATURATED: f64 = 10.0;

/// A prediction and what was measured, if it was.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pair {
    pub(crate) predicted: f64,
    pub(crate) measured: Option<f64>,
}

impl Pair {
    pub(crate) fn new(predicted: f64, measured: Option<f64>) -> Self {
        let measured = measured.filter(|x| x.is_finite());
        Self {
            predicted,
            measured,
        }
    }
    /// Predicted by measured.
    pub(crate) fn ratio(self) -> Option<f64> {
        let measured = self.measured.filter(|measured| *measured > 0.0)?;
        Some(self.predicted / measured)
    }
    pub(crate) fn within(self, factor: f64) -> Option<bool> {
        let ratio = self.ratio()?;
        Some((1.0 / factor..=factor).contains(&ratio))
    }
    fn error(self) -> Option<f64> {
        self.ratio().map(|ratio| (ratio - 1.0).abs())
    }
}

/// A run without a neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Steady {
    pub(crate) run: Run,
    pub(crate) faults: Pair,
    /// In microseconds.
    pub(crate) p50: Pair,
    pub(crate) p99: Pair,
    /// In percent: some and full of io, some and full of memory.
    pub(crate) pressure: [Pair; 4],
    pub(crate) out_by_in: Pair,
    /// Whether one outlier owns the tail: the rule excludes the p99 then.
    pub(crate) excluded: bool,
    /// Whether single stalls of the device own it: the rule does not exclude those.
    pub(crate) stalled: bool,
    kills: usize,
}

/// A phase of a storm.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Phase {
    pub(crate) name: &'static str,
    pub(crate) faults: Pair,
    counted: bool,
}

/// A run with a neighbour.
#[derive(Clone, Debug)]
pub(crate) struct Storm {
    pub(crate) run: Run,
    pub(crate) phases: Vec<Phase>,
    /// p50 before and over the storm, in milliseconds.
    pub(crate) calm: Pair,
    pub(crate) p50: Pair,
    pub(crate) queue: Pair,
    pub(crate) pressure: [Pair; 4],
    kills: usize,
}

/// A bar of acceptance.
#[derive(Clone, Debug)]
pub(crate) struct Bar {
    pub(crate) check: String,
    pub(crate) bar: &'static str,
    pub(crate) figure: String,
    /// `None`: there was nothing to judge.
    pub(crate) pass: Option<bool>,
}

pub(crate) fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    match values.len() {
        0 => f64::NAN,
        n => f64::midpoint(values[(n - 1) / 2], values[n / 2]),
    }
}

/// The quantile as the probe computed it.
fn quantile_us(done: &[Done], q: f64) -> f64 {
    let mut took: Vec<f64> = done.iter().map(|done| done.took * 1e6).collect();
    took.sort_by(f64::total_cmp);
    let last = took.len().saturating_sub(1);
    took.get((last as f64 * q) as usize)
        .copied()
        .unwrap_or(f64::NAN)
}

fn faults_mean<'a>(done: impl Iterator<Item = &'a Done>) -> f64 {
    let (mut sum, mut count) = (0.0, 0.0);
    for done in done {
        sum += f64::from(done.faults);
        count += 1.0;
    }
    sum / count
}

fn over(seen: &[Seen], figure: impl Fn(&Seen) -> f64) -> f64 {
    median(seen.iter().map(figure).collect())
}

fn pressures(seen: &[Seen], row: Row<'_>) -> [Pair; 4] {
    let names = [
        "psi_io_some_pct",
        "psi_io_full_pct",
        "psi_mem_some_pct",
        "psi_mem_full_pct",
    ];
    core::array::from_fn(|i| {
        Pair::new(
            over(seen, |seen| seen.pressure[i] * 100.0),
            row.number(names[i]),
        )
    })
}

pub(crate) fn steady(run: Run, row: Row<'_>) -> Steady {
    let seen: Vec<Seen> = (1..=STEADY_SEEDS).map(|seed| replay(&run, seed)).collect();
    let at = |q: f64, name: &str| {
        Pair::new(
            over(&seen, |seen| quantile_us(&seen.done, q)),
            row.number(name),
        )
    };
    let faults = over(&seen, |seen| faults_mean(seen.done.iter()));
    let beyond = |name: &str, factor: f64| {
        let (max, base) = (row.number("lat_max_us"), row.number(name));
        max.zip(base).is_some_and(|(max, base)| max > factor * base)
    };
    let (read, written) = (row.number("pswpin"), row.number("pswpout"));
    let measured = read.zip(written).map(|(read, written)| written / read);
    Steady {
        faults: Pair::new(faults, row.number("majflt_per_req")),
        p50: at(0.5, "lat_p50_us"),
        p99: at(0.99, "lat_p99_us"),
        pressure: pressures(&seen, row),
        out_by_in: Pair::new(over(&seen, |seen| seen.out_by_in), measured),
        excluded: beyond("lat_p999_us", 10.0),
        stalled: beyond("lat_p50_us", 100.0),
        kills: seen.iter().map(|seen| seen.kills).sum(),
        run,
    }
}

/// Names and bounds of the phases of a storm.
fn phases(run: &Run, hog: Hog) -> [(&'static str, f64, f64); 5] {
    let [t0, t1] = hog.planned;
    let end = run.arrivals().last().copied().unwrap_or(0.0);
    [
        ("onset", t0, t0 + 2.0),
        ("storm", t0 + 2.0, t1),
        ("0 to 5 s after", t1 + 0.3, t1 + 5.0),
        ("5 to 10 s after", t1 + 5.0, t1 + 10.0),
        ("late", t1 + 10.0, end - 3.0),
    ]
}

/// The p50 of a span in milliseconds: window medians, weighted by completions.
fn p50_ms(seen: &Seen, (from, to): (f64, f64)) -> f64 {
    let mut windows: BTreeMap<u64, Vec<f64>> = BTreeMap::new();
    for done in &seen.done {
        if (from..to).contains(&done.at) {
            let window = (done.at / WINDOW_S) as u64;
            windows.entry(window).or_default().push(done.took * 1e3);
        }
    }
    let weighted = windows
        .into_values()
        .map(|took| (took.len() as f64, median(took)));
    mean(weighted)
}

fn mean(weighted: impl Iterator<Item = (f64, f64)>) -> f64 {
    let (mut sum, mut weight) = (0.0, 0.0);
    for (w, x) in weighted {
        sum += w * x;
        weight += w;
    }
    sum / weight
}

pub(crate) fn storm(run: Run, row: Row<'_>, series: Option<&Table>) -> Storm {
    let hog = run.hog.expect("a storm has a neighbour");
    let seen: Vec<Seen> = (1..=STORM_SEEDS).map(|seed| replay(&run, seed)).collect();
    let rows: Vec<Row<'_>> = series
        .into_iter()
        .flat_map(Table::rows)
        .filter(|row| row.text("run_id") == run.id)
        .collect();
    let between = |name: &str, (from, to): (f64, f64)| {
        let inside = rows.iter().filter_map(|row| {
            let at = row.number("t_s")?;
            let (count, value) = (row.number("n_done")?, row.number(name)?);
            (from..to).contains(&at).then_some((count, value))
        });
        let inside: Vec<_> = inside.collect();
        (
            mean(inside.iter().copied()),
            inside.iter().map(|(n, _)| n).sum::<f64>(),
        )
    };
    let phase = |(name, from, to): (&'static str, f64, f64)| {
        let (measured, count) = between("req_majflt_mean", (from, to));
        let inside = |seen: &Seen| {
            faults_mean(
                seen.done
                    .iter()
                    .filter(|done| (from..to).contains(&done.at)),
            )
        };
        Phase {
            name,
            faults: Pair::new(over(&seen, inside), Some(measured)),
            counted: count > PHASE_COUNT_MIN || rows.is_empty(),
        }
    };
    let p50 = |span: (f64, f64)| {
        let measured = between("lat_p50_us", span).0 / 1e3;
        Pair::new(over(&seen, |seen| p50_ms(seen, span)), Some(measured))
    };
    let all = phases(&run, hog);
    let queue = rows
        .iter()
        .filter_map(|row| row.number("queue_len"))
        .reduce(f64::max);
    Storm {
        phases: all.into_iter().map(phase).filter(|p| p.counted).collect(),
        calm: p50((1.0, hog.planned[0])),
        p50: p50((all[1].1, all[1].2)),
        queue: Pair::new(over(&seen, |seen| seen.queue_max as f64), queue),
        pressure: pressures(&seen, row),
        kills: seen.iter().map(|seen| seen.kills).sum(),
        run,
    }
}

fn share_bar(check: &str, bar: &'static str, least: f64, near: Vec<bool>) -> Bar {
    let (good, all) = (near.iter().filter(|near| **near).count(), near.len());
    let share = good as f64 / all as f64;
    let figure = match all {
        0 => "no run".to_owned(),
        _ => format!("{good} of {all} ({:.0} %)", share * 100.0),
    };
    Bar {
        check: check.to_owned(),
        bar,
        figure,
        pass: (all > 0).then_some(share >= least),
    }
}

/// The bars that steady runs are held to.
pub(crate) fn steady_bars(runs: &[Steady]) -> Vec<Bar> {
    let faulting = runs
        .iter()
        .filter(|run| run.faults.measured.is_some_and(|f| f > 0.0));
    let errors: Vec<f64> = faulting.filter_map(|run| run.faults.error()).collect();
    let worst = errors.iter().copied().fold(0.0, f64::max);
    let (count, typical) = (errors.len(), median(errors));
    let p99 = runs.iter().filter(|run| !run.excluded);
    let fitting = runs.iter().filter(|run| run.run.ratio <= FITS);
    let pressures = runs.iter().map(|run| run.pressure);
    vec![
        Bar {
            check: "faults/request, steady runs: median absolute error".to_owned(),
            bar: "<= 5 %",
            figure: match count {
                0 => "no run".to_owned(),
                _ => format!(
                    "{:.1} % of {count}, worst {:.0} %",
                    typical * 100.0,
                    worst * 100.0
                ),
            },
            pass: (count > 0).then_some(typical <= 0.05),
        },
        share_bar(
            "p50 of the response, steady runs: within x1.25",
            ">= 90 %",
            0.9,
            runs.iter().filter_map(|run| run.p50.within(1.25)).collect(),
        ),
        share_bar(
            "p99 of the response, steady runs: within x1.5",
            ">= 85 %",
            0.85,
            p99.filter_map(|run| run.p99.within(1.5)).collect(),
        ),
        share_bar(
            "R/M <= 0.95: no fault",
            "all",
            1.0,
            fitting.map(|run| run.faults.predicted == 0.0).collect(),
        ),
        share_bar(
            "pressure: full <= some <= 100 %",
            "all",
            1.0,
            pressures.map(ordered).collect(),
        ),
        share_bar(
            "nobody is killed while swap has room",
            "all",
            1.0,
            runs.iter().map(|run| run.kills == 0).collect(),
        ),
    ]
}

fn ordered([io, io_full, memory, memory_full]: [Pair; 4]) -> bool {
    let below = |full: Pair, some: Pair| full.predicted <= some.predicted + 1e-9;
    below(io_full, io)
        && below(memory_full, memory)
        && io.predicted <= 100.0
        && memory.predicted <= 100.0
}

impl Storm {
    /// Whether the measured device was saturated: the regime in which a queue stands.
    pub(crate) fn saturated(&self) -> bool {
        let calm = self.calm.measured.unwrap_or(f64::INFINITY);
        self.run.capped() && self.p50.measured.is_some_and(|p50| p50 > SATURATED * calm)
    }
}

/// The bars that storms are held to.
pub(crate) fn storm_bars(storms: &[Storm]) -> Vec<Bar> {
    let phases: Vec<f64> = storms
        .iter()
        .flat_map(|s| &s.phases)
        .filter_map(|p| p.faults.error())
        .collect();
    let worst = phases.iter().copied().fold(0.0, f64::max);
    let capped = || storms.iter().filter(|storm| storm.run.capped());
    let queues = capped().filter(|storm| storm.queue.measured.is_some_and(|q| q >= QUEUE_MIN));
    let pressures = storms.iter().map(|storm| storm.pressure);
    vec![
        Bar {
            check: "faults/request, every storm phase: absolute error".to_owned(),
            bar: "<= 20 %",
            figure: format!("worst {:.1} % of {} phases", worst * 100.0, phases.len()),
            pass: (!phases.is_empty()).then_some(worst <= 0.2),
        },
        share_bar(
            "p50 of the response over storms on a capped device: within x1.5",
            "all",
            1.0,
            capped().filter_map(|storm| storm.p50.within(1.5)).collect(),
        ),
        share_bar(
            "longest queue (20 and more) on a capped device: within x1.5",
            "all",
            1.0,
            queues.filter_map(|storm| storm.queue.within(1.5)).collect(),
        ),
        share_bar(
            "storms that saturate the device, and no others, have a queue",
            "all",
            1.0,
            capped()
                .filter(|storm| storm.p50.measured.is_some())
                .map(|storm| {
                    storm.saturated() == (storm.p50.predicted > SATURATED * storm.calm.predicted)
                })
                .collect(),
        ),
        share_bar(
            "pressure in storms: full <= some <= 100 %",
            "all",
            1.0,
            pressures.map(ordered).collect(),
        ),
        share_bar(
            "nobody is killed in a storm while swap has room",
            "all",
            1.0,
            storms.iter().map(|storm| storm.kills == 0).collect(),
        ),
    ]
}
