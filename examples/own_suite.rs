//! Scenario files as named tests, in a crate of your own. In `Cargo.toml`:
//!
//! ```toml
//! [[test]]
//! name = "scenarios"
//! harness = false
//! ```
//!
//! and this as `tests/scenarios.rs`. `cargo test` then has a test for every seed of every file,
//! `agents::refund-twice::seed_0x11`, and filters as usual. Here: `cargo run --example own_suite`.

use squall::scenarios::Settings;
use squall::testing::Suite;
use std::process::ExitCode;

fn main() -> ExitCode {
    // Settings apply to every file: here a shorter campaign than the files say.
    let mut settings = Settings::default();
    settings.push_set("seeds=0..2").expect("a key and a value");
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library");
    Suite::new(root).with_settings(settings).main()
}
