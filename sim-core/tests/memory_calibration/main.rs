//! Replays the measured runs on the engine and holds the model to the bars of acceptance.
//!
//! The data lie outside the repository's crates (`shared/calibration/swap`); where they are missing
//! the test says so. `cargo run --release --example calibration` is the same program for people.

#![expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "recorded figures are small and positive; what was compared is said aloud"
)]

mod harness;

use harness::Report;
use std::path::Path;

const DATA: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../shared/calibration/swap");
const DOCS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../docs/calibration.md");

#[test]
fn the_model_meets_its_bars_and_the_docs_say_what_it_does() {
    if !Path::new(DATA).exists() {
        eprintln!("NOT RUN: {DATA} is missing, the model is not compared with measurements");
        let report = Report::of_pages();
        assert!(report.missed().is_empty(), "{:?}", report.missed());
        return;
    }
    let report = Report::of(Path::new(DATA)).expect("the measurements can be read");
    eprintln!("{}", report.text());
    assert!(report.missed().is_empty(), "{:?}", report.missed());
    let docs = std::fs::read_to_string(DOCS).expect("docs/calibration.md is there");
    assert!(
        docs.contains(report.markdown().trim()),
        "docs/calibration.md is out of date: cargo run --release --example calibration -- --markdown"
    );
}
