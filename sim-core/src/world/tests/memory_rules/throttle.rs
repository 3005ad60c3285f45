//! `memory.high`, and stalls of the device.

use super::*;
use crate::property::Stat;

/// A node without swap whose processes leak beyond its `memory.high`: they are slowed down, more with
/// every step, and it shows as memory pressure; nobody is killed.
#[test]
fn who_charges_beyond_high_sleeps() {
    let run = |high: Option<u64>| {
        let mut rig = Rig::new(1_024, vec![service("api", 128)]);
        rig.swap = None;
        rig.rules.high = high.map(|mib| mib * MIB);
        rig.faults = vec![leak(160)];
        rig.run(20)
    };
    let (free, throttled) = (run(None), run(Some(240)));
    assert!(free.latency("api", Stat::Max) < 1.0);
    // 48 of 240 MiB over at the end: 64 x 0.2^2 s a batch, cut at 2 s.
    let slowest = throttled.latency("api", Stat::Max);
    // A request returns from the kernel twice.
    assert!((1_800.0..4_001.0).contains(&slowest), "{slowest} ms");
    let memory = "rate(node_pressure_memory_waiting_seconds_total)";
    let full = "rate(node_pressure_memory_stalled_seconds_total)";
    let io = "rate(node_pressure_io_waiting_seconds_total)";
    assert!(
        throttled.signal(memory) > 0.05,
        "{}",
        throttled.signal(memory)
    );
    assert!(throttled.signal(full) > 0.05 && throttled.signal(full) <= throttled.signal(memory));
    assert!(
        throttled.names.find(&format!("host.{io}")).is_none(),
        "it waits for no device"
    );
    assert_eq!((free.kills(), throttled.kills()), (0, 0));
}

/// A limit that is never reached changes no bit of the run.
#[test]
fn below_high_nothing_happens() {
    let run = |high: Option<u64>| {
        let mut rig = Rig::new(256, vec![service("api", 128)]);
        rig.rules.high = high;
        rig.faults = vec![leak(60)];
        rig.run(20)
    };
    assert_eq!(run(None).digest(), run(Some(200 * MIB)).digest());
    assert_ne!(run(None).digest(), run(Some(150 * MIB)).digest());
}

fn stalls(every_s: u64) -> Option<DeviceStalls> {
    Some(DeviceStalls {
        every: VirtualDuration::from_secs(every_s),
        ..DeviceStalls::default()
    })
}

/// A service that swaps feels them; one that fits, or whose swap is compressed memory, does not.
#[test]
fn stalls_of_the_device_are_felt_by_who_swaps() {
    let run = |mib, swap, law| {
        let mut rig = Rig::new(mib, vec![service("api", 128)]);
        rig.swap = Some(swap);
        rig.rules.device_stalls = law;
        rig.run(20)
    };
    let stalled = run(100, "vdisk", stalls(2)).latency("api", Stat::Max);
    assert!((200.0..460.0).contains(&stalled), "{stalled} ms");
    assert!(run(100, "vdisk", None).latency("api", Stat::Max) < 50.0);
    for (mib, swap) in [(256, "vdisk"), (100, "zram")] {
        assert_eq!(
            run(mib, swap, stalls(2)).digest(),
            run(mib, swap, None).digest(),
            "{swap}"
        );
    }
}

/// A swap file on the disk stands still with it.
#[test]
fn a_disk_with_a_swap_file_stalls_too() {
    let longest = |law| {
        let mut world = World::new(Seed(5), true);
        let spec = NodeSpec::new("host").memory(100 * MIB, Some(Swap::Disk));
        let rules = MemoryRules {
            device_stalls: law,
            ..MemoryRules::default()
        };
        let node = world.add_node(&spec.memory_rules(rules));
        let sync = world.name("sync");
        world.process(node, "db", move |cx| async move {
            let file = cx.disk().open("log");
            loop {
                let start = cx.now();
                file.append(&[7; 512]).await.expect("there is room");
                file.sync().await.expect("no fault");
                cx.sample(sync, cx.now().since(start).as_secs_f64());
            }
        });
        let finished = run(&mut world, 10_000);
        finished.history.metrics().series(sync).summary().max
    };
    assert!(longest(stalls(2)) > 0.2 && longest(None) < 0.1);
}
