//! Every shipped scenario with every seed of its file, as named tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    squall::testing::Suite::new(concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios/library")).main()
}
