//! Rows with times as a recording.

use super::{Bad, Rows, bad, number, rows};
use squall_faults::param::Recording;

/// Nanoseconds over which the chances of a mahimahi file are counted.
const BIN_NS: u64 = 100_000_000;
/// Bytes of one of its chances.
const CHANCE_BYTES: f64 = 1500.0;

/// Delays and capacities by time.
pub(super) fn read_recording(bytes: &[u8]) -> Result<Recording, Bad> {
    let rows = rows(bytes)?;
    let header = &rows[0].1;
    if header.len() == 1 && number(&header[0]).is_some() {
        return read_chances(&rows);
    }
    let find = |names: &[(&str, f64)]| {
        let at = |name: &str| header.iter().position(|field| field == name);
        names
            .iter()
            .find_map(|(name, scale)| Some((at(name)?, *scale)))
    };
    let Some((time, time_scale)) = find(&[("t_ms", 1e6), ("t_s", 1e9), ("t_us", 1e3)]) else {
        return Err(bad(&rows[0], 0, "there is no column `t_ms` or `t_s`"));
    };
    let delay = find(&[("delay_ms", 1e6), ("delay_us", 1e3), ("delay_s", 1e9)]);
    let capacity = find(&[("capacity_kbit", 125.0), ("capacity_Mbit", 125e3)]);
    let mut recording = Recording::default();
    let mut last = 0;
    for row in &rows[1..] {
        let value = |column: usize, scale: f64| match row.1.get(column).map(String::as_str) {
            None | Some("" | "-") => Ok(None),
            Some(text) => match number(text).filter(|x| *x >= 0.0) {
                Some(x) => Ok(Some(x * scale)),
                None => Err(bad(
                    row,
                    column,
                    &format!("`{text}` is not a number from zero"),
                )),
            },
        };
        let Some(at) = value(time, time_scale)? else {
            return Err(bad(row, time, "there is no time"));
        };
        let at = squall_core::VirtualDuration::from_nanos_f64(at).as_nanos();
        if at < last {
            return Err(bad(row, time, "the time goes back"));
        }
        last = at;
        let columns = [
            (delay, &mut recording.delay),
            (capacity, &mut recording.capacity),
        ];
        for (column, out) in columns {
            let Some((column, scale)) = column else {
                continue;
            };
            if let Some(value) = value(column, scale)? {
                // Of two rows of one instant the later one holds.
                out.pop_if(|(before, _)| *before == at);
                out.push((at, value));
            }
        }
    }
    Ok(recording)
}

/// A mahimahi file: a line is the millisecond in which 1500 bytes may leave.
fn read_chances(rows: &Rows) -> Result<Recording, Bad> {
    let mut bins: Vec<f64> = Vec::new();
    for row in rows {
        let Some(ms) = row.1.first().and_then(|field| field.parse::<u64>().ok()) else {
            return Err(bad(row, 0, "not a number of milliseconds"));
        };
        let bin = usize::try_from(ms * 1_000_000 / BIN_NS).unwrap_or(usize::MAX);
        if bin > 10_000_000 {
            return Err(bad(row, 0, "more than eleven days"));
        }
        bins.resize(bins.len().max(bin + 1), 0.0);
        bins[bin] += CHANCE_BYTES * 1e9 / BIN_NS as f64;
    }
    let capacity = bins.into_iter().enumerate();
    Ok(Recording {
        delay: Vec::new(),
        capacity: capacity
            .map(|(bin, rate)| (bin as u64 * BIN_NS, rate))
            .collect(),
    })
}
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recordings_have_delays_capacities_or_chances() {
        let read = |text: &str| read_recording(text.as_bytes()).map_err(|bad| bad.text);
        let recording = read("t_ms,delay_ms,capacity_kbit\n0,10,80\n5,,160\n5,12,-\n").unwrap();
        assert_eq!(recording.delay, [(0, 10e6), (5_000_000, 12e6)]);
        assert_eq!(recording.capacity, [(0, 10_000.0), (5_000_000, 20_000.0)]);
        // Two chances in the first tenth of a second, none in the second.
        let chances = read("0\n99\n200\n").unwrap().capacity;
        let tenth = 100_000_000;
        assert_eq!(
            chances,
            [(0, 30_000.0), (tenth, 0.0), (2 * tenth, 15_000.0)]
        );
        assert_eq!(
            read("t_ms,delay_ms\n5,1\n4,1\n"),
            Err("line 3: the time goes back".into())
        );
        assert_eq!(
            read("t_ms,delay_ms\n5,no\n"),
            Err("line 2: `no` is not a number from zero".into())
        );
        assert_eq!(
            read("delay_ms\n5\n"),
            Err("line 1: there is no column `t_ms` or `t_s`".into())
        );
    }
}
