//! Faults of disks. Targets are nodes, and with `path` some of their files.

mod damage;
mod latency;
mod refusal;

pub(super) use damage::{BIT_ROT, LYING_FSYNC, MISDIRECT, TORN_WRITE};
pub(super) use latency::{DISK_PAUSE, DISK_SLOW, FAIL_SLOW_DISK, FSYNC_STALL};
pub(super) use refusal::{DISK_ERROR, DISK_FULL};

use crate::lowering::{Lowering, Refusal};
use crate::param::{Args, Kind, Param};
use squall_core::disk::DiskOps;
use squall_core::plan::DiskTarget;

const PATH: Param = Param::new(
    "path",
    Kind::Text,
    "a file or directory, or names that begin so if it ends in `*`; all if missing",
);
const OPS: Param = Param::new(
    "ops",
    Kind::Choice(&["all", "read", "write", "fsync"]),
    "which operations; changes of names are writes",
)
.default("all");
/// What a device writes at once.
pub(super) const UNIT: Param = Param::new(
    "unit",
    Kind::Choice(&["512B", "4KiB"]),
    "bytes that the device writes at once",
)
.default("512B");

pub(super) fn unit(args: &Args) -> u64 {
    match args.word("unit") {
        "4KiB" => 4_096,
        _ => 512,
    }
}

fn ops(args: &Args) -> DiskOps {
    match args.word("ops") {
        "read" => DiskOps::READ,
        "write" => DiskOps::WRITE,
        "fsync" => DiskOps::FSYNC,
        _ => DiskOps::ALL,
    }
}

/// The disks of the nodes named at `nodes`, or the files on them at `path`.
fn disks(args: &Args, lowering: &Lowering<'_>) -> Result<Vec<DiskTarget>, Refusal> {
    let path = args.text_opt("path").map(str::to_owned);
    let target = |node| DiskTarget {
        node,
        path: path.clone(),
    };
    Ok(lowering
        .nodes(args, "nodes")?
        .into_iter()
        .map(target)
        .collect())
}
