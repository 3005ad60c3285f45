//! The integrator under minimum-variance control against its closed form, and with noise.

use crate::lab::{data, ready, run, samples, servo};

/// The cost from one noise-free period of the engine: state after it and its cost, from 1.
fn cost(h: f64) -> f64 {
    let text = format!(
        "period = \"{}ms\"\nplant.integrator = {{ position = 1.0 }}",
        h * 1e3
    );
    let all = samples(&run(&ready(&servo(&format!("{}ms", h * 1e3), &text)), 1));
    let last = |name: &str| {
        all.iter()
            .rev()
            .find(|(n, _)| n == name)
            .expect("a sample")
            .1
    };
    let (f, q) = (last("loop.y"), last("loop.cost") * h);
    // Noise of intensity 1 adds h to the second moment and h^2/2 to the cost of a period.
    let z = h / (1.0 - f * f);
    (q * z + h * h / 2.0) / h
}

#[test]
fn the_integrator_has_the_cost_of_its_closed_form() {
    for h in [0.5, 1.0, 2.0] {
        let exact = h * (3.0 + libm::sqrt(3.0)) / 6.0;
        assert!((cost(h) - exact).abs() < 1e-12, "{h}: {} {exact}", cost(h));
    }
    let Some(text) = data("reference_control.csv") else {
        return;
    };
    let mut rows = 0;
    for line in text.lines().filter(|line| line.starts_with("integrator")) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().expect("a number");
        assert!((cost(number(2)) / number(5) - 1.0).abs() < 1e-9, "{line}");
        rows += 1;
    }
    assert_eq!(rows, 3);
}

#[test]
fn with_noise_it_comes_near() {
    let text = servo(
        "30000s",
        "period = \"1s\"\nplant.integrator = { noise = 1.0 }",
    );
    let result = run(&ready(&text), 7).result;
    let cost = result.metrics.iter().find(|m| m.name == "loop.cost");
    let mean = cost.expect("the cost is recorded").summary.mean;
    // The relative standard deviation is below 3 / sqrt(periods); four of them.
    assert!(
        (mean / 0.788_675_134_6 - 1.0).abs() < 4.0 * 3.0 / libm::sqrt(30_000.0),
        "{mean}"
    );
}
