//! What a loop checks before it believes anything, its second controller, and what is wrong in a file.

use crate::lab::{ready, run, samples, servo};
use squall_core::history::What;
use squall_core::property::Verdict;
use squall_scenarios::{SeedRun, Settings, parse};

const LOOP: &str = "sensor = \"field\"\nactuator = \"field\"\nperiod = \"10ms\"\n\
    plant.servo = { noise = 1e-6 }\nmeasurement = { noise = 0.005 }\n";

/// A loop over three nodes, with a fault from 1 s to 2 s.
fn apart(rest: &str, inject: &str) -> SeedRun {
    let text = servo("3s", &format!("{LOOP}{rest}"));
    let text = text.replace(
        "nodes.board = {}",
        "nodes.board = {}\nnodes.field = {}\nnodes.spare = {}",
    );
    let always = ["rate-finite", "order", "one-active"];
    let always = always.map(|name| format!("[[property]]\nalways = \"loop.{name}\"\n"));
    let text = format!(
        "{text}{}[[fault]]\nat = \"1s\"\nfor = \"1s\"\nland = \"optional\"\ninject.{inject}\n",
        always.concat()
    );
    run(&ready(&text), 1)
}

/// How often an event of the loop happened.
fn events(run: &SeedRun, slug: &str) -> usize {
    let recording = run.recording.as_ref().expect("records were kept");
    let names = &recording.header.names;
    let is = |what: &What| matches!(what, What::Event { name, .. } if names.text(*name) == format!("loop.{slug}"));
    recording.records.iter().filter(|r| is(&r.what)).count()
}

fn verdict(run: &SeedRun, name: &str) -> Verdict {
    let found = run.result.properties.iter();
    let mut found = found.filter(|p| p.spec.name == format!("loop.{name}"));
    found.next().expect("a promise of the loop").outcome.verdict
}

/// Every sort of value that is no number, at the sensor and on the bus, singly and all the time.
#[test]
fn what_is_no_number_never_reaches_the_plant_of_a_guarded_loop() {
    let guard = "guard = { finite = true, range = 100, command = 1000, zero_after = \"50ms\" }\n";
    for value in ["nan", "inf", "-inf", "denormal", "garbage"] {
        for p in ["0.1", "1"] {
            let inject = format!(
                "sensor-nan = {{ sensor = \"loop.sensor\", value = \"{value}\", p = {p} }}"
            );
            let guarded = apart(guard, &inject);
            assert!(guarded.result.faults[0].landed > 0);
            for (name, x) in samples(&guarded).iter().filter(|(name, _)| name != "host") {
                let ours = name.starts_with("loop.");
                assert!(!ours || x.is_finite(), "{value}: {name} is {x}");
            }
            assert_eq!(verdict(&guarded, "rate-finite"), Verdict::Pass, "{value}");
        }
    }
    let inject = "sensor-nan = { sensor = \"loop.sensor\", p = 0.1 }";
    let weak = apart("", inject);
    assert_eq!(verdict(&weak, "rate-finite"), Verdict::Fail);
    assert!(
        samples(&weak)
            .iter()
            .any(|(name, x)| name == "loop.y" && x.is_nan())
    );
}

#[test]
fn an_actuator_gives_up_once_a_silence_and_takes_up_again() {
    let guard = "guard = { zero_after = \"50ms\" }\n";
    let run = apart(guard, "sensor-off = { sensor = \"loop.sensor\" }");
    assert_eq!(events(&run, "gave-up"), 1);
    let after: Vec<f64> = samples(&run)
        .into_iter()
        .filter(|(name, _)| name == "loop.u")
        .map(|(_, u)| u)
        .collect();
    // 100 commands a second in two of three seconds, and the one that goes to zero.
    assert!((195..=206).contains(&after.len()), "{}", after.len());
    assert!(after.contains(&0.0));
}

#[test]
fn the_second_controller_takes_over_and_a_fence_keeps_the_first_out() {
    let two = "backup = \"spare\"\ntakeover = { after = \"50ms\", fence = FENCE }\n";
    let cut = "two-active = { links = \"board <-> spare\" }";
    let open = apart(&two.replace("FENCE", "false"), cut);
    assert_eq!(events(&open, "took-over"), 1);
    assert!(events(&open, "superseded") > 50);
    assert_eq!(verdict(&open, "one-active"), Verdict::Fail);
    let fenced = apart(&two.replace("FENCE", "true"), cut);
    assert_eq!(events(&fenced, "superseded"), 0);
    assert_eq!(verdict(&fenced, "one-active"), Verdict::Pass);
    // A crash: a gap of 50 ms since a sign of life up to 20 ms before, looked for every 20 ms; the first
    // one waits when it is back.
    let crash = apart(
        &two.replace("FENCE", "true"),
        "node-loss = { nodes = \"board\" }",
    );
    assert_eq!(events(&crash, "took-over"), 1);
    let missed = events(&crash, "missed");
    assert!((4..=8).contains(&missed), "{missed} jobs missed");
}

#[test]
fn the_middle_one_of_three_sensors_is_believed() {
    let three = LOOP.replace("noise = 0.005", "noise = 0.005, sensors = 3");
    let text = servo("2s", &three.replace("\"field\"", "\"board\""));
    let bounded = "[[property]]\nalways = \"loop.bounded\"\n";
    for inject in [
        "sensor-off = { sensor = \"loop.sensor-1\" }",
        "sensor-nan = { sensor = \"loop.sensor-2\" }",
    ] {
        let fault = format!("[[fault]]\nat = \"500ms\"\nfor = \"1s\"\ninject.{inject}\n");
        let run = run(&ready(&format!("{text}{bounded}{fault}")), 1);
        assert!(run.result.faults[0].landed >= 100, "{inject}");
        let far = samples(&run)
            .into_iter()
            .filter(|(name, _)| name == "loop.y");
        let far = far.map(|(_, y)| y.abs()).fold(0.0, f64::max);
        assert!(far < 0.5, "{inject}: {far}");
    }
}

#[test]
fn what_is_wrong_with_a_loop_is_said_at_its_place() {
    let says = |rest: &str, message: &str| {
        let text = servo(
            "1s",
            &format!("period = \"6ms\"\nplant.servo = {{}}\n{rest}"),
        );
        let scenario = parse("test.toml", &text, &Settings::default());
        let error = match scenario {
            Err(report) => report.to_string(),
            Ok(scenario) => match scenario.ready(&crate::lab::NoFiles) {
                Err(report) => report.to_string(),
                Ok(_) => panic!("{rest} is no error"),
            },
        };
        assert!(error.contains(message), "{error}");
    };
    says(
        "backup = \"board\"",
        "a controller cannot be its own backup",
    );
    says(
        "takeover = { fence = true }",
        "`takeover` without a `backup`",
    );
    says(
        "guard = { zero_after = \"0s\" }",
        "an actuator cannot give up at once",
    );
    says("guard = { range = -1 }", "range");
    says("measurement = { sensors = 0 }", "sensors");
}
