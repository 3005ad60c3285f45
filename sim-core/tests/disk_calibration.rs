//! Replays the measured closed loops on the disk device and compares.
//!
//! The data lie outside the repository's crates (`shared/calibration/swap`); where they are missing
//! the tests say so.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stderr,
    reason = "recorded figures are small and positive; what was compared is said aloud"
)]

use squall_core::disk::{DiskDevice, DiskProfile, Strain};
use squall_core::memory::Preset;
use squall_core::rng::Draw;
use squall_core::{Key, Seed, VirtualDuration, VirtualTime};
use std::collections::BTreeMap;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/calibration/swap");

type Row = BTreeMap<String, String>;

/// The rows of a table; `None`, said aloud, if it is not there.
fn table(name: &str) -> Option<Vec<Row>> {
    let path = format!("{DATA}/{name}");
    let Ok(text) = std::fs::read_to_string(&path) else {
        eprintln!("NOT RUN: {path} is missing, the model is not compared with measurements");
        return None;
    };
    let mut lines = text.lines();
    let head: Vec<&str> = lines.next()?.split(',').collect();
    let row = |line: &str| {
        let cells = line.split(',').map(str::to_owned);
        head.iter().map(|h| (*h).to_owned()).zip(cells).collect()
    };
    Some(lines.map(row).collect())
}
fn number(row: &Row, name: &str) -> f64 {
    row[name].parse().expect("a cell of the table is a number")
}

/// A thread that does one thing again and again.
#[derive(Clone, Copy, PartialEq)]
enum Thread {
    Read(u64),
    Sync(u64),
}

/// Latencies in microseconds of the threads, each with one operation outstanding, over a second.
fn closed_loop(threads: &[Thread]) -> Vec<Vec<f64>> {
    let profile = DiskProfile::of(Preset::Vdisk).expect("a disk");
    let mut device = DiskDevice::new(profile);
    let mut seen = vec![Vec::new(); threads.len()];
    let mut due: Vec<u64> = (0..threads.len() as u64).map(|i| i * 3_000).collect();
    let key = Key::new(Seed(7), "disk", "calibration");
    let mut ordinal = 0;
    let mut draw = || -> Draw {
        ordinal += 1;
        key.at(ordinal)
    };
    loop {
        let next = (0..threads.len())
            .min_by_key(|i| due[*i])
            .expect("a thread");
        let now = VirtualTime::from_nanos(due[next]);
        if due[next] > 1_000_000_000 {
            return seen;
        }
        let done = match threads[next] {
            Thread::Read(bytes) => device.read(now, bytes, Strain::CALM, &mut draw()),
            Thread::Sync(bytes) => {
                let written = now + profile.cached(bytes);
                let there = device.transfer(written, bytes, Strain::CALM, &mut draw());
                device.flush((written, there), Strain::CALM, &mut draw())
            }
        };
        seen[next].push(done.since(now).as_secs_f64() * 1e6);
        // What a thread does between two operations; the tool measures around the call only.
        due[next] = (done + VirtualDuration::from_nanos(1_500)).as_nanos();
    }
}

fn quantile(values: &[f64], p: f64) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values[((values.len() - 1) as f64 * p) as usize]
}

/// Says a figure beside its measurement, and whether it holds its bound: a factor either way.
fn compare(what: &str, model: f64, measured: f64, bound: f64) -> bool {
    let ratio = model / measured;
    let holds = ratio < bound && ratio > 1.0 / bound;
    let mark = if holds { ' ' } else { '!' };
    eprintln!("{mark} {what:<34} model {model:>9.1}  measured {measured:>9.1}  ratio {ratio:.2}");
    holds
}

/// One kind of operation at queue depths 1, 2, (4,) 8: medians and rates.
#[test]
fn queue_depths() {
    let Some(rows) = table("device.csv") else {
        return;
    };
    let mut bad = 0;
    for row in rows {
        let (qd, bytes) = (number(&row, "qd"), number(&row, "block_bytes") as u64);
        let thread = match row["mode"].as_str() {
            "read" => Thread::Read(bytes),
            "fsync" => Thread::Sync(bytes),
            _ => continue,
        };
        let seen = closed_loop(&vec![thread; qd as usize]).concat();
        let what = format!("{} {bytes} depth {qd}", row["mode"]);
        let p50 = compare(
            &format!("{what} p50 us"),
            quantile(&seen, 0.5),
            number(&row, "p50_us"),
            1.25,
        );
        let rate = compare(
            &format!("{what} iops"),
            seen.len() as f64,
            number(&row, "iops"),
            1.15,
        );
        bad += u32::from(!p50) + u32::from(!rate);
    }
    assert_eq!(bad, 0, "figures out of bounds, marked with !");
}

/// A reader, or a thread that syncs, beside others that write 64 KiB and sync.
#[test]
fn beside_syncing_writers() {
    let Some(rows) = table("fsync_contention.csv") else {
        return;
    };
    let mut bad = 0;
    for row in rows {
        let writers = number(&row, "bg_fsync_writers") as usize;
        let thread = match row["mode"].as_str() {
            "read" => Thread::Read(4096),
            _ => Thread::Sync(4096),
        };
        let mut threads = vec![Thread::Sync(65_536); writers];
        threads.push(thread);
        let seen = closed_loop(&threads).pop().expect("the probe");
        for (name, p) in [("p50_us", 0.5), ("p99_us", 0.99)] {
            let what = format!("{} beside {writers} writers {name}", row["mode"]);
            bad += u32::from(!compare(&what, quantile(&seen, p), number(&row, name), 1.5));
        }
    }
    assert_eq!(bad, 0, "figures out of bounds, marked with !");
}
