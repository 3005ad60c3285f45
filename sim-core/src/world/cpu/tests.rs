//! Processors on their own, against closed forms and what was measured.

use super::*;
use crate::plan::{Primitive, Thief};
use crate::{Key, Law, NodeId, Sample, Seed, VirtualTime};

const MS: u64 = 1_000_000;
const S: u64 = 1_000_000_000;

/// Runs the cpu on its own until `end`; gives the jobs done and when.
fn run(cpu: &mut Cpu, end: u64) -> Vec<(u64, u32, JobTime)> {
    let (mut out, mut done) = (Vec::new(), Vec::new());
    while let Some(at) = cpu.next_event().filter(|at| *at <= end) {
        cpu.advance(at, &mut done);
        out.extend(done.drain(..).map(|(id, time)| (at, id, time)));
    }
    out
}

fn job(id: u32, ms: f64) -> Task {
    Task {
        id,
        work: ms * MS as f64,
        system: false,
    }
}

fn entry(primitive: Primitive) -> Entry {
    Entry {
        fault: 0,
        part: 0,
        from: VirtualTime::ZERO,
        until: None,
        primitive,
    }
}
fn quota(quota_ms: f64, period_ms: u64, phase: u64) -> Entry {
    entry(Primitive::CpuQuota {
        node: NodeId(0),
        quota: VirtualDuration::from_millis(1).scaled(quota_ms),
        period: VirtualDuration::from_millis(period_ms),
        phase: VirtualDuration::from_nanos(phase),
    })
}
fn speed(factor: f64) -> Entry {
    let node = NodeId(0);
    entry(Primitive::CpuSpeed { node, factor })
}
fn steal(by: Thief) -> Entry {
    let node = NodeId(0);
    entry(Primitive::CpuSteal { node, by })
}
fn host(share: f64, burst_ms: u64) -> Entry {
    steal(Thief::Host {
        share,
        burst: VirtualDuration::from_millis(burst_ms),
        phase: VirtualDuration::ZERO,
    })
}

#[test]
fn one_core_serves_in_order_and_slices_are_fair() {
    let mut cpu = Cpu::new(1);
    cpu.submit(0, job(1, 10.0));
    cpu.submit(0, job(2, 2.0));
    let done = run(&mut cpu, u64::MAX);
    // Job 1 runs a slice of 3 ms, job 2 its 2 ms, then job 1 the rest.
    assert_eq!((done[0].0, done[0].1), (5 * MS, 2));
    assert_eq!((done[1].0, done[1].1), (12 * MS, 1));
    assert_eq!(cpu.totals.busy, 12 * MS);
    assert_eq!(cpu.totals.queued, 5 * MS);
}

#[test]
fn many_jobs_on_few_cores_get_equal_shares() {
    let mut cpu = Cpu::new(3);
    for id in 0..8 {
        cpu.submit(0, job(id, 300.0));
    }
    let done = run(&mut cpu, u64::MAX);
    // 2.4 s of work on three cores; the last slices of equal jobs lie within one round of eight.
    let ends: Vec<u64> = done.iter().map(|d| d.0).collect();
    assert!(
        ends.iter().all(|end| *end > 780 * MS && *end <= 801 * MS),
        "{ends:?}"
    );
    assert_eq!(cpu.totals.busy, 2400 * MS);
}

/// A slice is an event only while somebody waits for the core.
#[test]
fn slices_cost_nothing_when_nobody_waits() {
    let events = |jobs: u32, cores: u32| {
        let mut cpu = Cpu::new(cores);
        for id in 0..jobs {
            cpu.submit(0, job(id, 1000.0 + f64::from(id)));
        }
        let (mut count, mut done) = (0, Vec::new());
        while let Some(at) = cpu.next_event() {
            cpu.advance(at, &mut done);
            count += 1;
        }
        count
    };
    assert_eq!(events(1, 1), 1);
    assert_eq!(events(4, 4), 4);
    assert!(events(2, 1) > 600, "{}", events(2, 1));
}

#[test]
fn speed_stretches_and_two_cores_run_side_by_side() {
    let mut cpu = Cpu::new(2);
    cpu.submit(0, job(1, 4.0));
    cpu.submit(0, job(2, 1.0));
    cpu.overlay(2 * MS, EntryId(0), &speed(0.5), true);
    let done = run(&mut cpu, u64::MAX);
    assert_eq!(done[0].1, 2);
    assert_eq!((done[1].0, done[1].1), (6 * MS, 1));
}

#[test]
fn quota_stops_everybody_until_the_next_period() {
    let mut cpu = Cpu::new(1);
    cpu.overlay(0, EntryId(0), &quota(20.0, 100, 0), true);
    cpu.submit(10 * MS, job(1, 50.0));
    let done = run(&mut cpu, u64::MAX);
    // 10..30, 100..120, 200..210.
    assert_eq!(done[0].0, 210 * MS);
    let time = JobTime {
        ran: 50 * MS,
        throttled: 150 * MS,
    };
    assert_eq!(done[0].2, time);
    assert_eq!((cpu.totals.periods, cpu.totals.periods_throttled), (2, 2));
    let blamed: Vec<EntryId> = cpu.blame(Effect::Throttled).collect();
    assert_eq!(blamed, [EntryId(0)]);
}

#[test]
fn the_host_takes_its_share_evenly_or_in_bursts() {
    let mut cpu = Cpu::new(2);
    cpu.overlay(0, EntryId(0), &host(0.25, 0), true);
    cpu.submit(0, job(1, 75.0));
    assert_eq!(run(&mut cpu, u64::MAX)[0].0, 100 * MS);
    assert_eq!((cpu.totals.busy, cpu.totals.stolen), (75 * MS, 25 * MS));

    let mut cpu = Cpu::new(1);
    cpu.overlay(0, EntryId(0), &host(0.25, 10), true);
    cpu.submit(0, job(1, 65.0));
    let done = run(&mut cpu, u64::MAX);
    // Stolen 0..10, 40..50, 80..90 ms.
    assert_eq!(done[0].0, 95 * MS);
    assert_eq!((done[0].2.ran, cpu.totals.stolen), (65 * MS, 30 * MS));
}

#[test]
fn shares_of_hosts_multiply_whichever_ends_first() {
    for order in [[0, 1], [1, 0]] {
        let overlays = [(EntryId(0), host(0.5, 0)), (EntryId(1), host(0.2, 0))];
        let mut cpu = Cpu::new(1);
        for i in order {
            cpu.overlay(0, overlays[i].0, &overlays[i].1, true);
        }
        cpu.submit(0, job(1, 100.0));
        // 0.4 of the core for 100 ms, then what the other leaves.
        let (id, left) = &overlays[order[0]];
        cpu.overlay(100 * MS, *id, left, false);
        let rest = if id.0 == 0 { 75 } else { 120 };
        assert_eq!(run(&mut cpu, u64::MAX)[0].0, (100 + rest) * MS);
        assert!(!cpu.blame(Effect::Host).any(|other| other == *id));
    }
}

#[test]
fn hogs_share_the_cores_fairly() {
    let alone = |cores: u32, hogs: f64, jobs: u32| {
        let mut cpu = Cpu::new(cores);
        cpu.overlay(0, EntryId(0), &steal(Thief::Hogs(hogs)), true);
        for id in 0..jobs {
            cpu.submit(0, job(id, 60.0));
        }
        let end = run(&mut cpu, u64::MAX).last().expect("a job").0;
        (end as f64 / MS as f64, cpu.read(end))
    };
    // A core for everybody: nothing is taken.
    let (end, totals) = alone(4, 3.0, 1);
    assert_eq!((end, totals.crowded, totals.hogged), (60.0, 0, 180 * MS));
    // Five on four cores: each has 0.8.
    let (end, totals) = alone(4, 4.0, 1);
    assert_eq!((end, totals.crowded), (75.0, 15 * MS));
    assert_eq!(totals.hogged + totals.busy, 300 * MS, "no core is idle");
    // Two jobs and two hogs on one core: a quarter each.
    let (end, totals) = alone(1, 2.0, 2);
    assert!((237.0..=243.0).contains(&end), "{end}");
    assert!((totals.busy as f64 / 120e6 - 1.0).abs() < 1e-6);
    // An idle node shows its hogs.
    let mut cpu = Cpu::new(2);
    cpu.overlay(0, EntryId(0), &steal(Thief::Hogs(5.0)), true);
    assert_eq!(cpu.read(S).hogged, 2 * S);
    assert_eq!(
        (cpu.tasks_running(), cpu.tasks_waiting(), cpu.jobs()),
        (2, 3, 0)
    );
}

#[test]
fn cores_that_are_gone_come_back() {
    let mut cpu = Cpu::new(4);
    cpu.submit(0, job(1, 10.0));
    cpu.submit(0, job(2, 10.0));
    let mut done = Vec::new();
    cpu.overlay(MS, EntryId(3), &steal(Thief::Cores(9)), true);
    cpu.advance(MS, &mut done);
    let ends = run(&mut cpu, 15 * MS);
    assert_eq!(ends.len(), 0, "one core is left for two: {ends:?}");
    assert!(cpu.totals.lacking > 0);
    let blamed: Vec<EntryId> = cpu.blame(Effect::Cores).collect();
    assert_eq!(blamed, [EntryId(3)]);
    cpu.overlay(15 * MS, EntryId(3), &steal(Thief::Cores(9)), false);
    cpu.advance(15 * MS, &mut done);
    let ends = run(&mut cpu, u64::MAX);
    // 4 ms of work are left, in two jobs.
    assert!(ends[1].0 <= 18 * MS, "{ends:?}");
}

#[test]
fn reading_totals_changes_nothing_and_agrees_with_settling() {
    let make = || {
        let mut cpu = Cpu::new(2);
        cpu.overlay(0, EntryId(0), &steal(Thief::Hogs(1.0)), true);
        cpu.overlay(0, EntryId(1), &host(0.125, 0), true);
        for id in 0..5 {
            cpu.submit(0, job(id, 40.0));
        }
        cpu
    };
    let (mut a, mut b) = (make(), make());
    let read = a.read(2 * MS);
    b.settle(2 * MS);
    assert_eq!(read, b.totals);
    let ends = run(&mut a, u64::MAX);
    let (mut others, mut done) = (Vec::new(), Vec::new());
    let mut fresh = make();
    while let Some(at) = fresh.next_event() {
        let _ = fresh.read(at - 1);
        fresh.advance(at, &mut done);
        others.extend(done.drain(..).map(|(id, time)| (at, id, time)));
    }
    assert_eq!(ends, others);
}

/// Mean response of Poisson arrivals at load `rho` on `cores` cores.
fn mean_response(law: &Law, (cores, rho): (u32, f64), jobs: u32) -> f64 {
    let key = |purpose| Key::new(Seed(7), "queue", purpose);
    let (gaps, works) = (key("gap"), key("work"));
    let mean = 60.0 * MS as f64;
    let mut cpu = Cpu::new(cores);
    let mut arrived = vec![0u64; jobs as usize];
    let (mut done, mut sum, mut count) = (Vec::new(), 0.0, 0u32);
    let (mut now, mut next) = (0u64, 0u32);
    let warm = jobs / 20;
    while count < jobs {
        let event = cpu.next_event().unwrap_or(u64::MAX);
        let arrival = if next < jobs { now } else { u64::MAX };
        if arrival <= event {
            arrived[next as usize] = now;
            let work = law.sample(&mut works.at(u64::from(next)));
            let task = Task {
                id: next,
                work,
                system: false,
            };
            cpu.advance(now, &mut done);
            cpu.submit(now, task);
            let gap = gaps
                .at(u64::from(next))
                .exponential(mean / (rho * f64::from(cores)));
            now += VirtualDuration::from_nanos_f64(gap).as_nanos();
            next += 1;
        } else {
            cpu.advance(event, &mut done);
        }
        for (id, _) in done.drain(..) {
            count += 1;
            if id >= warm {
                sum += (cpu.settled - arrived[id as usize]) as f64;
            }
        }
    }
    sum / f64::from(jobs - warm) / mean
}

/// M/G/1 under processor sharing: the mean response is 1/(mu (1 - rho)) whatever the law of the
/// work, and nearly so with slices of 3 ms; FCFS would give 0.5 + 0.5 rho/(1 - rho) times as much
/// for a constant, and 10 times more for the last law here.
#[test]
fn slices_share_the_processor_whatever_the_law_of_the_work() {
    let mean = 60.0 * MS as f64;
    let rho = 0.7;
    let laws = [
        ("constant", Law::Constant(mean)),
        ("exponential", Law::Exponential { mean }),
        (
            "uniform",
            Law::Uniform {
                low: 0.0,
                high: 2.0 * mean,
            },
        ),
        (
            "lognormal, cv 1.31",
            Law::Lognormal {
                median: mean / libm::exp(0.5),
                sigma: 1.0,
            },
        ),
    ];
    for (name, law) in laws {
        let got = mean_response(&law, (1, rho), 250_000);
        let expect = 1.0 / (1.0 - rho);
        println!("{name:<20} {got:.4} of {expect:.4}");
        assert!(
            (got / expect - 1.0).abs() < 0.03,
            "{name}: {got} for {expect}"
        );
    }
}

/// M/M/c: the mean of any discipline that keeps cores busy, by Erlang's formula.
#[test]
fn four_cores_are_one_pool() {
    let (cores, rho) = (4, 0.8);
    let mean = 60.0 * MS as f64;
    let load = f64::from(cores) * rho;
    let (mut term, mut sum) = (1.0, 1.0);
    for k in 1..cores {
        term *= load / f64::from(k);
        sum += term;
    }
    let last = term * load / f64::from(cores) / (1.0 - rho);
    let waits = last / (sum + last);
    let expect = 1.0 + waits / (f64::from(cores) * (1.0 - rho));
    let got = mean_response(&Law::Exponential { mean }, (cores, rho), 250_000);
    println!("{got:.4} of {expect:.4}");
    assert!((got / expect - 1.0).abs() < 0.03, "{got} for {expect}");
}

/// The loop of `cpu_pause.csv`: a tick every 10 ms that burns for a time; one that is a whole period
/// late skips. Responses in ms, sorted, and the ticks skipped.
fn control_loop(cpu: &mut Cpu, burn_ms: f64, ticks: u64) -> (Vec<f64>, u64) {
    let (mut responses, mut skipped, mut tick) = (Vec::new(), 0, 0);
    while tick < ticks {
        let due = tick * 10 * MS;
        let now = due.max(cpu.settled);
        cpu.submit(now, job(0, burn_ms));
        let end = run(cpu, u64::MAX)[0].0;
        responses.push((end - due) as f64 / MS as f64);
        let next = (end / (10 * MS)).max(tick + 1);
        skipped += next - tick - 1;
        tick = next;
    }
    responses.sort_by(f64::total_cmp);
    (responses, skipped)
}

fn quantile(values: &[f64], percent: usize) -> f64 {
    values[(values.len() * percent / 100).min(values.len() - 1)]
}

/// A row of the file: name, kind, burn in us, quota in us or pause in ms, period in us, ticks run,
/// skipped, then p50, p90 and p99 of the response in ms, throttled periods, throttled ms.
#[derive(Debug)]
struct Measured {
    id: String,
    sigstop: bool,
    burn_us: f64,
    limit: f64,
    period_us: f64,
    loops: u64,
    skipped: u64,
    response: [f64; 3],
    throttled: f64,
    throttled_ms: f64,
}

fn measured() -> Option<Vec<Measured>> {
    let path = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/../../shared/calibration/swap/cpu_pause.csv"
    );
    let Ok(text) = std::fs::read_to_string(path) else {
        println!("SKIPPED: no {path}");
        return None;
    };
    let row = |line: &str| {
        let fields: Vec<&str> = line.split(',').collect();
        let number = |i: usize| fields[i].parse::<f64>().expect("a number");
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "counts of the file"
        )]
        let count = |i: usize| number(i) as u64;
        Measured {
            id: fields[0].to_owned(),
            sigstop: fields[1] == "sigstop",
            burn_us: number(3),
            limit: number(4),
            period_us: number(5),
            loops: count(6),
            skipped: count(7),
            response: [12, 13, 14].map(|i| number(i) / 1000.0),
            throttled: number(17),
            throttled_ms: number(18),
        }
    };
    Some(text.lines().skip(1).map(row).collect())
}

/// The model of one row: quantiles of the response, ticks skipped, periods throttled, ms throttled;
/// of each the median over the places at which a boundary can lie between ticks.
fn modelled(row: &Measured) -> [f64; 6] {
    const PHASES: u64 = 25;
    let mut all: [Vec<f64>; 6] = Default::default();
    for phase in 0..PHASES {
        let mut cpu = Cpu::new(2);
        if row.limit > 0.0 {
            let period = VirtualDuration::from_secs_f64(row.period_us / 1e6).as_nanos();
            let limit = quota(row.limit / 1000.0, period / MS, phase * period / PHASES);
            cpu.overlay(0, EntryId(0), &limit, true);
        }
        // What the loop burnt, and 0.1 ms around it.
        let work = row.burn_us / 1000.0 + 0.1;
        let (responses, skipped) = control_loop(&mut cpu, work, row.loops + row.skipped);
        let [p50, p90, p99] = [50, 90, 99].map(|percent| quantile(&responses, percent));
        let throttled = (
            cpu.totals.periods_throttled,
            cpu.totals.throttled as f64 / 1e6,
        );
        let values = [
            p50,
            p90,
            p99,
            skipped as f64,
            throttled.0 as f64,
            throttled.1,
        ];
        for (list, value) in all.iter_mut().zip(values) {
            list.push(value);
        }
    }
    all.map(|mut list| {
        list.sort_by(f64::total_cmp);
        quantile(&list, 50)
    })
}

/// All rows of `cpu_pause.csv` with a quota, model beside measured. The p99 is held to the figures of
/// the model in memory.md section 5, within 15 % (where quota = demand the place of the boundary alone
/// moves it from 18 to 28 ms), and to the measured ones within 1.5 ms or 12 %,
/// except where the quota equals the demand: there the model is too harsh, since it turns on 0.1 ms
/// of load, and memory.md says so (26 for 18, 24 for 28, 36 for 25 ms).
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
    println!(
        "response in ms, p50 p90 p99 skipped throttled-periods throttled-ms: measured | model"
    );
    let mut wrong = Vec::new();
    for (row, (id, p99, edge)) in rows.iter().filter(|row| !row.sigstop).zip(known) {
        assert_eq!(row.id, id);
        let model = modelled(row);
        let measured = [row.skipped as f64, row.throttled, row.throttled_ms];
        let measured: Vec<f64> = row.response.iter().chain(&measured).copied().collect();
        println!("{id:<16} {measured:>8.2?} | {model:>8.2?}");
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
        let mut cpu = Cpu::new(2);
        let pause = VirtualDuration::from_secs_f64(row.limit / 1e3).as_nanos();
        // It begins a third into the work of a tick.
        cpu.submit(0, job(0, row.burn_us / 1000.0));
        let mut done = Vec::new();
        cpu.advance(MS / 3, &mut done);
        cpu.stop(MS / 3);
        cpu.generation += 1;
        assert_eq!(cpu.next_event(), None);
        cpu.resume(MS / 3 + pause);
        let response = run(&mut cpu, u64::MAX)[0].0 as f64 / 1e6;
        let expect = row.limit + row.burn_us / 1000.0;
        println!(
            "{} p99 {:.2} measured, {response:.2} model",
            row.id, row.response[2]
        );
        assert!((response - expect).abs() < 1e-6);
        assert!((response / row.response[2] - 1.0).abs() < 0.1, "{}", row.id);
    }
}
