//! How long operations take, and who counts it.

use super::*;
use crate::history::Part;
use crate::plan::Arithmetic;

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

/// Writers are as fast as memory until a fifth of the node's memory is dirty; then as the device.
#[test]
fn who_writes_more_than_the_cache_may_hold_is_throttled() {
    let mut world = World::new(Seed(17), true);
    let node = world.add_node(&NodeSpec::new("a").memory(100 << 20, None));
    let took: Notes<u64> = Rc::default();
    let notes = Rc::clone(&took);
    world.process(node, "writer", move |cx| {
        let notes = Rc::clone(&notes);
        async move {
            let file = cx.disk().open("f");
            for _ in 0..60 {
                let begin = cx.now();
                file.append(&vec![1; 1 << 20]).await.expect("there is room");
                notes
                    .borrow_mut()
                    .push(cx.now().since(begin).as_nanos() / 1_000);
            }
        }
    });
    run(&mut world, 1_000);
    let took = took.take();
    // 20 MiB of 100 may be dirty. A MiB is copied in 213 us, and written in about 1.1 ms.
    assert!(
        took[..20].iter().all(|us| (200..230).contains(us)),
        "{took:?}"
    );
    assert!(took[20..].iter().all(|us| *us > 400), "{took:?}");
    assert!(
        (900..1_400).contains(&median(took[20..].to_vec())),
        "{took:?}"
    );
    assert_eq!(world.disk_totals(node).written_bytes, 40 << 20);
}
