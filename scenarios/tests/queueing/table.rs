//! The rows of the reference table, and what was measured beside them.
#![allow(dead_code, reason = "each test uses a part")]

use std::ops::RangeInclusive;
use std::path::Path;

/// One row.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    pub(crate) id: String,
    pub(crate) setup: String,
    pub(crate) quantity: String,
    value: f64,
    /// The value as it stands there: a bound is no number.
    pub(crate) said: String,
    tolerance: String,
}

/// A mean over seeds and its standard error.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Estimate {
    pub(crate) mean: f64,
    pub(crate) error: f64,
}

impl Estimate {
    /// Of one value a seed: at least the thirty that the table asks for.
    pub(crate) fn of(values: &[f64]) -> Self {
        assert!(values.len() >= 10, "a mean needs seeds");
        let n = values.len() as f64;
        let mean = values.iter().sum::<f64>() / n;
        let squares: f64 = values.iter().map(|x| (x - mean) * (x - mean)).sum();
        let error = (squares / (n - 1.0) / n).sqrt();
        Self { mean, error }
    }
}

/// Rows `id` of the table; `None`, said aloud, if the table is not there.
pub(crate) fn rows(id: &str, test: &str) -> Option<Vec<Row>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/data/cluster/reference_tables.csv"
    );
    if !Path::new(path).exists() {
        eprintln!("NOT RUN: {test}: there is no {path}");
        return None;
    }
    let mut table = csv::Reader::from_path(path).expect("it is there");
    let rows = table.records().map(|row| {
        let row = row.expect("it is there");
        Row {
            id: row[0].to_owned(),
            setup: row[1].to_owned(),
            quantity: row[2].to_owned(),
            value: row[3].parse().unwrap_or(f64::NAN),
            said: row[3].to_owned(),
            tolerance: row[5].to_owned(),
        }
    });
    let rows: Vec<Row> = rows.filter(|row| row.id == id).collect();
    assert!(!rows.is_empty(), "{id}: no such row");
    Some(rows)
}

/// The number that follows `key`.
fn number_after(text: &str, key: &str) -> Option<f64> {
    let rest = &text[text.find(key)? + key.len()..];
    let end = rest.find(|c: char| !c.is_ascii_digit() && c != '.');
    rest[..end.unwrap_or(rest.len())].parse().ok()
}

/// The first `low..high` of a text.
pub(crate) fn range(text: &str) -> RangeInclusive<f64> {
    let range = text
        .split_whitespace()
        .find_map(|word| word.split_once(".."));
    let (low, high) = range.unwrap_or_else(|| panic!("no range in {text}"));
    let number = |text: &str| text.parse().expect("a range is between numbers");
    number(low)..=number(high)
}

impl Row {
    /// The value of the table.
    pub(crate) const fn value(&self) -> f64 {
        self.value
    }
    /// The number after `key` in the set-up: `rho=0.5` has 0.5 after `rho=`.
    pub(crate) fn number(&self, key: &str) -> Option<f64> {
        number_after(&self.setup, key)
    }

    /// How far a result may be off, as the table words it.
    pub(crate) fn tolerance(&self) -> &str {
        &self.tolerance
    }

    /// The bound after `sign`, `<=` or `>=`, in the tolerance.
    pub(crate) fn bound(&self, sign: &str) -> f64 {
        number_after(&self.tolerance, sign).unwrap_or_else(|| panic!("no {sign} in {self:?}"))
    }

    /// How far a value may be off, in the unit of the row. The wording is that of the table.
    fn allowed(&self) -> f64 {
        let words = &self.tolerance;
        let first = |text: &str| -> f64 {
            let end = text.find(|c: char| !c.is_ascii_digit() && c != '.');
            text[..end.unwrap_or(text.len())]
                .parse()
                .expect("it is there")
        };
        if let Some((_, absolute)) = words.split_once("abs ") {
            return first(absolute);
        }
        let heavy = self.number("rho=") == Some(0.95) || self.number("lambda=") > Some(0.9);
        let percent = match words.split_once("; ").or_else(|| words.split_once("), ")) {
            Some((_, special)) if heavy => first(special),
            _ => first(words),
        };
        percent / 100.0 * self.value
    }

    /// Shows the measured value beside the table's and says whether it is near enough.
    pub(crate) fn check(&self, found: Estimate) -> bool {
        let Self {
            id,
            setup,
            quantity,
            value,
            ..
        } = self;
        let (off, allowed) = ((found.mean - value).abs(), self.allowed());
        let ok = off <= allowed;
        println!(
            "{id} {setup:<40} {quantity:<20} table {value:<11} measured {:<11.6} +- {:<9.2e} off by \
             {:.2} of what is allowed{}",
            found.mean,
            found.error,
            off / allowed,
            if ok { "" } else { "   TOO FAR" }
        );
        ok
    }
}

#[test]
fn tolerances_are_read_as_they_are_written() {
    let row = |setup: &str, tolerance: &str| Row {
        id: "Q".into(),
        setup: setup.into(),
        quantity: "q".into(),
        value: 2.0,
        said: "2".into(),
        tolerance: tolerance.into(),
    };
    let q01 = "3% (>=4e6 jobs, batch means; 6% at rho=0.95)";
    let q04 = "3% (lambda<=0.9), 6% above";
    for (setup, tolerance, allowed) in [
        ("M/M/1 rho=0.9", q01, 0.06),
        ("M/M/1 rho=0.95", q01, 0.12),
        ("supermarket lambda=0.9 d=2", q04, 0.06),
        ("supermarket lambda=0.99 d=2", q04, 0.12),
        ("M/D/1 rho=0.8", "5% (c2=16: 12%)", 0.1),
        ("Erlang-B a=5 k=5", "abs 0.003", 0.003),
        ("cells", "input for faults; generator within abs 0.02", 0.02),
    ] {
        let found = row(setup, tolerance).allowed();
        assert!((found - allowed).abs() < 1e-12, "{setup}: {found}");
    }
}
