use super::*;
use crate::memory::{Activity, Arrival, Intruder, Preset, Victim};

const MIB: u64 = 1 << 20;

fn at(s: f64) -> VirtualTime {
    VirtualTime::ZERO + VirtualDuration::from_secs_f64(s)
}

fn swap() -> Option<SwapSpace> {
    Some(Preset::Vdisk.space(4 << 30))
}

/// A domain driven tick by tick: a second of `rates` touches for each class.
fn drive(domain: &mut Domain, from: f64, seconds: f64, rates: &[u64]) -> Vec<Tick> {
    let ticks = crate::memory::whole(libm::round(seconds * 50.0));
    let tick = |i: u64| {
        for (class, rate) in rates.iter().enumerate() {
            domain.touch(class, rate / 50);
        }
        domain.tick(at(from + (i + 1) as f64 * 0.02))
    };
    (0..ticks).map(tick).collect()
}

/// The marks of the machine of the calibration, and of hosts of other sizes.
#[test]
fn watermarks_scale_as_in_the_kernel() {
    let marks = Watermarks::of(24 << 30);
    assert_eq!(
        (marks.min_pages, marks.low_pages(), marks.high_pages()),
        (5_636, 7_045, 8_454)
    );
    assert_eq!(
        Watermarks::of(6 << 30).min_pages,
        2_818,
        "a quarter of it: half"
    );
    assert_eq!(Watermarks::of(1 << 12).min_pages, 32, "128 KiB at least");
    assert_eq!(Watermarks::of(1 << 50).min_pages, 65_536, "256 MiB at most");
}

/// A host of 256 MiB with background reclaim, a service of 128 MiB, and a neighbour that takes the rest.
fn host(neighbour_mib: u64) -> Domain {
    let mut domain = Domain::new(256 * MIB, swap());
    domain.add_class(ClassSpec::new(32_768));
    domain.set_watermarks(at(0.0), Some(Watermarks { min_pages: 1_000 }));
    let intruder = Intruder {
        pages: neighbour_mib * 256,
        activity: Activity::Idle,
        arrival: Arrival::Linear {
            over: VirtualDuration::from_secs(10),
        },
    };
    domain.press(at(0.0), 7, intruder);
    domain
}

fn free(domain: &Domain) -> u64 {
    domain.budget_pages() + 1_000 - domain.used_pages(at(1e3))
}

/// Below `low` it wakes up, and works until `high` is free; who brings pages reclaims none of them.
#[test]
fn background_reclaim_keeps_memory_between_its_marks() {
    let mut domain = host(140);
    let (mut least, mut most, mut woken) = (u64::MAX, 0, 0);
    for i in 1..=500 {
        domain.touch(0, 128);
        let now = at(f64::from(i) * 0.02);
        let tick = domain.tick(now);
        assert_eq!(tick.displaced_directly, 0, "at {now}");
        assert!(!domain.reclaiming(0), "at {now}");
        let wanted = domain.background_wanted();
        woken += u32::from(wanted > 0);
        domain.background_done(wanted);
        if domain.evicted_pages() > 0 {
            (least, most) = (least.min(free(&domain)), most.max(free(&domain)));
        }
    }
    assert!(woken > 5 && domain.evicted_pages() > 2_000, "{woken}");
    // It is woken below 1250 free pages; a tick brings 72 of the neighbour and a few that come back.
    assert!((1_000..1_250).contains(&least), "{least}");
    assert!((1_400..1_500).contains(&most), "{most}");
    assert!(domain.background_wanted() <= 500 + 100);
}

/// Without its work memory falls to `min`, and tasks reclaim for themselves; never below.
#[test]
fn below_min_tasks_reclaim_for_themselves() {
    let mut domain = host(140);
    let ticks = drive(&mut domain, 0.0, 10.0, &[6_400]);
    assert!(domain.background_wanted() >= 500, "it wants to");
    assert!(domain.reclaiming(0));
    assert_eq!(free(&domain), 1_000);
    let direct: u32 = ticks.iter().map(|tick| tick.displaced_directly).sum();
    assert!(direct > 2_000, "{direct}");
}

/// A host that is not short of memory has nothing to do: no wish, no tick.
#[test]
fn background_reclaim_sleeps_while_there_is_room() {
    let mut domain = host(100);
    drive(&mut domain, 0.0, 12.0, &[6_400]);
    assert_eq!((domain.background_wanted(), domain.evicted_pages()), (0, 0));
    assert_eq!(domain.next_tick(at(12.0)), None);
}

fn limit(mib: u64) -> GroupLimit {
    GroupLimit {
        max_bytes: Some(mib * MIB),
        high_bytes: None,
    }
}

/// A node with room for everything; in it a slice, and in that two pods, one with a limit of its own.
fn slice(slice_mib: u64, pod_mib: u64) -> Domain {
    let mut domain = Domain::new(1 << 30, swap());
    let slice = domain.add_group(0, limit(slice_mib));
    let pod = domain.add_group(slice, limit(pod_mib));
    let other = domain.add_group(slice, GroupLimit::default());
    for group in [pod, other, 0] {
        domain.add_class_in(group, ClassSpec::new(16_384));
    }
    domain
}

const RATES: [u64; 3] = [6_400, 6_400, 6_400];

/// A group over its limit reclaims inside itself, down to the limit; nobody else loses a page.
#[test]
fn a_group_reclaims_inside_itself() {
    let mut domain = slice(512, 48);
    drive(&mut domain, 0.0, 10.0, &RATES);
    assert!(domain.miss(0) > 0.01, "{}", domain.miss(0));
    assert_eq!((domain.miss(1), domain.miss(2)), (0.0, 0.0));
    let pages = |mib: u64| mib * 256;
    assert!((pages(48) - 100..pages(48)).contains(&domain.group_used_pages(2)));
    assert_eq!(domain.group_used_pages(3), 16_384);
    // Charges count against every group around.
    let inside = domain.group_used_pages(2) + domain.group_used_pages(3);
    assert!(domain.group_used_pages(1).abs_diff(inside) <= 1);
    assert!(domain.group_used_pages(0).abs_diff(inside + 16_384) <= 1);
    assert!(domain.reclaiming(0) && !domain.reclaiming(1) && !domain.reclaiming(2));
}

/// A slice over its limit reclaims from both pods inside it, and from nobody outside: equal pods alike.
#[test]
fn a_limit_around_groups_binds_all_of_them() {
    let mut domain = slice(100, 512);
    drive(&mut domain, 0.0, 30.0, &RATES);
    let (pod, other) = (domain.miss(0), domain.miss(1));
    assert!(
        pod > 0.01 && (pod / other - 1.0).abs() < 1e-9,
        "{pod} {other}"
    );
    assert_eq!(domain.miss(2), 0.0);
    assert!(domain.group_used_pages(1) <= 100 * 256);
}

/// Both limits bind: the pod misses what its own asks for, the other pays for the rest of the slice.
/// The model of one limit says the same for each of them.
#[test]
fn a_limit_inside_a_limit() {
    let mut domain = slice(80, 32);
    drive(&mut domain, 0.0, 60.0, &RATES);
    assert!(domain.group_used_pages(2) <= 32 * 256 && domain.group_used_pages(1) <= 80 * 256);
    assert!(
        domain.group_used_pages(1) > 80 * 256 - 115,
        "the slice is full"
    );
    let alone = |bytes: u64| {
        let mut domain = Domain::new(bytes, swap());
        domain.add_class(ClassSpec::new(16_384));
        drive(&mut domain, 0.0, 60.0, &[6_400]);
        domain.miss(0)
    };
    let pod = domain.miss(0) / alone(32 * MIB);
    assert!((pod - 1.0).abs() < 0.02, "{pod}");
    // 80 MiB of the slice less 32 of the pod, but for the part of the kernel that each counts.
    let other = domain.miss(1) / alone(48 * MIB);
    assert!((other - 1.0).abs() < 0.02, "{other}");
}

/// A limit that begins to bind while one around it thins the same pages takes stock of what is left: the
/// share that the outer one lets survive is not taken a second time.
#[test]
fn a_generation_is_thinned_once() {
    let mut domain = slice(100, 512);
    drive(&mut domain, 0.0, 0.5, &RATES);
    let before = domain.group_used_pages(2);
    let share = domain.groups[1].front.survive;
    assert!((0.5..0.9).contains(&share), "{share}");
    domain.set_high(at(0.5), 2, Some(46 * MIB));
    drive(&mut domain, 0.5, 0.1, &RATES);
    let after = domain.group_used_pages(2);
    assert!(before > 48 * 256, "{before}");
    assert!((46 * 256 - 120..46 * 256).contains(&after), "{after}");
}

/// A group that never binds changes no figure of the others, bit for bit.
#[test]
fn a_group_that_does_not_bind_changes_nothing() {
    let run = |grouped: bool| {
        let mut domain = Domain::new(100 * MIB, swap());
        let group = if grouped {
            domain.add_group(0, limit(4_096))
        } else {
            0
        };
        domain.add_class_in(group, ClassSpec::new(32_768));
        drive(&mut domain, 0.0, 20.0, &[6_400]);
        (
            domain.miss(0).to_bits(),
            domain.evicted.to_bits(),
            domain.front(),
        )
    };
    assert_eq!(run(true), run(false));
}

/// Without swap the group that is over names itself, and the victim is inside it.
#[test]
fn a_kill_is_inside_the_group_that_is_over() {
    let mut domain = Domain::new(1 << 30, None);
    let outer = domain.add_group(0, limit(400));
    let inner = domain.add_group(outer, limit(60));
    domain.add_class(ClassSpec::new(100_000));
    domain.add_class_in(outer, ClassSpec::new(50_000));
    domain.add_class_in(inner, ClassSpec::new(10_000));
    domain.add_class_in(inner, ClassSpec::new(9_000));
    assert_eq!(domain.tick(at(0.02)).out_of_memory, Some(inner));
    assert_eq!(domain.largest_in(at(0.02), inner), Some(Victim::Class(2)));
    assert_eq!(domain.largest_in(at(0.02), outer), Some(Victim::Class(1)));
    assert_eq!(domain.largest(at(0.02)), Some(Victim::Class(0)));
    domain.free_class(at(0.03), 2);
    assert_eq!(domain.tick(at(0.04)).out_of_memory, None);
}

/// `memory.high` reclaims to the limit where there is swap; without, usage goes on and charges sleep.
#[test]
fn above_high_it_reclaims_or_throttles() {
    let high = GroupLimit {
        max_bytes: None,
        high_bytes: Some(40 * MIB),
    };
    let mut domain = Domain::new(1 << 30, swap());
    let group = domain.add_group(0, high);
    domain.add_class_in(group, ClassSpec::new(16_384));
    let ticks = drive(&mut domain, 0.0, 5.0, &[6_400]);
    assert!(domain.group_used_pages(group) <= 40 * 256, "reclaimed");
    assert!(ticks.iter().all(|tick| tick.out_of_memory.is_none()));
    domain.charge(group, 1e6);
    assert!(domain.high_stall(group).is_zero());

    let mut domain = Domain::new(1 << 30, None);
    let group = domain.add_group(0, high);
    let inner = domain.add_group(group, GroupLimit::default());
    // 5 % over 40 MiB with tables and what the kernel charges: 10752 = 10685 + 20.9 + 46.4.
    domain.add_class_in(inner, ClassSpec::new(10_685));
    assert!(domain.busy(), "who touches pages must ask");
    assert_eq!(
        domain.tick(at(0.02)).out_of_memory,
        None,
        "a high limit kills nobody"
    );
    domain.charge(inner, 63.0);
    assert!(domain.high_stall(inner).is_zero(), "no batch yet");
    domain.charge(inner, 1.0);
    assert_eq!(domain.high_stall(inner), VirtualDuration::from_millis(159));
    assert!(domain.high_stall(inner).is_zero(), "paid");
    domain.charge(inner, 200.0);
    assert_eq!(
        domain.high_stall(inner),
        VirtualDuration::from_millis(477),
        "three batches"
    );
    domain.charge(0, 1e6);
    assert!(domain.high_stall(0).is_zero(), "the node has no such limit");
}

/// A pass through more pages than there is room for finds none of them; one that fits finds all. What a
/// pass throws out is what others touch.
#[test]
fn a_pass_in_order_is_the_worst_case_of_lru() {
    let pass = |limit: u64| {
        let mut domain = Domain::new(limit, swap());
        domain.add_class(ClassSpec {
            pages: 16_384,
            zipf: 0.0,
            write_share: 0.0,
        });
        let mut last = 0.0;
        for i in 1..=1_500 {
            domain.scan(0, 328);
            domain.tick(at(f64::from(i) * 0.02));
            last = domain.scan_miss(0);
        }
        (last, domain.miss(0))
    };
    assert_eq!(pass(128 * MIB), (0.0, 0.0));
    let (scan, random) = pass(48 * MIB);
    assert!(scan > 0.99, "{scan}");
    assert!((random - 0.25).abs() < 0.02, "a quarter is out: {random}");

    let mut domain = Domain::new(100 * MIB, swap());
    domain.add_class(ClassSpec::new(16_384));
    domain.add_class(ClassSpec::new(16_384));
    drive(&mut domain, 0.0, 20.0, &[6_400, 100]);
    let before = domain.miss(0);
    // All of the second class in one second.
    for i in 1..=50 {
        domain.scan(1, 328);
        domain.touch(0, 128);
        domain.tick(at(20.0 + f64::from(i) * 0.02));
    }
    assert!(
        domain.miss(0) > 1.5 * before,
        "{before} -> {}",
        domain.miss(0)
    );
    assert!(
        domain.miss(1) < 0.05,
        "it is resident now: {}",
        domain.miss(1)
    );
}

/// Finding 8: a group that evicts 0.075 of its pages a second churns, on statistics 2 s old.
#[test]
fn fast_eviction_churns() {
    let churns = |rate: u64, marks: bool| {
        let mut domain = Domain::new(64 * MIB, swap());
        if marks {
            domain.set_watermarks(at(0.0), Some(Watermarks { min_pages: 100 }));
        }
        domain.add_class(ClassSpec {
            pages: 32_768,
            zipf: 0.0,
            write_share: 0.5,
        });
        drive(&mut domain, 0.0, 10.0, &[rate]);
        domain.churns(0)
    };
    // Half of the touches fault: 1229 evictions a second are the bound.
    assert!(!churns(2_200, false) && churns(2_800, false));
    assert!(!churns(2_800, true), "a host ages by other counters");
}

/// `memory.high` bounds what is used: what the node keeps free for itself is no part of that.
#[test]
fn what_is_kept_free_does_not_count_as_used() {
    let domain = |pages| {
        let mut domain = Domain::new(1_024 * MIB, swap());
        domain.set_watermarks(at(0.0), Some(Watermarks { min_pages: 16_384 }));
        domain.set_high(at(0.0), 0, Some(512 * MIB));
        domain.add_class(ClassSpec::new(pages));
        domain
    };
    assert!(!domain(500 * 256).busy());
    assert!(domain(520 * 256).busy());
}

/// A limit for all pages has room for all pages, whatever the node keeps for itself.
#[test]
fn a_limit_for_a_share_has_room_for_it() {
    for marks in [None, Some(Watermarks { min_pages: 2_000 })] {
        let mut domain = Domain::new(1_024 * MIB, swap());
        domain.set_watermarks(at(0.0), marks);
        domain.add_class(ClassSpec::new(32_768));
        for (share, room) in [(1.0, 32_768), (0.5, 16_384)] {
            let bytes = domain.limit_for(share);
            domain.set_limit(at(0.0), bytes);
            // Less than a page is lost to whole bytes.
            assert_eq!(domain.budget_pages() + 1, room, "{marks:?}");
        }
    }
}
