//! Staircases of a parameter.

use super::{assert_lines, errors, of, plan, times};
use squall_core::plan::{Damage, Primitive};

fn speeds(plan: &squall_core::plan::Plan, label: &str) -> Vec<f64> {
    let speed = |e: &&squall_core::plan::Entry| match e.primitive {
        Primitive::CpuSpeed { factor, .. } => Some(factor),
        _ => None,
    };
    of(plan, label).iter().filter_map(speed).collect()
}

#[test]
fn a_ramp_is_a_staircase_of_equal_steps_whose_last_value_stays() {
    let plan = plan(
        r#"
[[fault]]
at = "10s"
for = "60s"
inject.cpu-slow = { nodes = "web[0]" }
ramp = { param = "factor", from = 1.0, to = 0.4, over = "40s", steps = 4 }
"#,
        0,
    );
    let label = "cpu-slow#1";
    let steps = [
        (10_000, 20_000),
        (20_000, 30_000),
        (30_000, 40_000),
        (40_000, 70_000),
    ];
    assert_eq!(times(&of(&plan, label)), steps);
    assert_eq!(speeds(&plan, label), [1.0, 0.8, 0.6, 0.4]);
}

/// What does not depend on the parameter is one overlay; all steps hit the same drawn node.
#[test]
fn the_rest_of_the_fault_stays_as_it_is() {
    let fault = r#"
[[fault]]
at = "10s"
for = "60s"
inject.swap-storm = { nodes = "any 1 of web", device = "hdd" }
"#;
    let ramp = r#"ramp = { param = "overcommit", from = 0.9, to = 1.4, over = "60s", steps = 3 }"#;
    for seed in 0..8 {
        let (even, steep) = (plan(fault, seed), plan(&format!("{fault}{ramp}"), seed));
        let (even, steep) = (of(&even, "swap-storm#1"), of(&steep, "swap-storm#1"));
        let device =
            |e: &&&squall_core::plan::Entry| matches!(e.primitive, Primitive::SwapDevice { .. });
        let devices: Vec<_> = steep.iter().filter(device).collect();
        assert_eq!(devices.len(), 1);
        assert_eq!(times(&[devices[0]]), [(10_000, 70_000)]);
        assert!(
            steep
                .iter()
                .all(|e| e.primitive.node() == even[0].primitive.node())
        );
        let taken: Vec<f64> = steep
            .iter()
            .filter_map(|e| match e.primitive {
                Primitive::MemoryPressure {
                    size: Damage::Overcommit(x),
                    ..
                } => Some(x),
                _ => None,
            })
            .collect();
        assert_eq!(taken, [0.9, 1.15, 1.4]);
    }
}

#[test]
fn durations_sizes_rates_and_counts_have_ramps_and_every_repeats_them() {
    let plan = plan(
        r#"
[[fault]]
every = { mean = "60s", count = 2 }
for = "20s"
inject.cpu-throttle = { nodes = "web[0]" }
ramp = { param = "quota", from = "80ms", to = "20ms", over = "20s", steps = 2 }
[[fault]]
at = "1m"
for = "20s"
inject.memory-hog = { nodes = "web[0]" }
ramp = { param = "size", from = "100MiB", to = "300MiB", over = "20s", steps = 3 }
[[fault]]
at = "1m"
for = "20s"
inject.link-rate = { links = "client -> web[0]", rate = "1Mbit/s" }
ramp = { param = "rate", from = "2Mbit/s", to = "1Mbit/s", over = "20s", steps = 2 }
[[fault]]
at = "1m"
for = "20s"
inject.path-capacity = { links = "client[0] -> web[0]" }
ramp = { param = "messages", from = 9, to = 1, over = "20s", steps = 3 }
[[fault]]
at = "1m"
for = "20s"
inject.clock-drift = { nodes = "web[1]" }
ramp = { param = "ppm", from = -10, to = 10, over = "20s", steps = 3 }
"#,
        1,
    );
    let throttle = of(&plan, "cpu-throttle#1");
    let halves = [
        (60_000, 70_000),
        (70_000, 80_000),
        (120_000, 130_000),
        (130_000, 140_000),
    ];
    assert_eq!(times(&throttle), halves);
    let texts: Vec<String> = plan
        .entries()
        .iter()
        .map(|e| format!("{:?}", e.primitive))
        .collect();
    let has = |words: &str| {
        assert!(
            texts.iter().any(|t| t.contains(words)),
            "{words} in {texts:#?}"
        )
    };
    for words in ["Bytes(104857600)", "Bytes(209715200)", "Bytes(314572800)"] {
        has(words);
    }
    for words in [
        "rate: Some(250000.0)",
        "rate: Some(125000.0)",
        "InFlight(9)",
        "InFlight(5)",
        "InFlight(1)",
    ] {
        has(words);
    }
    for words in ["ppm: -10.0", "ppm: 0.0", "ppm: 10.0"] {
        has(words);
    }
}

/// A step that is kept after the fault is kept once.
#[test]
fn only_the_last_step_of_a_clock_stays() {
    let plan = plan(
        r#"
[[fault]]
at = "1m"
for = "20s"
inject.clock-step = { nodes = "web[0]", offset = "1s", end = "keep" }
ramp = { param = "offset", from = "1s", to = "3s", over = "20s", steps = 3 }
"#,
        0,
    );
    let ends: Vec<String> = of(&plan, "clock-step#1")
        .iter()
        .map(|e| match e.primitive {
            Primitive::ClockStep { offset_ns, end, .. } => format!("{offset_ns} {end:?}"),
            _ => String::new(),
        })
        .collect();
    assert_eq!(
        ends,
        ["1000000000 Back", "2000000000 Back", "3000000000 Keep"]
    );
}

#[test]
fn everything_wrong_with_a_ramp_is_shown_where_it_stands() {
    let wrong = errors(
        r#"
[[fault]]
at = "1m"
for = "20s"
inject.cpu-slow = { nodes = "web" }
ramp = { param = "factr", from = 1.0, to = 0.4, over = "10s" }
[[fault]]
at = "1m"
for = "20s"
inject.cpu-slow = { nodes = "web" }
ramp = { param = "factor", from = 1.5, to = "0.4", over = "10s" }
[[fault]]
at = "1m"
for = "20s"
inject.swap-storm = { nodes = "web" }
ramp = { param = "device", from = 1.5, to = 2.0, over = "10s" }
[[fault]]
at = "1m"
for = "20s"
inject.cpu-slow = { nodes = "web" }
ramp = { param = "factor", from = 1.0, to = 0.4, over = "30s" }
[[fault]]
at = "1m"
for = "uniform 10s 40s"
inject.cpu-slow = { nodes = "web" }
ramp = { param = "factor", from = 1.0, to = 0.4, over = "30s" }
[[fault]]
at = "1m"
inject.node-loss = { nodes = "web", restart_after = "10s" }
ramp = { param = "restart_after", from = "1s", to = "2s", over = "1s" }
[[fault]]
at = "1m"
for = "20s"
inject.memory-leak = { nodes = "web" }
ramp = { param = "rate", from = "1MiB/s", to = "2MiB/s", over = "10s" }
"#,
    );
    assert_lines(
        &wrong,
        &[
            "error: unknown parameter `factr`",
            "17 | ramp = { param = \"factr\", from = 1.0, to = 0.4, over = \"10s\" }",
            "   |                   ^^^^^ cpu-slow has no such parameter",
            "help: did you mean `factor`?",
            "error: 1.5 is out of range",
            "   |                                   ^^^ expected a number from 0.001 to 1",
            "help: write 0.4 without quotes",
            "error: `device` has no ramp",
            "help: these have: overcommit, ramp",
            "error: ramp takes 30s, the fault lasts 20s",
            "error: ramp takes 30s, the fault may last only 10s",
            "help: make `over` shorter, or `for` longer",
            "error: `restart_after` has no ramp",
            "error: this fault has no ramp",
        ],
    );
}
