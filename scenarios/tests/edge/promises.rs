//! Each promise breaks when the thing it guards against is put into the loop; loops keep time
//! across nodes, crashes and pauses; unstable rows diverge; runs are the same twice.

use crate::lab::{NoFiles, data, ready, run, samples, servo};
use squall_core::Seed;
use squall_core::history::What;
use squall_core::property::{PropertyOutcome, Verdict};
use squall_core::world::World;
use squall_scenarios::{SeedRun, Settings, parse};

const PROMISES: &str = "[[property]]\nalways = \"loop.weakly-hard\"\n[[property]]\nalways = \"loop.age\"\n\
    [[property]]\nalways = \"loop.rate-finite\"\n[[property]]\nalways = \"loop.bounded\"\n";

/// Outcomes of weakly-hard, age, rate-finite and bounded.
fn outcomes(text: &str) -> [PropertyOutcome; 4] {
    let result = run(&ready(&format!("{text}\n{PROMISES}")), 1).result;
    let all: Vec<_> = result.properties.into_iter().map(|p| p.outcome).collect();
    all.try_into().expect("four properties")
}
fn verdicts(text: &str) -> [bool; 4] {
    outcomes(text).map(|outcome| outcome.verdict == Verdict::Pass)
}
fn fault(text: &str, inject: &str) -> String {
    format!("{text}\n[[fault]]\nat = \"500ms\"\nfor = \"100ms\"\n{inject}\n")
}

const BASE: &str = "period = \"6ms\"\nplant.servo = { noise = 1.0 }\n\
    promise = { hits = 4, window = 5, age = \"12ms\", rate = 1e5, bound = 100 }\n";

#[test]
fn a_healthy_loop_keeps_all_promises_and_each_mutation_breaks_its_own() {
    let healthy = outcomes(&servo("2s", BASE));
    for outcome in &healthy {
        assert_eq!(outcome.verdict, Verdict::Pass, "{outcome:?}");
        assert!(
            outcome.margin.is_some_and(|margin| margin > 0.0),
            "{outcome:?}"
        );
    }
    assert_eq!(healthy[0].margin, Some(1.0));
    assert!((healthy[1].margin.expect("a margin") - 0.006).abs() < 1e-12);
    let of = |rest: &str| verdicts(&servo("2s", &format!("{BASE}{rest}")));
    // One loss in five is allowed: no margin is left. Two are one too many.
    let edge = outcomes(&servo("2s", &format!("{BASE}pattern = \"ooooL\"")));
    assert_eq!(
        (edge[0].verdict, edge[0].margin),
        (Verdict::Pass, Some(0.0))
    );
    assert_eq!(of("pattern = \"oooLoD\""), [false, true, true, true]);
    // A delay is not a miss, but it makes commands older.
    assert_eq!(of("delay = \"6ms\""), [true, true, true, true]);
    let full = servo("2s", &format!("{BASE}delay = \"6ms\""));
    assert_eq!(counts(&run(&ready(&full), 1)), (334, 0));
    assert_eq!(of("delay = \"6500us\"")[0..2], [false, false]);
    // Inverted commands drive the plant away.
    let inverted = fault(
        &servo("2s", BASE),
        "inject.knob-set = { name = \"loop.gain\", value = -3.0 }",
    );
    let bounded = &outcomes(&inverted)[3];
    assert_eq!(bounded.verdict, Verdict::Fail, "{bounded:?}");
    // A step of the command faster than the limit.
    let far = BASE
        .replace("noise = 1.0", "position = 300.0")
        .replace("bound = 100", "bound = 400");
    assert_eq!(verdicts(&servo("2s", &far)), [true, true, false, true]);
}

/// A divergence without end becomes infinite and then no number: the margin is minus infinity.
#[test]
fn what_is_not_finite_is_broken_without_measure() {
    let wild = "period = \"6ms\"\nplant.servo = { gain = -1000.0, position = 1.0 }\n";
    let [_, _, rate, bounded] = outcomes(&servo("10s", wild));
    for outcome in [rate, bounded] {
        assert_eq!(outcome.verdict, Verdict::Fail);
        assert_eq!(outcome.margin, Some(f64::NEG_INFINITY), "{outcome:?}");
    }
}

/// A node that is down or paused misses jobs; a loop of which nobody knows the end is undecided.
#[test]
fn crashes_and_pauses_are_missed_jobs_and_the_plant_moves_on() {
    let lost = fault(
        &servo("2s", BASE),
        "inject.node-loss = { nodes = \"board\" }",
    );
    let outcome = outcomes(&lost);
    assert_eq!(outcome[0].verdict, Verdict::Fail);
    assert_eq!(outcome[1].verdict, Verdict::Fail);
    // 16 periods of 6 ms pass in 100 ms, and every period has its output and its cost.
    let (y, misses) = counts(&run(&ready(&lost), 1));
    assert_eq!(y, 334);
    assert!((15..=18).contains(&misses), "{misses}");
    let paused = fault(
        &servo("2s", BASE),
        "inject.node-pause = { nodes = \"board\" }",
    );
    let (y, misses) = counts(&run(&ready(&paused), 1));
    assert_eq!(y, 334);
    assert!((15..=18).contains(&misses), "{misses}");
    let gone = lost.replace("\"100ms\"", "\"forever\"");
    let outcome = outcomes(&gone);
    let expected = [
        Verdict::Fail,
        Verdict::Fail,
        Verdict::Pass,
        Verdict::Inconclusive,
    ];
    assert_eq!(outcome.map(|o| o.verdict), expected);
}
fn counts(run: &SeedRun) -> (usize, usize) {
    let recording = run.recording.as_ref().expect("records were kept");
    let named = |name, want: &str| recording.header.names.text(name) == want;
    let (mut y, mut misses) = (0, 0);
    for record in &recording.records {
        match record.what {
            What::Sample { name, .. } if named(name, "loop.y") => y += 1,
            What::Event { name, .. } if named(name, "loop.missed") => misses += 1,
            _ => {}
        }
    }
    (y, misses)
}

/// Sensor and actuator elsewhere: two links of 2 ms are a delay of 4 ms, to the last bit.
#[test]
fn links_are_delays() {
    let paths = |text: &str| {
        let keep = |(name, _): &(String, f64)| ["loop.y", "loop.u", "loop.cost"].contains(&&**name);
        samples(&run(&ready(text), 3))
            .into_iter()
            .filter(keep)
            .collect::<Vec<_>>()
    };
    let direct = servo("1s", &format!("{BASE}delay = \"4ms\""));
    let apart = servo("1s", BASE)
        .replace(
            "nodes.board = {}",
            "nodes.board = {}\nnodes.io = {}\nlinks.default = { delay = \"2ms\" }",
        )
        .replace(
            "on = \"board\"",
            "on = \"board\"\nsensor = \"io\"\nactuator = \"io\"",
        );
    let (direct, apart) = (paths(&direct), paths(&apart));
    assert!(direct.len() > 400);
    assert_eq!(direct, apart);
    let wrong = servo("1s", BASE)
        .replace(
            "nodes.board = {}",
            "nodes.board = {}\nnodes.io = { count = 2 }",
        )
        .replace(
            "on = \"board\"",
            "on = \"board\"\nsensor = \"io\"\npattern = \"oox\"",
        );
    let scenario = parse("x.toml", &wrong, &Settings::default()).unwrap_or_else(|e| panic!("{e}"));
    let report = scenario
        .ready(&NoFiles)
        .expect_err("two errors")
        .to_string();
    assert!(report.contains("2 nodes for 1 controllers"), "{report}");
    assert!(report.contains("`x` is no outcome"), "{report}");
}

/// A job of 8 ms every 6 ms: skipped in turn, killed always, or one waits.
#[test]
fn overruns_follow_their_policy() {
    let actuations = |policy: &str| {
        let rest = format!("{BASE}compute = \"8ms\"\noverrun = \"{policy}\"");
        let all = samples(&run(&ready(&servo("1200ms", &rest)), 1));
        let responses = all.iter().filter(|(name, _)| name == "loop.response");
        responses.map(|(_, value)| *value).collect::<Vec<_>>()
    };
    let skip = actuations("skip");
    assert_eq!(skip.len(), 100);
    assert!(skip.iter().all(|r| (r - 0.008).abs() < 1e-12));
    assert!(actuations("kill").is_empty());
    let queue = actuations("queue");
    assert!((148..=150).contains(&queue.len()), "{}", queue.len());
    assert!(queue.iter().all(|r| *r < 0.0141));
    // A job that ends exactly at the next sample acts just before it: a hit, and the way is free.
    let exact = outcomes(&servo("1200ms", &format!("{BASE}compute = \"6ms\"")));
    assert_eq!(
        (exact[0].verdict, exact[0].margin),
        (Verdict::Pass, Some(1.0))
    );
}

/// The deterministic unstable rows: the path grows a hundredfold within 1,000 periods.
#[test]
fn unstable_rows_diverge_and_their_neighbours_do_not() {
    let last = |h: &str, rest: &str| {
        let text = format!("period = \"{h}\"\nplant.servo = {{ position = 1.0 }}\n{rest}");
        let stop = if h == "10ms" { "10s" } else { "8s" };
        let all = samples(&run(&ready(&servo(stop, &text)), 1));
        let y = all.iter().filter(|(name, _)| name == "loop.y");
        let tail: Vec<f64> = y.map(|(_, value)| value.abs()).skip(900).collect();
        tail.into_iter().fold(0.0, f64::max)
    };
    assert!(last("10ms", "delay = \"10ms\"") > 100.0);
    assert!(last("8ms", "pattern = \"oL\"") > 100.0);
    assert!(last("10ms", "pattern = \"oL\"") > 100.0);
    assert!(last("10ms", "pattern = \"ooLL\"") > 100.0);
    assert!(last("10ms", "delay = \"9ms\"") < 1e-3);
    assert!(last("10ms", "pattern = \"oD\"") < 1e-3);
}

/// Delay margins, also beyond one period: at 1 % less the path decays, at 1 % more it grows.
#[test]
fn delay_margins_of_the_reference_table() {
    let Some(text) = data("reference_control.csv") else {
        return;
    };
    let mut rows = 0;
    for line in text
        .lines()
        .filter(|line| line.contains(",delay_margin_s,"))
    {
        let cells: Vec<&str> = line.split(',').collect();
        let (h, margin): (f64, f64) = (
            cells[2].parse().expect("a period"),
            cells[5].parse().expect("a margin"),
        );
        let growth = |factor: f64| {
            let delay = squall_core::VirtualDuration::from_secs_f64(margin * factor);
            let rest = format!(
                "period = \"{}us\"\nplant.servo = {{ position = 1.0 }}\ndelay = \"{delay}\"",
                libm::round(h * 1e6)
            );
            let all = samples(&run(&ready(&servo("20s", &rest)), 1));
            let y: Vec<f64> = all
                .iter()
                .filter(|(n, _)| n == "loop.y")
                .map(|(_, v)| v.abs())
                .collect();
            let part = |tenth: usize| {
                let from = y.len() * tenth / 10;
                y[from..from + y.len() / 10]
                    .iter()
                    .copied()
                    .fold(0.0, f64::max)
            };
            part(9) / part(4)
        };
        let (below, above) = (growth(0.99), growth(1.01));
        assert!(below < 0.5 && above > 2.0, "{line}: {below} {above}");
        rows += 1;
    }
    assert_eq!(rows, 5);
}

#[test]
fn runs_are_the_same_twice_and_noise_does_not_depend_on_losses() {
    let text = format!(
        "{BASE}loss = 0.1\ndelay = \"uniform 0s 6ms\"\nbursts = {{ begin = 0.02, end = 0.25 }}"
    );
    let ready_random = ready(&servo("5s", &text));
    let (a, b, c) = (
        run(&ready_random, 1),
        run(&ready_random, 1),
        run(&ready_random, 2),
    );
    assert_eq!(a.result, b.result);
    assert_ne!(a.result.digest, c.result.digest);
    let quiet = ready_random
        .run(Seed(1), false, &mut World::new(Seed(9), true))
        .unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(quiet.result.digest, a.result.digest);
    // The loops differ in the first 20 periods; the state of the noise does not: with no gain the
    // outputs are equal, whatever acts when.
    let open = |rest: &str| {
        let base = BASE.replace("noise = 1.0", "noise = 1.0, gain = 0.0");
        let all = samples(&run(&ready(&servo("300ms", &format!("{base}{rest}"))), 1));
        let y = all.into_iter().filter(|(name, _)| name == "loop.y");
        y.map(|(_, value)| value).collect::<Vec<_>>()
    };
    assert_eq!(open(""), open("pattern = \"oLLo\""));
}
