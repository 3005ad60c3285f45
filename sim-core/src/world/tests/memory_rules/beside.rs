//! The rules beside what else happens on a node: kills amid input and output, faults, a node that is down.

use super::*;
use crate::memory::{Activity, Arrival};
use crate::plan::{Damage, Seen as Cause};
use crate::property::Stat;
use crate::world::DiskSpec;

fn burst(mib: u64) -> Primitive {
    Primitive::MemoryPressure {
        node: NodeId(0),
        size: Damage::Bytes(mib * MIB),
        activity: Activity::Idle,
        arrival: Arrival::Burst {
            ramp: VirtualDuration::ZERO,
        },
    }
}

/// A kill while a process waits for the disk ends that wait: nothing is counted as waiting for ever.
#[test]
fn a_kill_forgets_waits_for_the_disk() {
    let mut world = World::new(Seed(5), true);
    let spec = NodeSpec::new("host").cores(4).memory(512 * MIB, None);
    let spec = spec.disk(DiskSpec {
        preset: "hdd".to_owned(),
        ..DiskSpec::default()
    });
    let rules = MemoryRules {
        groups: vec![group("pod", Some(100))],
        ..MemoryRules::default()
    };
    let host = world.add_node(&spec.memory_rules(rules));
    let early = |cx: &Cx| cx.now().as_secs_f64() < 2.0;
    world.process(host, "pod/db", move |cx| async move {
        let file = cx.disk().open("log");
        while early(&cx) {
            file.append(&[7; 512]).await.expect("there is room");
            file.sync().await.expect("no fault");
        }
    });
    world.process(host, "pod/eater", move |cx| async move {
        cx.sleep(VirtualDuration::from_millis(1_005)).await;
        if early(&cx) {
            let _ = cx.memory_set(128 * MIB, 0.9, 0.5);
        }
    });
    world.sample_hosts(VirtualDuration::from_secs(1));
    let finished = run(&mut world, 30_000);
    let seen = Seen {
        finished,
        names: world.names(),
    };
    assert_eq!(seen.kills(), 1);
    let name = seen.names.find("host.node_disk_io_now");
    let series = seen
        .finished
        .history
        .metrics()
        .series(name.expect("it synced"));
    let (late, end) = (at_ms(4_000), at_ms(30_000));
    let now = series.stat(Stat::Max, late, end);
    assert_eq!(now.unwrap_or(0.0), 0.0);
    let waiting = "host.rate(node_pressure_io_waiting_seconds_total)";
    let series = seen.names.find(waiting).expect("it waited");
    let series = seen.finished.history.metrics().series(series);
    assert_eq!(series.stat(Stat::Max, late, end).unwrap_or(0.0), 0.0);
}

/// Stalls are of the device on which swap lies, and of no other.
#[test]
fn a_disk_without_a_swap_file_does_not_stall() {
    let run = |device_stalls| {
        let mut world = World::new(Seed(5), true);
        let swap = Some(Swap::Preset("nvme".into()));
        let spec = NodeSpec::new("host").memory(100 * MIB, swap);
        let spec = spec.disk(DiskSpec {
            preset: "hdd".to_owned(),
            ..DiskSpec::default()
        });
        let rules = MemoryRules {
            device_stalls,
            ..MemoryRules::default()
        };
        let node = world.add_node(&spec.memory_rules(rules));
        world.process(node, "db", move |cx| async move {
            let file = cx.disk().open("log");
            loop {
                file.append(&[7; 512]).await.expect("there is room");
                file.sync().await.expect("no fault");
            }
        });
        run(&mut world, 10_000).events
    };
    let stalls = DeviceStalls {
        every: VirtualDuration::from_secs(2),
        ..DeviceStalls::default()
    };
    assert_eq!(run(Some(stalls)), run(None));
}

/// A neighbour that fits under the limit and not under `memory.high` displaces: the fault has landed.
#[test]
fn a_neighbour_beyond_high_lands() {
    let landed = |high: Option<u64>| {
        let mut rig = Rig::new(1_024, vec![service("api", 128)]);
        rig.rules.high = high.map(|mib| mib * MIB);
        rig.faults = vec![(2_000, Some(8_000), burst(200))];
        rig.run(10).finished.faults[0].landed
    };
    assert_eq!((landed(None), landed(Some(600))), (0, 0));
    assert!(landed(Some(250)) > 50 * 256);
}

/// Pages that are still out when swap is turned off are no full swap space.
#[test]
fn oomd_does_not_kill_for_swap_that_is_off() {
    let mut rig = Rig::new(150, vec![service("api", 128)]);
    rig.rules.oomd = Some(Oomd {
        swap_used: 0.3,
        ..Oomd::default()
    });
    let off = Primitive::SwapDevice {
        node: NodeId(0),
        device: Swap::Off,
    };
    rig.faults = vec![(1_000, Some(3_000), burst(60)), (3_100, None, off)];
    assert_eq!(rig.run(10).kills(), 0);
}

/// A node that is down kills nobody, and its processes do not leak: they begin again when it is up.
#[test]
fn a_node_that_is_down_kills_nobody() {
    let crash = Primitive::Crash {
        node: NodeId(0),
        seen: Cause::Reset,
    };
    let pause = Primitive::Pause { node: NodeId(0) };
    for oomd in [None, Some(Oomd::default())] {
        let mut rig = Rig::new(200, vec![service("api", 128)]);
        rig.swap = None;
        rig.rules.oomd = oomd;
        rig.rules.early_oom = 10.0;
        rig.faults = vec![
            (2_000, None, leak(240).2),
            (3_000, Some(30_000), crash.clone()),
            // Whatever was parked while the node was down would now run beside what it started.
            (31_000, Some(32_000), pause.clone()),
        ];
        let seen = rig.run(33);
        assert_eq!(seen.kills(), 0);
        assert_eq!(Rig::lives(&seen, "api"), 2);
        // Two lives at once would serve twice as much.
        let count = seen.stat("api.latency", Stat::Count);
        assert!(count < 150.0 * 6.1, "{count} in six seconds of life");
        // Of a leak that went on while the node was down nothing would fit; one that began with the
        // processes fills what is left of the memory in five seconds.
        assert!(rig.run(40).kills() > 0);
    }
}
