//! Laws, recordings and matrices of links that stand in files: read once, before the first seed.
//!
//! A law is a column of numbers; a recording has a time in each row. Both are csv, with gzip or
//! without. A bad row is an error that shows it.

mod law;
mod matrix;
mod recording;

use crate::scenario::{Files, Scenario};
use flate2::read::MultiGzDecoder;
use law::read_law;
use recording::read_recording;
use squall_faults::param::{Arg, Args, Quote, Value, duration};
use squall_faults::{Issue, Timing};
use std::collections::BTreeMap;
use std::io::Read as _;

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
    cache.links(scenario, issues);
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
    /// The links of the matrix, before all others: those win.
    fn links(&mut self, scenario: &mut Scenario, issues: &mut Vec<Issue>) {
        let Some(wan) = scenario.links.wan.take() else {
            return;
        };
        let path = &wan.file.path;
        let read = self
            .bytes(path)
            .map_err(|issue| vec![issue])
            .and_then(|bytes| {
                let links = matrix::read_matrix(bytes, &scenario.topology, wan.sparse);
                links.map_err(|wrong| wrong.into_iter().map(|bad| issue(bad, path)).collect())
            });
        match read {
            Ok(links) => drop(scenario.links.pairs.splice(0..0, links)),
            Err(wrong) => issues.extend(wrong.into_iter().map(|i| wan.file.place.locate(i))),
        }
        scenario.links.wan = Some(wan);
    }
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
