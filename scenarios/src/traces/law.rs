//! A column of a file as a law.

use super::{Bad, bad, number, rows, unit_of};
use squall_core::Law;
use squall_faults::param::{TraceUse, Unit, duration};

/// Points that a law from a file keeps: the tails, and as many in between.
const TAIL: usize = 256;
const BODY: usize = 1536;

/// The values of a column as a law.
pub(super) fn read_law(bytes: &[u8], trace: &TraceUse) -> Result<Law, Bad> {
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

#[cfg(test)]
mod tests {
    use super::super::unzipped;
    use super::*;
    use squall_faults::param::{Value, trace};

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
}
