//! The report as text and as markdown: the same tables, drawn twice.

use super::Report;
use super::judge::{Pair, Steady, Storm};
use std::fmt::Write as _;

/// A table of words.
struct Sheet {
    title: &'static str,
    head: Vec<&'static str>,
    rows: Vec<Vec<String>>,
}

fn cell(pair: Pair, digits: usize) -> String {
    match pair.measured {
        Some(measured) => format!("{:.digits$} / {measured:.digits$}", pair.predicted),
        None => format!("{:.digits$} / -", pair.predicted),
    }
}

/// The ratio, marked if it is a miss.
fn ratio(pair: Pair, miss: bool) -> String {
    let mark = if miss { " !" } else { "" };
    match pair.ratio() {
        Some(ratio) => format!("{ratio:.2}{mark}"),
        None => "-".to_owned(),
    }
}

fn outside(pair: Pair, factor: f64) -> bool {
    pair.within(factor) == Some(false)
}

fn steady_row(run: &Steady) -> Vec<String> {
    let off = run
        .faults
        .ratio()
        .is_some_and(|ratio| (ratio - 1.0).abs() > 0.05);
    let note = match (run.excluded, run.stalled) {
        (true, _) => "p99 excluded",
        (_, true) => "device stall",
        _ => "",
    };
    vec![
        run.run.id.clone(),
        cell(run.faults, 3),
        ratio(run.faults, off),
        cell(run.p50, 0),
        ratio(run.p50, outside(run.p50, 1.25)),
        cell(run.p99, 0),
        ratio(run.p99, !run.excluded && outside(run.p99, 1.5)),
        ratio(run.out_by_in, false),
        ratio(run.pressure[0], false),
        ratio(run.pressure[2], false),
        note.to_owned(),
    ]
}

fn storm_rows(storm: &Storm) -> Vec<Vec<String>> {
    let row = |what: &str, pair: Pair, digits: usize, miss: bool| {
        vec![
            storm.run.id.clone(),
            what.to_owned(),
            cell(pair, digits),
            ratio(pair, miss),
        ]
    };
    let mut rows: Vec<_> = storm
        .phases
        .iter()
        .map(|phase| {
            let off = phase
                .faults
                .ratio()
                .is_some_and(|ratio| (ratio - 1.0).abs() > 0.2);
            row(
                &format!("faults/request, {}", phase.name),
                phase.faults,
                2,
                off,
            )
        })
        .collect();
    let capped = storm.run.capped();
    rows.push(row("p50 before, ms", storm.calm, 2, false));
    rows.push(row(
        "p50 over the storm, ms",
        storm.p50,
        2,
        capped && outside(storm.p50, 1.5),
    ));
    let long = storm.saturated() && outside(storm.queue, 1.5);
    rows.push(row("longest queue", storm.queue, 0, long));
    let names = ["io some", "io full", "memory some", "memory full"];
    for (name, pair) in names.into_iter().zip(storm.pressure) {
        rows.push(row(
            &format!("pressure, {name}, % of the run"),
            pair,
            2,
            false,
        ));
    }
    rows
}

impl Report {
    fn sheets(&self) -> Vec<Sheet> {
        let mut sheets = Vec::new();
        let mut sheet = |title, head: &[&'static str], rows: Vec<Vec<String>>| {
            if !rows.is_empty() {
                let head = head.to_vec();
                sheets.push(Sheet { title, head, rows });
            }
        };
        sheet(
            "Steady runs: predicted / measured, and the ratio (`!` outside its bar; faults: more than 5 % off)",
            &[
                "run",
                "faults/request",
                "x",
                "p50 us",
                "x",
                "p99 us",
                "x",
                "out/in x",
                "io some x",
                "mem some x",
                "note",
            ],
            self.steady.iter().map(steady_row).collect(),
        );
        sheet(
            "Storms: predicted (median of 16 seeds) / measured",
            &["run", "figure", "predicted / measured", "x"],
            self.storms.iter().flat_map(storm_rows).collect(),
        );
        let loops = self.loops.iter().map(|run| {
            let pairs = [(run.p50, 2), (run.p99, 1), (run.skipped, 0)];
            let mut row = vec![run.id.clone()];
            row.extend(pairs.map(|(pair, digits)| cell(pair, digits)));
            row
        });
        sheet(
            "A periodic loop under a processor quota or stops: predicted / measured (reported, not barred)",
            &["run", "p50 ms", "p99 ms", "skipped"],
            loops.collect(),
        );
        let reads = self.reads.iter().map(|run| {
            let pairs = [run.iops, run.p50, run.p99];
            let mut row = vec![run.depth.to_string()];
            row.extend(pairs.map(|pair| cell(pair, 0)));
            row
        });
        sheet(
            "Random reads of a page by queue depth, `vdisk`: predicted / measured (reported, not barred)",
            &["depth", "reads/s", "p50 us", "p99 us"],
            reads.collect(),
        );
        let pages = self.pages.iter().map(|cell| {
            let error =
                |[model, pages]: [f64; 2]| format!("{:+.2} %", (model / pages - 1.0) * 100.0);
            vec![
                format!("{}", cell.zipf),
                format!("{}", cell.ratio),
                format!("{:.5}", cell.lru[1]),
                error(cell.lru),
                format!("{:.5}", cell.two_list[1]),
                error(cell.two_list),
                format!("{:.2} / {:.2}", cell.activated[0], cell.activated[1]),
                format!("{:.2} / {:.2}", cell.restored[0], cell.restored[1]),
            ]
        });
        sheet(
            "Equations against page-exact runs: miss ratio by pages, error of the equations; activated and restored share of the faults, equations / pages",
            &[
                "zipf",
                "R/M",
                "one list",
                "error",
                "two lists",
                "error",
                "activated",
                "restored",
            ],
            pages.collect(),
        );
        let bars = self.bars.iter().map(|bar| {
            let verdict = match bar.pass {
                Some(true) => "PASS",
                Some(false) => "MISS",
                None => "nothing to judge",
            };
            vec![
                bar.check.clone(),
                bar.bar.to_owned(),
                bar.figure.clone(),
                verdict.to_owned(),
            ]
        });
        sheet(
            "Acceptance",
            &["check", "bar", "figure", ""],
            bars.collect(),
        );
        sheets
    }

    /// The report for a terminal.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        for sheet in self.sheets() {
            let _ = writeln!(text, "{}\n", sheet.title);
            let width = |column: usize| {
                let cells = sheet.rows.iter().map(|row| row[column].len());
                cells.chain([sheet.head[column].len()]).max().unwrap_or(0)
            };
            let widths: Vec<usize> = (0..sheet.head.len()).map(width).collect();
            let mut line = |cells: &mut dyn Iterator<Item = &str>| {
                let padded = cells
                    .zip(&widths)
                    .map(|(cell, width)| format!("{cell:<width$}"));
                let padded: Vec<String> = padded.collect();
                let _ = writeln!(text, "  {}", padded.join("  ").trim_end());
            };
            line(&mut sheet.head.iter().copied());
            for row in &sheet.rows {
                line(&mut row.iter().map(String::as_str));
            }
            text.push('\n');
        }
        for skipped in &self.skipped {
            let _ = writeln!(text, "not compared: {skipped}");
        }
        text
    }

    /// The report as markdown tables.
    pub(crate) fn markdown(&self) -> String {
        let mut text = String::new();
        for sheet in self.sheets() {
            let _ = writeln!(text, "**{}.**\n", sheet.title);
            let _ = writeln!(text, "| {} |", sheet.head.join(" | "));
            let _ = writeln!(text, "|{}", " --- |".repeat(sheet.head.len()));
            for row in &sheet.rows {
                let _ = writeln!(text, "| {} |", row.join(" | "));
            }
            text.push('\n');
        }
        text
    }
}
