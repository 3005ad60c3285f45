//! Disks.

use super::{A, Rule, Sample, disk, law, sample};
use squall_core::Law;
use squall_core::disk::{DiskError, DiskOps};
use squall_core::plan::{Arithmetic, DiskSpace, Primitive};

pub(super) fn storage(share: f64, half: f64) -> Vec<Sample> {
    let slow = |by, mode| Primitive::DiskLatency {
        disk: disk(),
        ops: DiskOps::ALL,
        delay: by,
        mode,
        share: 1.0,
    };
    let hold = Primitive::DiskHold {
        disk: disk(),
        ops: DiskOps::ALL,
    };
    let error = |error, share| Primitive::DiskError {
        disk: disk(),
        ops: DiskOps::ALL,
        error,
        share,
    };
    let full = |bytes| Primitive::DiskFull {
        node: A,
        space: DiskSpace::Free(bytes),
    };
    let lying = |share| Primitive::LyingFsync {
        disk: disk(),
        share,
    };
    let unsynced = |share| Primitive::UnsyncedLoss { node: A, share };
    let torn = |share, unit| Primitive::TornWrite {
        node: A,
        share,
        unit,
    };
    let rot = |share| Primitive::BitRot {
        disk: disk(),
        share,
        at_rest: false,
        visible: true,
    };
    let astray = |distance| Primitive::Misdirect {
        disk: disk(),
        ops: DiskOps::WRITE,
        share,
        distance: Law::Constant(distance),
    };
    vec![
        sample(
            "disk add",
            slow(law(5), Arithmetic::Add),
            slow(law(8), Arithmetic::Add),
        ),
        sample(
            "disk replace",
            slow(law(3), Arithmetic::Replace),
            slow(law(4), Arithmetic::Replace),
        )
        .rule(Rule::OrderOfItself)
        .removes(),
        sample(
            "disk scale",
            slow(Law::Constant(60.0), Arithmetic::Scale),
            slow(Law::Constant(90.0), Arithmetic::Scale),
        )
        .counts()
        .removes(),
        sample("disk-hold", hold.clone(), hold).removes(),
        sample(
            "disk-error",
            error(DiskError::Io, share),
            error(DiskError::ReadOnly, share),
        )
        .rule(Rule::OrderOfItself)
        .removes(),
        sample("disk-full", full(0), full(1_000)).removes(),
        sample("lying-fsync", lying(share), lying(half))
            .quiet()
            .removes(),
        sample("unsynced-loss", unsynced(share), unsynced(half)).quiet(),
        sample("torn-write", torn(share, 512), torn(half, 4_096)).quiet(),
        sample("bit-rot", rot(share), rot(half)).quiet(),
        sample("misdirect", astray(1.0), astray(2.0))
            .rule(Rule::OrderOfItself)
            .quiet(),
    ]
}
