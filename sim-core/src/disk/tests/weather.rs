//! How overlays stack.

use super::super::error::Op;
use super::super::{DiskError, DiskOps};
use super::{at_s, on, weather};
use crate::plan::{Arithmetic, DiskSpace, DiskTarget, Primitive};
use crate::{EntryId, Law, NodeId};

fn latency(ops: DiskOps, value: f64, mode: Arithmetic) -> Primitive {
    Primitive::DiskLatency {
        disk: on(None),
        ops,
        delay: Law::Constant(value),
        mode,
        share: 1.0,
    }
}
fn error(disk: DiskTarget, ops: DiskOps, error: DiskError, share: f64) -> Primitive {
    Primitive::DiskError {
        disk,
        ops,
        error,
        share,
    }
}
fn full(space: DiskSpace) -> Primitive {
    let node = NodeId(0);
    Primitive::DiskFull { node, space }
}

#[test]
fn latencies_replace_then_scale_then_add_whatever_their_order() {
    let overlays = [
        (3, latency(DiskOps::ALL, 50.0, Arithmetic::Add)),
        (1, latency(DiskOps::ALL, 3.0, Arithmetic::Scale)),
        (5, latency(DiskOps::READ, 2.0, Arithmetic::Scale)),
        (4, latency(DiskOps::ALL, 100.0, Arithmetic::Replace)),
        (2, latency(DiskOps::ALL, 200.0, Arithmetic::Replace)),
        (6, latency(DiskOps::ALL, 7.0, Arithmetic::Add)),
    ];
    let mut weather = weather(&overlays);
    let mut landed = Vec::new();
    let strain = weather.strain((Op::Write, "f"), 0, &mut landed);
    // The latest replace is 2, though 4 has the higher id.
    assert_eq!(
        (strain.replaced, strain.scale, strain.added),
        (Some(200.0), 3.0, 57.0)
    );
    landed.sort_unstable();
    assert_eq!(landed, [1, 2, 3, 6].map(EntryId));
    assert_eq!(weather.strain((Op::Read, "f"), 0, &mut landed).scale, 6.0);
    // The end of one leaves the others as they are.
    weather.end(EntryId(2), 9);
    weather.end(EntryId(6), 9);
    let strain = weather.strain((Op::Write, "f"), 1, &mut landed);
    assert_eq!(
        (strain.replaced, strain.scale, strain.added),
        (Some(100.0), 3.0, 50.0)
    );
}

#[test]
fn errors_are_independent_and_the_first_id_names_them() {
    let any = DiskOps::ALL;
    let overlays = [
        (2, error(on(None), DiskOps::WRITE, DiskError::ReadOnly, 1.0)),
        (1, error(on(None), any, DiskError::Io, 0.5)),
        (3, error(on(Some("wal*")), any, DiskError::NoDevice, 1.0)),
    ];
    let weather = weather(&overlays);
    let (mut io, mut landed) = (0, Vec::new());
    for i in 0..1_000 {
        let first = weather.error((Op::Write, "f"), i, &mut landed);
        io += usize::from(first == Some(DiskError::Io));
        assert!(first == Some(DiskError::Io) || first == Some(DiskError::ReadOnly));
    }
    assert!((440..560).contains(&io), "{io}");
    let by = |id| landed.iter().filter(|l| **l == EntryId(id)).count();
    assert_eq!((by(1), by(2), by(3)), (io, 1_000, 0), "each that fires");
    let reads = (0..100).map(|i| weather.error((Op::Read, "wal.3"), i, &mut Vec::new()));
    assert!(
        reads
            .into_iter()
            .all(|e| e == Some(DiskError::Io) || e == Some(DiskError::NoDevice))
    );
}

/// Of two overlays, what one draws does not depend on whether the other is there.
#[test]
fn no_overlay_moves_the_draws_of_another() {
    let io = error(on(None), DiskOps::ALL, DiskError::Io, 0.3);
    let lie = Primitive::LyingFsync {
        disk: on(None),
        share: 0.4,
    };
    let alone = weather(&[(7, lie.clone())]);
    let both = weather(&[(1, io), (7, lie)]);
    let lies = |weather: &super::Weather| -> Vec<bool> {
        (0..500)
            .map(|i| !weather.liars("f", i).is_empty())
            .collect()
    };
    assert_eq!(lies(&alone), lies(&both));
    let count = lies(&alone).iter().filter(|lie| **lie).count();
    assert!((160..240).contains(&count), "{count}");
}

#[test]
fn paths_are_files_directories_or_prefixes() {
    let hit = |pattern, path| {
        let hold = Primitive::DiskHold {
            disk: on(Some(pattern)),
            ops: DiskOps::ALL,
        };
        weather(&[(0, hold)]).holds(Op::Read, path).count() == 1
    };
    assert!(hit("wal", "wal") && hit("wal", "wal/3") && !hit("wal", "wal.3"));
    assert!(hit("wal*", "wal.3") && !hit("wal*", "wa") && hit("*", "anything"));
}

#[test]
fn the_least_space_wins_and_fills_add() {
    let free = |bytes| full(DiskSpace::Free(bytes));
    let overlays = weather(&[(1, free(1_000)), (2, free(100)), (3, free(5_000))]);
    let mut landed = Vec::new();
    let mut refused = |need| {
        landed.clear();
        let full = overlays.is_full(at_s(10), need, (0, 10_000), &mut landed);
        (full, landed.clone())
    };
    assert_eq!(refused(100), (false, vec![]));
    assert_eq!(refused(500), (true, vec![EntryId(2)]));
    assert_eq!(refused(1_500), (true, vec![EntryId(1), EntryId(2)]));
    assert_eq!(refused(20_000), (true, vec![]), "full without any fault");
    assert_eq!(refused(0), (false, vec![]), "inside blocks that are there");

    // 100 bytes a second from second 0, 50 from second 1; after 40 s that is 5950 of 10000.
    let fill = |rate, reserve| full(DiskSpace::Fill { rate, reserve });
    let fills = weather(&[(1, fill(100.0, 64)), (2, fill(50.0, 64))]);
    let left = |s, need| {
        let mut landed = Vec::new();
        let full = fills.is_full(at_s(s), need, (0, 10_000), &mut landed);
        (full, landed)
    };
    assert_eq!(left(40, 4_050), (false, vec![]));
    assert_eq!(
        left(40, 4_051),
        (true, vec![EntryId(1), EntryId(2)]),
        "together"
    );
    assert_eq!(left(40, 6_500), (true, vec![EntryId(1)]), "alone");
    assert_eq!(left(4_000, 64), (false, vec![]), "the reserve stays");
    assert!(left(4_000, 65).0);
}

#[test]
fn the_first_misdirection_that_fires_decides() {
    let misdirect = |share, blocks| Primitive::Misdirect {
        disk: on(None),
        ops: DiskOps::WRITE,
        share,
        distance: Law::Constant(blocks),
    };
    let weather = weather(&[(2, misdirect(1.0, 9.0)), (1, misdirect(0.25, 5.0))]);
    let mut first = 0;
    for i in 0..1_000 {
        let (id, distance) = weather.misdirect((Op::Write, "f"), i).expect("2 fires");
        let expected = if id == EntryId(1) { 5 } else { 9 };
        assert_eq!(distance.abs(), expected);
        first += u32::from(id == EntryId(1));
    }
    assert!((200..300).contains(&first), "{first}");
    assert_eq!(weather.misdirect((Op::Read, "f"), 0), None);
}
