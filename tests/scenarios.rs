//! What was kept as a regression, then every shipped scenario with every seed of its file, as named tests.

use std::process::ExitCode;

fn main() -> ExitCode {
    const SCENARIOS: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/scenarios");
    let suite = squall::testing::Suite::new(format!("{SCENARIOS}/library"));
    suite
        .with_regressions(format!("{SCENARIOS}/regressions"))
        .main()
}
