//! Background reclaim, early kills, and the daemon that watches pressure.

use super::*;
use crate::property::Stat;

const SYSTEM: &str = "rate(node_cpu_seconds_total{mode=\"system\"})";

/// A host that swaps: its tasks do not reclaim any more, so that the tail of their requests is that of
/// the device; the work is on a core of its own, and free memory stays between the marks.
#[test]
fn background_reclaim_takes_the_tail_from_requests() {
    let run = |kswapd: Option<Watermarks>, mib| {
        let mut rig = Rig::new(mib, vec![service("api", 128)]);
        rig.rules.kswapd = kswapd;
        rig.run(40)
    };
    let marks = Watermarks::of(100 * MIB);
    // As much room for data in both.
    let (direct, kswapd) = (run(None, 100 * MIB / MIB), run(Some(marks), 102));
    let p99 = |seen: &Seen| seen.latency("api", Stat::P99);
    assert!(
        p99(&kswapd) < 0.75 * p99(&direct),
        "{} {}",
        p99(&kswapd),
        p99(&direct)
    );
    let (own, tasks) = (kswapd.signal(SYSTEM), direct.signal(SYSTEM));
    assert!(
        (own / tasks - 1.0).abs() < 0.25,
        "the work is the same: {own} {tasks}"
    );
    let free = kswapd.stat("host.node_memory_MemFree_bytes", Stat::Min) / 4_096.0;
    assert!(free >= marks.min_pages as f64, "{free}");
}

/// A host with room has nothing to do: the run is the same, bit for bit.
#[test]
fn background_reclaim_of_a_host_with_room_is_not_there() {
    let run = |kswapd| {
        let mut rig = Rig::new(512, vec![service("api", 128)]);
        rig.rules.kswapd = kswapd;
        rig.run(10).digest()
    };
    assert_eq!(run(None), run(Some(Watermarks::of(512 * MIB))));
}

/// Kills in 12 s of a group of 40 MiB with a working set of `mib`, at this hazard a second while it churns.
fn churning(early_oom: f64, seed: u64, mib: u64) -> usize {
    let busy = Service {
        pages: 64,
        every_us: 5_000,
        ..service("job", mib)
    };
    let mut rig = Rig::new(40, vec![busy]);
    rig.rules.early_oom = early_oom;
    rig.seed = seed;
    rig.signals = false;
    rig.run(12).kills()
}

/// Three times the room churns from the first flush of statistics on, a twentieth more than it never: the
/// kills of 24 seeds are Poisson with a mean of 0.3/s x 10 s x 24 = 72.
#[test]
fn a_group_that_churns_is_killed_early() {
    let killed =
        |early_oom, mib| -> usize { (0..24).map(|seed| churning(early_oom, seed, mib)).sum() };
    let kills = killed(0.3, 128);
    assert!((72 - 26..72 + 26).contains(&kills), "{kills}");
    assert_eq!((killed(0.0, 128), killed(0.3, 42)), (0, 0));
}

/// `psi-oomd` by swap: memory and swap are nine tenths full long before anything is out of memory.
#[test]
fn oomd_acts_before_swap_is_full() {
    let run = |oomd| {
        let mut rig = Rig::new(200, vec![service("api", 128)]);
        rig.swap_mib = 100;
        rig.rules.oomd = oomd;
        rig.faults = vec![leak(165)];
        rig.signals = false;
        rig.run(20)
    };
    assert_eq!(run(None).kills(), 0, "all of it fits into memory and swap");
    let seen = run(Some(Oomd::default()));
    assert_eq!((seen.kills(), Rig::lives(&seen, "api")), (1, 2));
    let wide = Oomd {
        swap_used: 1.0,
        ..Oomd::default()
    };
    assert_eq!(run(Some(wide)).kills(), 0);
}

/// A swap space that is full beside memory that is not is no reason to kill.
#[test]
fn oomd_looks_at_memory_too() {
    let run = |mib| {
        let mut rig = Rig::new(mib, vec![service("pod", 128)]);
        rig.swap_mib = 72;
        rig.rules.oomd = Some(Oomd::default());
        rig.rules.groups = vec![group("pod", Some(60))];
        rig.run(5).kills()
    };
    assert_eq!(run(512), 0);
    assert!(run(60) > 0);
}

/// `psi-oomd` by pressure: full memory pressure above the limit for as long as it says, whether
/// somebody records signals or not. `memory.high` makes such pressure; a swap storm does not.
#[test]
fn oomd_acts_on_lasting_pressure() {
    let run = |oomd: Option<Oomd>, signals| {
        let mut rig = Rig::new(1_024, vec![service("api", 128)]);
        rig.swap = None;
        rig.rules.high = Some(150 * MIB);
        rig.rules.oomd = oomd;
        rig.faults = vec![(2_000, Some(78_000), leak_over(300, 76))];
        rig.signals = signals;
        rig.run(78)
    };
    let watch = |pressure| Oomd {
        pressure,
        ..Oomd::default()
    };
    for signals in [true, false] {
        assert_eq!(run(None, signals).kills(), 0);
        assert!(run(Some(watch(20.0)), signals).kills() > 0);
        assert_eq!(
            run(Some(watch(26.0)), signals).kills(),
            0,
            "one task of four cores"
        );
    }
}

fn leak_over(mib: u64, seconds: u64) -> Primitive {
    Primitive::MemoryPressure {
        node: NodeId(0),
        size: crate::plan::Damage::Bytes(mib * MIB),
        activity: crate::memory::Activity::Idle,
        arrival: crate::memory::Arrival::Linear {
            over: VirtualDuration::from_secs(seconds),
        },
    }
}
