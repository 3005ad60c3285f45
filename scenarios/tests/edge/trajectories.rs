//! Level 1: noise-free trajectories, to 1e-9 absolute and relative.

use crate::lab::{data, ready, run, samples, servo};
use std::collections::BTreeMap;

/// Outputs, inputs just before each sample and the cost up to it.
pub(crate) fn path(text: &str) -> Vec<[f64; 3]> {
    let period = 0.006;
    let (mut u, mut cost) = (0.0, 0.0);
    let mut rows = Vec::new();
    for (name, value) in samples(&run(&ready(text), 1)) {
        match name.as_str() {
            "loop.u" => u = value,
            "loop.cost" => cost += value * period,
            "loop.y" => rows.push([value, u, cost]),
            _ => {}
        }
    }
    rows
}

#[test]
fn all_rows_of_the_reference_trajectories() {
    let Some(text) = data("reference_trajectory.csv") else {
        return;
    };
    let mut reference: BTreeMap<&str, Vec<[f64; 3]>> = BTreeMap::new();
    for line in text.lines().skip(1) {
        let cells: Vec<&str> = line.split(',').collect();
        let number = |i: usize| cells[i].parse::<f64>().unwrap();
        let rows = reference.entry(cells[0]).or_default();
        rows.push([number(3), number(4), number(5)]);
    }
    let burst = format!(
        "pattern = \"oooooLLL{}\"\ndelay = \"1.5ms\"",
        "o".repeat(60)
    );
    let schedules = [
        ("zero_delay", ""),
        ("delay_0.5h", "delay_periods = 0.5"),
        ("delay_h", "delay = \"6ms\""),
        ("alternating_0_h", "delay_cycle = [\"0s\", \"6ms\"]"),
        ("miss_every_4th", "pattern = \"oooL\""),
        ("burst_3_at_5", &burst),
        ("drop_u_every_4th", "pattern = \"oooD\""),
    ];
    let mut rows = 0;
    let mut worst = 0.0_f64;
    for (name, schedule) in schedules {
        let plant = "plant.servo = { position = 1.0 }\nperiod = \"6ms\"\n";
        let got = path(&servo("360ms", &format!("{plant}{schedule}")));
        let want = &reference[name];
        assert_eq!(got.len(), want.len(), "{name}");
        for (k, (got, want)) in got.iter().zip(want).enumerate() {
            rows += 1;
            for (what, (got, want)) in ["y", "u", "cost"].iter().zip(got.iter().zip(want)) {
                let apart = (got - want).abs();
                worst = worst.max(apart / want.abs().max(1e-3));
                assert!(
                    apart <= 1e-9 && (apart <= 1e-9 * want.abs() || apart <= 1e-12),
                    "{name} {k} {what}: {got:e} is not {want:e}"
                );
            }
        }
    }
    println!("{rows} rows, worst relative difference {worst:e}");
    assert_eq!(rows, 427);
}
