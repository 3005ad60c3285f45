//! What operations give: errors, space, rot; and an idle disk, to which nothing happens.

use super::power::{loss, power_loss};
use super::*;
use crate::plan::DiskSpace;

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
