//! Level 3: with noise, a million periods against the exact stationary cost.
//!
//! Replicates are independent seeds, so the standard error needs no batches. Both cases have a
//! finite fourth moment (radius at most 0.89), without which the error would mean nothing.

use crate::lab::{ready, servo};
use squall_core::Seed;
use squall_core::world::World;

const REPLICATES: u32 = 50;

/// Mean and standard error of the cost over 50 runs of 20,000 periods of 6 ms.
fn cost(rest: &str) -> (f64, f64) {
    let base = "period = \"6ms\"\nplant.servo = { noise = 1.0 }\n";
    let ready = ready(&servo("2m", &format!("{base}{rest}")));
    let mut world = World::new(Seed(0), false);
    let mean = |seed| {
        let run = ready.run(Seed(seed), false, &mut world);
        let result = run.unwrap_or_else(|e| panic!("{e}")).result;
        let cost = result.metrics.iter().find(|m| m.name == "loop.cost");
        let summary = &cost.expect("the cost is recorded").summary;
        assert_eq!(summary.count, 20_000);
        summary.mean
    };
    let means: Vec<f64> = (0..u64::from(REPLICATES)).map(mean).collect();
    let n = f64::from(REPLICATES);
    let mean = means.iter().sum::<f64>() / n;
    let variance = means.iter().map(|m| (m - mean) * (m - mean)).sum::<f64>() / (n - 1.0);
    (mean, libm::sqrt(variance / n))
}

fn check(rest: &str, exact: f64) {
    let (mean, error) = cost(rest);
    println!("{rest}: {mean:.3} +- {error:.3}, exactly {exact}");
    assert!((mean - exact).abs() <= 4.0 * error, "{mean} is not {exact}");
    assert!(error < 0.01 * exact, "a test with no power: {error}");
}

#[test]
fn a_tenth_of_the_jobs_lost() {
    check("loss = 0.1", 81.214_345_15);
}

#[test]
fn outputs_lost_in_bursts() {
    check(
        "lost = \"output\"\nbursts = { begin = 0.01, end = 0.5 }",
        67.914_935_84,
    );
}
