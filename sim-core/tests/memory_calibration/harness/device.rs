//! Random reads of the device by queue depth (`device.csv`).

use super::csv::Row;
use super::judge::Pair;
use squall_core::memory::{Preset, SwapDevice};
use squall_core::{Key, Seed, VirtualTime};

const READS: u64 = 20_000;

/// One row, predicted and measured.
#[derive(Clone, Debug)]
pub(crate) struct Reads {
    pub(crate) depth: u32,
    pub(crate) iops: Pair,
    /// In microseconds.
    pub(crate) p50: Pair,
    pub(crate) p99: Pair,
}

/// Whether the model says anything about the row: it reads pages.
pub(crate) fn modelled(row: Row<'_>) -> bool {
    row.text("mode") == "read"
        && row
            .number("block_bytes")
            .is_none_or(|bytes| bytes == 4_096.0)
}

/// `qd` threads, each with one read under way.
pub(crate) fn compare(row: Row<'_>) -> Result<Reads, String> {
    let depth = row.needs("qd")? as u32;
    let key = Key::new(Seed(1), "device", "swap.service");
    let mut device = SwapDevice::new(Preset::Vdisk.device());
    let mut ready = vec![VirtualTime::ZERO; depth.max(1) as usize];
    let mut took: Vec<f64> = (0..READS)
        .map(|read| {
            let first = (0..ready.len())
                .min_by_key(|i| (ready[*i], *i))
                .unwrap_or(0);
            let done = device.read(ready[first], &mut key.at(read));
            let took = done.since(ready[first]).as_secs_f64() * 1e6;
            ready[first] = done;
            took
        })
        .collect();
    took.sort_by(f64::total_cmp);
    let end = ready.iter().copied().max().unwrap_or(VirtualTime::ZERO);
    let at = |q: f64| took[((took.len() - 1) as f64 * q) as usize];
    Ok(Reads {
        depth,
        iops: Pair::new(READS as f64 / end.as_secs_f64(), row.number("iops")),
        p50: Pair::new(at(0.5), row.number("p50_us")),
        p99: Pair::new(at(0.99), row.number("p99_us")),
    })
}
