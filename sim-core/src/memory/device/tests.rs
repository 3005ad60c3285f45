use super::*;
use crate::{Key, Seed};

fn at(ms: f64) -> VirtualTime {
    VirtualTime::ZERO + VirtualDuration::from_secs_f64(ms / 1e3)
}

#[test]
fn every_preset_has_a_name_of_its_own() {
    for preset in Preset::ALL {
        assert_eq!(Preset::by_name(preset.name()), Some(preset));
    }
    assert_eq!(Preset::by_name("tape"), None);
}

/// One thread waits for its own read, then submits the next: measured 17.8 thousand a second.
#[test]
fn the_disk_of_the_calibration_at_depth_one() {
    let key = Key::new(Seed(1), "swap", "test");
    let mut swap = SwapDevice::new(Preset::Vdisk.device());
    let mut now = at(0.0);
    for i in 0..20_000 {
        now = swap.read(now, &mut key.at(i));
    }
    let iops = 20_000.0 / now.as_secs_f64();
    assert!((17_000.0..20_500.0).contains(&iops), "{iops}");
    assert_eq!(
        swap.busy_time(now),
        now - at(0.0),
        "always one read under way"
    );
}

/// 1000 reads at once under 800 a second: the last starts in the thirteenth window.
#[test]
fn a_cap_makes_a_queue_of_windows() {
    let key = Key::new(Seed(1), "swap", "test");
    let mut swap = SwapDevice::new(Preset::Vdisk.device());
    swap.set_iops_cap(at(0.0), Some(800.0));
    let mut last = at(0.0);
    for i in 0..1_000 {
        last = last.max(swap.read(at(0.0), &mut key.at(i)));
    }
    assert!(
        (1_200.0..1_202.0).contains(&(last.as_secs_f64() * 1e3)),
        "{last}"
    );
    // What comes later in the window finds its rest of the quota, then waits.
    let next = swap.read(at(1_210.0), &mut key.at(1_000));
    assert!(next < at(1_211.0), "{next}");
    swap.set_iops_cap(at(1_220.0), None);
    assert!(swap.read(at(1_220.0), &mut key.at(1_001)) < at(1_221.0));
}

/// Half of a quota that was not used serves the next window, and no later one.
#[test]
fn credit_lasts_for_one_window() {
    let key = Key::new(Seed(1), "swap", "test");
    let served = |first: f64, used: u64, second: f64| {
        let mut swap = SwapDevice::new(Preset::Nvme.device());
        swap.set_iops_cap(at(0.0), Some(800.0));
        for i in 0..used {
            swap.read(at(first), &mut key.at(i));
        }
        let next = at(second + 50.0);
        (0..400)
            .take_while(|i| swap.read(at(second), &mut key.at(1_000 + i)) < next)
            .count()
    };
    assert_eq!(served(10.0, 40, 110.0), 120);
    assert_eq!(served(10.0, 80, 110.0), 80);
    assert_eq!(served(10.0, 40, 210.0), 80);
    assert_eq!(served(10.0, 0, 110.0), 80);
}

#[test]
fn quotas_hold_over_any_ten_seconds() {
    let key = Key::new(Seed(1), "swap", "test");
    for iops in [3.0, 55.0, 800.0] {
        let mut swap = SwapDevice::new(Preset::Nvme.device());
        swap.set_iops_cap(at(0.0), Some(iops));
        let count = (0..100_000)
            .take_while(|i| swap.read(at(0.0), &mut key.at(*i)) < at(10_000.0))
            .count();
        assert!(
            (count as f64 / (10.0 * iops) - 1.0).abs() < 0.04,
            "{iops}: {count}"
        );
    }
}

#[test]
fn one_server_serves_in_order_and_a_slow_one_is_slower() {
    let key = Key::new(Seed(1), "swap", "test");
    let mut swap = SwapDevice::new(Preset::Hdd.device());
    let mut last = at(0.0);
    for i in 0..100 {
        let done = swap.read(at(1.0), &mut key.at(i));
        assert!(done > last);
        last = done;
    }
    let mut slow = SwapDevice::new(Preset::Hdd.device());
    slow.set_slow(10.0);
    let mut late = at(0.0);
    for i in 0..100 {
        late = slow.read(at(1.0), &mut key.at(i));
    }
    let ratio = late.since(at(1.0)).as_secs_f64() / last.since(at(1.0)).as_secs_f64();
    assert!((ratio - 10.0).abs() < 1e-3, "{ratio}");
}

#[test]
fn compressed_memory_does_not_queue() {
    let key = Key::new(Seed(1), "swap", "test");
    let mut swap = SwapDevice::new(Preset::Zram.device());
    assert!(swap.on_core());
    for i in 0..1_000 {
        let took = swap.read(at(5.0), &mut key.at(i)).since(at(5.0));
        assert!(took < VirtualDuration::from_micros(60), "{took}");
    }
}

/// The device of the calibration with stalls; the intervals in which nothing completes.
fn stalled(key: Key, law: DeviceStalls, gap_ms: f64, seconds: f64) -> Vec<(f64, f64)> {
    let reads = Key::new(Seed(1), "swap", "test");
    let mut swap = SwapDevice::new(Preset::Vdisk.device());
    swap.set_stalls(law, key);
    let mut long = Vec::new();
    for i in 0.. {
        let now = at(i as f64 * gap_ms);
        if now.as_secs_f64() > seconds {
            return long;
        }
        let took = swap.read(now, &mut reads.at(i)).since(now).as_secs_f64();
        if took > 0.02 {
            long.push((now.as_secs_f64(), took));
        }
    }
    long
}

/// Poisson in time: 50,000 s hold 313 stalls of 220 ms (a cycle is a gap and a stall), and what begins
/// in a stall waits for its end.
#[test]
fn stalls_come_at_their_rate_and_block_every_server() {
    let key = Key::new(Seed(2), "node/a", "swap.stall");
    let long = stalled(key, DeviceStalls::default(), 10.0, 50_000.0);
    // A read every 10 ms: 22 of them meet a stall, the first waits for almost all of it.
    let worst = long.iter().map(|(_, took)| *took).fold(0.0, f64::max);
    assert!((0.2..0.23).contains(&worst), "{worst}");
    let count = long.len() as f64 / 20.0;
    let want = 50_000.0 / 160.22;
    assert!((count - want).abs() < 4.0 * libm::sqrt(want), "{count}");
}

/// Stalls are there whoever reads: reads at another rate meet the same ones.
#[test]
fn stalls_do_not_hang_on_the_reads() {
    let key = Key::new(Seed(2), "node/a", "swap.stall");
    let ends = |gap_ms: f64| {
        let long = stalled(key, DeviceStalls::default(), gap_ms, 2_000.0);
        let mut ends: Vec<f64> = long.iter().map(|(from, took)| from + took).collect();
        // Reads of one stall end within a queue of each other.
        ends.dedup_by(|next, first| *next - *first < 0.05);
        ends
    };
    let (slow, fast) = (ends(10.0), ends(7.0));
    assert!(
        slow.len() > 5 && slow.len() == fast.len(),
        "{slow:?} {fast:?}"
    );
    let apart = slow.iter().zip(&fast).map(|(a, b)| (a - b).abs());
    assert!(apart.fold(0.0, f64::max) < 0.05, "{slow:?} {fast:?}");
}

#[test]
fn work_in_service_when_a_stall_begins_is_stretched_by_it() {
    let key = Key::new(Seed(3), "node/a", "swap.stall");
    let law = DeviceStalls {
        every: VirtualDuration::from_secs(1),
        length: VirtualDuration::from_millis(100),
    };
    let mut calendar = Calendar::new(law, key);
    let gap = |ordinal| VirtualDuration::from_secs_f64(key.at(ordinal).exponential(1.0)).as_nanos();
    let (first, length) = (gap(0), law.length.as_nanos());
    assert_eq!(calendar.stretch(0, (0, first)), first, "over before");
    assert_eq!(
        calendar.stretch(0, (first - 10, first + 5)),
        first + 5 + length,
        "in service"
    );
    assert_eq!(
        calendar.stretch(first, (first + 7, first + 12)),
        first + 12 + length - 7,
        "begins in it"
    );
    let end = first + length;
    assert_eq!(calendar.stretch(end, (end, end + 3)), end + 3, "after it");
    let second = end + gap(1);
    let both = Calendar::new(law, key).stretch(0, (first - 1, second + 1));
    assert_eq!(both, second + 1 + 2 * length, "both stalls of a long work");
}
