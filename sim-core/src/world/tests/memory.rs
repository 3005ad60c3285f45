use super::*;
use crate::memory::{Activity, Arrival};
use crate::plan::{Damage, Swap};

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
