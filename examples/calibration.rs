//! The memory model beside measurements: every run of a directory, replayed on the engine.
//!
//! `cargo run --release --example calibration [-- [--markdown] DIR]`, with the data of the
//! calibration as the default. Exits with 1 if a bar of acceptance is missed, with 2 if nothing
//! could be compared. `--markdown` prints the tables of `docs/calibration.md`.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    clippy::print_stdout,
    clippy::print_stderr,
    reason = "recorded figures are small and positive; a program talks to its user"
)]

#[path = "../sim-core/tests/memory_calibration/harness/mod.rs"]
mod harness;

use harness::Report;
use std::path::PathBuf;
use std::process::ExitCode;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/calibration/swap");

fn main() -> ExitCode {
    let (mut markdown, mut dir) = (false, PathBuf::from(DATA));
    for argument in std::env::args().skip(1) {
        match argument.as_str() {
            "--markdown" => markdown = true,
            path => dir = PathBuf::from(path),
        }
    }
    let report = match Report::of(&dir) {
        Ok(report) => report,
        Err(error) => {
            eprintln!("nothing compared: {error}");
            return ExitCode::from(2);
        }
    };
    if markdown {
        print!("{}", report.markdown());
    } else {
        print!("{}", report.text());
    }
    match report.missed().as_slice() {
        [] => ExitCode::SUCCESS,
        missed => {
            eprintln!("{} of the bars missed", missed.len());
            ExitCode::FAILURE
        }
    }
}
