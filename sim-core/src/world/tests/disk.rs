//! The disk of a node in a world: time, faults, power, and who else waits.

use super::*;
use crate::disk::{DiskError, DiskOps, DiskTotals};
use crate::history::Outcome;
use crate::history::Part;
use crate::plan::{Arithmetic, Damage, DiskSpace, DiskTarget, Seen, Swap};

type Notes<T> = Rc<RefCell<Vec<T>>>;
type Faults = Vec<(u64, Option<u64>, Primitive)>;
/// Ends of operations in microseconds, and their errors.
type Ends = Vec<(u64, Option<DiskError>)>;

const NODE: NodeId = NodeId(0);

fn disk(path: Option<&str>) -> DiskTarget {
    DiskTarget {
        node: NODE,
        path: path.map(str::to_owned),
    }
}
fn power_loss(wipe: bool) -> Primitive {
    Primitive::PowerLoss {
        node: NODE,
        seen: Seen::Silent,
        wipe,
    }
}
fn loss(share: f64) -> Primitive {
    Primitive::UnsyncedLoss { node: NODE, share }
}

/// Appends a record every millisecond to a log whose name is durable, syncs every fifth, and notes
/// at every start what it finds. Gives the notes: (records, whether each is what was written).
fn logger(
    faults: Vec<(u64, Option<u64>, Primitive)>,
    until: u64,
) -> (Vec<(usize, bool)>, Finished) {
    let (mut world, nodes) = world(&["a", "b"]);
    let found: Notes<(usize, bool)> = Rc::default();
    let notes = Rc::clone(&found);
    world.process(nodes[0], "log", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            let file = cx.disk().open("log");
            let old = file.read().await.unwrap_or_default();
            let good = old
                .chunks(600)
                .all(|r| r.len() == 600 && r.iter().all(|b| *b == r[0]));
            notes
                .borrow_mut()
                .push((old.len().div_ceil(600), good && !old.contains(&0)));
            file.truncate(0).await.expect("the disk works");
            file.sync().await.expect("the disk works");
            cx.disk().sync_dir().await.expect("the disk works");
            for i in 1..200 {
                cx.sleep(ms(1)).await;
                file.append(&[i; 600]).await.expect("the disk works");
                if i % 5 == 0 {
                    file.sync().await.expect("the disk works");
                }
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    let found = found.borrow().clone();
    (found, finished)
}

#[test]
fn a_crash_keeps_the_cache_and_a_loss_of_power_does_not() {
    let crash = Primitive::Crash {
        node: NODE,
        seen: Seen::Silent,
    };
    let (found, _) = logger(vec![(23, Some(30), crash.clone())], 40);
    let all = found[1].0;
    assert!((20..23).contains(&all) && found[1].1, "{found:?}");

    let overlays = |power: Primitive| vec![(0, None, loss(1.0)), (23, Some(30), power)];
    let (found, finished) = logger(overlays(power_loss(false)), 40);
    // Synced at every fifth.
    assert_eq!(found[1], (all / 5 * 5, true), "{found:?}");
    assert_eq!(finished.faults[0].landed, (all - all / 5 * 5) as u64);
    assert_eq!(finished.faults[1].landed, 1);

    // Without a rule for the disk everything survives, as behind a battery.
    let (found, _) = logger(vec![(23, Some(30), power_loss(false))], 40);
    assert_eq!(found[1], (all, true));
    let (found, _) = logger(vec![(23, Some(30), power_loss(true))], 40);
    assert_eq!(found[1], (0, true), "a new disk");

    // At one instant with a crash the loss of power rules the disk, in either order; only the first
    // of the two finds the node up.
    for (first, second) in [
        (crash.clone(), power_loss(false)),
        (power_loss(false), crash),
    ] {
        let faults = vec![
            (0, None, loss(1.0)),
            (23, Some(30), first),
            (23, Some(30), second),
        ];
        let (found, finished) = logger(faults, 40);
        assert_eq!(found[1], (all / 5 * 5, true), "{found:?}");
        let landed: Vec<u64> = finished.faults[1..].iter().map(|f| f.landed).collect();
        assert_eq!(landed, [1, 0]);
    }
}

#[test]
fn lies_and_tears_show_when_the_power_goes_and_not_before() {
    let lie = Primitive::LyingFsync {
        disk: disk(None),
        share: 1.0,
    };
    let (_, calm) = logger(vec![(5, Some(190), lie.clone())], 40);
    assert_eq!(calm.faults[0].landed, 0, "a lie that nobody found out");
    let (_, honest) = logger(vec![], 40);
    let records = |finished: &Finished| {
        let all = finished.history.records().iter();
        let not_ours = all.filter(|r| !matches!(r.what, What::Fault { .. }));
        not_ours.copied().collect::<Vec<_>>()
    };
    assert_eq!(records(&calm), records(&honest), "the run does not differ");

    let faults = vec![
        (5, None, lie),
        (0, None, loss(1.0)),
        (23, Some(30), power_loss(false)),
    ];
    let (found, finished) = logger(faults, 40);
    assert_eq!(found[1], (0, true), "{found:?}");
    assert!(finished.faults[0].landed >= 20, "{:?}", finished.faults[0]);

    let torn = Primitive::TornWrite {
        node: NODE,
        share: 1.0,
        unit: 512,
    };
    let faults = vec![(5, None, torn), (24, Some(30), power_loss(false))];
    let (found, finished) = logger(faults, 40);
    assert!(finished.faults[0].landed > 0);
    assert!(!found[1].1, "a record in parts: {found:?}");
}

/// A process that syncs a small write again and again: the end of each in microseconds, and its
/// error.
fn syncer(faults: Faults, until: u64) -> (Ends, DiskTotals, Finished) {
    let (synced, _) = syncer_named(faults, until);
    synced
}
fn syncer_named(faults: Faults, until: u64) -> ((Ends, DiskTotals, Finished), Names) {
    let (mut world, nodes) = world(&["a", "b"]);
    world.sample_hosts(ms(10));
    let ends: Notes<(u64, Option<DiskError>)> = Rc::default();
    let notes = Rc::clone(&ends);
    let name = world.name("save");
    world.process(nodes[0], "syncer", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            for i in 0.. {
                let operation = cx.operation(name);
                let cx = operation.cx();
                let file = cx.disk().open("wal/1");
                let write = file.write_at(i % 64 * 4096, &[7; 4096]).await;
                let done = match write {
                    Ok(()) => file.sync().await,
                    error => error,
                };
                notes
                    .borrow_mut()
                    .push((cx.now().as_nanos() / 1_000, done.err()));
                operation.end(Outcome::Ok);
            }
        }
    });
    world.set_plan(plan(faults));
    let finished = run(&mut world, until);
    let totals = world.disk_totals(nodes[0]);
    ((ends.take(), totals, finished), world.names())
}

/// Times between ends that fall between two milliseconds.
fn gaps(ends: &[(u64, Option<DiskError>)], from_ms: u64, to_ms: u64) -> Vec<u64> {
    let inside = ends
        .windows(2)
        .filter(|pair| (from_ms * 1_000..to_ms * 1_000).contains(&pair[1].0));
    inside.map(|pair| pair[1].0 - pair[0].0).collect()
}
fn median(mut values: Vec<u64>) -> u64 {
    values.sort_unstable();
    values[values.len() / 2]
}

#[test]
fn a_sync_takes_its_measured_time_and_counts_as_a_wait_for_the_disk() {
    let signals = [
        "rate(node_pressure_io_waiting_seconds_total)",
        "rate(node_cpu_seconds_total{mode=\"iowait\"})",
    ];
    let ((ends, totals, finished), names) = syncer_named(vec![], 1_000);
    let signals = signals.map(|name| names.find(&format!("a.{name}")).expect("a signal"));
    let p50 = median(gaps(&ends, 0, 1_000));
    // Measured: p50 133 us, within 25 %.
    assert!((107..167).contains(&p50), "{p50} us");
    let syncs = ends.len() as u64;
    assert!(
        totals.flushes - syncs <= 1 && totals.writes - syncs <= 1,
        "{totals:?}"
    );
    assert_eq!(totals.written_bytes, totals.writes * 4096);
    assert_eq!((totals.errors, totals.reads, totals.in_flight), (0, 0, 1));
    let busy = totals.io_time_ns as f64 / 1e9;
    assert!((0.90..1.0).contains(&busy), "{busy}");
    let part = |wanted: Part| -> u64 {
        let all = finished.history.records().iter();
        let parts = all.filter_map(|r| match r.what {
            What::SpanTime { part, ns, .. } if part == wanted => Some(ns),
            _ => None,
        });
        parts.sum()
    };
    assert!(
        (0.99e9..1.01e9).contains(&(part(Part::Disk) as f64)),
        "{}",
        part(Part::Disk)
    );
    let mean = |signal: NameId| {
        let all = finished.history.records().iter();
        let values: Vec<f64> = all
            .filter_map(|r| match r.what {
                What::Sample { name, value, .. } if name == signal => Some(value),
                _ => None,
            })
            .collect();
        values.iter().sum::<f64>() / values.len() as f64
    };
    let [some, iowait] = signals.map(mean);
    assert!(
        (0.95..1.0).contains(&some) && (0.95..1.0).contains(&iowait),
        "{some} {iowait}"
    );
}

#[test]
fn slow_disks_held_disks_and_their_ends() {
    let slow = |mode, value| Primitive::DiskLatency {
        disk: disk(Some("wal")),
        ops: DiskOps::FSYNC,
        delay: Law::Constant(value),
        mode,
        share: 1.0,
    };
    let add = slow(Arithmetic::Add, 5e6);
    let (ends, _, finished) = syncer(vec![(100, Some(200), add)], 300);
    let during = gaps(&ends, 110, 200);
    assert!(
        during.iter().all(|gap| *gap > 5_000) && during.len() > 10,
        "{during:?}"
    );
    assert!(median(gaps(&ends, 210, 300)) < 170);
    assert!(finished.faults[0].landed.abs_diff(during.len() as u64) < 4);
    let scale = slow(Arithmetic::Scale, 20.0);
    let (ends, ..) = syncer(vec![(100, Some(200), scale)], 300);
    let ratio = median(gaps(&ends, 110, 200)) as f64 / median(gaps(&ends, 0, 100)) as f64;
    assert!((17.0..23.0).contains(&ratio), "{ratio}");
    let replace = slow(Arithmetic::Replace, 1e6);
    let (ends, ..) = syncer(vec![(100, Some(200), replace)], 300);
    assert!(
        gaps(&ends, 102, 200)
            .iter()
            .all(|gap| (1_000..1_010).contains(gap))
    );

    // Holds are a union: what is under way when the first begins ends with the last.
    let hold = Primitive::DiskHold {
        disk: disk(None),
        ops: DiskOps::FSYNC,
    };
    let faults = vec![(100, Some(150), hold.clone()), (120, Some(180), hold)];
    let (ends, totals, finished) = syncer(faults, 300);
    assert_eq!(gaps(&ends, 101, 180), Vec::<u64>::new());
    assert!(ends.iter().any(|(end, _)| *end == 180_000));
    let landed: Vec<u64> = finished.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [1, 1]);
    assert_eq!(totals.in_flight, 1);
}

#[test]
fn an_operation_that_is_given_up_is_not_counted_any_more() {
    let (mut world, nodes) = world(&["a"]);
    let hold = Primitive::DiskHold {
        disk: disk(None),
        ops: DiskOps::ALL,
    };
    world.process(nodes[0], "impatient", |cx| async move {
        cx.sleep(ms(2)).await;
        let file = cx.disk().open("f");
        assert!(cx.timeout(ms(5), file.append(b"x")).await.is_err());
        assert_eq!(cx.now(), at_ms(7));
        // The write had its effect all the same.
        cx.sleep(ms(10)).await;
        assert_eq!(file.read().await, Ok(b"x".to_vec()));
    });
    world.set_plan(plan(vec![(1, Some(10), hold)]));
    let finished = run(&mut world, 30);
    assert_eq!(world.disk_totals(nodes[0]).in_flight, 0);
    assert_eq!(finished.faults[0].landed, 1);
}

#[test]
fn a_full_disk_refuses_all_of_a_write_or_nothing() {
    let (mut world, nodes) = world(&["a"]);
    let full = Primitive::DiskFull {
        node: NODE,
        space: DiskSpace::Free(8_192),
    };
    world.process(nodes[0], "writer", |cx| async move {
        let file = cx.disk().open("f");
        file.append(&[1; 100]).await.expect("there is room");
        cx.sleep(ms(5)).await;
        // Three blocks are needed, two are left: nothing is written.
        assert_eq!(file.append(&[2; 12_300]).await, Err(DiskError::NoSpace));
        assert_eq!(file.size().await, Ok(100));
        assert_eq!(
            cx.disk().open("g").append(&[2; 9_000]).await,
            Err(DiskError::NoSpace)
        );
        assert_eq!(cx.disk().exists("g").await, Ok(false));
        // Inside the block that it has there is room.
        assert_eq!(file.append(&[2; 50]).await, Ok(100));
        assert_eq!(
            file.read().await.map(|b| (b.len(), b[99], b[149])),
            Ok((150, 1, 2))
        );
        cx.sleep(ms(10)).await;
        file.append(&[2; 12_300])
            .await
            .expect("there is room again");
    });
    world.set_plan(plan(vec![(2, Some(10), full)]));
    let finished = run(&mut world, 30);
    assert_eq!(finished.faults[0].landed, 2);
    assert_eq!(world.disk_totals(nodes[0]).errors, 2);

    let (mut world, _) = self::world(&[]);
    let spec = DiskSpec {
        preset: "nvme".into(),
        bytes: 8_192,
    };
    let node = world.add_node(&NodeSpec::new("small").disk(spec));
    world.process(node, "writer", |cx| async move {
        let file = cx.disk().open("f");
        assert_eq!(file.append(&[2; 8_193]).await, Err(DiskError::NoSpace));
        assert_eq!(file.append(&[2; 8_192]).await, Ok(0));
        assert_eq!(file.write_at(u64::MAX, b"x").await, Err(DiskError::NoSpace));
    });
    run(&mut world, 30);
}

#[test]
fn errors_have_no_effect_and_other_nodes_do_not_notice() {
    let error = |path, ops, error, share| Primitive::DiskError {
        disk: disk(path),
        ops,
        error,
        share,
    };
    let (calm, ..) = syncer(vec![], 300);
    let io = error(Some("wal"), DiskOps::FSYNC, DiskError::Io, 0.3);
    let (ends, totals, finished) = syncer(vec![(100, Some(200), io.clone())], 300);
    let failed = ends
        .iter()
        .filter(|(_, e)| *e == Some(DiskError::Io))
        .count() as u64;
    assert!(failed > 100, "{failed}");
    assert_eq!((finished.faults[0].landed, totals.errors), (failed, failed));
    let before = |ends: &[(u64, Option<DiskError>)]| -> Vec<_> {
        ends.iter()
            .take_while(|(end, _)| *end < 100_000)
            .copied()
            .collect()
    };
    assert_eq!(before(&ends), before(&calm));

    // Another fault on another path, or another disk, moves nothing.
    let elsewhere = error(Some("snapshot"), DiskOps::ALL, DiskError::Io, 0.5);
    let other = Primitive::DiskError {
        disk: DiskTarget {
            node: NodeId(1),
            path: None,
        },
        ops: DiskOps::ALL,
        error: DiskError::NoDevice,
        share: 1.0,
    };
    let faults = vec![
        (50, None, elsewhere),
        (60, None, other),
        (100, Some(200), io),
    ];
    let (with_others, _, finished) = syncer(faults, 300);
    // Event draws are keyed by the label, which is the same here.
    assert_eq!(with_others, ends);
    assert_eq!(
        (finished.faults[0].landed, finished.faults[1].landed),
        (0, 0)
    );
}

#[test]
fn rot_is_read_back_and_an_idle_disk_lands_nothing() {
    let rot = |visible| Primitive::BitRot {
        disk: disk(None),
        share: 1.0,
        at_rest: false,
        visible,
    };
    for visible in [false, true] {
        let (mut world, nodes) = world(&["a", "b"]);
        world.process(nodes[0], "reader", move |cx| async move {
            let file = cx.disk().open("f");
            file.append(&[0; 4096]).await.expect("the disk works");
            assert_eq!(
                file.read().await.map(|b| b.len()),
                Ok(4096),
                "from the cache"
            );
            file.sync().await.expect("the disk works");
            let back = file.read().await;
            if visible {
                assert_eq!(back, Err(DiskError::Corrupt));
            } else {
                let ones: u32 = back
                    .expect("nobody tells")
                    .iter()
                    .map(|b| b.count_ones())
                    .sum();
                assert_eq!(ones, 1);
            }
        });
        world.set_plan(plan(vec![(0, None, rot(visible))]));
        assert_eq!(run(&mut world, 10).faults[0].landed, 1);
    }
    let (mut world, _) = world(&["a"]);
    let misdirect = Primitive::Misdirect {
        disk: disk(None),
        ops: DiskOps::ALL,
        share: 1.0,
        distance: Law::Constant(1.0),
    };
    let hold = Primitive::DiskHold {
        disk: disk(None),
        ops: DiskOps::ALL,
    };
    let idle = [rot(true), misdirect, hold, loss(1.0), power_loss(true)];
    world.set_plan(plan(idle.into_iter().map(|p| (5, Some(9), p)).collect()));
    let finished = run(&mut world, 20);
    let landed: Vec<u64> = finished.faults.iter().map(|f| f.landed).collect();
    assert_eq!(landed, [0, 0, 0, 0, 1], "only the node itself went down");
}

/// A service that pages, and a process that syncs, on one node: mean of the syncs and of the
/// service's responses in microseconds, in a storm or not, with the swap file on the disk or not.
fn storm(swap: Swap, storm: bool, syncs: bool) -> (u64, u64) {
    let mut world = World::new(Seed(17), true);
    let spec = NodeSpec::new("a").cores(4).memory(128 << 20, Some(swap));
    let node = world.add_node(&spec);
    let took: Notes<u64> = Rc::default();
    let notes = Rc::clone(&took);
    world.process(node, "service", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            let set = cx.memory_set(96 << 20, 0.9, 0.5);
            loop {
                let begin = cx.now();
                cx.compute(VirtualDuration::from_micros(100))
                    .touching(set, 32)
                    .await;
                if begin > at_ms(3_000) {
                    notes
                        .borrow_mut()
                        .push(cx.now().since(begin).as_nanos() / 1_000);
                }
                cx.sleep(ms(2)).await;
            }
        }
    });
    let saved: Notes<u64> = Rc::default();
    let notes = Rc::clone(&saved);
    if syncs {
        for i in 0..8 {
            let notes = Rc::clone(&notes);
            world.process(node, &format!("save{i}"), move |cx| {
                let notes = Rc::clone(&notes);
                async move {
                    let file = cx.disk().open(&format!("f{i}"));
                    loop {
                        file.write_at(0, &[1; 65_536])
                            .await
                            .expect("the disk works");
                        let begin = cx.now();
                        file.sync().await.expect("the disk works");
                        if begin > at_ms(3_000) {
                            notes
                                .borrow_mut()
                                .push(cx.now().since(begin).as_nanos() / 1_000);
                        }
                    }
                }
            });
        }
    }
    let pressure = Primitive::MemoryPressure {
        node,
        size: Damage::Overcommit(3.0),
        active: true,
        ramp: VirtualDuration::ZERO,
    };
    let slow = Primitive::SwapDevice {
        node,
        device: Swap::Iops(2_000.0),
    };
    if storm {
        world.set_plan(plan(vec![(1_000, None, pressure), (1_000, None, slow)]));
    }
    run(&mut world, 6_000);
    let mean = |values: Vec<u64>| values.iter().sum::<u64>() / values.len().max(1) as u64;
    (mean(saved.take()), mean(took.take()))
}

#[test]
fn a_swap_storm_slows_a_sync_and_a_sync_slows_a_swap_in_on_one_disk_only() {
    let own = || Swap::Preset("vdisk".into());
    let (calm, _) = storm(Swap::Disk, false, true);
    let (shared, shared_service) = storm(Swap::Disk, true, true);
    let (apart, apart_service) = storm(own(), true, true);
    let (_, alone_service) = storm(Swap::Disk, true, false);
    assert!(apart < calm * 11 / 10, "apart {apart} us, calm {calm} us");
    assert!(shared > calm * 2, "shared {shared} us, calm {calm} us");
    assert!(
        shared_service > alone_service * 3 / 2 && shared_service > apart_service * 3 / 2,
        "service beside syncs {shared_service} us, alone {alone_service} us, apart {apart_service} us"
    );
}
