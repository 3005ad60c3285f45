//! The processors of a node against `cpu_pause.csv`: a control loop under a CFS quota and under
//! SIGSTOP. Prints model beside measured: `cargo test -p squall-core --test cpu_calibration --
//! --nocapture`.
#![allow(
    clippy::print_stdout,
    clippy::unwrap_used,
    reason = "a figure is there to be looked at, and a helper of tests is a test"
)]

use squall_core::history::What;
use squall_core::plan::{Entry, Land, Plan, PlannedFault, Primitive};
use squall_core::property::Stat;
use squall_core::world::{Bounds, NodeSpec};
use squall_core::{NodeId, Seed, VirtualDuration, VirtualTime, World};

const MS: u64 = 1_000_000;
const TICK_NS: u64 = 10 * MS;

/// A row of the file, responses in ms.
#[derive(Debug)]
struct Measured {
    id: String,
    sigstop: bool,
    burn_ms: f64,
    /// Quota or pause in ms; none below zero.
    limit_ms: f64,
    period_ms: f64,
    /// Ticks run and ticks skipped.
    loops: u64,
    skipped: f64,
    /// p50, p90 and p99.
    response: [f64; 3],
    throttled_periods: f64,
    throttled_ms: f64,
}

fn measured() -> Option<Vec<Measured>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/calibration/swap/cpu_pause.csv"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("NOT RUN: {path} is missing");
        return None;
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().unwrap();
        let sigstop = fields[1] == "sigstop";
        Measured {
            id: fields[0].to_owned(),
            sigstop,
            burn_ms: number(3) / 1e3,
            limit_ms: if sigstop { number(4) } else { number(4) / 1e3 },
            period_ms: number(5) / 1e3,
            loops: fields[6].parse().unwrap(),
            skipped: number(7),
            response: [12, 13, 14].map(|i| number(i) / 1e3),
            throttled_periods: number(17),
            throttled_ms: number(18),
        }
    };
    Some(text.lines().skip(1).map(row).collect())
}

fn quantile(values: &[f64], percent: usize) -> f64 {
    values[(values.len() * percent / 100).min(values.len() - 1)]
}

/// p50, p90, p99, ticks skipped, throttled periods, throttled ms.
type Figures = [f64; 6];

/// The loop on a node of two cores under this primitive: a tick every 10 ms that computes; one that
/// is a whole period late skips.
fn control_loop(row: &Measured, primitive: Option<Primitive>) -> Figures {
    let mut world = World::new(Seed(1), true);
    let node = world.add_node(&NodeSpec::new("host").cores(2));
    let done = world.name("done");
    // What the loop burnt, and 0.1 ms around it, as in memory.md section 5.
    let work = VirtualDuration::from_secs_f64((row.burn_ms + 0.1) / 1e3);
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "a count"
    )]
    let ticks = row.loops + row.skipped as u64;
    world.process(node, "loop", move |cx| async move {
        let (mut tick, mut skipped) = (0, 0);
        while tick < ticks {
            let due = VirtualTime::from_nanos(tick * TICK_NS);
            cx.sleep_until(due).await;
            cx.compute(work).await;
            let next = (cx.now().as_nanos() / TICK_NS).max(tick + 1);
            skipped += next - tick - 1;
            cx.event(done, cx.now().since(due).as_nanos(), skipped);
            tick = next;
        }
    });
    world.sample_hosts(VirtualDuration::from_secs(1));
    let fault = PlannedFault {
        kind: "quota".into(),
        label: "quota".into(),
        land: Land::Any,
        notes: Vec::new(),
    };
    let entries = primitive.map(|primitive| Entry {
        fault: 0,
        part: 0,
        from: VirtualTime::ZERO,
        until: None,
        firing: None,
        primitive,
    });
    world.set_plan(Plan::new(vec![fault], entries.into_iter().collect()));
    let end = VirtualTime::from_nanos((ticks * TICK_NS).next_multiple_of(1_000_000_000));
    let stop = world.run(Bounds::until(end));
    let names = world.names();
    let finished = world.finish(&stop);
    let (mut responses, mut skipped) = (Vec::new(), 0);
    for record in finished.history.records() {
        if let What::Event { a, b, .. } = record.what {
            responses.push(a as f64 / MS as f64);
            skipped = b;
        }
    }
    responses.sort_by(f64::total_cmp);
    // As an operator counts them.
    let total = |signal: &str| {
        let id = names.find(&format!("host.rate(container_cpu_cfs_{signal}_total)"));
        let series = id.map(|id| finished.history.metrics().series(id));
        let all = |s: &squall_core::property::Series| {
            s.stat(Stat::Sum, VirtualTime::ZERO, VirtualTime::MAX)
        };
        series.and_then(all).unwrap_or(0.0)
    };
    let [p50, p90, p99] = [50, 90, 99].map(|percent| quantile(&responses, percent));
    [
        p50,
        p90,
        p99,
        skipped as f64,
        total("throttled_periods"),
        total("throttled_seconds") * 1e3,
    ]
}

/// The model of one row: of each figure the median over the places at which a boundary can lie
/// between ticks, and the range of the p99.
fn modelled(row: &Measured) -> (Figures, (f64, f64)) {
    const PHASES: u64 = 25;
    let ms = |x: f64| VirtualDuration::from_secs_f64(x / 1e3);
    let runs: Vec<Figures> = (0..PHASES)
        .map(|phase| {
            let period = ms(row.period_ms);
            let quota = Primitive::CpuQuota {
                node: NodeId(0),
                quota: ms(row.limit_ms),
                period,
                phase: period * phase / PHASES,
            };
            control_loop(row, (row.limit_ms > 0.0).then_some(quota))
        })
        .collect();
    let sorted = |i: usize| {
        let mut list: Vec<f64> = runs.iter().map(|run| run[i]).collect();
        list.sort_by(f64::total_cmp);
        list
    };
    let medians = core::array::from_fn(|i| quantile(&sorted(i), 50));
    let p99 = sorted(2);
    (medians, (p99[0], p99[p99.len() - 1]))
}

/// All rows of the file with a quota. The p99 is held to the figures of the model in memory.md
/// section 5, within 15 %: where the quota equals the demand, the place of the boundary alone moves it
/// by half. It is held to the measured ones within 1.5 ms or 12 %, except in those rows: there the
/// model is too harsh, since it turns on 0.1 ms of load, and memory.md says so (26 for 18, 24 for 28,
/// 36 for 25 ms).
#[test]
fn the_quota_table_is_as_it_was_measured() {
    let Some(rows) = measured() else {
        return;
    };
    let known = [
        ("q100_b3_Q-1", 3.1, false),
        ("q100_b3_Q60000", 3.1, false),
        ("q100_b3_Q40000", 3.1, false),
        ("q100_b3_Q35000", 3.1, false),
        ("q100_b3_Q30000", 26.0, true),
        ("q100_b3_Q20000", 57.0, false),
        ("q10_b3_Q4000", 3.1, false),
        ("q10_b3_Q2500", 24.0, true),
        ("q100_b05_Q10000", 0.6, false),
        ("q100_b05_Q5000", 36.0, true),
    ];
    println!("p50 p90 p99 in ms, ticks skipped, periods and ms throttled: measured | model");
    let mut wrong = Vec::new();
    for (row, (id, p99, edge)) in rows.iter().filter(|row| !row.sigstop).zip(known) {
        assert_eq!(row.id, id);
        let (model, (low, high)) = modelled(row);
        let counted = [row.skipped, row.throttled_periods, row.throttled_ms];
        let measured: Vec<f64> = row.response.iter().chain(&counted).copied().collect();
        println!("{id:<16} {measured:>8.2?} | {model:>8.2?}, p99 from {low:.1} to {high:.1}");
        if (model[2] / p99 - 1.0).abs() > 0.15 {
            wrong.push(format!("{id}: p99 {} where memory.md has {p99}", model[2]));
        }
        let near = |is: f64, was: f64| (is - was).abs() <= (0.12 * was).max(1.5);
        let agree = near(model[2], measured[2]) && near(model[0], measured[0]);
        if !edge && !agree {
            wrong.push(format!("{id}: {model:?} measured as {measured:?}"));
        }
    }
    assert!(wrong.is_empty(), "{wrong:#?}");
}

/// The rows with SIGSTOP: a pause of D makes the ticks in it late by up to D.
#[test]
fn a_pause_makes_ticks_as_late_as_it_is_long() {
    let Some(rows) = measured() else {
        return;
    };
    for row in rows.iter().filter(|row| row.sigstop) {
        let mut world = World::new(Seed(1), true);
        let node = world.add_node(&NodeSpec::new("host").cores(2));
        let done = world.name("done");
        let work = VirtualDuration::from_secs_f64(row.burn_ms / 1e3);
        world.process(node, "loop", move |cx| async move {
            for tick in 0.. {
                cx.sleep_until(VirtualTime::from_nanos(tick * TICK_NS))
                    .await;
                cx.compute(work).await;
                cx.event(done, cx.now().as_nanos() - tick * TICK_NS, tick);
            }
        });
        let fault = PlannedFault {
            kind: "pause".into(),
            label: "pause".into(),
            land: Land::Any,
            notes: Vec::new(),
        };
        // It begins a third into the work of a tick.
        let from = VirtualTime::from_nanos(5 * TICK_NS + MS / 3);
        let pause = VirtualDuration::from_secs_f64(row.limit_ms / 1e3);
        let entry = Entry {
            fault: 0,
            part: 0,
            from,
            until: Some(from + pause),
            firing: None,
            primitive: Primitive::Pause { node },
        };
        world.set_plan(Plan::new(vec![fault], vec![entry]));
        let stop = world.run(Bounds::until(from + pause + VirtualDuration::from_secs(1)));
        let finished = world.finish(&stop);
        let response = |record: &squall_core::history::Record| match record.what {
            What::Event { a, .. } => Some(a as f64 / 1e6),
            _ => None,
        };
        let records = finished.history.records().iter();
        let latest = records.filter_map(response).fold(0.0, f64::max);
        println!(
            "{}: p99 {:.1} ms measured, {latest:.1} model",
            row.id, row.response[2]
        );
        assert!(
            (latest - row.limit_ms - row.burn_ms).abs() < 1e-6,
            "{latest}"
        );
        assert!((latest / row.response[2] - 1.0).abs() < 0.1, "{}", row.id);
    }
}
