//! What an operator sees: figures against arithmetic, and what a sample costs.

use super::*;
use crate::plan::{StepEnd, Thief};
use crate::property::Stat;

const fn at(ms: u64) -> VirtualTime {
    VirtualTime::from_nanos(ms * 1_000_000)
}

/// Runs `ms` of work every 100 ms from 0 to `until_ms`.
fn work(world: &mut World, node: NodeId, ms: u64, span: core::ops::Range<u64>) {
    world.process(node, &format!("work{}", span.start), move |cx| {
        let span = span.clone();
        async move {
            cx.sleep(VirtualDuration::from_millis(span.start)).await;
            while cx.now() < at(span.end) {
                let next = cx.now() + VirtualDuration::from_millis(100);
                cx.compute(VirtualDuration::from_millis(ms)).await;
                cx.sleep_until(next).await;
            }
        }
    });
}

struct Seen {
    finished: Finished,
    names: Names,
}

impl Seen {
    fn mean(&self, signal: &str, from_ms: u64, until_ms: u64) -> f64 {
        let Some(id) = self.names.find(&format!("n.{signal}")) else {
            return 0.0;
        };
        let series = self.finished.history.metrics().series(id);
        let mean = series.stat(Stat::Mean, at(from_ms), at(until_ms));
        mean.expect("samples")
    }
    fn mode(&self, mode: &str, from_ms: u64, until_ms: u64) -> f64 {
        let name = format!("rate(node_cpu_seconds_total{{mode=\"{mode}\"}})");
        self.mean(&name, from_ms, until_ms)
    }
    fn samples(&self) -> usize {
        let records = self.finished.history.records().iter();
        records
            .filter(|r| matches!(r.what, What::Sample { .. }))
            .count()
    }
}

fn watched(cores: u32) -> (World, NodeId) {
    let mut world = World::new(Seed(1), true);
    let node = world.add_node(&NodeSpec::new("n").cores(cores).memory(1 << 30, None));
    world.sample_hosts(VirtualDuration::from_secs(1));
    (world, node)
}

fn see(mut world: World, ms: u64) -> Seen {
    let finished = run(&mut world, ms);
    let names = world.names();
    Seen { finished, names }
}

#[test]
fn modes_add_up_to_the_cores() {
    let (mut world, node) = watched(2);
    work(&mut world, node, 40, 0..40_000);
    let host = Primitive::CpuSteal {
        node,
        by: Thief::Host {
            share: 0.25,
            burst: VirtualDuration::ZERO,
            phase: VirtualDuration::ZERO,
        },
    };
    let hogs = Primitive::CpuSteal {
        node,
        by: Thief::Hogs(3.0),
    };
    world.set_plan(plan(vec![
        (10_000, Some(20_000), host),
        (20_000, Some(30_000), hogs),
    ]));
    let seen = see(world, 40_000);
    let all = |from: u64| {
        let until = from + 9_000;
        let modes = ["user", "steal", "idle"].map(|mode| seen.mode(mode, from, until));
        assert!((modes.iter().sum::<f64>() - 2.0).abs() < 1e-6, "{modes:?}");
        modes
    };
    let near = |a: f64, b: f64| assert!((a - b).abs() < 0.02, "{a} for {b}");
    let [user, steal, _] = all(1_000);
    near(user, 0.4);
    near(steal, 0.0);
    let [user, steal, _] = all(11_000);
    // 40 ms of work take 53.3 ms.
    near(user, 0.4);
    near(steal, 0.4 / 3.0);
    let [user, steal, idle] = all(21_000);
    near(user, 2.0);
    near(steal, 0.0);
    near(idle, 0.0);
    // 4 on 2 cores: half a core for the job, which then waits as long as it runs.
    let waiting = "rate(node_schedstat_waiting_seconds_total)";
    near(seen.mean(waiting, 21_000, 30_000), 0.4);
    near(seen.mean(waiting, 31_000, 40_000), 0.0);
}

#[test]
fn throttled_periods_are_counted() {
    let (mut world, node) = watched(1);
    work(&mut world, node, 30, 0..30_000);
    let quota = Primitive::CpuQuota {
        node,
        quota: VirtualDuration::from_millis(20),
        period: VirtualDuration::from_millis(100),
        phase: VirtualDuration::ZERO,
    };
    world.set_plan(plan(vec![(10_000, Some(20_000), quota)]));
    let seen = see(world, 30_000);
    let mean = |name: &str| seen.mean(name, 12_000, 19_500);
    // 30 ms a period where 20 are granted: every period is used up.
    assert_eq!(mean("rate(container_cpu_cfs_periods_total)"), 10.0);
    assert_eq!(
        mean("rate(container_cpu_cfs_throttled_periods_total)"),
        10.0
    );
    assert!(mean("rate(container_cpu_cfs_throttled_seconds_total)") > 0.7);
    assert_eq!(
        seen.mean("rate(container_cpu_cfs_periods_total)", 22_000, 30_000),
        0.0
    );
}

#[test]
fn a_quiet_host_is_recorded_once_and_wakes_up_right() {
    let (mut world, node) = watched(1);
    let idle = world.add_node(&NodeSpec::new("idle"));
    world.sample_hosts(VirtualDuration::from_secs(1));
    work(&mut world, node, 50, 0..20_000);
    work(&mut world, node, 50, 20_000_000..20_020_000);
    let seen = see(world, 20_030_000);
    // The second burst shows as the first: a skipped sample is none of its time.
    let bursts = [(2_000, 19_000), (20_002_000, 20_019_000)];
    for (from, until) in bursts {
        let user = seen.mode("user", from, until);
        assert!((user - 0.5).abs() < 1e-9, "{user}");
    }
    let load = |from: u64| seen.mean("node_load15", from, from + 1_000);
    assert!(load(19_000) > 0.0);
    assert_eq!(load(19_000_000), 0.0, "it has decayed");
    assert_eq!(load(20_019_000), load(19_000), "and begins anew");
    assert_eq!(seen.mode("idle", 100_000, 19_000_000), 1.0);
    let records = seen.finished.history.records().iter();
    let of_idle = records.filter(|r| matches!(r.what, What::Sample { node, .. } if node == idle));
    assert_eq!(of_idle.count(), 2, "node_up and idle cores, once");
    // Of 20,030 samples of 53 signals few are worth a record; while the loads decay there are more.
    assert!(seen.samples() < 6_000, "{}", seen.samples());
}

#[test]
fn what_somebody_asks_for_is_recorded_even_if_it_never_moves() {
    let (mut world, _) = watched(1);
    let name = world.name("n.rate(node_vmstat_pswpin)");
    let finished = run(&mut world, 10_000);
    let series = finished.history.metrics().series(name);
    assert_eq!(series.points(), [(at(1_000), 0.0)]);
    assert_eq!(series.count(VirtualTime::ZERO, VirtualTime::MAX), 10);
}

#[test]
fn a_wrong_wall_clock_is_seen() {
    let (mut world, node) = watched(1);
    let step = Primitive::ClockStep {
        node,
        offset_ns: -1_500_000_000,
        strobe: None,
        end: StepEnd::Back,
    };
    let drift = Primitive::ClockDrift {
        node,
        ppm: 100.0,
        wall_only: false,
    };
    world.set_plan(plan(vec![
        (5_000, Some(10_000), step),
        (20_000, Some(30_000), drift),
    ]));
    let seen = see(world, 40_000);
    let offset = |ms: u64| seen.mean("node_timex_offset_seconds", ms, ms + 1);
    assert_eq!(
        [offset(4_000), offset(6_000), offset(11_000)],
        [0.0, -1.5, 0.0]
    );
    assert_eq!([offset(25_000), offset(40_000)], [0.0005, 0.001]);
}

#[test]
fn memory_gauges_and_first_touches() {
    let (mut world, node) = watched(1);
    world.process(node, "p", |cx| async move {
        cx.sleep(VirtualDuration::from_millis(2_500)).await;
        let _ = cx.memory_set(256 << 20, 0.9, 0.5);
    });
    let seen = see(world, 6_000);
    let total = seen.mean("node_memory_MemTotal_bytes", 1_000, 6_000);
    assert_eq!(total, f64::from(1 << 30));
    let free = |ms: u64| seen.mean("node_memory_MemAvailable_bytes", ms, ms + 1);
    assert_eq!(free(2_000) - free(4_000), f64::from(256 << 20));
    let faults = seen.mean("rate(node_vmstat_pgfault)", 3_000, 3_001);
    assert_eq!(faults, f64::from(256 << 8));
    assert_eq!(seen.mean("rate(node_vmstat_pgmajfault)", 1_000, 6_000), 0.0);
}

/// Looking at hosts more often changes nothing of what runs on them.
#[test]
fn sampling_moves_no_event() {
    let times = |period: u64| {
        let mut world = World::new(Seed(1), true);
        let node = world.add_node(&NodeSpec::new("n"));
        world.sample_hosts(VirtualDuration::from_millis(period));
        let done = world.name("done");
        world.process(node, "p", move |cx| async move {
            for i in 0..40u64 {
                let cx = cx.clone();
                let other = cx.clone();
                cx.spawn(async move {
                    let work = VirtualDuration::from_micros(3_331 * (i + 1));
                    other.compute(work).await;
                    other.event(done, i, 0);
                });
            }
        });
        let speed = Primitive::CpuSpeed { node, factor: 0.7 };
        world.set_plan(plan(vec![(0, Some(9_000), speed)]));
        let finished = run(&mut world, 10_000);
        let records = finished.history.records().iter();
        let events = records.filter(|r| matches!(r.what, What::Event { .. }));
        events.map(|r| r.at).collect::<Vec<_>>()
    };
    assert_eq!(times(1), times(10_000));
    assert_eq!(times(7).len(), 40);
}
