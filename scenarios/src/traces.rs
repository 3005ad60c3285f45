//! Laws and recordings that stand in files: read once, before the first seed.
//!
//! A law is a column of numbers; a recording has a time in each row. Both are csv, with gzip or
//! without. A bad row is an error that shows it.

use crate::scenario::{Files, Scenario};
use flate2::read::MultiGzDecoder;
use squall_core::Law;
use squall_faults::param::{Arg, Args, Quote, Recording, TraceUse, Unit, Value, duration};
use squall_faults::{Issue, Timing};
use std::collections::BTreeMap;
use std::io::Read as _;

/// Points that a law from a file keeps: the tails, and as many in between.
const TAIL: usize = 256;
const BODY: usize = 1536;
/// Nanoseconds over which the chances of a mahimahi file are counted.
const BIN_NS: u64 = 100_000_000;
/// Bytes of one of its chances.
const CHANCE_BYTES: f64 = 1500.0;

/// What is wrong with a file, and its row if it is one.
struct Bad {
    text: String,
    row: Option<Quote>,
}

impl From<String> for Bad {
    fn from(text: String) -> Self {
        Self { text, row: None }
    }
}

/// Contents of files by path, read once each.
struct Cache<'a> {
    files: &'a dyn Files,
    read: BTreeMap<String, Result<Vec<u8>, String>>,
}

/// Reads all laws and recordings that a scenario names into the values that name them.
pub(crate) fn load(scenario: &mut Scenario, files: &dyn Files, issues: &mut Vec<Issue>) {
    let mut cache = Cache {
        files,
        read: BTreeMap::new(),
    };
    for rule in scenario.links.pairs.iter_mut().map(|rule| &mut rule.base) {
        cache.fill(&mut rule.args, issues);
        rule.refresh();
    }
    cache.fill(&mut scenario.links.default.args, issues);
    scenario.links.default.refresh();
    for workload in &mut scenario.workloads {
        cache.fill(&mut workload.args, issues);
    }
    for fault in &mut scenario.faults {
        cache.fill(&mut fault.args, issues);
        // The parameters stand in the record too; what is wrong with them has been said.
        let mut again = Vec::new();
        cache.fill(&mut fault.record, &mut again);
        again.retain(|issue| issues.iter().all(|said| said.range != issue.range));
        issues.extend(again);
        fault.timing = Timing::from_args(&fault.record);
    }
}

impl Cache<'_> {
    fn fill(&mut self, args: &mut Args, issues: &mut Vec<Issue>) {
        args.walk_mut(&mut |arg| {
            if let Err(issue) = self.fill_one(arg) {
                issues.push(arg.place.locate(issue));
            }
        });
    }
    fn fill_one(&mut self, arg: &mut Arg) -> Result<(), Issue> {
        match &mut arg.value {
            Value::Trace(trace, law) => {
                let bytes = self.bytes(&trace.path)?;
                *law = read_law(bytes, trace).map_err(|bad| issue(bad, &trace.path))?;
            }
            Value::Recording(path, read) => {
                let bytes = self.bytes(path)?;
                *read = Some(read_recording(bytes).map_err(|bad| issue(bad, path))?);
            }
            _ => {}
        }
        Ok(())
    }
    fn bytes(&mut self, path: &str) -> Result<&[u8], Issue> {
        let files = self.files;
        let read = self.read.entry(path.to_owned());
        let read = read.or_insert_with(|| files.read(path).and_then(unzipped));
        read.as_deref().map_err(|why| {
            Issue::new(format!("cannot read `{path}`"), 0..path.len()).label(why.clone())
        })
    }
}

fn issue(bad: Bad, path: &str) -> Issue {
    let quote = bad.row.map(|row| Quote {
        path: path.to_owned(),
        ..row
    });
    Issue::new(bad.text, 0..path.len()).quoting(quote)
}

/// The bytes, without gzip if they are packed with it.
fn unzipped(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let mut text = Vec::new();
    match MultiGzDecoder::new(bytes.as_slice()).read_to_end(&mut text) {
        Ok(_) => Ok(text),
        Err(error) => Err(format!("the gzip data end early: {error}")),
    }
}

/// Rows of fields, with their lines.
type Rows = Vec<(u64, Vec<String>)>;

fn rows(bytes: &[u8]) -> Result<Rows, Bad> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes);
    let mut rows = Rows::new();
    for record in reader.byte_records() {
        let record = record.map_err(|error| Bad::from(error.to_string()))?;
        let line = record.position().map_or(0, csv::Position::line);
        let field = |field: &[u8]| String::from_utf8_lossy(field).trim().to_owned();
        rows.push((line, record.iter().map(field).collect()));
    }
    if rows.is_empty() {
        return Err(Bad::from("the file is empty".to_owned()));
    }
    Ok(rows)
}

/// An error at a field of a row.
fn bad((line, fields): &(u64, Vec<String>), column: usize, what: &str) -> Bad {
    let text = fields.join(",");
    let start: usize = fields.iter().take(column).map(|f| f.len() + 1).sum();
    let length = fields.get(column).map_or(0, String::len);
    Bad {
        text: format!("line {line}: {what}"),
        row: Some(Quote {
            path: String::new(),
            line: *line,
            range: start.min(text.len())..(start + length).min(text.len()),
            text,
        }),
    }
}

/// Nanoseconds of a unit at the end of a column's name, `rtt_ms`.
fn unit_of(name: &str) -> Option<f64> {
    let (_, unit) = name.rsplit_once('_')?;
    let one = duration(&format!("1{unit}")).ok()?;
    Some(one.as_nanos_f64())
}

fn number(text: &str) -> Option<f64> {
    text.parse::<f64>().ok().filter(|x| x.is_finite())
}

/// The values of a column as a law.
fn read_law(bytes: &[u8], trace: &TraceUse) -> Result<Law, Bad> {
    let rows = rows(bytes)?;
    let header = &rows[0].1;
    let headed = header
        .iter()
        .any(|f| number(f).is_none() && duration(f).is_err());
    let column = match &trace.column {
        Some(name) => header.iter().position(|f| f == name).ok_or_else(|| {
            let known = header.join("`, `");
            bad(
                &rows[0],
                0,
                &format!("there is no column `{name}` among `{known}`"),
            )
        })?,
        None if header.len() > 1 => {
            let text = "there are several columns: name one, `trace FILE column NAME`";
            return Err(bad(&rows[0], 0, text));
        }
        None => 0,
    };
    let unit = match trace.of {
        Unit::Plain => Some(1.0),
        Unit::Time => trace.unit.or_else(|| {
            header
                .get(column)
                .filter(|_| headed)
                .and_then(|name| unit_of(name))
        }),
    };
    let mut values = Vec::new();
    for row in rows.iter().skip(usize::from(headed)) {
        let Some(field) = row.1.get(column).filter(|field| !field.is_empty()) else {
            return Err(bad(row, column, "there is no value"));
        };
        let value = match unit {
            Some(unit) => number(field).map(|x| x * unit),
            None => duration(field).ok().map(|d| d.as_nanos_f64()),
        };
        match value {
            Some(value) if value >= 0.0 || trace.of == Unit::Plain => values.push(value),
            Some(_) => return Err(bad(row, column, "a duration below zero")),
            None if unit.is_none() && number(field).is_some() => {
                return Err(bad(row, column, "a duration without a unit: write `in ms`"));
            }
            None => return Err(bad(row, column, &format!("`{field}` is not a number"))),
        }
    }
    if values.is_empty() {
        return Err(Bad::from("the file has no values".to_owned()));
    }
    Ok(law_of(values))
}

/// The law of the values; of many, the tails and some in between.
fn law_of(mut values: Vec<f64>) -> Law {
    if values.len() <= BODY + 2 * TAIL {
        return Law::from_values(values);
    }
    values.sort_by(f64::total_cmp);
    let last = values.len() - 1;
    let body = last - 2 * TAIL;
    let ranks = (0..TAIL)
        .chain((0..=BODY).map(|i| TAIL + i * body / BODY))
        .chain(last - TAIL + 1..=last);
    let mut points: Vec<(f64, f64)> = ranks
        .map(|rank| (rank as f64 / last as f64, values[rank]))
        .collect();
    points.dedup_by(|a, b| a.0 == b.0);
    Law::Empirical(points.into())
}

/// Delays and capacities by time.
fn read_recording(bytes: &[u8]) -> Result<Recording, Bad> {
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
    use squall_faults::param::trace;

    fn law(words: &str, bytes: &[u8]) -> Result<Law, String> {
        let Some(Ok(Value::Trace(trace, _))) = trace(words, Unit::Time) else {
            panic!("{words}")
        };
        let bytes = unzipped(bytes.to_vec())?;
        read_law(&bytes, &trace).map_err(|bad| {
            let row = bad.row.map_or(String::new(), |row| {
                format!(" | {} | {}", row.text, &row.text[row.range.clone()])
            });
            format!("{}{row}", bad.text)
        })
    }

    #[test]
    fn a_law_is_a_column_in_a_unit() {
        let ms = |values: &[f64]| Law::from_values(values.iter().map(|v| v * 1e6).collect());
        assert_eq!(law("trace f in ms", b"3\n1\n2\n"), Ok(ms(&[1.0, 2.0, 3.0])));
        assert_eq!(law("trace f", b"rtt_ms\n3\n1\n"), Ok(ms(&[1.0, 3.0])));
        assert_eq!(law("trace f", b"3ms\n1s\n"), Ok(ms(&[3.0, 1000.0])));
        let table = b"t,delay_us,x\n0,1000,a\n1,2000,b\n";
        assert_eq!(law("trace f column delay_us", table), Ok(ms(&[1.0, 2.0])));
        for (words, bytes, text) in [
            (
                "trace f",
                "3\n",
                "line 1: a duration without a unit: write `in ms` | 3 | 3",
            ),
            (
                "trace f in ms",
                "3\nx\n",
                "line 2: `x` is not a number | x | x",
            ),
            (
                "trace f in ms",
                "-3\n",
                "line 1: a duration below zero | -3 | -3",
            ),
            (
                "trace f column b in ms",
                "a,b\n1,2\n1,\n",
                "line 3: there is no value | 1, | ",
            ),
            (
                "trace f in ms",
                "a,b\n1,2\n",
                "line 1: there are several columns: name one, `trace FILE column NAME` | a,b | a",
            ),
            (
                "trace f column c in ms",
                "a,b\n1,2\n",
                "line 1: there is no column `c` among `a`, `b` | a,b | a",
            ),
            ("trace f", "rtt_ms\n", "the file has no values"),
        ] {
            assert_eq!(law(words, bytes.as_bytes()), Err(text.to_owned()));
        }
    }

    #[test]
    fn a_large_file_keeps_its_tails() {
        let values: Vec<f64> = (0..100_000).map(|i| f64::from(i) * f64::from(i)).collect();
        let whole = Law::from_values(values.clone());
        let thin = law_of(values);
        let Law::Empirical(points) = &thin else {
            panic!("an empirical law")
        };
        assert!(points.len() <= BODY + 2 * TAIL + 1, "{}", points.len());
        for p in [0.0, 0.0005, 0.01, 0.5, 0.99, 0.999, 0.9999, 0.99999, 1.0] {
            let (a, b) = (whole.quantile(p), thin.quantile(p));
            assert!((a - b).abs() <= 2e-3 * a + 1.0, "{p}: {a} and {b}");
        }
    }

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
