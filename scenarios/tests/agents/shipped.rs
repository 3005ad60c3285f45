//! The shipped scenarios say what they are said to say.

use crate::common::{assert_green, properties, ready, recorded, result};
use squall_core::property::Verdict;

const STORM: &str = include_str!("../../library/agents/rate-limit-storm.toml");
const REFUND: &str = include_str!("../../library/agents/refund-twice.toml");
const TRACE: &str = "workload.desk.agents.arrivals.trace=claude_code_sessions.csv.gz";

#[test]
fn a_storm_of_429_loses_nothing() {
    let ready = ready(STORM, &[], &[]);
    for seed in 0..3 {
        assert_green(&result(&ready, seed));
    }
}

#[test]
fn the_recorded_sessions_weather_the_storm() {
    if !recorded("the recorded sessions in rate-limit-storm") {
        return;
    }
    let ready = ready(STORM, &[], &[TRACE]);
    for seed in 0..3 {
        let result = result(&ready, seed);
        assert_green(&result);
        let ended = result
            .properties
            .iter()
            .find(|p| p.spec.name == "desk.terminates");
        assert_eq!(ended.unwrap().outcome.checked, 676);
    }
}

#[test]
fn layers_of_retries_multiply() {
    let naive = ready(STORM, &["layered-retries"], &[]);
    let budget = ready(STORM, &["retry-budget"], &[]);
    for seed in 0..2 {
        let naive = result(&naive, seed);
        assert!(
            properties(&naive, Verdict::Fail).contains(&"desk.retry-amplification"),
            "{naive:#?}"
        );
        let budget = result(&budget, seed);
        assert_eq!(properties(&budget, Verdict::Fail), [""; 0]);
        let limited = |r: &squall_core::outcome::SeedResult| r.faults[0].landed;
        assert!(
            limited(&naive) > 2 * limited(&budget),
            "{} {}",
            limited(&naive),
            limited(&budget)
        );
    }
}

#[test]
fn a_refund_is_paid_twice_without_a_key() {
    let (bare, keyed) = (
        ready(REFUND, &[], &[]),
        ready(REFUND, &["idempotency-key"], &[]),
    );
    for seed in 0..8 {
        let bare = result(&bare, seed);
        assert_eq!(
            properties(&bare, Verdict::Fail),
            ["refunds.at-most-once-effect"],
            "seed {seed}"
        );
        assert!(
            bare.faults.iter().all(|f| f.landed > 0),
            "{:?}",
            bare.faults
        );
        assert_green(&result(&keyed, seed));
    }
}
