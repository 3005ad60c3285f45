//! A loop keeps time by the monotonic clock of its sensor.

use crate::lab::{ready, run, servo};
use squall_core::history::What;
use squall_scenarios::SeedRun;

const LOOP: &str = "period = \"10ms\"\ncompute = \"1ms\"\nplant.servo = {}\n";

fn with(inject: &str) -> SeedRun {
    let text = servo("10s", LOOP);
    let fault = format!("[[fault]]\nfor = \"forever\"\nland = \"optional\"\n{inject}\n");
    run(&ready(&format!("{text}{fault}")), 1)
}

/// Times of an event in seconds.
fn times(run: &SeedRun, event: &str) -> Vec<f64> {
    let recording = run.recording.as_ref().expect("records were kept");
    let names = &recording.header.names;
    let at = |record: &squall_core::history::Record| match record.what {
        What::Event { name, .. } if names.text(name) == event => Some(record.at.as_secs_f64()),
        _ => None,
    };
    recording.records.iter().filter_map(at).collect()
}

#[test]
fn a_fast_crystal_makes_a_fast_loop() {
    let right = with("inject.clock-drift = { nodes = \"board\", ppm = 0 }");
    let fast = with("inject.clock-drift = { nodes = \"board\", ppm = 10000 }");
    let slow = with("inject.clock-drift = { nodes = \"board\", ppm = -10000 }");
    let runs = [&right, &fast, &slow].map(|run| times(run, "loop.actuated").len());
    // A hundred a second, one in a hundred more, one in a hundred less.
    assert_eq!(runs[0], 1000);
    assert!(
        runs[1].abs_diff(1010) <= 1 && runs[2].abs_diff(990) <= 1,
        "{runs:?}"
    );
    for run in [&right, &fast, &slow] {
        assert_eq!(
            times(run, "loop.missed").len(),
            0,
            "in its own time it is never late"
        );
    }
    let landed = [&right, &fast, &slow].map(|run| run.result.faults[0].landed);
    assert!(
        landed[0] == 0 && landed[1] > 900 && landed[2] > 900,
        "{landed:?}"
    );
    assert_ne!(right.result.digest, fast.result.digest);
}

#[test]
fn the_wall_clock_is_none_of_its_business() {
    let step = with("inject.clock-step = { nodes = \"board\", offset = \"1h\" }");
    let none = with("inject.clock-step = { nodes = \"board\", offset = \"0s\" }");
    assert_eq!(times(&step, "loop.actuated"), times(&none, "loop.actuated"));
    assert_eq!(step.result.faults[0].landed, 0);
}

#[test]
fn a_frozen_clock_stops_the_loop_until_it_goes_on() {
    let text = servo("10s", LOOP);
    let fault = "[[fault]]\nat = \"2s\"\nfor = \"3s\"\n\
                 inject.clock-freeze = { nodes = \"board\", clock = \"monotonic\", end = \"END\" }\n";
    let times = |end: &str| {
        let text = format!("{text}{}", fault.replace("END", end));
        let run = run(&ready(&text), 1);
        assert!(run.result.faults[0].landed > 0);
        times(&run, "loop.actuated")
    };
    for end in ["jump", "lag"] {
        let times = times(end);
        let stood = times.iter().filter(|t| (2.002..5.0).contains(*t)).count();
        assert_eq!(stood, 0, "{end}");
        assert!(
            times.len() >= 690 && times.len() <= 710,
            "{end}: {}",
            times.len()
        );
    }
    // After a jump period 500 begins at 5 s; after a lag everything is three seconds late.
    assert!(times("jump").iter().any(|t| (t - 5.011).abs() < 1e-6));
    assert!(times("lag").iter().any(|t| (t - 5.001).abs() < 1e-6));
}
