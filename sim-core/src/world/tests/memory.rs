use super::*;
use crate::history::NodeChange;
use crate::memory::{Activity, Arrival};
use crate::plan::{Damage, Limit, Swap};

/// The service of the calibration in run S3: 128 MiB, 16 touches and 200 us a request, 150
/// requests/s, in a node of 176 MiB; an intruder from 20 s to 32 s.
fn storm(size: Damage, device: Option<Swap>) -> (Vec<(f64, f64)>, Finished, Names) {
    let mut world = World::new(Seed(3), true);
    let node = world.add_node(
        &NodeSpec::new("host")
            .cores(2)
            .memory(176 << 20, Some(Swap::Preset("vdisk".into()))),
    );
    let latency = world.name("latency");
    world.process(node, "service", move |cx| async move {
        let set = cx.memory_set(128 << 20, 0.9, 0.5);
        let mut arrivals = cx.stream("arrivals");
        loop {
            let gap = crate::Sample::exponential(&mut arrivals.next_thing(), 1.0 / 150.0);
            cx.sleep(VirtualDuration::from_secs_f64(gap)).await;
            let work = cx.clone();
            cx.spawn(async move {
                let start = work.now();
                work.compute(VirtualDuration::from_micros(200))
                    .touching(set, 16)
                    .await;
                work.sample(latency, work.now().since(start).as_secs_f64());
            });
        }
    });
    world.sample_hosts(VirtualDuration::from_secs(1));
    let pressure = Primitive::MemoryPressure {
        node,
        size,
        activity: Activity::Active,
        arrival: Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    };
    let mut faults = vec![(20_000, Some(32_000), pressure)];
    faults.extend(
        device.map(|device| (20_000, Some(32_000), Primitive::SwapDevice { node, device })),
    );
    world.set_plan(plan(faults));
    let finished = run(&mut world, 50_000);
    let points = finished.history.metrics().series(latency).points().to_vec();
    let points = points
        .iter()
        .map(|(at, v)| (at.as_secs_f64(), *v))
        .collect();
    (points, finished, world.names())
}

fn median(points: &[(f64, f64)], from: f64, to: f64) -> f64 {
    let mut values: Vec<f64> = points
        .iter()
        .filter(|(at, _)| (from..to).contains(at))
        .map(|(_, v)| *v)
        .collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn signal(finished: &Finished, names: &Names, name: &str, from: f64, to: f64) -> f64 {
    let id = names.find(&format!("host.{name}")).expect("a host signal");
    let series = finished.history.metrics().series(id);
    let at = |s: f64| VirtualTime::ZERO + VirtualDuration::from_secs_f64(s);
    series
        .stat(crate::property::Stat::Mean, at(from), at(to))
        .expect("samples")
}

/// memory.md, findings 3 and 4, run S3: the device cannot serve the faults, the median explodes,
/// input/output pressure and iowait are near one while memory pressure stays at a few percent and
/// the processors idle.
#[test]
fn a_storm_on_a_capped_device_looks_like_the_measured_one() {
    let (points, finished, names) = storm(Damage::Bytes(144 << 20), Some(Swap::Iops(800.0)));
    let (before, during) = (median(&points, 5.0, 20.0), median(&points, 20.0, 32.0));
    let after = median(&points, 40.0, 50.0);
    assert!(during > 100.0 * before, "{before} -> {during}");
    assert!(
        after > 1.2 * before && after < 5.0 * before,
        "the tail outlives the cause: {after}"
    );
    let mean = |name, from, to| signal(&finished, &names, name, from, to);
    let io = "rate(node_pressure_io_waiting_seconds_total)";
    let memory = "rate(node_pressure_memory_waiting_seconds_total)";
    let faults = "rate(node_vmstat_pgmajfault)";
    let user = "rate(node_cpu_seconds_total{mode=\"user\"})";
    assert_eq!(mean(faults, 5.0, 20.0), 0.0);
    let storm = mean(faults, 21.0, 28.0);
    assert!(
        (600.0..850.0).contains(&storm),
        "{storm} major faults/s against a cap of 800"
    );
    assert!(mean(io, 21.0, 28.0) > 0.9, "{}", mean(io, 21.0, 28.0));
    assert!(
        mean(memory, 21.0, 28.0) < 0.2,
        "{}",
        mean(memory, 21.0, 28.0)
    );
    assert!(mean(user, 21.0, 28.0) < 0.1);
    assert!(
        finished.faults.iter().all(|fault| fault.landed > 0),
        "{:?}",
        finished.faults
    );
}

#[test]
fn a_neighbour_that_fits_does_not_land() {
    let (points, finished, _) = storm(Damage::Bytes(10 << 20), None);
    assert_eq!(finished.faults[0].landed, 0);
    let (before, during) = (median(&points, 5.0, 20.0), median(&points, 22.0, 40.0));
    assert_eq!(before, during);
}

/// A node of `memory` MiB whose service touches a set of 128 MiB 2400 times a second, for 20 s under
/// these faults. Gives what the faults did and how often the kernel killed.
fn landed(memory: u64, faults: Vec<(u64, Option<u64>, Primitive)>) -> (Vec<u64>, usize, Finished) {
    let mut world = World::new(Seed(5), true);
    let spec = NodeSpec::new("host").cores(2);
    let spec = spec.memory(memory << 20, Some(Swap::Preset("vdisk".into())));
    let node = world.add_node(&spec.swap_bytes(1 << 30));
    world.process(node, "service", move |cx| async move {
        let set = cx.memory_set(128 << 20, 0.9, 0.5);
        loop {
            cx.sleep(VirtualDuration::from_micros(6_667)).await;
            let work = VirtualDuration::from_micros(200);
            cx.compute(work).touching(set, 16).await;
        }
    });
    world.sample_hosts(VirtualDuration::from_secs(1));
    world.set_plan(plan(faults));
    let finished = run(&mut world, 20_000);
    let landed = finished.faults.iter().map(|fault| fault.landed).collect();
    let kill = |record: &&crate::history::Record| {
        matches!(
            record.what,
            What::Node {
                change: NodeChange::OutOfMemory,
                ..
            }
        )
    };
    let kills = finished.history.records().iter().filter(kill).count();
    (landed, kills, finished)
}

const HOST: NodeId = NodeId(0);

fn limit(mib: u64) -> Primitive {
    let limit = Limit::Bytes(mib << 20);
    Primitive::MemoryLimit { node: HOST, limit }
}

/// The lowest of two limits counts; when it ends the other is in force, and only then has it landed.
#[test]
fn the_lowest_limit_wins_and_the_other_stays() {
    let faults = |low_until| {
        vec![
            (2_000, Some(18_000), limit(100)),
            (2_000, Some(low_until), limit(95)),
            (2_000, Some(18_000), limit(500)),
        ]
    };
    let (low_only, kills, _) = landed(256, faults(18_000));
    assert!(
        low_only[0] == 0 && low_only[1] > 8_000 && low_only[2] == 0,
        "{low_only:?}"
    );
    assert_eq!(kills, 0, "swap has room");
    let (both, ..) = landed(256, faults(3_000));
    // The pages come back one by one, so that the higher limit takes a while to bind.
    assert!(both[0] > 0 && both[1] > 8_000 && both[2] == 0, "{both:?}");
}

/// A share of the working sets leaves room for that share, tables and the kernel's part on top.
#[test]
fn a_limit_by_share_leaves_that_share() {
    let limit = Limit::OfWorkingSet(0.5);
    let primitive = Primitive::MemoryLimit { node: HOST, limit };
    let (landed, ..) = landed(256, vec![(2_000, Some(2_100), primitive)]);
    // Half of 32768 pages leave within the first ticks, and a few more for those that come back.
    assert!((16_384..16_800).contains(&landed[0]), "{landed:?}");
}

/// Without swap a limit kills; with `no-swap` the same: the process starts again, and is killed again.
#[test]
fn without_swap_what_does_not_fit_is_killed_for() {
    let off = Primitive::SwapDevice {
        node: HOST,
        device: Swap::Off,
    };
    let (counts, kills, _) = landed(256, vec![(2_000, None, off.clone())]);
    assert_eq!((counts[0], kills), (0, 0), "nothing is short");
    let (counts, kills, _) = landed(256, vec![(2_000, None, off), (4_000, None, limit(100))]);
    assert!(
        kills > 0 && counts.iter().all(|count| *count >= kills as u64),
        "{counts:?} {kills}"
    );
}

/// Factors multiply and each of them has landed; a device that nobody reads has not.
#[test]
fn slow_swap_devices_multiply() {
    let slow = |factor| Primitive::SwapDevice {
        node: HOST,
        device: Swap::Slow(factor),
    };
    let felt = |faults: Vec<(u64, Option<u64>, Primitive)>, memory| {
        let (counts, _, finished) = landed(memory, faults);
        (counts, finished.events)
    };
    let (one, quick) = felt(vec![(2_000, None, slow(20.0))], 80);
    let (two, slower) = felt(
        vec![(2_000, None, slow(20.0)), (2_000, None, slow(20.0))],
        80,
    );
    assert!(
        one[0] > two[0] && two[0] > 100 && two[0] == two[1],
        "{one:?} {two:?}"
    );
    assert!(slower < quick, "less is done: {slower} {quick}");
    assert_eq!(felt(vec![(2_000, None, slow(20.0))], 256).0, [0]);
}

/// A leak fills memory and is killed with its process, which begins again without it: a saw tooth.
#[test]
fn a_leak_dies_with_its_process_and_begins_again() {
    let leak = |mib: u64| Primitive::MemoryPressure {
        node: HOST,
        size: Damage::Bytes(mib << 20),
        activity: Activity::Idle,
        arrival: Arrival::Linear {
            over: VirtualDuration::from_secs(16),
        },
    };
    let off = Primitive::SwapDevice {
        node: HOST,
        device: Swap::Off,
    };
    // 100 MiB/s into 128 MiB of free memory: dead after 1.2 s, and then the whole node is free.
    let faults = vec![(2_000, Some(18_000), leak(1_600)), (1_000, None, off)];
    let (counts, kills, _) = landed(256, faults);
    assert!((9..=14).contains(&kills), "{kills} kills, {counts:?}");
    assert!(
        counts[0] >= kills as u64 && counts[1] == kills as u64,
        "{counts:?}"
    );
    let (counts, kills, _) = landed(256, vec![(2_000, Some(18_000), leak(100))]);
    assert_eq!((counts[0], kills), (0, 0), "it fits to the end");
    let (counts, kills, _) = landed(256, vec![(2_000, Some(18_000), leak(300))]);
    assert!(
        counts[0] > 40_000 && kills == 0,
        "idle pages go to swap: {counts:?}"
    );
}

/// The mean response follows effective access time, for a device far from saturation.
#[test]
fn responses_follow_effective_access_time() {
    use crate::memory::oracle::{Request, response_us_mean};
    for (limit, zipf) in [
        (107 << 20, 0.9),
        (64 << 20, 0.9),
        (64 << 20, 1.2),
        (107 << 20, 0.0),
    ] {
        let mut world = World::new(Seed(3), true);
        let spec = NodeSpec::new("host").cores(64);
        let spec = spec.memory(limit, Some(Swap::Preset("vdisk".into())));
        let node = world.add_node(&spec.swap_bytes(1 << 30));
        let (latency, majors) = (world.name("latency"), world.name("majors"));
        world.process(node, "service", move |cx| async move {
            let set = cx.memory_set(128 << 20, zipf, 1.0);
            cx.memory_warm(set, 6_400.0, VirtualDuration::MAX);
            let mut arrivals = cx.stream("arrivals");
            loop {
                let gap = crate::Sample::exponential(&mut arrivals.next_thing(), 1.0 / 400.0);
                cx.sleep(VirtualDuration::from_secs_f64(gap)).await;
                let work = cx.clone();
                cx.spawn(async move {
                    let start = work.now();
                    let compute = work.compute(VirtualDuration::from_micros(200));
                    let mut compute = core::pin::pin!(compute.touching(set, 16));
                    core::future::poll_fn(|context| compute.as_mut().poll(context)).await;
                    work.sample(latency, work.now().since(start).as_secs_f64() * 1e6);
                    work.sample(majors, f64::from(compute.major_faults()));
                });
            }
        });
        let finished = run(&mut world, 20_000);
        let mean = |name| finished.history.metrics().series(name).summary().mean;
        let request = Request {
            touches: 16.0,
            work_us: 200.0,
            rate: 400.0,
        };
        // Everything is written, so every victim is dirty; the service has no cost beside its work.
        let device = crate::memory::Preset::Vdisk.device();
        let want = response_us_mean(request, mean(majors) / 16.0, 1.0, &device) - 34.0;
        let got = mean(latency);
        assert!(
            (got / want - 1.0).abs() < 0.1,
            "limit {limit}, zipf {zipf}: {got} not {want}"
        );
    }
}
