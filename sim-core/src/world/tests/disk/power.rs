//! What a crash and a loss of power leave.

use super::*;
use crate::plan::Seen;

pub(super) fn power_loss(wipe: bool) -> Primitive {
    Primitive::PowerLoss {
        node: NODE,
        seen: Seen::Silent,
        wipe,
    }
}
pub(super) fn loss(share: f64) -> Primitive {
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
