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
        firing: None,
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
    assert!((got / expect - 1.0).abs() < 0.03, "{got} for {expect}");
}
